"""HTTP/1.1 on a socket: as little as a stand-in for a file server needs.

The standard library's http.server would do, at 6 MB more of memory (it brings TLS along);
this one runs inside `nypower up` on small machines.
"""

import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

from .replies import Reply, error

_LINE_LIMIT, _HEADERS_LIMIT, _BODY_LIMIT = 8192, 100, 65_536
_IDLE_SECONDS = 120
_DRIP_BYTES, _DRIP_SECONDS = 16, 0.1
_LINGER_NONE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """A request; header names in lower case, ``client`` the address it came from."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    client: str


class Silence(Enum):
    """How a request gets no answer."""

    HANG = "hang"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with all its headers; ``drip``: to be sent a few bytes at a time."""

    reply: Reply
    drip: bool = False


Responder = Callable[[Request], Answer | Silence]


class BadRequest(ValueError):
    """What came is no HTTP."""


class Server(socketserver.ThreadingTCPServer):
    """Listens once built. A thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        respond: Responder,
        count: Callable[[int, int], None],
        held: Callable[[], object],
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)
        self.respond = respond
        self.count = count
        """Told of every answer: its status and its bytes, headers included."""
        self.held = held
        """Changes when what is held up is to be let go."""
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._change = threading.Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        """A connection has begun."""
        with self._change:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """A connection is over."""
        super().shutdown_request(request)
        with self._change:
            self._open.discard(request)
            self._change.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a fault to be seen."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End every connection and the server; waits until they are gone."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._change:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._change.wait_for(lambda: not self._open, timeout=5)


class _Handler(socketserver.StreamRequestHandler):
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    connection: socket.socket

    @property
    def _server(self) -> Server:
        return cast(Server, self.server)

    def handle(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            try:
                while request := self._read():
                    if not self._answer(request):
                        return
            except BadRequest:
                self._send(Request("GET", "", "", {"connection": "close"}, ""), Answer(error(400)))

    def _read(self) -> Request | None:
        line = self._line()
        if not line:
            return None
        try:
            method, target, version = line.split()
            url = urlsplit(target)
            headers = self._headers()
            length = int(headers.get("content-length", 0))
        except ValueError:
            raise BadRequest(line) from None
        if not 0 <= length <= _BODY_LIMIT:
            raise BadRequest(line)
        self.rfile.read(length)
        if version != "HTTP/1.1":
            headers["connection"] = "close"
        return Request(method, url.path, url.query, headers, self.client_address[0])

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self._line():
            name, colon, value = line.partition(":")
            if not colon or len(headers) >= _HEADERS_LIMIT:
                raise BadRequest(line)
            headers[name.strip().lower()] = value.strip()
        return headers

    def _line(self) -> str:
        line = self.rfile.readline(_LINE_LIMIT)
        if len(line) >= _LINE_LIMIT:
            raise BadRequest(line)
        return line.decode("latin-1").strip()

    def _answer(self, request: Request) -> bool:
        """Answer a request; False when the connection is over with it."""
        answer = self._server.respond(request)
        if isinstance(answer, Answer):
            return self._send(request, answer)
        if answer is Silence.HANG:
            self._hold()
        else:
            self._reset()
        return False

    def _send(self, request: Request, answer: Answer) -> bool:
        reply = answer.reply
        close = request.headers.get("connection", "").lower() == "close"
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
            f"Connection: {'close' if close else 'keep-alive'}",
        ]
        if reply.status != HTTPStatus.NOT_MODIFIED:
            lines.append(f"Content-Length: {len(reply.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = b"" if request.method == "HEAD" else reply.body
        self._server.count(reply.status, len(head) + len(body))
        if answer.drip:
            self.connection.sendall(head)
            return self._drip(body) and not close
        self.connection.sendall(head + body)
        return not close

    def _drip(self, body: bytes) -> bool:
        held = self._server.held()
        for start in range(0, len(body), _DRIP_BYTES):
            self.connection.sendall(body[start : start + _DRIP_BYTES])
            if self._server.stopping.wait(_DRIP_SECONDS) or self._server.held() != held:
                return False
        return True

    def _hold(self) -> None:
        """Keep the connection without a word, until the client or the fault is gone."""
        held = self._server.held()
        self.connection.settimeout(0.1)
        while self._server.held() == held and not self._server.stopping.is_set():
            with suppress(TimeoutError):
                if not self.connection.recv(1024):
                    return

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        self.rfile.close()
        self.connection.close()
