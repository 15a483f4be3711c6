"""How a value stands among those of the last 30 days."""

from bisect import bisect_left, insort
from datetime import datetime, timedelta

SPAN = timedelta(days=30)
FEWEST = 288
"""A day of five-minute steps: with less there is nothing to compare with."""


class RecentValues:
    """The values of the last 30 days by stamp, kept in order of size."""

    def __init__(self) -> None:
        self._by_stamp: dict[datetime, float] = {}
        self._sorted: list[float] = []

    def put(self, ts: datetime, value: float) -> None:
        """Take a value in, in place of an earlier one of its stamp."""
        if ts in self._by_stamp:
            self._remove(ts)
        self._by_stamp[ts] = value
        insort(self._sorted, value)

    def forget_before(self, ts: datetime) -> None:
        """Drop what is older than ``ts``."""
        for stamp in [stamp for stamp in self._by_stamp if stamp < ts]:
            self._remove(stamp)

    def enough(self) -> bool:
        """Whether there is enough to compare with."""
        return len(self._sorted) >= FEWEST

    def percentile(self, value: float) -> int | None:
        """What share was below ``value``, in whole percent; None while too little is known."""
        if not self.enough():
            return None
        return round(100 * bisect_left(self._sorted, value) / len(self._sorted))

    def _remove(self, ts: datetime) -> None:
        del self._sorted[bisect_left(self._sorted, self._by_stamp.pop(ts))]
