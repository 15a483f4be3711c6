"""New York time: the only place that knows it.

NYISO stamps its files in Eastern time and names them by the *market day*: a file's first
stamp is 00:05 and its last is the midnight that ends the day, so midnight belongs to the
old day. Everything else in ny-power is aware UTC.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import pytz

EASTERN = pytz.timezone("America/New_York")
OFFSETS = {"EST": timedelta(hours=5), "EDT": timedelta(hours=4)}
"""What to add to Eastern wall time for UTC, by the zone column of the file."""

ONE_DAY = timedelta(days=1)


def eastern(instant: datetime) -> datetime:
    """An aware instant as New York wall time, aware."""
    return instant.astimezone(EASTERN)


@lru_cache(maxsize=512)
def day_start(day: date) -> datetime:
    """The UTC instant of the midnight that begins the Eastern ``day``.

    >>> day_start(date(2017, 11, 6)) - day_start(date(2017, 11, 5))
    datetime.timedelta(days=1, seconds=3600)
    """
    return EASTERN.localize(datetime.combine(day, time())).astimezone(UTC)


def day_end(day: date) -> datetime:
    """The UTC instant of the midnight that ends ``day``: the last stamp of its files."""
    return day_start(day + ONE_DAY)


def market_day(instant: datetime) -> date:
    """The day in whose files a stamp stands; midnight belongs to the old day.

    >>> market_day(datetime(2022, 11, 7, 5, tzinfo=UTC))
    datetime.date(2022, 11, 6)
    """
    return (eastern(instant) - timedelta(microseconds=1)).date()


def market_days(first: date, last: date) -> Iterator[date]:
    """The days from ``first`` to ``last``, both inclusive."""
    while first <= last:
        yield first
        first += ONE_DAY


@lru_cache(maxsize=512)
def constant_zone(day: date) -> str | None:
    """The zone name in force from 00:00 to 24:00 of ``day``, or None on a day it changes."""
    first, last = (eastern(moment).tzname() for moment in (day_start(day), day_end(day)))
    return first if first == last else None


def from_eastern(wall: datetime, zone: str) -> datetime:
    """The UTC instant of a naive Eastern ``wall`` time that its file says is ``zone``.

    Raises ``KeyError`` for a zone that is neither EST nor EDT and ``ValueError`` for a time
    that does not exist there: 02:30 of the spring change, or EDT in January.

    >>> from_eastern(datetime(2017, 11, 5, 1, 30), "EDT").isoformat()
    '2017-11-05T05:30:00+00:00'
    >>> from_eastern(datetime(2017, 11, 5, 1, 30), "EST").isoformat()
    '2017-11-05T06:30:00+00:00'
    """
    instant = (wall + OFFSETS[zone]).replace(tzinfo=UTC)
    if constant_zone(wall.date()) != zone:
        local = eastern(instant)
        if local.replace(tzinfo=None) != wall or local.tzname() != zone:
            raise ValueError(f"{wall} {zone} does not exist in New York")
    return instant


def parse_moment(text: str) -> datetime:
    """A moment as a person types it: with an offset, or in New York time without one.

    A date alone is its midnight. In the hour that occurs twice the first (EDT) is meant.
    Raises ``ValueError`` where it is no time, or one that does not exist.

    >>> parse_moment("2017-11-05T00:00").isoformat()
    '2017-11-05T04:00:00+00:00'
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    try:
        return EASTERN.localize(moment, is_dst=None).astimezone(UTC)
    except pytz.AmbiguousTimeError:
        return EASTERN.localize(moment, is_dst=True).astimezone(UTC)
    except pytz.NonExistentTimeError:
        raise ValueError(f"{text} does not exist in New York") from None


def rfc3339(instant: datetime) -> str:
    """An aware instant as the public contract writes it: UTC, whole seconds, ``Z``."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse_rfc3339(text: str) -> datetime:
    """The inverse of :func:`rfc3339`. Raises ``ValueError`` for anything zoneless."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.astimezone(UTC)
