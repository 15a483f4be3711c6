"""The feed over HTTP: a market day's file with as few bytes as the server allows.

Each reading asks for what follows the bytes already held (`Range`), if anything changed at
all (`If-None-Match`, `If-Modified-Since`). A server that honours neither sends the whole
file, and the result is the same; one that refuses such requests is soon asked plainly.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from ...core.catalog import Feed
from ...core.clock import market_day
from ...core.errors import FeedUnavailable
from ...core.freshness import FeedClock
from ...core.origin import TWIN_HEADER, TwinTag, parse_twin_header
from ...core.steps import Step
from ...ports import DayFile
from .fetch import Answer, ConnectionLost, Fetcher
from .fuel_mix import Fault, parse
from .monthly import MonthlyArchive

log = logging.getLogger(__name__)

OVERLAP = 64
"""Bytes asked for again, to see that the file has grown and was not rewritten."""

DAYS_HELD = 3

REFUSALS = 2
"""Refused conditions in succession that only plain requests follow: one may be chance."""


@dataclass(slots=True)
class _Held:
    """A day's file as last read."""

    body: bytes
    steps: list[Step]
    etag: str | None
    last_modified: str | None

    def conditions(self) -> dict[str, str]:
        """The headers that ask for news alone; compressed, a range would be of other bytes."""
        start = max(0, len(self.body) - OVERLAP)
        asked = {"Range": f"bytes={start}-", "Accept-Encoding": "identity"}
        if self.etag:
            asked["If-None-Match"] = self.etag
        if self.last_modified:
            asked["If-Modified-Since"] = self.last_modified
        return asked


class HttpSource:
    """NYISO's server, or a twin of it, as a ``ports.Source``."""

    def __init__(
        self,
        base_url: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``now`` is asked only where the server sends no ``Date``."""
        self._fetcher = Fetcher(base_url, monotonic=monotonic)
        self._monthly = MonthlyArchive(self._fetcher)
        self._monotonic, self._now = monotonic, now
        self._held: dict[tuple[str, date], _Held] = {}
        self._reported: set[tuple[date, Fault]] = set()
        self._refusals = 0

    def read(self, feed: Feed, day: date, *, anew: bool = False) -> DayFile:
        """The file of ``day`` as it is now; see ``ports.Source``.

        A closed day whose daily file is gone is read from the month's archive.
        """
        held = self._held.get((feed.name, day))
        answer = self._ask(feed.daily_path(day), None if anew else held)
        tag, clock = self._tag(answer), self._clock(answer)
        if answer.status == 404:
            body = self._archived(feed, day, clock)
            steps = self._parse(body, day) if body else []
            return DayFile(day, steps, clock, tag.origin, exists=body is not None)
        body = self._body(held, answer)
        changed = held is None or body != held.body
        steps = self._parse(body, day) if held is None or changed else held.steps
        if answer.status != 304:  # which need not repeat the validators
            new = _Held(body, steps, answer.header("ETag"), answer.header("Last-Modified"))
            self._hold(feed, day, new)
        return DayFile(day, steps, clock, tag.origin, changed=changed)

    def _ask(self, path: str, held: _Held | None) -> Answer:
        """The answer to a request for news, or to a plain one where that one is no use."""
        if held is None or self._refusals >= REFUSALS:
            return self._fetcher.get(path, {})
        answer = self._conditional(path, held)
        if answer and (answer.status in (200, 304, 404) or _grown(held, answer) is not None):
            self._refusals = 0
            return answer
        rewritten = answer is not None and answer.status in (206, 416)
        answer = self._fetcher.get(path, {})
        if answer.status == 200 and not rewritten:
            self._refusals += 1
        return answer

    def _conditional(self, path: str, held: _Held) -> Answer | None:
        try:
            return self._fetcher.get(path, held.conditions())
        except ConnectionLost:
            return None

    def _body(self, held: _Held | None, answer: Answer) -> bytes:
        if answer.status == 200:
            return answer.body
        if held and answer.status == 304:
            return held.body
        if held and answer.status == 206 and (grown := _grown(held, answer)) is not None:
            return grown
        raise FeedUnavailable(f"{answer.url} answered {answer.status} {answer.reason}".rstrip())

    def _tag(self, answer: Answer) -> TwinTag:
        try:
            return parse_twin_header(answer.header(TWIN_HEADER))
        except ValueError:
            raise FeedUnavailable(
                f"{answer.url} carries a {TWIN_HEADER} header that says nothing understandable"
            ) from None

    def _clock(self, answer: Answer) -> FeedClock:
        try:
            instant = parsedate_to_datetime(answer.header("Date") or "")
            instant += timedelta(seconds=int(answer.header("Age") or 0))
        except (ValueError, TypeError, OverflowError):
            # The body has come since the headers, perhaps slowly.
            instant = self._now() - timedelta(seconds=self._monotonic() - answer.received_at)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return FeedClock(instant.astimezone(UTC), answer.received_at, self._tag(answer).speed)

    def _archived(self, feed: Feed, day: date, clock: FeedClock) -> bytes | None:
        if day >= market_day(clock.date):
            return None  # it has only not begun
        return self._monthly.read(feed, day, clock.date)

    def _parse(self, body: bytes, day: date) -> list[Step]:
        parsed = parse(body.decode("utf-8-sig", errors="replace"), day)
        for fault, count in parsed.faults.items():
            if (day, fault) not in self._reported:
                self._reported.add((day, fault))
                log.warning(
                    "file of %s: %d rows with %s, the first %r",
                    day,
                    count,
                    fault.value,
                    parsed.examples[fault],
                )
        return parsed.steps

    def _hold(self, feed: Feed, day: date, held: _Held) -> None:
        self._held[feed.name, day] = held
        for key in sorted(key for key in self._held if key[0] == feed.name)[:-DAYS_HELD]:
            del self._held[key]


def _grown(held: _Held, answer: Answer) -> bytes | None:
    """The file with the part that came added, or None if that does not fit on."""
    start = max(0, len(held.body) - OVERLAP)
    seam = held.body[start:]
    fits = (answer.header("Content-Range") or "").startswith(f"bytes {start}-")
    if answer.status != 206 or not fits or not answer.body.startswith(seam):
        return None
    return held.body[:start] + answer.body
