"""A year of the fuel-mix feed from text to exact UTC, validated: rows a second.

    python bench/parse.py

The 2017 files of NYISO where they are at hand (NYPOWER_NYISO_DATA), else a simulated 2017.
Against the csv module with strptime, and against pandas, where it is installed, with
tz_localize told by the zone column which of two equal hours is meant. The text is in memory, and
all must come to the same values at the same instants. Aims: 10 times the
first, 0.6 of the second at least.
"""

import csv
import functools
import io
import operator
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median

from common import nyiso_data, table
from nypower.adapters.nyiso.fuel_mix import parse
from nypower.core.clock import market_days
from nypower.twin.simulate import SimulatedGrid

YEAR = 2017
ROUNDS = 3
OFFSETS = {"EST": timedelta(hours=5), "EDT": timedelta(hours=4)}

Files = list[tuple[date, str]]
Found = Callable[[], Iterable[tuple[datetime, str, float]]]
"""What was made of a file, or of all, to be looked at while the clock stands."""
Way = Callable[[Files], Iterator[Found]]


def files() -> tuple[str, Files]:
    """What they are, and a year of them with their days."""
    folder = nyiso_data()
    archives = sorted(folder.rglob(f"{YEAR}*rtfuelmix_csv.zip")) if folder else []
    if not archives:
        grid, days = SimulatedGrid(), market_days(date(YEAR, 1, 1), date(YEAR, 12, 31))
        made = [(day, grid.day("rtfuelmix", day) or b"") for day in days]
        return "simulated", [(day, data.decode()) for day, data in made]
    found: Files = []
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            found += [
                (datetime.strptime(name[:8], "%Y%m%d").replace(tzinfo=UTC).date(), text.decode())
                for name in sorted(archive.namelist())
                if (text := archive.read(name))
            ]
    return "NYISO's", found


def ours(year: Files) -> Iterator[Found]:
    """The project's parser."""
    for day, text in year:
        steps = parse(text, day).steps
        yield lambda steps=steps: ((s.ts, name, mw) for s in steps for name, mw in s.values.items())


def by_csv(year: Files) -> Iterator[Found]:
    """The csv module and strptime, to UTC by the zone column; nothing is validated."""
    for _, text in year:
        rows = []
        for stamp, zone, fuel, megawatts in list(csv.reader(io.StringIO(text)))[1:]:
            form = "%m/%d/%Y %H:%M:%S" if len(stamp) > 16 else "%m/%d/%Y %H:%M"
            wall = datetime.strptime(stamp, form).replace(tzinfo=UTC)
            rows.append((wall + OFFSETS[zone], fuel, float(megawatts)))
        yield lambda rows=rows: rows


def by_pandas(year: Files) -> Iterator[Found]:
    """pandas, to UTC by tz_localize, the year as one frame; nothing is validated."""
    import pandas as pd

    names = ["stamp", "zone", "fuel", "mw"]
    days = [pd.read_csv(io.StringIO(text), header=0, names=names) for _, text in year]
    frame = pd.concat(days, ignore_index=True)
    wall = pd.to_datetime(frame["stamp"], format="%m/%d/%Y %H:%M:%S")
    is_dst = (frame["zone"] == "EDT").to_numpy()
    frame["ts"] = wall.dt.tz_localize("America/New_York", ambiguous=is_dst).dt.tz_convert("UTC")
    yield lambda: zip(frame["ts"].dt.to_pydatetime(), frame["fuel"], frame["mw"], strict=True)


def run(way: Way, year: Files) -> tuple[float, int, int]:
    """Seconds for a year, and what came out: how many values, and a hash of them all."""
    seconds, count, hashed = 0.0, 0, 0
    found = way(year)
    while True:
        begin = time.perf_counter()
        piece = next(found, None)
        seconds += time.perf_counter() - begin
        if piece is None:
            return seconds, count, hashed
        values = {(int(ts.timestamp()), name): mw for ts, name, mw in piece()}
        count += len(values)
        hashed ^= functools.reduce(operator.xor, map(hash, values.items()))


def main() -> None:
    """Measure each in turn, in rounds, so that what else goes on meets all alike."""
    what, year = files()
    ways: dict[str, Way] = {"nypower": ours, "csv and strptime": by_csv}
    try:
        import pandas  # noqa: F401 - loaded before the clock starts
    except ImportError:
        print("pandas is not installed: nothing to compare with")
    else:
        ways["pandas and tz_localize"] = by_pandas
    spent: dict[str, list[float]] = {name: [] for name in ways}
    results = set()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            seconds, *result = run(way, year)
            spent[name].append(seconds)
            results.add(tuple(result))
    assert len(results) == 1, f"they do not agree: {results}"
    ((rows, _),) = results
    best = median(spent["nypower"])
    aims = {"csv and strptime": "10", "pandas and tz_localize": "0.6"}
    lines = [("", "rows/s", "ours is times as fast", "aim")]
    for name in ways:
        seconds = median(spent[name])
        ratio = "" if name == "nypower" else f"{seconds / best:.2f}"
        lines.append((name, f"{rows / seconds:,.0f}", ratio, aims.get(name, "")))
    table(f"{what} {YEAR}, {rows:,} rows to UTC, median of {ROUNDS}", lines)


if __name__ == "__main__":
    main()
