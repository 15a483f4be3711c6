"""The one retry policy: how long to wait after a failure, and saying a thing once."""

import logging
import random
from collections import Counter


class Backoff:
    """Waits that double from ``first`` to ``most`` seconds, each shortened by up to half at
    random, so that many clients do not come back together."""

    def __init__(self, first: float, most: float) -> None:
        self._first, self._most = first, most
        self.failures = 0

    def wait(self) -> float:
        """Seconds to wait after one more failure."""
        self.failures += 1
        longest = min(self._most, self._first * 2.0 ** min(self.failures - 1, 30))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

    def reset(self) -> None:
        """It worked."""
        self.failures = 0


class Complaint:
    """Logs what is wrong once, however often it happens, and that it is over."""

    def __init__(self, log: logging.Logger, over: str) -> None:
        self._log, self._over = log, over
        self._said = ""

    def say(self, what: str) -> None:
        """It is wrong: logged if it is not what was said last."""
        if what != self._said:
            self._said = what
            self._log.warning("%s", what)

    def clear(self) -> None:
        """It works again."""
        if self._said:
            self._said = ""
            self._log.info("%s", self._over)


class LeftOut:
    """Counts what is left out by kind; logs the first of each, then at each tenfold."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self.counts: Counter[str] = Counter()

    def add(self, kind: str, why: str) -> None:
        """One more of a kind, and what was wrong with this one."""
        self.counts[kind] += 1
        count = self.counts[kind]
        if set(str(count)[1:]) <= {"0"} and str(count)[0] == "1":
            self._log.warning("left out, %d so far on %s: %s", count, kind, why)
