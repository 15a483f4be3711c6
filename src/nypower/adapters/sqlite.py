"""The history in one SQLite file: the embedded store.

A step is a row, its values a JSON object, and the records of a write go in with the position
in one transaction. The file is in WAL mode, so that readers in other processes (the web, an
export) neither wait for the writer nor make it wait. For a person with the `sqlite3` program
there is a view, ``fuel_mix(ts, fuel, mw)``; ``datetime(ts, 'unixepoch')`` is UTC.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, NoReturn

from ..core.carbon import BASES, Intensity
from ..core.errors import StoreAbsent, StoreRefused, StoreUnavailable
from ..core.origin import Kind, Origin, check_claim
from ..core.steps import Step
from ..ports import Record

APPLICATION_ID = 0x4E59_5057
"""The file's own mark, "NYPW": a database of something else is left alone."""
SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0
"""How long to wait for another process's lock: it holds one for milliseconds."""

_COLUMNS = ("feed", "ts", "rev", "values", "estimated", *BASES)
_NAMES = ", ".join(f'"{column}"' for column in _COLUMNS)
_UPSERT = f"INSERT OR REPLACE INTO step ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own names
_SELECT = f"SELECT {_NAMES} FROM step WHERE feed = ? AND ts >= ? AND ts < ? ORDER BY ts"  # noqa: S608 - our own names
_STRICT = "STRICT, " if sqlite3.sqlite_version_info >= (3, 37) else ""
_SCHEMA = (
    f"""CREATE TABLE step (
        feed TEXT NOT NULL, ts INTEGER NOT NULL, rev INTEGER NOT NULL, "values" TEXT NOT NULL,
        estimated INTEGER, {", ".join(f'"{basis}" REAL' for basis in BASES)},
        PRIMARY KEY (feed, ts)) {_STRICT}WITHOUT ROWID""",
    "CREATE TABLE position (feed TEXT PRIMARY KEY, through INTEGER NOT NULL)",
    "CREATE TABLE origin (kind TEXT NOT NULL, span TEXT NOT NULL)",
    """CREATE VIEW fuel_mix AS SELECT ts, key AS fuel, value AS mw
        FROM step, json_each(step."values") WHERE feed = 'fuel-mix'""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
_WAITING_HELPS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
}

_WRITER_NEEDED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
"""What a reader gets that may not write to the directory, where no writer has the file open."""


class SqliteStore:
    """The store at ``path``. Safe to use from several threads.

    One connection writes; every reading has its own, and so its own unchanging view.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self._path = Path(path).absolute()
        self._read_only = read_only
        self._lock = RLock()
        self._writer: sqlite3.Connection | None = None

    def claim(self, origin: Origin) -> None:
        """Make the store one of ``origin``, or raise ``StoreRefused`` if it is another's."""
        with self._transaction() as connection:
            held = _origin(connection)
            check_claim(held, origin)
            if held is None:
                values = (origin.kind.value, origin.span)
                connection.execute("INSERT INTO origin VALUES (?, ?)", values)

    def origin(self) -> Origin | None:
        """What the store holds; None for one that nobody has claimed."""
        with self._reader() as connection:
            return _origin(connection)

    def position(self, feed: str) -> datetime | None:
        """Up to where the feed is stored without a hole."""
        return self._moment("SELECT through FROM position WHERE feed = ?", feed)

    def newest(self, feed: str) -> datetime | None:
        """The newest stamp stored."""
        return self._moment("SELECT max(ts) FROM step WHERE feed = ?", feed)

    def write(self, feed: str, records: Sequence[Record], through: datetime | None) -> None:
        """Store records and the position, all or nothing; ``through`` None leaves it alone."""
        rows = [_row(feed, record) for record in records]
        with self._transaction() as connection:
            connection.executemany(_UPSERT, rows)
            if through is not None:
                position = (feed, _epoch(through))
                connection.execute("INSERT OR REPLACE INTO position VALUES (?, ?)", position)

    def read(self, feed: str, start: datetime, end: datetime) -> Iterator[Record]:
        """The records with ``start <= ts < end``, as they stood at the first one, in order."""
        with self._reader() as connection:
            for row in connection.execute(_SELECT, (feed, _epoch(start), _epoch(end))):
                yield _record(row)

    def close(self) -> None:
        """Give back the connection that writes. The last to close tidies the file up."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _moment(self, query: str, feed: str) -> datetime | None:
        with self._reader() as connection:
            row = connection.execute(query, (feed,)).fetchone()
        return None if row is None or row[0] is None else _moment(row[0])

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        if not self._read_only:
            with self._lock, self._explained():
                self._prepared()
        with self._explained(), closing(self._connect("ro")) as connection:
            if self._read_only and not self._is_ours(connection):
                raise StoreAbsent(f"{self._path} holds nothing yet")
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._read_only:
            raise StoreRefused(f"{self._path} is open for reading only")
        with self._lock, self._explained(), _transaction(self._prepared()) as connection:
            yield connection

    def _prepared(self) -> sqlite3.Connection:
        """The connection that writes, the file made and its schema checked."""
        if self._writer is None:
            connection = self._connect("rwc")
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._writer = connection
        return self._writer

    def _prepare(self, connection: sqlite3.Connection) -> None:
        ours = self._is_ours(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if ours:
            return
        with _transaction(connection):
            if not self._is_ours(connection):  # another process may have been faster
                for statement in _SCHEMA:
                    connection.execute(statement)

    def _connect(self, mode: str) -> sqlite3.Connection:
        if mode == "ro" and not self._path.exists():
            raise StoreAbsent(f"there is no {self._path} yet")
        return sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        """Whether the schema is there; ``StoreRefused`` where another one is."""
        mark, version, others = connection.execute(
            "SELECT application_id, user_version, EXISTS (SELECT 1 FROM sqlite_master)"
            " FROM pragma_application_id, pragma_user_version"
        ).fetchone()
        if mark != APPLICATION_ID and (mark or version or others):
            raise StoreRefused(f"{self._path} is the database of another program")
        if version > SCHEMA_VERSION:
            raise StoreRefused(f"{self._path} was written by a newer version of ny-power")
        return bool(mark)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._explain(error)

    def _explain(self, error: sqlite3.Error) -> NoReturn:
        """Raise ``error`` as one of ours, in a sentence."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _WAITING_HELPS:
            raise StoreUnavailable(f"{self._path}: {error}") from error
        if code == sqlite3.SQLITE_NOTADB:
            raise StoreRefused(f"{self._path} is no SQLite database") from error
        if self._read_only and code in _WRITER_NEEDED:
            raise StoreUnavailable(f"{self._path} can be read once its writer runs") from error
        if code == sqlite3.SQLITE_CANTOPEN and not self._path.parent.is_dir():
            raise StoreRefused(f"there is no directory {self._path.parent}") from error
        raise StoreRefused(f"{self._path} cannot be used: {error}") from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _origin(connection: sqlite3.Connection) -> Origin | None:
    row = connection.execute("SELECT kind, span FROM origin").fetchone()
    return None if row is None else Origin(Kind(row[0]), row[1])


def _row(feed: str, record: Record) -> tuple[Any, ...]:
    values = {name: float(value) for name, value in record.step.values.items()}
    text = json.dumps(values, separators=(",", ":"), allow_nan=False)
    carbon = record.intensity
    grams = (None if carbon is None else carbon.grams.get(basis) for basis in BASES)
    estimated = None if carbon is None else int(carbon.estimated)
    return (feed, _epoch(record.step.ts), record.rev, text, estimated, *grams)


def _record(row: tuple[Any, ...]) -> Record:
    _feed, ts, rev, values, estimated, *by_basis = row
    intensity = None
    if estimated is not None:
        pairs = zip(BASES, by_basis, strict=True)
        grams = {basis: value for basis, value in pairs if value is not None}
        intensity = Intensity(grams, bool(estimated))
    return Record(Step(_moment(ts), json.loads(values)), rev, intensity)
