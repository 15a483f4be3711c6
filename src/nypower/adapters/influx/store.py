"""The store on an InfluxDB 1.x server.

InfluxDB has no transactions and merges a point into the one that stands at its time. So the
records go first and the position after them, and where a record lacks what stands at its
time, that point is deleted first, with the position taken back to before it for as long.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ...core.errors import StoreRefused
from ...core.origin import Kind, Origin, check_claim
from ...ports import Record
from .points import (
    Row,
    carbon_measurement,
    epoch,
    lacks_intensity,
    lacks_some_of,
    lines,
    moment_of,
    record_of,
    rows,
)
from .server import Server, quoted

ByTime = Mapping[int, Row]

BATCH = 2000
"""Records in a request at most: half a megabyte of lines, a page of a reading."""
PAGE_SECONDS = 6 * 24 * 3600
"""The longest time a page spans. The server looks into every week that a query names, however
few rows it may return: with years in one query, a page would take half a second."""
RUN_GAP = 3600
"""Stamps of a batch further apart, in seconds, are looked up apart."""


class InfluxStore:
    """The store in ``database``. Safe to use from several threads; one may write."""

    def __init__(
        self,
        host: str,
        port: int,
        database: str,
        *,
        user: str = "",
        password: str = "",
        tls: bool = False,
        read_only: bool = False,
    ) -> None:
        self._read_only = read_only
        self._server = Server(
            host,
            port,
            database,
            user=user,
            password=password,
            tls=tls,
            may_create=not read_only,
        )

    def claim(self, origin: Origin) -> None:
        """Make the store one of ``origin``, or raise ``StoreRefused`` if it is another's."""
        self._refuse_if_read_only()
        held = self.origin()
        check_claim(held, origin)
        if held is None:
            span = quoted(origin.span)
            self._server.write([f'status kind="{origin.kind.value}",span={span} 0'])

    def origin(self) -> Origin | None:
        """What the store holds; None for one that nobody has claimed."""
        row = self._row("SELECT kind, span FROM status")
        return None if row is None else Origin(Kind(row["kind"]), row.get("span", ""))

    def position(self, feed: str) -> datetime | None:
        """Up to where the feed is stored without a hole."""
        row = self._row(f"SELECT through FROM status WHERE feed = '{feed}'")  # noqa: S608 - the catalog's name
        return None if row is None else moment_of(row["through"])

    def newest(self, feed: str) -> datetime | None:
        """The newest stamp stored."""
        row = self._row(f"SELECT last(rev) FROM {quoted(feed)}")  # noqa: S608 - quoted
        return None if row is None else moment_of(row["time"])

    def write(self, feed: str, records: Sequence[Record], through: datetime | None) -> None:
        """Store records, then the position; ``through`` None leaves the position alone.

        Of several records of one stamp the last one counts.
        """
        self._refuse_if_read_only()
        by_time = {epoch(record.step.ts): record for record in records}
        times = sorted(by_time)
        for first in range(0, len(times), BATCH):
            batch = {time: by_time[time] for time in times[first : first + BATCH]}
            taken_back = self._clear(feed, batch)
            through = through or taken_back
            self._server.write(lines(feed, batch.values()))
        if through is not None:
            self._move(feed, through)

    def read(self, feed: str, start: datetime, end: datetime) -> Iterator[Record]:
        """The records with ``start <= ts < end``, oldest first, a page at a time."""
        first, beyond = epoch(start), epoch(end)
        while first < beyond:
            last = min(first + PAGE_SECONDS, beyond) - 1
            steps, carbon = self._between(feed, (first, last), limit=BATCH)
            for time, row in steps.items():
                record = record_of(row, carbon.get(time, {}))
                if record is not None:
                    yield record
            if len(steps) == BATCH:
                first = max(steps) + 1
            elif steps:
                first = last + 1
            else:
                first = self._first_from(feed, last + 1, beyond)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _refuse_if_read_only(self) -> None:
        if self._read_only:
            raise StoreRefused("the store is open for reading only")

    def _row(self, statement: str) -> Row | None:
        (result,) = self._server.select(statement)
        return next(rows(result), None)

    def _first_from(self, feed: str, first: int, beyond: int) -> int:
        """The time of the first step from ``first`` on, or ``beyond``: gaps may be years."""
        span = f"time >= {first}s AND time < {beyond}s"
        row = self._row(f"SELECT first(rev) FROM {quoted(feed)} WHERE {span}")  # noqa: S608 - quoted
        return beyond if row is None else int(row["time"])

    def _move(self, feed: str, through: datetime) -> None:
        self._server.write([f"status,feed={feed} through={epoch(through)}i 0"])

    def _between(self, feed: str, *spans: tuple[int, int], limit: int = 0) -> tuple[ByTime, ByTime]:
        """The points in each span of seconds, both ends inclusive: steps and intensities.

        ``limit`` is how many steps at most from each span, 0 for all.
        """
        when = [f"WHERE time >= {first}s AND time <= {last}s" for first, last in spans]
        steps = [f"SELECT * FROM {quoted(feed)} {each} LIMIT {limit}" for each in when]  # noqa: S608 - quoted
        carbon = [f"SELECT * FROM {quoted(carbon_measurement(feed))} {each}" for each in when]  # noqa: S608 - quoted
        results = self._server.select(*steps, *carbon)
        return _by_time(results[: len(spans)]), _by_time(results[len(spans) :])

    def _clear(self, feed: str, batch: Mapping[int, Record]) -> datetime | None:
        """Delete the points that writing ``batch`` would not replace whole.

        Returns the position where it was taken back: to be set again once the batch is
        written. A crash in between leaves it before the hole, to be filled from the feed.
        """
        steps, carbon = self._between(feed, *_runs(list(batch)))
        stale = [
            (measurement, time)
            for measurement, points, is_stale in (
                (feed, steps, lacks_some_of),
                (carbon_measurement(feed), carbon, lacks_intensity),
            )
            for time, row in points.items()
            if time in batch and is_stale(batch[time], row)
        ]
        if not stale:
            return None
        position = self.position(feed)
        before = moment_of(min(time for _, time in stale) - 1)
        if position is not None and before < position:
            self._move(feed, before)
        self._server.delete(
            *(f"DELETE FROM {quoted(name)} WHERE time = {time}s" for name, time in stale)  # noqa: S608 - quoted
        )
        return position


def _by_time(results: Iterable[Mapping[str, Any]]) -> ByTime:
    return {row["time"]: row for result in results for row in rows(result)}


def _runs(times: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of every run of ``times``, which ascend, without a long gap."""
    first = last = times[0]
    for time in times[1:]:
        if time - last > RUN_GAP:
            yield first, last
            first = time
        last = time
    yield first, last
