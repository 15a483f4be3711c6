"""How fresh a feed is, and which steps count as now. Feed time throughout."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LIVE_AGE = timedelta(minutes=15)
"""A step older than this is late: it goes to history, never to the live topics."""

EXPECTED_WITHIN = timedelta(minutes=15)
"""After the last stamp, the next one should have come by then: 5 minutes to the next
stamp, and files that change every 5 to 10."""

STALE_AGE = timedelta(hours=1)


class State(StrEnum):
    """What ``status/feed/{feed}`` says."""

    LIVE = "live"
    LATE = "late"
    STALE = "stale"
    DOWN = "down"


def is_live(ts: datetime, now: datetime) -> bool:
    """Whether a step of ``ts`` may still be shown as the present."""
    return now - ts <= LIVE_AGE


def expected_by(last: datetime) -> datetime:
    """When the step after ``last`` should have been read."""
    return last + EXPECTED_WITHIN


def state(last: datetime | None, now: datetime, *, readable: bool) -> State:
    """The state of a feed whose newest step is ``last``; ``readable``: its files come."""
    if not readable:
        return State.DOWN
    if last is None or now - last > STALE_AGE:
        return State.STALE
    return State.LATE if now > expected_by(last) else State.LIVE


@dataclass(frozen=True, slots=True)
class FeedClock:
    """The feed's now: its server's ``Date``, carried on by our monotonic clock.

    ``speed`` is 1 for the real feed; a replay says how many times faster it runs.
    """

    date: datetime
    read_at: float
    speed: float = 1.0

    def now(self, monotonic: float) -> datetime:
        """The feed's time at a reading of the monotonic clock, in seconds."""
        return self.date + timedelta(seconds=(monotonic - self.read_at) * self.speed)

    def wall_seconds(self, feed_time: timedelta) -> float:
        """How long a length of feed time lasts here; at full length where a twin stands still."""
        return feed_time.total_seconds() / (self.speed or 1.0)
