"""The fuel-mix file: pure text to steps.

Three eras (docs/method.md): stamps without seconds and fuels in alphabetical order to
2016-01-24, then seconds and NYISO's order, then the header `Gen MW` since 2017-11-01. A row
is ``MM/DD/YYYY HH:MM[:SS],EST|EDT,fuel,megawatts``; nothing is quoted.

A whole step written as expected, seven rows of one stamp in either order, is read by one
regular expression; anything else row by row, so that a bad row costs that row alone.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from ...core.clock import constant_zone, day_end, day_start, from_eastern
from ...core.errors import BadFile
from ...core.fuels import KNOWN, KNOWN_SET
from ...core.steps import Step

HEADERS = (
    "Time Stamp,Time Zone,Fuel Category,Gen MW",
    "Time Stamp,Time Zone,Fuel Category,Gen MWh",
)
"""The unit was wrong until 2017-10-31: the values have been MW all along."""

MOST_MEGAWATTS = 100_000.0
"""New York's record load is 33,956 MW (2013): a fuel beyond three times that is a mistake."""


class Fault(StrEnum):
    """Why a row was left out; ``REPEATED`` counts a value that a later row replaced."""

    FIELDS = "wrong number of fields"
    TIME = "no such time"
    ZONE = "unknown time zone"
    DAY = "a stamp of another day"
    NUMBER = "not a number"
    ABSURD = "an absurd number"
    NEGATIVE = "a negative number"
    NAME = "no fuel named"
    REPEATED = "a stamp repeated with another value"


@dataclass(slots=True)
class Parsed:
    """A file's steps, oldest first, and the rows that were left out: how many of each kind,
    with the first of them as an example."""

    steps: list[Step]
    faults: Counter[Fault] = field(default_factory=Counter)
    examples: dict[Fault, str] = field(default_factory=dict)

    def blame(self, fault: Fault, row: str) -> None:
        """Count a row left out."""
        self.faults[fault] += 1
        self.examples.setdefault(fault, row[:120])


Values = dict[str, float]


def parse(text: str, day: date) -> Parsed:
    """The steps of the file of market day ``day``, values in MW.

    The last row counts only if it is whole, since a file may be read while it is written.
    Raises ``BadFile`` where the first line is not the feed's header.
    """
    header, _, body = text.partition("\n")
    if header.rstrip("\r") not in HEADERS:
        raise BadFile(f"the file of {day} begins with {header[:60]!r}, not with the feed's header")
    parsed = Parsed([])
    by_stamp: dict[datetime, Values] = {}
    stamps = _Stamps(day)
    for when, values in _pieces(_whole_rows(body), stamps, parsed):
        known = by_stamp.get(when)
        if known is None:
            by_stamp[when] = values
        else:
            _merge(known, values, when, parsed)
    parsed.steps = [Step(when, by_stamp[when]) for when in sorted(by_stamp)]
    return parsed


def _merge(known: Values, values: Mapping[str, float], when: datetime, parsed: Parsed) -> None:
    for name, megawatts in values.items():
        if known.get(name, megawatts) != megawatts:
            parsed.blame(Fault.REPEATED, f"{when:%Y-%m-%dT%H:%M:%SZ} {name} {megawatts}")
        known[name] = megawatts


def _whole_rows(body: str) -> str:
    """Without a last row that was cut off: real rows end in a digit after a decimal point."""
    if body.endswith("\n"):
        return body
    start = body.rfind("\n") + 1
    return body if re.search(r"\.\d+\r?$", body[start:]) else body[:start]


def _block(order: tuple[str, ...]) -> re.Pattern[str]:
    first, *others = order
    number = r",(\d{1,5}\.\d+)\r?(?:\n|$)"  # five digits: nothing absurd gets through
    rows = "".join(rf"\1,\2,{fuel}{number}" for fuel in others)
    return re.compile(rf"([\d/]{{10}} [\d:]{{5,8}}),(E[SD]T),{first}{number}{rows}", re.ASCII)


_ORDERS: tuple[tuple[str, ...], ...] = (KNOWN, tuple(sorted(KNOWN)))
_BLOCKS = tuple((_block(order), order) for order in _ORDERS)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""A number as files write it: Python's own reading takes `1_000` and other scripts' digits."""


def _pieces(body: str, stamps: "_Stamps", parsed: Parsed) -> Iterator[tuple[datetime, Values]]:
    """The file piece by piece: whole steps where they can be had, else single rows."""
    place, end = 0, len(body)
    (block, order), other = _BLOCKS
    while place < end:
        match = block.match(body, place)
        if match is None and (match := other[0].match(body, place)):
            (block, order), other = other, (block, order)
        when = stamps.get(match[1], match[2]) if match else None
        if match and isinstance(when, datetime):
            yield when, dict(zip(order, map(float, match.groups()[2:]), strict=True))
            place = match.end()
            continue
        stop = body.find("\n", place) + 1 or end
        if row := body[place:stop].rstrip("\r\n"):
            piece = _row(row, stamps)
            if isinstance(piece, Fault):
                parsed.blame(piece, row)
            else:
                yield piece
        place = stop


def _row(row: str, stamps: "_Stamps") -> tuple[datetime, Values] | Fault:
    fields = row.split(",")
    if len(fields) != 4:
        return Fault.FIELDS
    stamp, zone, name, number = (text.strip() for text in fields)
    when = stamps.get(stamp, zone)
    if isinstance(when, Fault):
        return when
    if not name:
        return Fault.NAME
    megawatts = float(number) if _NUMBER.fullmatch(number) else math.nan
    if not math.isfinite(megawatts):
        return Fault.NUMBER
    if abs(megawatts) > MOST_MEGAWATTS:
        return Fault.ABSURD
    if megawatts < 0 and name in KNOWN_SET:
        return Fault.NEGATIVE
    return when, {name: megawatts}


class _Stamps:
    """Stamps of one market day to UTC instants."""

    def __init__(self, day: date) -> None:
        self._start, self._end = day_start(day), day_end(day)
        self._zone = constant_zone(day)
        self._date = f"{day:%m/%d/%Y}"

    def get(self, stamp: str, zone: str) -> datetime | Fault:
        """The instant of a stamp in its zone, or what is wrong with it."""
        try:
            if zone == self._zone and stamp[:10] == self._date:
                return self._start + _time_of_day(stamp[10:])
            when = from_eastern(_wall(stamp), zone)
        except KeyError:
            return Fault.ZONE
        except (ValueError, OverflowError):
            return Fault.TIME
        return when if self._start <= when <= self._end else Fault.DAY


@lru_cache(maxsize=4096)
def _time_of_day(text: str) -> timedelta:
    """`` HH:MM[:SS]`` since midnight, on a day whose zone does not change."""
    match = re.fullmatch(r" ([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text, re.ASCII)
    if match is None:
        raise ValueError(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _wall(stamp: str) -> datetime:
    match = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})( .*)", stamp, re.ASCII)
    if match is None:
        raise ValueError(stamp)
    month, day, year = (int(part) for part in match.groups()[:3])
    midnight = datetime(year, month, day)  # noqa: DTZ001 - the zone is the row's next column
    return midnight + _time_of_day(match[4])
