"""The simulated grid: the same for ever, of the right size, on the exact grid of time."""

import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from nypower.twin.simulate import SimulatedGrid
from twin.files import FUELS, HEADER

FOUR_YEARS = [
    datetime(2024, 1, 1, tzinfo=UTC) + n * timedelta(hours=3, minutes=5) for n in range(11_370)
]


def stamps(day: date) -> list[datetime]:
    """The instants of a simulated day, one a stamp, by fixed offsets."""
    data = SimulatedGrid().day("rtfuelmix", day)
    assert data is not None
    found = []
    for row in data.decode().split("\r\n")[1::7]:
        stamp, zone = row.split(",")[:2]
        local = datetime.strptime(stamp, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
        found.append(local + timedelta(hours={"EST": 5, "EDT": 4}[zone]))
    return found


@pytest.mark.parametrize(
    ("day", "first", "count"),
    [
        (date(2026, 11, 22), datetime(2026, 11, 22, 5, 5, tzinfo=UTC), 288),
        (date(2017, 11, 5), datetime(2017, 11, 5, 4, 5, tzinfo=UTC), 300),
        (date(2027, 3, 14), datetime(2027, 3, 14, 5, 5, tzinfo=UTC), 276),
    ],
    ids=["plain", "fall back", "spring"],
)
def test_every_five_minutes_of_the_day(day: date, first: datetime, count: int) -> None:
    """From 00:05 to midnight, with the hours that clocks repeat or leave out."""
    assert stamps(day) == [first + n * timedelta(minutes=5) for n in range(count)]


def test_the_file_is_written_as_nyiso_does() -> None:
    """The header, the seven fuels in order, CRLF, one decimal, no newline at the end."""
    data = SimulatedGrid().day("rtfuelmix", date(2026, 7, 4))
    assert data is not None
    lines = data.decode().split("\r\n")
    assert lines[0] == HEADER
    assert len(lines) == 1 + 288 * 7
    for row, fuel in zip(lines[1:8], FUELS, strict=True):
        stamp, zone, name, value = row.split(",")
        assert (stamp, zone, name) == ("07/04/2026 00:05:00", "EDT", fuel)
        assert f"{float(value):.1f}" == value
    assert lines[-1].startswith("07/05/2026 00:00:00,EDT,Hydro,")


def test_the_same_seed_gives_the_same_grid() -> None:
    """Values follow from seed and instant alone; these are the ones of today's formulas."""
    day = date(2026, 11, 22)
    assert SimulatedGrid(1).day("rtfuelmix", day) == SimulatedGrid(1).day("rtfuelmix", day)
    assert SimulatedGrid(1).day("rtfuelmix", day) != SimulatedGrid(2).day("rtfuelmix", day)
    noon = datetime(2026, 11, 22, 17, tzinfo=UTC)
    grid = SimulatedGrid()
    grid.day("rtfuelmix", date(2025, 1, 1))
    assert grid.mix(noon) == SimulatedGrid().mix(noon)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_grid_is_of_new_yorks_size(seed: int) -> None:
    """Four years: totals between 10.5 and 30 GW, highest in summer, nothing negative."""
    mixes = [SimulatedGrid(seed).mix(ts) for ts in FOUR_YEARS]
    totals = [sum(mix) for mix in mixes]
    assert min(totals) >= 10_500
    assert 22_000 <= max(totals) <= 30_000
    assert FOUR_YEARS[totals.index(max(totals))].month in (6, 7, 8)
    assert min(value for mix in mixes for value in mix) >= 0
    wind = [mix[FUELS.index("Wind")] for mix in mixes]
    assert 500 < sum(wind) / len(wind) < 1_400
    assert max(wind) > 2_300


def test_the_fuels_do_what_they_do() -> None:
    """Reactors steady but for refuelling, oil only in winter, sun by day, wind slowly."""
    grid = SimulatedGrid()
    mixes = {ts: dict(zip(FUELS, grid.mix(ts), strict=True)) for ts in FOUR_YEARS}
    full = sum(mix["Nuclear"] > 3_300 for mix in mixes.values()) / len(mixes)
    assert 0.8 < full < 0.9  # two reactors a year, 25 days each
    assert {ts.month for ts, mix in mixes.items() if mix["Other Fossil Fuels"]} <= {11, 12, 1, 2, 3}
    june = datetime(2026, 6, 21, tzinfo=UTC)
    night, noon = (dict(zip(FUELS, grid.mix(june.replace(hour=h)), strict=True)) for h in (7, 17))
    assert noon["Other Renewables"] > night["Other Renewables"] + 250
    hours = [grid.mix(june + timedelta(hours=h))[FUELS.index("Wind")] for h in range(1000)]
    mean = sum(hours) / len(hours)
    spread = sum((wind - mean) ** 2 for wind in hours)
    together = sum((a - mean) * (b - mean) for a, b in pairwise(hours))
    assert together / spread > 0.9


def test_nothing_jumps() -> None:
    """From stamp to stamp no total changes by over 3 %, at DST, new year and week ends too."""
    grid = SimulatedGrid()
    for day in (date(2026, 11, 1), date(2026, 12, 31), date(2026, 11, 20), date(2027, 3, 14)):
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        totals = [sum(grid.mix(start + n * timedelta(minutes=5))) for n in range(4 * 288)]
        steps = pairwise(totals)
        assert max(abs(after / before - 1) for before, after in steps) < 0.03


def test_a_day_is_made_quickly() -> None:
    """Under 50 ms when the machine has nothing else to do; a second in any case."""
    grid, start = SimulatedGrid(), time.perf_counter()
    assert grid.day("rtfuelmix", date(2026, 11, 22)) is not None
    assert time.perf_counter() - start < 1


def test_there_is_only_the_fuel_mix() -> None:
    """Other feeds are not simulated."""
    assert SimulatedGrid().day("pal", date(2026, 11, 22)) is None
    assert SimulatedGrid().month("rtfuelmix", date(2026, 11, 1)) is None
