"""The end of the feed as one sequence of steps, across midnight.

A day's file ends with the midnight that ends the day, but that row is written some minutes
into the new day, and in some years mostly not at all. So yesterday's file is read along
with today's until its midnight is there or ``MIDNIGHT_WAIT`` has passed; until then today's
steps are held back, and the sequence never grows behind its end.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ..core.catalog import Feed
from ..core.clock import ONE_DAY, day_end, day_start, market_day
from ..core.errors import BadFile, FeedUnavailable, Refused
from ..core.freshness import FeedClock
from ..core.origin import Kind, Origin
from ..core.steps import Link, Step, linked, without_unfinished
from ..ports import DayFile, Source

MIDNIGHT_WAIT = timedelta(minutes=15)
"""A day's file was seen to close 5 to 15 minutes after its end."""


EARLY_END = timedelta(minutes=10)
EARLY_TRIES, BAD_TRIES = 3, 12
"""How often a closed day is read before it is believed to end so early, or to be no file."""


@dataclass(slots=True)
class _Day:
    """A day of the window: its steps, and whether more may come."""

    day: date
    steps: Sequence[Step] = ()
    read: bool = False
    closed: bool = False

    def update(self, file: DayFile, now: datetime) -> None:
        """Take in a reading of the day's file."""
        self.read = True
        if file.exists:  # else it is not there yet, or for a moment
            self.steps = file.steps
        has_midnight = bool(self.steps) and self.steps[-1].ts == day_end(self.day)
        self.closed = has_midnight or self.overdue(now)

    def overdue(self, now: datetime) -> bool:
        """Whether its midnight need not be waited for any longer."""
        return now > day_end(self.day) + MIDNIGHT_WAIT


class FeedReader:
    """Yesterday's and today's files of one feed, read as they grow."""

    def __init__(
        self,
        source: Source,
        feed: Feed,
        kind: Kind,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = lambda: market_day(datetime.now(UTC)),
    ) -> None:
        """``today`` is only the first guess: from then on the feed says what day it is."""
        self._source, self._feed, self._kind = source, feed, kind
        self._monotonic, self._today = monotonic, today
        self._window: tuple[_Day, _Day] | None = None
        self._clock: FeedClock | None = None
        self._origin: Origin | None = None
        self._links: list[Link] = []
        self._old_is_missing = False
        self._tries: Counter[date] = Counter()
        self.closed_days: list[date] = []
        """Days that closed since somebody last emptied this list."""
        self.trouble: Exception | None = None
        """Why yesterday's file could not be read, where today's can do without it."""

    @property
    def clock(self) -> FeedClock | None:
        """The feed's clock, None before the first answer."""
        return self._clock

    def now(self) -> datetime:
        """The feed's present. Raises ``ValueError`` before the first answer."""
        if self._clock is None:
            raise ValueError("the feed has not been read yet")
        return self._clock.now(self._monotonic())

    def poll(self) -> None:
        """Read what is new. Raises as ``Source.read`` does; what was known stays known."""
        if self._clock is None:
            self._read(self._today())
        window = self._window
        today = market_day(self.now())
        if window is None or window[1].day != today:
            old = (
                window[1] if window and window[1].day == today - ONE_DAY else _Day(today - ONE_DAY)
            )
            window = (old, _Day(today))
        old, new = window
        self._finish(old)
        new.update(self._read(new.day), self.now())
        self._window = window
        self._links = self._linked(old, new)

    def _finish(self, old: _Day) -> None:
        """Read yesterday's file until it has closed."""
        self.trouble = None
        if old.closed:
            return
        try:
            old.update(self._read(old.day), self.now())
        except (FeedUnavailable, BadFile) as error:
            if not old.overdue(self.now()):
                raise
            self.trouble = error
        if old.closed:
            self.closed_days.append(old.day)

    def _linked(self, old: _Day, new: _Day) -> list[Link]:
        waiting = not old.closed and not old.overdue(self.now())
        self._old_is_missing = not old.closed and not waiting
        steps = without_unfinished([*old.steps, *(() if waiting else new.steps)])
        border = len(old.steps)
        # Of what came before today nothing is claimed while yesterday's end is not known.
        after_old = old.steps[-1].ts if old.closed and old.steps else day_start(new.day)
        return [
            *linked(steps[:border], day_start(old.day)),
            *linked(steps[border:], after_old),
        ]

    def links(self) -> list[Link]:
        """The finished steps of the window at the last poll, each on the one before it."""
        return self._links

    def newest(self) -> datetime | None:
        """The stamp of the newest finished step."""
        return self._links[-1].step.ts if self._links else None

    def day(self, day: date, *, anew: bool = False) -> Sequence[Step]:
        """The finished steps of any day: out of the window, or read now (``anew``: whole).

        A closed day that is not there, or ends early, is asked for again some times before
        that is believed: until then, and while it cannot be read, raises ``FeedUnavailable``.
        """
        if not anew and self._holds(day):
            start, end = day_start(day), day_end(day)
            return [link.step for link in self._links if start < link.step.ts <= end]
        try:
            steps = self._read(day, anew=anew).steps
        except BadFile:
            if self._doubts(day, BAD_TRIES):
                raise
            return ()
        early = not steps or steps[-1].ts < day_end(day) - EARLY_END
        if early and self._doubts(day, EARLY_TRIES):
            raise FeedUnavailable(f"the file of {day} ends early or is not there: asking again")
        return steps

    def _holds(self, day: date) -> bool:
        """Whether the window has the day, as far as it goes."""
        if self._window is None:
            return False
        old, new = self._window
        return day == new.day or (day == old.day and not self._old_is_missing)

    def _doubts(self, day: date, tries: int) -> bool:
        self._tries[day] += 1
        return self._tries[day] < tries

    def _read(self, day: date, *, anew: bool = False) -> DayFile:
        file = self._source.read(self._feed, day, anew=anew)
        if file.origin.kind is not self._kind:
            raise Refused(
                f"the feed's data are {file.origin.kind.value}, not {self._kind.value}: "
                f"set NYPOWER_KIND={file.origin.kind.value} to publish them as what they are"
            )
        if self._origin not in (None, file.origin):
            raise Refused(f"the feed was {self._origin} and is {file.origin} now")
        self._clock, self._origin = file.clock, file.origin
        return file
