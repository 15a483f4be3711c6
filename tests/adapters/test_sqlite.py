"""What only the SQLite store has: a file, its locks, and readers in other processes."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nypower.adapters.sqlite import SqliteStore
from nypower.core.carbon import Intensity
from nypower.core.errors import StoreRefused, StoreUnavailable
from nypower.core.origin import Kind, Origin
from nypower.core.steps import Step
from nypower.ports import Record

FEED = "fuel-mix"
START = datetime(2017, 11, 5, 5, 30, tzinfo=UTC)
"""1509859800 seconds after the epoch."""
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def record(number: int, **values: float) -> Record:
    step = Step(START + timedelta(minutes=5 * number), values or {"Wind": 258.0})
    return Record(step, 0, None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ny-power.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(path)
    yield made
    made.close()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


class TestTheFile:
    def test_building_the_store_touches_nothing(self, path: Path) -> None:
        """The file is made by the first call."""
        made = SqliteStore(path)
        made.close()
        assert not path.exists()

    def test_the_schema_is_this_one(self, store: SqliteStore, path: Path) -> None:
        """Another set of columns needs another schema version."""
        store.write(FEED, [record(0)], None)
        columns = [name for (name,) in rows(path, "SELECT name FROM pragma_table_info('step')")]
        assert columns == [
            "feed",
            "ts",
            "rev",
            "values",
            "estimated",
            "production/direct",
            "production/lifecycle",
        ]
        assert rows(path, "PRAGMA user_version") == [(1,)]
        assert rows(path, "PRAGMA journal_mode") == [("wal",)]

    def test_people_can_query_it(self, store: SqliteStore, path: Path) -> None:
        """The view is long, a row a fuel; the intensities are columns."""
        grams = {"production/direct": 187.3, "production/lifecycle": 241.0}
        step = Step(START, {"Natural Gas": 3310.0, "Énergie": 0.1})
        store.write(FEED, [Record(step, 2, Intensity(grams, estimated=True))], None)
        store.write("load", [record(0)], None)
        assert rows(path, "SELECT ts, fuel, mw FROM fuel_mix ORDER BY mw DESC") == [
            (1509859800, "Natural Gas", 3310.0),
            (1509859800, "Énergie", 0.1),
        ]
        query = "SELECT rev, \"production/direct\", estimated FROM step WHERE feed = 'fuel-mix'"
        assert rows(path, query) == [(2, 187.3, 1)]

    def test_any_path_will_do(self, tmp_path: Path) -> None:
        """Characters that mean something in a URI mean nothing in a path."""
        path = tmp_path / "a b?mode=ro#%41" / "ü.db"
        path.parent.mkdir()
        with closing(SqliteStore(path)) as store:
            store.write(FEED, [record(0)], None)
            assert path.exists()
            assert store.newest(FEED) == START


def test_it_does_without_the_influxdb_client() -> None:
    """Who keeps the history in SQLite pays neither memory nor time for the other one."""
    script = (
        "import sys; from nypower.adapters.stores import open_store\n"
        "open_store('sqlite:ny-power.db'); print('influxdb' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, check=True, capture_output=True).stdout == b"False\n"


class TestWhatIsRefused:
    def test_a_newer_version(self, store: SqliteStore, path: Path) -> None:
        """Left as it is, by writers and readers."""
        store.claim(Origin(Kind.LIVE))
        store.close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 2")
        for read_only in (False, True):
            with pytest.raises(StoreRefused, match="newer version"):
                SqliteStore(path, read_only=read_only).origin()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 1")
        assert store.origin() == Origin(Kind.LIVE)

    def test_another_programs_database(self, path: Path) -> None:
        """It gains no table of ours."""
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE bookmarks (url TEXT)")
        for read_only in (False, True):
            with pytest.raises(StoreRefused, match="another program"):
                SqliteStore(path, read_only=read_only).newest(FEED)
        assert rows(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]

    def test_no_database_at_all(self, path: Path) -> None:
        """A file of text; and once it is out of the way, all is well."""
        path.write_text("Time Stamp,Time Zone,Fuel Category,Gen MW\r\n" * 100)
        store = SqliteStore(path)
        for call in (lambda: store.newest(FEED), lambda: store.write(FEED, [record(0)], None)):
            with pytest.raises(StoreRefused, match="no SQLite database"):
                call()
        path.unlink()
        store.write(FEED, [record(0)], None)
        assert store.newest(FEED) == START
        store.close()

    def test_a_directory_that_is_not_there(self, tmp_path: Path) -> None:
        """Said by its name; once it is made, the same object works."""
        store = SqliteStore(tmp_path / "absent" / "ny-power.db")
        with pytest.raises(StoreRefused, match=r"there is no directory .*absent"):
            store.claim(Origin(Kind.LIVE))
        (tmp_path / "absent").mkdir()
        store.claim(Origin(Kind.LIVE))
        store.close()

    def test_a_path_that_cannot_be_written(self, tmp_path: Path) -> None:
        """Here because it is a directory."""
        with pytest.raises(StoreRefused, match="cannot be used"):
            SqliteStore(tmp_path).claim(Origin(Kind.LIVE))


class TestReadOnly:
    def test_a_store_that_is_not_there_yet(self, path: Path) -> None:
        """Unavailable, nothing is made, and it is read once it is there."""
        reader = SqliteStore(path, read_only=True)
        for call in (
            reader.origin,
            lambda: reader.position(FEED),
            lambda: reader.newest(FEED),
            lambda: list(reader.read(FEED, *EVER)),
        ):
            with pytest.raises(StoreUnavailable, match=r"there is no .*ny-power\.db yet"):
                call()
        assert not path.exists()
        path.touch()
        with pytest.raises(StoreUnavailable, match="holds nothing yet"):
            reader.newest(FEED)
        with closing(SqliteStore(path)) as writer:
            writer.write(FEED, [record(0)], START)
            assert reader.newest(FEED) == reader.position(FEED) == START
        assert list(reader.read(FEED, *EVER)) == [record(0)]

    def test_it_writes_nothing(self, store: SqliteStore, path: Path) -> None:
        """Neither records nor a claim."""
        store.write(FEED, [record(0)], None)
        reader = SqliteStore(path, read_only=True)
        with pytest.raises(StoreRefused, match="reading only"):
            reader.write(FEED, [record(1)], None)
        with pytest.raises(StoreRefused, match="reading only"):
            reader.claim(Origin(Kind.LIVE))
        assert list(reader.read(FEED, *EVER)) == [record(0)]

    def test_after_a_writer_was_killed(self, path: Path) -> None:
        """The log that it left behind is read too."""
        script = (
            "import os, sys; from datetime import *; from nypower.adapters.sqlite import *\n"
            "s = SqliteStore(sys.argv[1]); ts = datetime(2017, 11, 5, 5, 30, tzinfo=UTC)\n"
            "s.write('fuel-mix', [Record(Step(ts, {'Wind': 258.0}), 0, None)], ts)\n"
            "os.kill(os.getpid(), 9)"
        )
        killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
        assert killed.returncode == -9
        reader = SqliteStore(path, read_only=True)
        assert list(reader.read(FEED, *EVER)) == [record(0)]
        assert reader.position(FEED) == START


class TestLocks:
    def test_a_reading_keeps_its_view(self, store: SqliteStore, path: Path) -> None:
        """What is written while it goes on is for the next one, in another process or not."""
        store.write(FEED, [record(n) for n in range(10)], None)
        reader = SqliteStore(path, read_only=True)
        reading = reader.read(FEED, *EVER)
        found = [next(reading)]
        store.write(FEED, [record(5, Wind=1.0), record(11)], None)
        found += reading
        assert found == [record(n) for n in range(10)]
        assert list(reader.read(FEED, *EVER))[5] == record(5, Wind=1.0)

    def test_a_reading_that_is_dropped_is_closed(self, store: SqliteStore, path: Path) -> None:
        """Then the log can be folded into the file and vanishes with the last connection."""
        store.write(FEED, [record(n) for n in range(10)], None)
        reading = store.read(FEED, *EVER)
        next(reading)
        reading.close()  # type: ignore[attr-defined]
        store.close()
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    def test_a_lock_held_too_long(
        self, store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another program that holds the write lock makes the store unavailable; readers do
        not notice; when it lets go, the same write succeeds."""
        monkeypatch.setattr("nypower.adapters.sqlite.BUSY_SECONDS", 0.05)
        store.write(FEED, [record(0)], START)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="locked"):
                store.write(FEED, [record(1)], record(1).step.ts)
            assert store.position(FEED) == START
            assert list(SqliteStore(path, read_only=True).read(FEED, *EVER)) == [record(0)]
            other.execute("ROLLBACK")
        store.write(FEED, [record(1)], record(1).step.ts)
        assert store.newest(FEED) == store.position(FEED) == record(1).step.ts

    def test_a_write_is_all_or_nothing(self, store: SqliteStore) -> None:
        """One record that is none takes back the batch and the position."""
        store.write(FEED, [record(0)], START)
        broken = Record(record(2).step, None, None)  # type: ignore[arg-type]
        with pytest.raises(StoreRefused):
            store.write(FEED, [record(1), broken], record(2).step.ts)
        assert list(store.read(FEED, *EVER)) == [record(0)]
        assert store.position(FEED) == START
        store.write(FEED, [record(1), record(2)], record(2).step.ts)
        assert store.position(FEED) == record(2).step.ts

    def test_two_writers_may_make_the_file_at_once(self, path: Path) -> None:
        """Whoever is second finds the schema made."""
        script = (
            "import sys; from nypower.adapters.sqlite import *\n"
            "sys.stdin.readline(); SqliteStore(sys.argv[1]).claim(Origin(Kind.LIVE))"
        )
        command = [sys.executable, "-c", script, str(path)]
        started = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
        for process in started:
            with process:
                assert process.wait(30) == 0
        assert rows(path, "SELECT kind FROM origin") == [("live",)]
