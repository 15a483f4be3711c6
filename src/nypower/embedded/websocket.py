"""The server's side of RFC 6455, as little as carries MQTT. Bytes in, bytes out.

Two wires share one shape, so that a session need not know which it is on: ``receive`` takes
what came and gives the MQTT in it and what to answer; ``wrap`` makes of MQTT what to send.
"""

import base64
import binascii
import hashlib
from typing import Final, Protocol

PATH: Final = "/mqtt"
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LONGEST_HEAD: Final = 8192
_CONTINUATION, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x2, 0x8, 0x9, 0xA


class WireError(Exception):
    """The peer broke the rules; ``answer`` is the last to send."""

    def __init__(self, what: str, answer: bytes) -> None:
        super().__init__(what)
        self.answer = answer


class Wire(Protocol):
    """How MQTT travels on a connection."""

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """The MQTT in ``data`` and what to answer at once. Raises ``WireError``."""

    def wrap(self, data: bytes) -> bytes:
        """``data`` ready to be sent."""

    def farewell(self) -> bytes:
        """What to send before hanging up."""


class PlainWire:
    """MQTT as it is."""

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """See ``Wire``."""
        return data, b""

    def wrap(self, data: bytes) -> bytes:
        """See ``Wire``."""
        return data

    def farewell(self) -> bytes:
        """See ``Wire``."""
        return b""


class WebSocketWire:
    """MQTT in the binary frames of a websocket, of at most ``bound`` bytes each."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._buffer = bytearray()
        self._open = False

    def receive(self, data: bytes) -> tuple[bytes, bytes]:
        """See ``Wire``."""
        self._buffer += data
        answer = b""
        if not self._open:
            head = self._head()
            if head is None:
                return b"", b""
            answer = handshake(head)
            self._open = True
        return self._frames(answer)

    def wrap(self, data: bytes) -> bytes:
        """See ``Wire``."""
        return frame(_BINARY, data)

    def farewell(self) -> bytes:
        """See ``Wire``."""
        return frame(_CLOSE, (1000).to_bytes(2, "big")) if self._open else b""

    def _head(self) -> bytes | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 and len(self._buffer) <= _LONGEST_HEAD:
            return None
        if not 0 <= end <= _LONGEST_HEAD:
            raise WireError("a head too long", _http("431 Request Header Fields Too Large"))
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return head

    def _frames(self, answer: bytes) -> tuple[bytes, bytes]:
        stream = bytearray()
        while (got := self._frame()) is not None:
            opcode, payload = got
            if opcode in (_BINARY, _CONTINUATION):
                stream += payload
            elif opcode == _PING:
                answer += frame(_PONG, payload)
            elif opcode == _CLOSE:
                raise WireError("closed", answer + frame(_CLOSE, payload[:2]))
            elif opcode != _PONG:
                raise WireError("text", answer + _closing(1003))
        return bytes(stream), answer

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        opcode, length = buffer[0] & 0x0F, buffer[1] & 0x7F
        if buffer[0] & 0x70 or not buffer[1] & 0x80 or (opcode & 0x8 and length > 125):
            raise WireError("a frame against the rules", _closing(1002))
        extra = {126: 2, 127: 8}.get(length, 0)
        if len(buffer) < 2 + extra:
            return None
        if extra:
            length = int.from_bytes(buffer[2 : 2 + extra], "big")
        if length > self._bound:
            raise WireError("a frame too big", _closing(1009))
        start = 6 + extra
        if len(buffer) < start + length:
            return None
        payload = masked(bytes(buffer[start : start + length]), bytes(buffer[start - 4 : start]))
        del buffer[: start + length]
        return opcode, payload


def masked(payload: bytes, key: bytes) -> bytes:
    """``payload`` with the four bytes of ``key`` over it again and again; its own inverse.

    >>> masked(masked(b"hello", b"abcd"), b"abcd")
    b'hello'
    """
    size = len(payload)
    pattern = (key * (size // 4 + 1))[:size]
    both = int.from_bytes(payload, "big") ^ int.from_bytes(pattern, "big")
    return both.to_bytes(size, "big")


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame from a server, which does not mask."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def handshake(head: bytes) -> bytes:
    """The answer that opens the websocket. Raises ``WireError`` with the one that does not."""
    request, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in map(_colon, lines)}
    method, _, target = request.partition(" ")
    if method != "GET":
        raise WireError("no GET", _http("405 Method Not Allowed", "Allow: GET"))
    if target.partition(" ")[0].partition("?")[0] != PATH:
        raise WireError("another path", _http("404 Not Found"))
    if "websocket" not in _words(fields, "upgrade") or "upgrade" not in _words(
        fields, "connection"
    ):
        raise WireError("no websocket", _http("426 Upgrade Required", "Upgrade: websocket"))
    if fields.get("sec-websocket-version") != "13":
        raise WireError("version", _http("426 Upgrade Required", "Sec-WebSocket-Version: 13"))
    key = fields.get("sec-websocket-key", "")
    if not _is_key(key) or "mqtt" not in _words(fields, "sec-websocket-protocol"):
        raise WireError("no key, or not for mqtt", _http("400 Bad Request"))
    digest = hashlib.sha1(key.encode() + _MAGIC, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: "
        + base64.b64encode(digest)
        + b"\r\n\r\n"
    )


def _colon(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def _words(fields: dict[str, str], name: str) -> list[str]:
    return [word.strip().lower() for word in fields.get(name, "").split(",")]


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _http(status: str, *fields: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", *fields, "Connection: close", "Content-Length: 0", "", "")
    return "\r\n".join(lines).encode()


def _closing(code: int) -> bytes:
    return frame(_CLOSE, code.to_bytes(2, "big"))
