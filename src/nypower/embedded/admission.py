"""Whom the door lets in, and as what: a client's packets to those the broker gets.

A stranger may read. So its CONNECT goes on without anything that would let it write, be
taken for a writer or leave something behind.
"""

import secrets
from dataclasses import dataclass, replace

from . import mqtt_packets as mqtt
from .mqtt_packets import Connect, Cursor, Malformed, Properties

WRITER_PREFIX = "ny-power-"
"""Every client id that begins so is a writer's."""

LONGEST_ID = 256
LONGEST_KEEP_ALIVE = 3600
"""Seconds. MQTT 5 clients are told; one of 3.1.1 cannot be, and is left what it asked for."""

FOREVER = 65535
"""Seconds: the keep-alive nearest to the one of 0, which rumqttd refuses."""

_CONNECT_PROPERTIES = frozenset({0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27})
_DROPPED = frozenset({mqtt.SESSION_EXPIRY, mqtt.USER_PROPERTY})


@dataclass(frozen=True, slots=True)
class Code:
    """Why a CONNECT is refused, in the words of both versions."""

    v311: int
    v5: int


WRONG_VERSION, CLIENT_ID = Code(0x01, 0x84), Code(0x02, 0x85)
UNAVAILABLE, ACCOUNT = Code(0x03, 0x88), Code(0x04, 0x86)
NOT_AUTHORISED, AUTH_METHOD = Code(0x05, 0x87), Code(0x05, 0x8C)


class NotAdmitted(Exception):
    """A CONNECT that is refused; ``answer`` is the CONNACK that says so."""

    def __init__(self, level: int, code: Code) -> None:
        super().__init__(f"refused with {code.v5:#04x}")
        self.answer = refusal(level, code)


@dataclass(frozen=True, slots=True)
class Admission:
    """The CONNECT to pass on, and what the CONNACK must tell a client of MQTT 5."""

    connect: Connect
    told: Properties = ()


def refusal(level: int, code: Code) -> bytes:
    """The CONNACK that refuses."""
    if level == mqtt.V5:
        return mqtt.packet(mqtt.CONNACK, bytes([0, code.v5, 0]))
    return mqtt.packet(mqtt.CONNACK, bytes([0, code.v311]))


def admit(packet: bytes, largest_packet: int) -> Admission:
    """What becomes of a CONNECT. Raises ``NotAdmitted``, or ``Malformed`` where it is none."""
    return _for_the_broker(_parse(Cursor(packet)), largest_packet)


def _parse(cursor: Cursor) -> Connect:
    level = _level(cursor)
    flags, keep_alive = cursor.number(1), cursor.number(2)
    properties = cursor.properties() if level == mqtt.V5 else ()
    _check_properties(level, properties)
    client_id = cursor.text()
    if flags & 0x01:
        raise Malformed("a reserved flag")
    if flags & mqtt.WILL:
        raise NotAdmitted(level, NOT_AUTHORISED)
    if flags & (mqtt.USERNAME | mqtt.PASSWORD):
        raise NotAdmitted(level, ACCOUNT)
    if flags & ~mqtt.CLEAN or not cursor.done():
        raise Malformed("a CONNECT that does not add up")
    return Connect(level, bool(flags & mqtt.CLEAN), keep_alive, client_id, properties)


def _level(cursor: Cursor) -> int:
    name, level = cursor.binary(), cursor.number(1)
    if name not in (b"MQTT", b"MQIsdp"):
        raise Malformed("a CONNECT of another protocol")
    if name != b"MQTT" or level not in (mqtt.V311, mqtt.V5):
        raise NotAdmitted(mqtt.V5 if level > mqtt.V5 else mqtt.V311, WRONG_VERSION)
    return level


def _check_properties(level: int, properties: Properties) -> None:
    names = [name for name, _ in properties if name != mqtt.USER_PROPERTY]
    if len(set(names)) < len(names) or not _CONNECT_PROPERTIES.issuperset(names):
        raise Malformed("properties that CONNECT does not have", 0x82)
    if mqtt.AUTH_METHOD in names or mqtt.AUTH_DATA in names:
        raise NotAdmitted(level, AUTH_METHOD)


def _for_the_broker(asked: Connect, largest_packet: int) -> Admission:
    if asked.client_id.startswith(WRITER_PREFIX) or len(asked.client_id) > LONGEST_ID:
        raise NotAdmitted(asked.level, CLIENT_ID)
    client_id = asked.client_id or secrets.token_hex(12)
    keep_alive = _keep_alive(asked)
    told = [(mqtt.MAXIMUM_PACKET, largest_packet.to_bytes(4, "big"))]
    if not asked.client_id:
        told.append((mqtt.ASSIGNED_ID, mqtt.encode_binary(client_id.encode())))
    if keep_alive != asked.keep_alive:
        told.append((mqtt.SERVER_KEEP_ALIVE, keep_alive.to_bytes(2, "big")))
    if any(name == mqtt.SESSION_EXPIRY and any(value) for name, value in asked.properties):
        told.append((mqtt.SESSION_EXPIRY, bytes(4)))
    connect = replace(
        asked,
        clean=True,
        keep_alive=keep_alive,
        client_id=client_id,
        properties=tuple(each for each in asked.properties if each[0] not in _DROPPED),
    )
    return Admission(connect, tuple(told))


def _keep_alive(asked: Connect) -> int:
    if asked.level == mqtt.V5:
        return min(asked.keep_alive or LONGEST_KEEP_ALIVE, LONGEST_KEEP_ALIVE)
    return asked.keep_alive or FOREVER


def told_connack(packet: bytes, told: Properties) -> bytes:
    """A broker's CONNACK of MQTT 5 with what the door has to tell put in place of its own.

    One that refuses stays as it is.
    """
    cursor = Cursor(packet)
    head = cursor.take(2)
    if head[1]:
        return packet
    ours = {name for name, _ in told} | {mqtt.ASSIGNED_ID}
    kept = tuple(each for each in cursor.properties() if each[0] not in ours)
    return mqtt.packet(mqtt.CONNACK, head + mqtt.encode_properties(kept + told))
