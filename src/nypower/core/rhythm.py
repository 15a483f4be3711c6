"""When to look at a feed again: not before there can be something new."""

from collections import deque
from datetime import datetime, timedelta

REMEMBERED = 12


class Rhythm:
    """The feed's habit, learnt from the steps seen: how long after its stamp one appears.

    It begins to look one poll before the quickest recent step appeared, so that it learns of
    a quicker feed too, and then at every poll until the step is there.
    """

    def __init__(self, interval: timedelta, poll: timedelta) -> None:
        self._interval, self._poll = interval, poll
        self._delays: deque[timedelta] = deque(maxlen=REMEMBERED)
        self._newest: datetime | None = None

    def seen(self, ts: datetime, now: datetime) -> None:
        """A step of ``ts`` was first seen at ``now``, in the feed's time."""
        if self._newest is not None and ts > self._newest:
            self._delays.append(now - ts)
        self._newest = ts

    def next_look(self, now: datetime) -> datetime:
        """When to look again, in the feed's time: a poll from ``now`` at the soonest."""
        soonest = now + self._poll
        if self._newest is None or not self._delays:
            return soonest
        expected = self._newest + self._interval + min(self._delays) - self._poll
        return max(soonest, min(expected, now + self._interval))
