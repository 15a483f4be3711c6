"""What every store promises: one suite, run on each of them."""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from nypower.adapters.memory import MemoryStore
from nypower.adapters.stores import open_store
from nypower.core.carbon import Intensity
from nypower.core.errors import StoreRefused, StoreUnavailable
from nypower.core.origin import Kind, Origin
from nypower.core.steps import Step
from nypower.ports import Record, Store
from servers.influx import InfluxServer, influx_server, own_influx_server
from servers.waiting import wait_until

__all__ = ["influx_server", "own_influx_server"]

FEED = "fuel-mix"
START = datetime(2017, 11, 1, tzinfo=UTC)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
MIX = {
    "Dual Fuel": 2282.0,
    "Natural Gas": 3310.5,
    "Nuclear": 5413.1,
    "Other Fossil Fuels": 0.0,
    "Other Renewables": 237.0,
    "Wind": 258.0,
    "Hydro": 2814.0,
}
Opener = Callable[[], Store]


def record(
    minutes: float, values: dict[str, float] | None = None, *, rev: int = 0, grams: float = 187.3
) -> Record:
    """The record of a stamp some minutes after START, its intensity known."""
    step = Step(START + timedelta(minutes=minutes), MIX if values is None else values)
    both = {"production/direct": grams, "production/lifecycle": grams + 54.4}
    return Record(step, rev, Intensity(both, estimated=False))


def bare(minutes: float, values: dict[str, float]) -> Record:
    """The record of an incomplete step."""
    return Record(Step(START + timedelta(minutes=minutes), values), 0, None)


def everything(store: Store) -> list[Record]:
    return list(store.read(FEED, *EVER))


def _address(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "influxdb":
        server: InfluxServer = request.getfixturevalue("influx_server")
        return server.url()
    return f"sqlite:{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "influxdb"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same store again and again: those that outlive their object."""
    address = _address(request.param, request, tmp_path)
    opened: list[Store] = []

    def opener() -> Store:
        opened.append(open_store(address))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture(params=["memory", "sqlite", "influxdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new, empty store of each kind."""
    if request.param == "memory":
        made: Store = MemoryStore()
    else:
        made = open_store(_address(request.param, request, tmp_path))
    yield made
    made.close()


class TestOrigin:
    def test_a_new_store_is_nobodys(self, store: Store) -> None:
        """Nothing claimed, nothing stored, no position."""
        assert store.origin() is None
        assert store.position(FEED) is None
        assert store.newest(FEED) is None
        assert everything(store) == []

    @pytest.mark.parametrize(
        "origin",
        [Origin(Kind.LIVE), Origin(Kind.SIMULATED), Origin(Kind.REPLAY, "2017-11-05T04:00:00Z")],
        ids=str,
    )
    def test_the_first_claim_stays(self, store: Store, origin: Origin) -> None:
        """Claiming twice is harmless; the origin comes back as it was given."""
        store.claim(origin)
        store.claim(origin)
        assert store.origin() == origin

    def test_another_origin_is_refused(self, store: Store) -> None:
        """The sentence names both, nothing changes, and the owner may go on."""
        held = Origin(Kind.REPLAY, "2017-11-05T04:00:00Z")
        store.claim(held)
        for other in (Origin(Kind.LIVE), Origin(Kind.REPLAY, "2018-01-01T05:00:00Z")):
            with pytest.raises(StoreRefused) as refusal:
                store.claim(other)
            assert str(held) in str(refusal.value)
            assert str(other) in str(refusal.value)
        assert store.origin() == held
        store.claim(held)


class TestRecords:
    def test_what_is_written_is_read(self, store: Store) -> None:
        """Values, revision, intensity, whether it is estimated, and stamps of any second."""
        records = [
            record(0),
            bare(5, {"Nuclear": 5413.1}),
            record(7 + 13 / 60, rev=3),
            Record(
                Step(START + timedelta(minutes=10), MIX),
                1,
                Intensity({"production/direct": 0.0, "production/lifecycle": 12.3}, True),
            ),
        ]
        store.write(FEED, records, None)
        assert everything(store) == records

    @pytest.mark.parametrize(
        "value", [2282.0, 0.1, 1234.56789, 0.0, 1e-7, 1e22, 0.1 + 0.2, 5e-324, 2.0**53]
    )
    def test_values_are_exact_and_stay_floating_point(self, store: Store, value: float) -> None:
        """To the last bit, whole numbers too; storage that charges is negative."""
        store.write(FEED, [record(0, {**MIX, "Wind": value, "Energy Storage": -value})], None)
        (found,) = everything(store)
        assert found.step.values["Wind"] == value
        assert found.step.values["Energy Storage"] == -value
        assert {type(each) for each in found.step.values.values()} == {float}

    @pytest.mark.parametrize(
        "name",
        [
            "Oil/Gas + Waste",
            "a, b=c",
            'the "new" one',
            "it's",
            "back\\slash\\",
            "\\",
            "line\nbreak\ttab",
            "Énergie éolienne ⚡ 風",
            "\ud800",
            "100%",
            "%2C",
            "rev",
            "%72ev",
            "names",
            "bases",
            "time",
            "Time",
            "values",
            "",
            " ",
            "%",
            "#",
            "_field",
        ],
    )
    def test_any_name_comes_back(self, store: Store, name: str) -> None:
        """Names are text, whatever the store's own grammar makes of their characters."""
        written = [record(0, {**MIX, name: 1.5}, rev=7), record(5, {name: 2.5})]
        store.write(FEED, written, None)
        assert everything(store) == written

    def test_both_hours_of_the_fall_back_day_are_kept(self, store: Store) -> None:
        """01:30 EDT and 01:30 EST of 2017-11-05 are two instants."""
        first = datetime(2017, 11, 5, 5, 30, tzinfo=UTC)
        second = datetime(2017, 11, 5, 6, 30, tzinfo=UTC)
        for ts, wind in ((first, 1.0), (second, 2.0)):
            store.write(FEED, [Record(Step(ts, {"Wind": wind}), 0, None)], ts)
        found = {each.step.ts: each.step.values["Wind"] for each in everything(store)}
        assert found == {first: 1.0, second: 2.0}
        assert all(ts.utcoffset() == timedelta() for ts in found)

    def test_no_records_is_nothing_to_do(self, store: Store) -> None:
        """An empty batch may still move the position."""
        store.write(FEED, [], None)
        assert store.position(FEED) is None
        store.write(FEED, [], START)
        assert store.position(FEED) == START
        assert everything(store) == []


class TestReplacing:
    def test_writing_again_changes_nothing(self, store: Store) -> None:
        """A replay is harmless."""
        records = [record(5 * n) for n in range(10)]
        for _ in range(3):
            store.write(FEED, records, records[-1].step.ts)
        assert everything(store) == records
        assert store.position(FEED) == records[-1].step.ts

    def test_the_whole_step_is_replaced(self, store: Store) -> None:
        """A name or an intensity that the new record lacks is gone; its neighbours stay."""
        solar = {**MIX, "Solar": 12.0}
        store.write(FEED, [record(0, solar), record(5, solar), record(10, solar)], None)
        store.write(FEED, [record(5, {**MIX, "Wind": 9.0}, rev=1)], None)
        store.write(FEED, [bare(10, {"Wind": 8.0})], None)
        assert everything(store) == [
            record(0, solar),
            record(5, {**MIX, "Wind": 9.0}, rev=1),
            bare(10, {"Wind": 8.0}),
        ]

    def test_only_the_intensity_is_gone(self, store: Store) -> None:
        """The same values, but the step turned out to be incomplete."""
        store.write(FEED, [record(0), record(5)], None)
        store.write(FEED, [bare(0, MIX)], None)
        assert everything(store) == [bare(0, MIX), record(5)]

    def test_replacing_leaves_the_position(self, store: Store) -> None:
        """A correction behind the position, through None: the position is where it was."""
        steps = [record(5 * n, {**MIX, "Solar": 1.0}) for n in range(4)]
        store.write(FEED, steps, steps[-1].step.ts)
        store.write(FEED, [record(5, rev=1), bare(0, {"Wind": 1.0})], None)
        assert store.position(FEED) == steps[-1].step.ts
        assert everything(store) == [bare(0, {"Wind": 1.0}), record(5, rev=1), *steps[2:]]

    def test_the_last_of_two_in_a_batch_counts(self, store: Store) -> None:
        """As the later row of a file does."""
        store.write(FEED, [record(0, {**MIX, "Solar": 1.0}), record(0, {"Wind": 3.0})], None)
        assert everything(store) == [record(0, {"Wind": 3.0})]

    def test_a_batch_may_span_years(self, store: Store) -> None:
        """Old steps replaced and new ones added in one write."""
        year = 365 * 24 * 60
        store.write(FEED, [record(n * year, {**MIX, "Solar": 1.0}) for n in range(3)], None)
        again = [record(n * year, {"Wind": float(n)}, rev=1) for n in range(5)]
        store.write(FEED, again, again[-1].step.ts)
        assert everything(store) == again


class TestReading:
    def test_start_is_inclusive_and_end_exclusive(self, store: Store) -> None:
        """``start <= ts < end``."""
        records = [record(5 * n) for n in range(4)]
        store.write(FEED, records, None)
        first, last = records[1].step.ts, records[3].step.ts
        assert list(store.read(FEED, first, last)) == records[1:3]
        assert list(store.read(FEED, first, first)) == []
        assert list(store.read(FEED, last, first)) == []

    def test_oldest_first_however_they_came(self, store: Store) -> None:
        """Late steps stand where their time is, and newest is the newest by time."""
        for minutes in (30, 5, 20, 10):
            store.write(FEED, [record(minutes), record(minutes - 2.5)], None)
        times = [each.step.ts for each in everything(store)]
        assert times == sorted(times)
        assert len(times) == 8
        assert store.newest(FEED) == START + timedelta(minutes=30)

    def test_gaps_of_years_are_passed_over(self, store: Store) -> None:
        """What follows a long silence is found."""
        moments = [datetime(year, 6, 1, tzinfo=UTC) for year in (2005, 2016, 2017, 2026)]
        for ts in moments:
            store.write(FEED, [Record(Step(ts, MIX), 0, None)], None)
        assert [each.step.ts for each in everything(store)] == moments

    def test_feeds_are_apart(self, store: Store) -> None:
        """Neither records nor positions of one feed are another's."""
        store.write(FEED, [record(0)], START)
        store.write("load", [bare(0, {"N.Y.C.": 5000.0})], None)
        assert everything(store) == [record(0)]
        assert list(store.read("load", *EVER)) == [bare(0, {"N.Y.C.": 5000.0})]
        assert store.position("load") is None
        assert store.newest("load") == START

    def test_a_reader_is_not_disturbed_by_the_writer(self, store: Store) -> None:
        """A slow reading goes on over writes, which do not wait for it, and misses nothing."""
        records = [record(5 * n) for n in range(4000)]
        store.write(FEED, records, None)
        reading = store.read(FEED, *EVER)
        found = [next(reading)]
        store.write(FEED, [record(5 * 4000 + 5 * n) for n in range(50)], None)
        store.write(FEED, [record(-5)], None)
        found += reading
        assert found[:4000] == records

    def test_threads_may_share_it(self, store: Store) -> None:
        """Readers of several threads beside a writer see whole steps, always."""
        store.write(FEED, [record(0, {"Wind": 0.0, "Hydro": 0.0})], None)
        done, faults = Event(), []

        def look() -> None:
            try:
                while not done.is_set():
                    for each in store.read(FEED, *EVER):
                        assert each.step.values.keys() == {"Wind", "Hydro"}
                    assert store.newest(FEED) is not None
            except BaseException as fault:
                faults.append(fault)

        readers = [Thread(target=look) for _ in range(3)]
        for reader in readers:
            reader.start()
        for n in range(60):
            value = float(n)
            batch = [record(n, {"Wind": value, "Hydro": value})]
            store.write(FEED, batch, batch[0].step.ts)
        done.set()
        for reader in readers:
            reader.join()
        assert faults == []
        assert len(everything(store)) == 60

    def test_many_records_take_little_memory(self, store: Store) -> None:
        """20,000 records, 70 days: reading them holds a page of them at most."""
        for first in range(0, 20_000, 5_000):
            store.write(FEED, [record(5 * n) for n in range(first, first + 5_000)], None)
        tracemalloc.start()
        try:
            count = sum(1 for _ in store.read(FEED, *EVER))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert count == 20_000
        assert peak < 8_000_000


class TestLasting:
    def test_everything_survives_closing(self, reopen: Opener) -> None:
        """Records, position and origin."""
        first = reopen()
        first.claim(Origin(Kind.SIMULATED))
        first.write(FEED, [record(0)], START)
        first.close()
        second = reopen()
        assert second.origin() == Origin(Kind.SIMULATED)
        assert second.position(FEED) == START
        assert everything(second) == [record(0)]

    def test_through_none_leaves_the_position(self, reopen: Opener) -> None:
        """None is "where it was", not "nowhere"."""
        writer, reader = reopen(), reopen()
        writer.write(FEED, [record(0)], START)
        writer.write(FEED, [record(5)], None)
        assert writer.position(FEED) == reader.position(FEED) == START

    def test_a_second_store_sees_what_the_first_wrote(self, reopen: Opener) -> None:
        """At once, also while it stays open."""
        writer, reader = reopen(), reopen()
        for n in range(5):
            writer.write(FEED, [record(5 * n)], None)
            assert reader.newest(FEED) == START + timedelta(minutes=5 * n)


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from nypower.adapters.stores import open_store
from nypower.core.steps import Step
from nypower.ports import Record

store = open_store(sys.argv[1])
start = datetime(2017, 11, 1, tzinfo=UTC)
for batch in range(10_000):
    stamps = [start + timedelta(seconds=batch * 100 + n) for n in range(100)]
    records = [Record(Step(ts, {"Wind": 1.0}), 0, None) for ts in stamps]
    store.write("fuel-mix", records, stamps[-1])
    print(int(stamps[-1].timestamp()), flush=True)
"""


@pytest.mark.parametrize("kind", ["sqlite", "influxdb"])
def test_a_writer_killed_leaves_nothing_acknowledged_behind(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """kill -9 in the middle of writing: what was acknowledged is there, the position is not
    ahead of the records, and the next writer goes on. SQLite holds whole batches only."""
    address = _address(kind, request, tmp_path)
    log = tmp_path / "acknowledged"
    with log.open("wb") as output:
        writer = subprocess.Popen([sys.executable, "-c", WRITER, address], stdout=output)
    try:
        wait_until(lambda: log.read_bytes().count(b"\n") >= 20, "twenty batches", 30)
    finally:
        writer.kill()
        writer.wait()
    complete = log.read_bytes().rpartition(b"\n")[0].split(b"\n")
    store = open_store(address)
    stamps = [int(each.step.ts.timestamp()) for each in everything(store)]
    position, begin = store.position(FEED), int(START.timestamp())
    assert position is not None
    assert stamps[: int(position.timestamp()) - begin + 1] == list(
        range(begin, int(position.timestamp()) + 1)
    )
    assert position.timestamp() >= int(complete[-1])
    if kind == "sqlite":
        assert len(stamps) % 100 == 0
        assert position == store.newest(FEED)
    store.write(FEED, [record(10**6)], START + timedelta(days=1))
    assert store.newest(FEED) == START + timedelta(minutes=10**6)
    store.close()


def test_a_killed_database_is_unavailable_and_comes_back(own_influx_server: InfluxServer) -> None:
    """kill -9 of influxd while a writer writes: StoreUnavailable from every method, nothing
    acknowledged is lost, and the same object works again when the server does."""
    store = open_store(own_influx_server.url("ny-power"))
    store.claim(Origin(Kind.LIVE))
    acknowledged: list[Record] = []
    faults: list[BaseException] = []

    def write() -> None:
        try:
            for n in range(100_000):
                each = record(5 * n)
                store.write(FEED, [each], each.step.ts)
                acknowledged.append(each)
        except BaseException as fault:
            faults.append(fault)

    writer = Thread(target=write)
    writer.start()
    wait_until(lambda: len(acknowledged) >= 50, "fifty writes")
    own_influx_server.kill()
    writer.join(60)
    assert [type(fault) for fault in faults] == [StoreUnavailable]
    for call in (
        lambda: store.claim(Origin(Kind.LIVE)),
        store.origin,
        lambda: store.position(FEED),
        lambda: store.newest(FEED),
        lambda: everything(store),
        lambda: store.write(FEED, [record(0)], None),
    ):
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            call()
    own_influx_server.start()
    assert everything(store)[: len(acknowledged)] == acknowledged
    position = store.position(FEED)
    assert position is not None
    assert position >= acknowledged[-1].step.ts
    store.write(FEED, [record(10**6)], START + timedelta(minutes=10**6))
    assert store.newest(FEED) == store.position(FEED) == START + timedelta(minutes=10**6)
    store.close()
