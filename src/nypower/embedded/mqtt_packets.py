"""MQTT 3.1.1 and 5 packets, as far as the door must understand them. Bytes in, bytes out.

The door reads a client's CONNECT and its subscriptions and writes refusals; everything else
it only splits. What does not parse raises ``Malformed``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

V311, V5 = 4, 5
"""Protocol levels as CONNECT spells them."""

CONNECT, CONNACK, PUBLISH, SUBSCRIBE = 0x10, 0x20, 0x30, 0x82
UNSUBSCRIBE, DISCONNECT = 0xA2, 0xE0
PUBACK, PUBREC, PUBCOMP, PINGREQ = 0x40, 0x50, 0x70, 0xC0
SUBACK, PINGRESP = 0x90, 0xD0
READER_PACKETS: Final = frozenset(
    {PUBACK, PUBREC, PUBCOMP, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT}
)
"""The first bytes of all that one who only reads ever sends after its CONNECT."""

CLEAN, WILL, PASSWORD, USERNAME = 0x02, 0x04, 0x40, 0x80
"""Flags of CONNECT."""

SESSION_EXPIRY, ASSIGNED_ID, SERVER_KEEP_ALIVE = 0x11, 0x12, 0x13
AUTH_METHOD, AUTH_DATA, USER_PROPERTY, MAXIMUM_PACKET = 0x15, 0x16, 0x26, 0x27
"""Properties of MQTT 5 that the door reads or writes."""

_SIZES: Final = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
_SUBSCRIPTION_ID: Final = 0x0B
_PREFIXED: Final = frozenset({0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F})

Properties = tuple[tuple[int, bytes], ...]
"""Identifier and value, the value as it stands in the packet."""


class Malformed(Exception):
    """No MQTT, or more of it than is allowed. ``reason`` is the MQTT 5 code for it."""

    def __init__(self, what: str, reason: int = 0x81) -> None:
        super().__init__(what)
        self.reason = reason


class Splitter:
    """A byte stream cut into packets: of at most ``bound`` bytes after the fixed header, and
    with a first byte out of ``allowed``, which is looked at before the rest has come."""

    def __init__(self, bound: int, allowed: Collection[int]) -> None:
        self._bound = bound
        self._buffer = bytearray()
        self.allowed = allowed

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole packet, None until it has come."""
        buffer = self._buffer
        if buffer and buffer[0] not in self.allowed:
            reason = 0x87 if buffer[0] & 0xF0 == PUBLISH else 0x82
            raise Malformed(f"a packet that begins with {buffer[0]:#04x}", reason)
        end = self._end()
        if end is None or len(buffer) < end:
            return None
        packet = bytes(buffer[:end])
        del buffer[:end]
        return packet

    def rest(self) -> bytes:
        """What is left over; the splitter is empty afterwards."""
        data, self._buffer = bytes(self._buffer), bytearray()
        return data

    def _end(self) -> int | None:
        length = 0
        for at in range(1, min(len(self._buffer), 5)):
            length |= (self._buffer[at] & 0x7F) << 7 * (at - 1)
            if length > self._bound:
                raise Malformed(f"a packet of {length} bytes", 0x95)
            if self._buffer[at] < 0x80:
                return at + 1 + length
        if len(self._buffer) > 4:
            raise Malformed("a length of more than four bytes")
        return None


class Cursor:
    """Reads the fields of a packet one after another, from behind its fixed header."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self.at = 1
        self.varint()

    def done(self) -> bool:
        """Whether all is read."""
        return self.at >= len(self._packet)

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        data = self._packet[self.at : self.at + count]
        if len(data) < count:
            raise Malformed("a packet that ends too early")
        self.at += count
        return data

    def number(self, size: int) -> int:
        """An unsigned number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def varint(self) -> int:
        """A variable byte integer."""
        value = 0
        for place in range(4):
            byte = self.number(1)
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise Malformed("a number of more than four bytes")

    def binary(self) -> bytes:
        """Bytes behind their length."""
        return self.take(self.number(2))

    def text(self) -> str:
        """UTF-8 behind its length; NUL is forbidden."""
        try:
            text = self.binary().decode()
        except UnicodeDecodeError:
            raise Malformed("text that is not UTF-8") from None
        if "\0" in text:
            raise Malformed("a NUL in a text")
        return text

    def properties(self) -> Properties:
        """The properties of an MQTT 5 packet."""
        length = self.varint()
        end = self.at + length
        found: list[tuple[int, bytes]] = []
        while self.at < end:
            identifier, start = self.number(1), self.at
            self._skip(identifier)
            found.append((identifier, self._packet[start : self.at]))
        if self.at != end:
            raise Malformed("properties longer than they say")
        return tuple(found)

    def _skip(self, identifier: int) -> None:
        if identifier in _SIZES:
            self.take(_SIZES[identifier])
        elif identifier in _PREFIXED:
            self.binary()
        elif identifier == USER_PROPERTY:
            self.binary()
            self.binary()
        elif identifier == _SUBSCRIPTION_ID:
            self.varint()
        else:
            raise Malformed(f"a property {identifier:#04x}")


def encode_varint(value: int) -> bytes:
    """A variable byte integer.

    >>> encode_varint(321).hex()
    'c102'
    """
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(out)


def encode_binary(data: bytes) -> bytes:
    """Bytes behind their length."""
    return len(data).to_bytes(2, "big") + data


def encode_properties(properties: Properties) -> bytes:
    """The property block of an MQTT 5 packet."""
    body = b"".join(bytes([identifier]) + value for identifier, value in properties)
    return encode_varint(len(body)) + body


def packet(first: int, body: bytes) -> bytes:
    """A packet of its first byte and what stands behind the length."""
    return bytes([first]) + encode_varint(len(body)) + body


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT without a will. ``username`` None: it names no account."""

    level: int
    clean: bool
    keep_alive: int
    client_id: str
    properties: Properties = ()
    username: str | None = None
    password: bytes | None = None

    def encode(self) -> bytes:
        """The packet."""
        flags = CLEAN if self.clean else 0
        body = encode_binary(self.client_id.encode())
        if self.username is not None:
            flags |= USERNAME
            body += encode_binary(self.username.encode())
        if self.password is not None:
            flags |= PASSWORD
            body += encode_binary(self.password)
        if self.level == V5:
            body = encode_properties(self.properties) + body
        head = encode_binary(b"MQTT") + bytes([self.level, flags])
        return packet(CONNECT, head + self.keep_alive.to_bytes(2, "big") + body)
