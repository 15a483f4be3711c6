"""New York time, judged by instants computed by hand and by zoneinfo, which it does not use."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nypower.core.clock import (
    constant_zone,
    day_end,
    day_start,
    eastern,
    from_eastern,
    market_day,
    market_days,
    parse_moment,
    parse_rfc3339,
    rfc3339,
)

JUDGE = ZoneInfo("America/New_York")
ONE_SECOND = timedelta(seconds=1)
INSTANTS = st.integers(
    int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()),
    int(datetime(2030, 12, 31, tzinfo=UTC).timestamp()),
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))

# (spring, fall) as the law has it: the second Sunday of March, the first of November.
DST_DAYS = {
    2016: (date(2016, 3, 13), date(2016, 11, 6)),
    2017: (date(2017, 3, 12), date(2017, 11, 5)),
    2022: (date(2022, 3, 13), date(2022, 11, 6)),
    2026: (date(2026, 3, 8), date(2026, 11, 1)),
}
BY_HAND = [
    ("2017-03-12T01:55:00", "EST", "2017-03-12T06:55:00Z"),
    ("2017-03-12T03:00:00", "EDT", "2017-03-12T07:00:00Z"),
    ("2017-11-05T00:59:59", "EDT", "2017-11-05T04:59:59Z"),
    ("2017-11-05T01:00:00", "EDT", "2017-11-05T05:00:00Z"),
    ("2017-11-05T01:55:00", "EDT", "2017-11-05T05:55:00Z"),
    ("2017-11-05T01:00:00", "EST", "2017-11-05T06:00:00Z"),
    ("2017-11-05T01:59:59", "EST", "2017-11-05T06:59:59Z"),
    ("2017-11-05T02:00:00", "EST", "2017-11-05T07:00:00Z"),
    ("2022-11-07T00:00:00", "EST", "2022-11-07T05:00:00Z"),
    ("2026-07-04T12:00:00", "EDT", "2026-07-04T16:00:00Z"),
    ("2022-12-24T00:31:14", "EST", "2022-12-24T05:31:14Z"),
]


@pytest.mark.parametrize(("wall", "zone", "instant"), BY_HAND)
def test_instants_by_hand(wall: str, zone: str, instant: str) -> None:
    """Wall times with their zone, on common days and around both changes."""
    assert rfc3339(from_eastern(datetime.fromisoformat(wall), zone)) == instant


@given(INSTANTS)
@example(datetime(2017, 11, 5, 5, 30, tzinfo=UTC))
@example(datetime(2017, 11, 5, 6, 0, tzinfo=UTC))
@example(datetime(2017, 3, 12, 7, 0, tzinfo=UTC))
def test_it_is_the_inverse_of_zoneinfo(instant: datetime) -> None:
    """Every instant comes back from the wall time and the zone that zoneinfo gives it."""
    local = instant.astimezone(JUDGE)
    zone = local.tzname()
    assert zone is not None
    assert from_eastern(local.replace(tzinfo=None), zone) == instant
    assert eastern(instant).replace(tzinfo=None) == local.replace(tzinfo=None)


@given(INSTANTS)
def test_the_other_zone_does_not_exist(instant: datetime) -> None:
    """The same wall time under the other zone's name is refused, but in the hour that
    occurs twice."""
    local = instant.astimezone(JUDGE)
    wall, other = local.replace(tzinfo=None), {"EST": "EDT", "EDT": "EST"}[local.tzname() or ""]
    twin = wall.replace(tzinfo=JUDGE, fold=1 - local.fold)
    if twin.tzname() == other and twin.astimezone(UTC).astimezone(JUDGE).tzname() == other:
        assert from_eastern(wall, other) == twin.astimezone(UTC)
    else:
        with pytest.raises(ValueError, match="does not exist"):
            from_eastern(wall, other)


@pytest.mark.parametrize(
    ("wall", "zone"),
    [
        ("2017-03-12T02:00:00", "EST"),
        ("2017-03-12T02:30:00", "EST"),
        ("2017-03-12T02:30:00", "EDT"),
        ("2017-03-12T02:59:59", "EDT"),
        ("2017-01-15T12:00:00", "EDT"),
        ("2017-07-15T12:00:00", "EST"),
        ("2017-11-05T00:30:00", "EST"),
        ("2017-11-05T02:30:00", "EDT"),
    ],
)
def test_a_time_that_does_not_exist(wall: str, zone: str) -> None:
    """The hour that is skipped, and a zone that is not in force."""
    with pytest.raises(ValueError, match="does not exist in New York"):
        from_eastern(datetime.fromisoformat(wall), zone)


@pytest.mark.parametrize("zone", ["", "est", "PST", "GMT", "EST "])
def test_a_zone_that_is_none(zone: str) -> None:
    """KeyError, on any day."""
    for wall in (datetime(2017, 1, 1), datetime(2017, 11, 5, 1, 30)):  # noqa: DTZ001 - wall time
        with pytest.raises(KeyError):
            from_eastern(wall, zone)


@given(DAYS)
def test_a_day_begins_and_ends_at_midnight(day: date) -> None:
    """Of New York, as zoneinfo knows it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=JUDGE)
    assert day_start(day) == midnight.astimezone(UTC)
    assert day_end(day) == (midnight + timedelta(days=1)).astimezone(UTC)
    assert day_start(day).utcoffset() == timedelta()


@pytest.mark.parametrize("year", DST_DAYS)
def test_the_days_of_23_and_25_hours(year: int) -> None:
    """And no others: they alone have no constant zone."""
    spring, fall = DST_DAYS[year]
    assert day_end(spring) - day_start(spring) == timedelta(hours=23)
    assert day_end(fall) - day_start(fall) == timedelta(hours=25)
    days = list(market_days(date(year, 1, 1), date(year, 12, 31)))
    assert [day for day in days if constant_zone(day) is None] == [spring, fall]
    assert constant_zone(spring - timedelta(days=1)) == constant_zone(fall + timedelta(days=1))
    assert constant_zone(spring + timedelta(days=1)) == "EDT"
    assert constant_zone(fall + timedelta(days=1)) == "EST"


@given(DAYS)
def test_midnight_belongs_to_the_old_day(day: date) -> None:
    """A day's file ends with it; the first stamp after it is the next day's."""
    assert market_day(day_end(day)) == day
    assert market_day(day_end(day) + ONE_SECOND) == day + timedelta(days=1)
    assert market_day(day_start(day) + timedelta(minutes=5)) == day


def test_midnights_by_hand() -> None:
    """In winter, in summer, and at the ends of both days that change."""
    assert market_day(datetime(2022, 11, 7, 5, tzinfo=UTC)) == date(2022, 11, 6)
    assert market_day(datetime(2022, 11, 7, 5, 0, 1, tzinfo=UTC)) == date(2022, 11, 7)
    assert market_day(datetime(2022, 7, 1, 4, tzinfo=UTC)) == date(2022, 6, 30)
    assert market_day(datetime(2017, 11, 6, 5, tzinfo=UTC)) == date(2017, 11, 5)
    assert market_day(datetime(2017, 3, 13, 4, tzinfo=UTC)) == date(2017, 3, 12)


def test_days_one_after_the_other() -> None:
    """Both ends belong, and nothing is between a day and the one before it."""
    first, last = date(2016, 2, 28), date(2016, 3, 1)
    assert list(market_days(first, last)) == [first, date(2016, 2, 29), last]
    assert list(market_days(last, first)) == []


def test_moments_as_a_person_types_them() -> None:
    """With an offset, or New York's wall time: the first of two, and none that is not."""
    assert rfc3339(parse_moment("2017-11-05T06:30Z")) == "2017-11-05T06:30:00Z"
    assert rfc3339(parse_moment("2017-11-05T01:30-05:00")) == "2017-11-05T06:30:00Z"
    assert rfc3339(parse_moment("2017-11-05T01:30")) == "2017-11-05T05:30:00Z"
    assert rfc3339(parse_moment("2017-11-05")) == "2017-11-05T04:00:00Z"
    assert rfc3339(parse_moment("2017-01-05 12:00")) == "2017-01-05T17:00:00Z"
    for wrong in ("2017-03-12T02:30", "2017-02-30", "noon", ""):
        with pytest.raises(ValueError, match=r"."):
            parse_moment(wrong)


@given(INSTANTS)
def test_rfc3339_there_and_back(instant: datetime) -> None:
    """UTC with a Z, whatever zone the instant came in."""
    assert rfc3339(instant.astimezone(JUDGE)) == rfc3339(instant)
    assert rfc3339(instant).endswith("Z")
    assert parse_rfc3339(rfc3339(instant)) == instant


def test_a_time_without_a_zone_is_refused() -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="names no time zone"):
        parse_rfc3339("2017-11-05T06:30:00")
    assert parse_rfc3339("2017-11-05T01:30:00-05:00") == datetime(2017, 11, 5, 6, 30, tzinfo=UTC)
