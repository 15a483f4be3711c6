"""The steps that go to history, in the order of their turn: repairs, what the archive has not
stored yet, and days that have closed, once more."""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from ..core.clock import day_end, day_start
from ..core.steps import Link, linked
from .catch_up import CatchUp
from .feed_reader import FeedReader
from .retry import Complaint

log = logging.getLogger(__name__)

STALLED_SECONDS = 60.0
"""After this long without the position moving the archive is sent the rest again."""

READ_AGAIN_AFTER = timedelta(minutes=30)
"""After its end: a row that came after the day was held to be closed is there by then."""


class LateSteps:
    """What the archive is owed. Nothing goes while it is offline, or before it has told its
    position."""

    def __init__(
        self, reader: FeedReader, backlog: timedelta, monotonic: Callable[[], float]
    ) -> None:
        self._reader, self._backlog, self._monotonic = reader, backlog, monotonic
        self._repairs: deque[Link] = deque()
        self._moved_at = monotonic()
        self._complaint = Complaint(log, "the archive goes on")
        self.forget_the_archive()

    def forget_the_archive(self) -> None:
        """The connection is a new one: what the archive says comes again."""
        self._online = self._resume = self._told = False
        self._position: datetime | None = None
        self._catch_up: CatchUp | None = None

    def archive_is(self, *, online: bool) -> None:
        """The archive came, and goes on from its position, or went."""
        self._online = self._resume = online
        self._catch_up = None

    def stored(self, through: datetime | None) -> None:
        """The archive's position."""
        if through != self._position:
            self._complaint.clear()
            self._moved_at = self._monotonic()
        self._position, self._told = through, True
        if self._catch_up:
            self._catch_up.stored(through)

    def resume(self) -> None:
        """There are steps that the live topics cannot take. A catch-up that is under way
        gets to them anyway."""
        if self._online and self._catch_up is None:
            self._resume = True

    def repair(self, link: Link) -> None:
        """A step changed, or appeared, behind the end of the feed."""
        self._repairs.append(link)

    def can_send(self) -> bool:
        """Whether :meth:`due` would find something at once."""
        return (
            self._online
            and self._told
            and bool(
                self._repairs or self._resume or (self._catch_up and self._catch_up.can_send())
            )
        )

    def due(self, now: datetime) -> list[Link]:
        """The steps whose turn it is, at the feed's ``now``. Raises as ``Source.read`` does,
        and nothing is lost by that: ask again later."""
        if not self._online or not self._told:
            return []
        if self._repairs:
            repairs = [*self._repairs]
            self._repairs.clear()
            return repairs
        self._begin_again_if_due(now)
        if self._catch_up is None:
            return self._closed_day(now)
        links = self._catch_up.take()
        if self._catch_up.done():
            self._catch_up = None
        return links

    def _begin_again_if_due(self, now: datetime) -> None:
        if self._stalled():
            stopped = self._position or "nothing yet"
            self._complaint.say(f"the archive has stopped at {stopped}: going back to there")
            self._resume = True
        if self._resume:
            self._resume, self._moved_at = False, self._monotonic()
            since = min(now - self._backlog, self._reader.newest() or now)
            self._catch_up = CatchUp(self._reader, self._position, since)
            if self._position is None:
                self._reader.closed_days.clear()  # the backlog has all of it

    def _stalled(self) -> bool:
        """Whether the archive, though online, has not passed what was sent for a minute."""
        newest = self._reader.newest()
        if newest is None or (self._position is not None and self._position >= newest):
            self._moved_at = self._monotonic()
        return self._monotonic() - self._moved_at > STALLED_SECONDS

    def _closed_day(self, now: datetime) -> list[Link]:
        """A day that has closed, once more and whole: what changed behind its end shows.

        All its steps go out again: the archive knows which are new to it.
        """
        days = self._reader.closed_days
        if not days or now < day_end(days[0]) + READ_AGAIN_AFTER:
            return []
        day = days[0]
        steps = self._reader.day(day, anew=True)
        days.pop(0)
        return linked(steps, day_start(day))
