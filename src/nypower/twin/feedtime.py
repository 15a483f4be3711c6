"""The twin's clock: the time the feed says it is."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from ..core.freshness import FeedClock


class FeedTime:
    """Feed time, running ``speed`` times as fast as the monotonic clock from ``start``.

    It may be moved while it runs. A speed of 0 stands still until it is.
    """

    def __init__(
        self,
        start: datetime,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.speed = speed
        self._monotonic = monotonic
        self._clock = FeedClock(start, monotonic(), speed)

    def now(self) -> datetime:
        """The feed's time, aware UTC."""
        return self._clock.now(self._monotonic())

    def set(self, now: datetime) -> None:
        """Go on from ``now``."""
        self._clock = FeedClock(now, self._monotonic(), self.speed)

    def jump(self, seconds: float) -> None:
        """Go on from ``seconds`` of feed time later."""
        self.set(self.now() + timedelta(seconds=seconds))
