"""How fast the stores write a day's steps, against one HTTP request a point.

    python bench/stores.py

The naive way is the one of the original: each fuel of each step a point, written by itself to
the same InfluxDB. It is timed on a part of the day and counted up. Speeds differ by machine;
the ratios, of one run, are what matters.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from influxdb import InfluxDBClient

from nypower.adapters.stores import open_store
from nypower.core.carbon import FACTOR_SETS, intensity
from nypower.core.fuels import KNOWN
from nypower.core.steps import Step
from nypower.ports import Record, Store

FEED = "fuel-mix"
DAY = 288
START = datetime(2017, 11, 1, tzinfo=UTC)
NAIVE_STEPS = 72
WINDOW = 20
"""How many steps a broker lets be in flight, so the batch of a catch-up."""
YEAR = 365 * DAY


def records(first: int, count: int) -> list[Record]:
    """Steps of the seven fuels, no two with the same values."""
    made = []
    for number in range(first, first + count):
        values = {name: 1000.0 * place + number / 7 for place, name in enumerate(KNOWN)}
        step = Step(START + timedelta(minutes=5 * number), values)
        made.append(Record(step, 0, intensity(values, FACTOR_SETS["egrid-2023"])))
    return made


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def write(store: Store, steps: Sequence[Record], batch: int) -> None:
    """Write steps as the archive does: records and position, a batch at a time."""
    for first in range(0, len(steps), batch):
        part = steps[first : first + batch]
        store.write(FEED, part, part[-1].step.ts)


def naive(port: int) -> float:
    """Seconds for a day, a request a point, from a part of it."""
    with closing(InfluxDBClient("127.0.0.1", port, None, None, "naive", timeout=10)) as client:
        client.create_database("naive")

        def run() -> None:
            for each in records(0, NAIVE_STEPS):
                for name, value in each.step.values.items():
                    fields = {"value": value}
                    point = {"measurement": name, "time": each.step.ts, "fields": fields}
                    client.write_points([point])

        return seconds(run) * DAY / NAIVE_STEPS


def measure(url: str, against: float) -> None:
    """Print a store's figures."""
    with closing(open_store(url)) as store:
        store.newest(FEED)  # what the first call has to set up is not what is measured
        for batch in (WINDOW, DAY):
            spent = median(
                seconds(lambda n=n, batch=batch: write(store, records(n, DAY), batch))
                for n in range(0, 5 * DAY, DAY)
            )
            print(f"  a day in batches of {batch:3}: {spent:7.3f} s, {against / spent:5.0f} times")
        fill = seconds(lambda: write(store, records(0, YEAR), 5000))
        print(f"  a year written: {fill:.1f} s, {YEAR / fill:,.0f} steps/s")
        count = 0

        def read() -> None:
            nonlocal count
            count = sum(1 for _ in store.read(FEED, START, START + timedelta(days=365)))

        spent = seconds(read)
        print(f"  a year read: {spent:.1f} s, {count / spent:,.0f} steps/s")


def main() -> None:
    """Run it all in a directory that is removed again."""
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    from servers.influx import InfluxServer

    with tempfile.TemporaryDirectory() as name:
        if shutil.which("influxd") is None:
            print("influxd is not installed: nothing to compare with")
            return
        server = InfluxServer(Path(name))
        server.start()
        try:
            against = naive(server.port)
            print(f"naive: a day, {DAY * len(KNOWN)} points, a request each: {against:.3f} s")
            print("InfluxDB:")
            measure(server.url("bench"), against)
            print("SQLite:")
            measure(f"sqlite:{name}/bench.db", against)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
