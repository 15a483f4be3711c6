"""The twin itself: a source of files, a clock and faults behind an HTTP server."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from ..core.catalog import FUEL_MIX, ROOT_PATH
from ..core.clock import ONE_DAY, market_days, parse_moment, rfc3339
from ..core.origin import TWIN_HEADER, Kind, Origin, TwinTag
from .faults import Fault, FaultKind, Faults
from .feedtime import FeedTime
from .growth import Document, Growth, Source
from .replies import Habits, Reply, error, http_date, login_page, reply_with
from .server import Answer, Request, Server, Silence

_DAILY = re.compile(rf"{ROOT_PATH}/\w+/(\d{{8}})(\w+?)\.csv", re.ASCII)
_MONTHLY = re.compile(rf"{ROOT_PATH}/\w+/(\d{{6}}01)(\w+?)_csv\.zip", re.ASCII)


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
            target=self._server.serve_forever, args=(0.1,), name="twin", daemon=True
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
        """What stands under a path at an instant, faults of files included."""
        if match := _DAILY.fullmatch(path):
            day, file = _day(match[1]), match[2]
            if day is None:
                return None
            edits = self.faults.edits([day], lambda each: self.growth.stamps(file, each))
            return self.growth.file_at(file, day, now, edits.get(day))
        if match := _MONTHLY.fullmatch(path):
            first, file = _day(match[1]), match[2]
            if first is None:
                return None
            days = market_days(first, first + 30 * ONE_DAY)
            edits = self.faults.edits(days, lambda each: self.growth.stamps(file, each))
            return self.growth.archive_at(file, first, now, edits)
        return None

    def _count(self, status: int, sent: int) -> None:
        with self._lock:
            self.requests[status] += 1
            self.bytes_sent[status] += sent

    def _respond(self, request: Request) -> Answer | Silence:
        now = self.clock.now()
        url = urlsplit(request.target)
        if url.path.startswith("/twin/"):
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
        reply = self._file(request, url.path, now, truncated=fault is FaultKind.TRUNCATED)
        return self._finished(reply, now, drip=fault is FaultKind.DRIP)

    def _file(self, request: Request, path: str, now: datetime, *, truncated: bool) -> Reply:
        if request.method not in ("GET", "HEAD"):
            return error(405)
        document = self.file_at(path, now)
        if document is None:
            return error(404)
        content_type = "text/csv" if path.endswith(".csv") else "application/zip"
        if truncated:
            return reply_with(_truncated(document), content_type, {}, self._habits)
        if (touched := self.faults.touched) is not None:
            document = replace(document, modified=max(document.modified, touched))
        return reply_with(document, content_type, request.headers, self._habits)

    def _finished(self, reply: Reply, now: datetime, *, drip: bool = False) -> Answer:
        shared = {"Date": http_date(now), TWIN_HEADER: self._tag}
        return Answer(replace(reply, headers={**shared, **reply.headers}), drip)


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _truncated(document: Document) -> Document:
    """Without the second half of its last row, and as if written a little earlier, so that
    nobody takes it for the whole."""
    body = document.body.rstrip(b"\r\n")
    row = len(body) - (body.rfind(b"\n") + 1)
    return Document(body[: len(body) - row // 2], document.modified - timedelta(seconds=1))


def control(faults: Faults, request: Request) -> Reply:
    """``POST /twin/fault?kind=…&times=…&arg=…&at=…`` and ``POST /twin/clear``.

    For a person at this machine: neither others nor a web page (which says its origin) may.
    """
    if not ip_address(request.client).is_loopback or "origin" in request.headers:
        return error(403)
    if request.method != "POST":
        return error(405)
    url = urlsplit(request.target)
    try:
        if url.path == "/twin/clear":
            faults.clear()
        elif url.path == "/twin/fault":
            faults.add(_asked(dict(parse_qsl(url.query))))
        else:
            return error(404)
    except ValueError as wrong:
        return Reply(400, f"{wrong}\n".encode(), {"Content-Type": "text/plain"})
    return Reply(200, b"done\n", {"Content-Type": "text/plain"})


def _asked(query: Mapping[str, str]) -> Fault:
    times, at = query.get("times"), query.get("at")
    return Fault(
        FaultKind(query.get("kind", "")),
        parse_moment(at) if at else None,
        int(times) if times else None,
        query.get("arg", ""),
    )
