"""MQTT clients for tests: paho's, which notes what it gets, and bare sockets."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.properties import Properties

from servers.waiting import wait_until

HOST = "127.0.0.1"
VERSIONS = {"3.1.1": paho.MQTTv311, "5": paho.MQTTv5}


@dataclass(frozen=True)
class Got:
    """A message as it came."""

    topic: str
    payload: bytes = field(repr=False)
    retained: bool
    dup: bool


class Client:
    """A paho client in a thread. ``code`` is the CONNACK's, ``gone`` that it was cut off."""

    def __init__(
        self,
        port: int,
        *,
        version: str = "5",
        transport: str = "tcp",
        client_id: str = "",
        account: tuple[str, str] | None = None,
        will: str | None = None,
        clean: bool = True,
        acks: bool = True,
        keep_alive: int = 30,
    ) -> None:
        self.got: list[Got] = []
        self.raw: list[paho.MQTTMessage] = []
        self.code: Any = None
        self.session = False
        self.gone = threading.Event()
        self._granted = threading.Event()
        self._port, self._clean, self._version = port, clean, version
        self._keep_alive = keep_alive
        named = {} if version == "5" else {"clean_session": clean}
        self.paho = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id,
            protocol=VERSIONS[version],
            transport=transport,
            manual_ack=not acks,
            reconnect_on_failure=False,
            **named,
        )
        if transport == "websockets":
            self.paho.ws_set_options(path="/mqtt")
        if account:
            self.paho.username_pw_set(*account)
        if will:
            self.paho.will_set(will, b"offline", qos=1)
        self.paho.max_inflight_messages_set(100)
        self.paho.on_connect = self._on_connect
        self.paho.on_message = self._on_message
        self.paho.on_subscribe = lambda *_: self._granted.set()
        self.paho.on_disconnect = lambda *_: self.gone.set()

    def connect(self) -> "Client":
        """Connect once, without trying again, and wait for the CONNACK or the end."""
        named: dict[str, Any] = {}
        if self._version == "5":
            properties = Properties(1)
            properties.SessionExpiryInterval = 0 if self._clean else 3600
            named = {"clean_start": self._clean, "properties": properties}
        self.paho.connect(HOST, self._port, keepalive=self._keep_alive, **named)
        self.paho.loop_start()
        wait_until(lambda: self.code is not None or self.gone.is_set(), "a CONNACK")
        return self

    def subscribe(self, *filters: str) -> "Client":
        """Subscribe with QoS 1 and wait until it is granted."""
        self._granted.clear()
        self.paho.subscribe([(each, 1) for each in filters])
        assert self._granted.wait(15), "no SUBACK"
        return self

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1 and wait for the PUBACK."""
        self.paho.publish(topic, payload, qos=1, retain=retain).wait_for_publish(15)

    def wait_for(self, count: int) -> list[Got]:
        """The messages, when there are ``count``."""
        wait_until(lambda: len(self.got) >= count, f"{count} messages, not {self.got}", 30)
        return self.got

    def payloads(self) -> list[bytes]:
        """Of all messages."""
        return [each.payload for each in self.got]

    def ack(self, index: int) -> None:
        """Acknowledge the message at ``index``."""
        self.paho.ack(self.raw[index].mid, 1)

    def cut(self) -> None:
        """Lose the connection, without a word.

        To be preferred to ``close`` for writers at rumqttd, which now and then takes a
        DISCONNECT and the connection's end for two, and then ends who came in between too.
        """
        sock = self.paho.socket()
        if sock:
            sock.shutdown(socket.SHUT_RDWR)
        self._end()

    def close(self) -> None:
        """Disconnect properly."""
        self.paho.disconnect()
        self._end()

    def _end(self) -> None:
        self.paho.loop_stop()
        self.paho._reset_sockets()  # paho leaves them to the garbage collector, which warns

    def _on_connect(self, client: Any, userdata: Any, flags: Any, code: Any, _: Any) -> None:
        self.session = flags.session_present
        self.code = code

    def _on_message(self, client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
        self.raw.append(message)
        self.got.append(Got(message.topic, message.payload, bool(message.retain), message.dup))


def text(value: str) -> bytes:
    """A string as MQTT spells it."""
    return len(value.encode()).to_bytes(2, "big") + value.encode()


def packet(first: int, body: bytes) -> bytes:
    """A packet of less than 16,384 bytes."""
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([size % 128 | 128, size // 128])
    return bytes([first]) + length + body


def connect_packet(
    level: int = 4, client_id: str = "bare", flags: int = 2, more: bytes = b"", keep_alive: int = 30
) -> bytes:
    """A CONNECT; ``more`` stands after the client id."""
    head = text("MQTT") + bytes([level, flags]) + keep_alive.to_bytes(2, "big")
    return packet(0x10, head + (b"\0" if level == 5 else b"") + text(client_id) + more)


def subscribe_packet(*filters: str, level: int = 4) -> bytes:
    """A SUBSCRIBE with QoS 1."""
    body = b"\0\1" + (b"\0" if level == 5 else b"")
    return packet(0x82, body + b"".join(text(each) + b"\1" for each in filters))


class Bare:
    """A socket that speaks only when told to."""

    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(15)
        self.socket.connect((HOST, port))

    def send(self, data: bytes) -> "Bare":
        """Send, whether or not the other end still listens."""
        with contextlib.suppress(OSError):
            self.socket.sendall(data)
        return self

    def receive(self, count: int) -> bytes:
        """Exactly ``count`` bytes, or fewer where the other end hangs up."""
        data = b""
        while len(data) < count:
            try:
                chunk = self.socket.recv(count - len(data))
            except ConnectionError:
                break
            if not chunk:
                break
            data += chunk
        return data

    def packet(self) -> bytes:
        """A packet of less than 128 bytes."""
        head = self.receive(2)
        return head + self.receive(head[1])

    def rest(self) -> bytes:
        """All that comes until the other end hangs up; fails when it does not."""
        return self.receive(1 << 30)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
