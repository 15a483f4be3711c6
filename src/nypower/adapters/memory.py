"""A store that lasts as long as its object: for tests, and to think about the others."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock

from ..core.origin import Origin, check_claim
from ..ports import Record


class MemoryStore:
    """The history in a dictionary. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._origin: Origin | None = None
        self._records: dict[str, dict[datetime, Record]] = {}
        self._positions: dict[str, datetime] = {}

    def claim(self, origin: Origin) -> None:
        """Make the store one of ``origin``, or raise ``StoreRefused`` if it is another's."""
        with self._lock:
            check_claim(self._origin, origin)
            self._origin = origin

    def origin(self) -> Origin | None:
        """What the store holds; None for one that nobody has claimed."""
        return self._origin

    def position(self, feed: str) -> datetime | None:
        """Up to where the feed is stored without a hole."""
        return self._positions.get(feed)

    def write(self, feed: str, records: Sequence[Record], through: datetime | None) -> None:
        """Store records over whatever stood there; ``through`` None leaves the position."""
        with self._lock:
            self._records.setdefault(feed, {}).update(
                (record.step.ts, record) for record in records
            )
            if through is not None:
                self._positions[feed] = through

    def read(self, feed: str, start: datetime, end: datetime) -> Iterator[Record]:
        """The records with ``start <= ts < end``, as they stood at the first one, in order."""
        with self._lock:
            records = self._records.get(feed, {})
            found = [records[ts] for ts in sorted(records) if start <= ts < end]
        yield from found

    def newest(self, feed: str) -> datetime | None:
        """The newest stamp stored."""
        with self._lock:
            return max(self._records.get(feed, {}), default=None)

    def close(self) -> None:
        """Nothing is held open."""
