"""The late steps: from the archive's position to the end of the feed, oldest first."""

from collections import deque
from datetime import datetime, timedelta

from ..core.clock import ONE_DAY, market_day
from ..core.steps import Link, linked
from .feed_reader import FeedReader

AHEAD = 500
"""How many late steps may be under way, beyond what the archive says it has stored."""


class CatchUp:
    """One resumption. Nothing is lost when reading fails in between: ask again later.

    ``after`` is the position; with none the backlog from ``since`` on starts a chain.
    """

    def __init__(self, reader: FeedReader, after: datetime | None, since: datetime) -> None:
        self._reader = reader
        self._after = after
        # The backlog begins with the first stamp at or after `since`; stamps are whole seconds.
        self._cursor = after or since - timedelta(seconds=1)
        self._day = market_day(self._cursor + timedelta(seconds=1))
        self._ready: deque[Link] = deque()
        self._under_way: deque[datetime] = deque()

    def done(self) -> bool:
        """Whether everything up to the newest step has been handed out."""
        newest = self._reader.newest()
        return not self._ready and (newest is None or self._cursor >= newest)

    def can_send(self) -> bool:
        """Whether :meth:`take` would find something now."""
        return not self.done() and len(self._under_way) < AHEAD

    def stored(self, through: datetime | None) -> None:
        """The archive's position: what it has passed is no longer under way."""
        while through and self._under_way and self._under_way[0] <= through:
            self._under_way.popleft()

    def take(self) -> list[Link]:
        """The next late steps that may go now. Raises as ``Source.read`` does."""
        while not self._ready and not self.done():
            self._load()
        links = [
            self._ready.popleft()
            for _ in range(min(len(self._ready), AHEAD - len(self._under_way)))
        ]
        self._under_way.extend(link.step.ts for link in links)
        return links

    def _load(self) -> None:
        """Read the next day, or the one that has grown since."""
        newest = self._reader.newest()
        steps = [
            step
            for step in self._reader.day(self._day)
            if step.ts > self._cursor and newest is not None and step.ts <= newest
        ]
        self._ready.extend(linked(steps, self._after))
        if steps:
            self._cursor = self._after = steps[-1].ts
        if newest is not None and self._day < market_day(newest):
            self._day += ONE_DAY
