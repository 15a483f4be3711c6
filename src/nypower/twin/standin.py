"""The twin itself: a source of files, a clock and faults behind an HTTP server."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Self

from ..core.catalog import FUEL_MIX, ROOT_PATH
from ..core.clock import ONE_DAY, market_days, rfc3339
from ..core.origin import TWIN_HEADER, Kind, Origin, TwinTag
from .control import control
from .faults import FaultKind, Faults
from .feedtime import FeedTime
from .growth import Document, Growth, Source
from .replies import Habits, Reply, error, http_date, login_page, reply_with
from .server import Answer, Request, Server, Silence

_STOP_WITHIN_SECONDS = 0.03

SERVED = frozenset({(FUEL_MIX.dataset, FUEL_MIX.file), ("pal", "pal")})
"""Dataset and file of what has a zone column, without which a file cannot be replayed."""

YEARS = range(2000, 2200)
"""Another year is a mistake, and the calendar's ends are not worth a thought."""

_PATH = re.compile(rf"{ROOT_PATH}/(\w+)/(\d{{8}})(\w+?)(\.csv|_csv\.zip)", re.ASCII)


class Twin:
    """A running stand-in, once started. Feed time begins with ``begin``.

    ``port`` 0 takes a free one. As a context manager it starts and stops.
    """

    def __init__(
        self,
        source: Source,
        begin: datetime,
        *,
        speed: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
        delay: timedelta = FUEL_MIX.publication_delay,
        habits: Habits = Habits(),  # noqa: B008 - frozen
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = FeedTime(begin, speed, monotonic)
        self.growth = Growth(source, delay)
        self.faults = Faults(self.clock.now, self.growth.through)
        span = rfc3339(begin) if source.kind is Kind.REPLAY else ""
        self._tag = TwinTag(Origin(source.kind, span), speed).header()
        self._address = (host, port)
        self._habits = habits
        self._lock = threading.Lock()
        self.requests: Counter[int] = Counter()
        self.bytes_sent: Counter[int] = Counter()
        """Answers, and their bytes with headers, by status."""
        self._server: Server | None = None

    def start(self) -> Self:
        """Listen, and answer in threads of its own. Raises ``OSError`` if it cannot."""
        self._server = Server(
            self._address, self._respond, self._count, lambda: self.faults.cleared
        )
        self._address = (self._address[0], self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever,
            args=(_STOP_WITHIN_SECONDS,),
            name="twin",
            daemon=True,
        ).start()
        return self

    def stop(self) -> None:
        """End every connection and stop listening; it may be started again, on the same port."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return self._address[1]

    @property
    def url(self) -> str:
        """Where it is, such as ``http://127.0.0.1:8099``."""
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def file_at(self, path: str, now: datetime) -> Document | None:
        """What stands under a path at an instant, the faults of files included."""
        match = _PATH.fullmatch(path)
        day = _day(match[2]) if match else None
        if match is None or day is None or (match[1], match[3]) not in SERVED:
            return None
        file = match[3]
        days = [day] if match[4] == ".csv" else list(market_days(day, day + 30 * ONE_DAY))
        edits = self.faults.edits(days, lambda each: self.growth.stamps(file, each))
        if match[4] == ".csv":
            return self.growth.file_at(file, day, now, edits.get(day))
        return self.growth.archive_at(file, day, now, edits) if day.day == 1 else None

    def _count(self, status: int, sent: int) -> None:
        with self._lock:
            self.requests[status] += 1
            self.bytes_sent[status] += sent

    def _respond(self, request: Request) -> Answer | Silence:
        now = self.clock.now()
        if request.path.startswith("/twin/"):
            return self._finished(control(self.faults, request), now)
        fault = self.faults.next_answer()
        match fault:
            case FaultKind.HANG:
                return Silence.HANG
            case FaultKind.RESET:
                return Silence.RESET
            case FaultKind.LOGIN:
                return self._finished(login_page(), now)
            case FaultKind.NOT_FOUND | FaultKind.FORBIDDEN | FaultKind.BROKEN:
                return self._finished(error(int(fault.value)), now)
        reply = self._file(request, now, truncated=fault is FaultKind.TRUNCATED)
        return self._finished(reply, now, drip=fault is FaultKind.DRIP)

    def _file(self, request: Request, now: datetime, *, truncated: bool) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return error(405)
        touched = self.faults.touched  # before a fault's last time is counted
        document = self.file_at(request.path, now)
        if document is None:
            return error(404)
        content_type = "text/csv" if request.path.endswith(".csv") else "application/zip"
        if truncated:
            ranged = {"range": request.headers.get("range", "")}
            return reply_with(_truncated(document), content_type, ranged, self._habits)
        if touched is not None:
            document = replace(document, modified=max(document.modified, touched))
        return reply_with(document, content_type, request.headers, self._habits)

    def _finished(self, reply: Reply, now: datetime, *, drip: bool = False) -> Answer:
        shared = {"Date": http_date(now), TWIN_HEADER: self._tag}
        return Answer(replace(reply, headers={**shared, **reply.headers}), drip)


def _day(text: str) -> date | None:
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _truncated(document: Document) -> Document:
    """Without the second half of its last row, and as if written a little earlier, so that
    nobody takes it for the whole."""
    body = document.body.rstrip(b"\r\n")
    row = len(body) - (body.rfind(b"\n") + 1)
    return Document(body[: len(body) - row // 2], document.modified - timedelta(seconds=1))
