"""The bus over a real broker, by paho-mqtt.

Every connection has a paho client of its own. So an acknowledgement can only go to the
connection that brought the message, and nothing published before a disconnection is sent
after it: what was now then would be shown as now much later.
"""

import hashlib
import logging
import queue
import random
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ..core.errors import BusRefused
from ..core.origin import ROOTS, Kind
from ..messages import QOS, WEEK, WRITER_ID_PREFIX, Publication, Writer
from ..ports import Connected, Disconnected, Event, Message

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 30
CONNECT_SECONDS = 5.0
FIRST_RETRY_SECONDS, SLOWEST_RETRY_SECONDS = 0.5, 30.0
STEADY_SECONDS = 60.0
"""A connection that lasted this long is tried again at once; two that take each other's
session away are not."""

ROOM_SECONDS = 4.0
CLOSE_SECONDS = 3.0
"""How long an end waits for the broker to take what was published."""
WINDOW = 100
_REFUSALS = {"Bad user name or password", "Not authorized", "Client identifier not valid"}


def writer_client_id(writer: Writer, kind: Kind, password: str) -> str:
    """A writer's fixed client id. It holds a part derived from the secret: who knows a
    client id could take its session."""
    digest = hashlib.sha256(f"ny-power client id\0{writer}\0{password}".encode()).hexdigest()
    return f"{WRITER_ID_PREFIX}{writer.value}-{kind.value}-{digest[:16]}"


@dataclass(slots=True)
class _Token:
    """Where a message came from, for its acknowledgement."""

    client: paho.Client
    mid: int


@dataclass(frozen=True, slots=True)
class BusOptions:
    """Who this client is and what it wants.

    ``address`` is ``mqtt://host[:port]`` or ``mqtts://…``; topics and ``filters`` are relative
    to the root of ``kind``, or, without one, whole; a ``persistent`` session keeps what
    arrives while this client is away.
    """

    address: str
    kind: Kind | None
    version: str = "5"
    client_id: str = ""
    username: str = ""
    password: str = ""
    filters: Sequence[str] = ()
    persistent: bool = False
    will: Publication | None = None


class MqttBus:
    """A ``ports.Bus``."""

    window = WINDOW

    def __init__(self, options: BusOptions) -> None:
        self._options = options
        self._root = f"{ROOTS[options.kind]}/" if options.kind else ""
        self._five = options.version == "5"
        self._events: queue.SimpleQueue[tuple[paho.Client | None, Event | BusRefused]] = (
            queue.SimpleQueue()
        )
        self._client: paho.Client | None = None
        self._connected = False
        self._retry_at, self._retry_seconds = 0.0, FIRST_RETRY_SECONDS
        self._connected_at = 0.0
        # Each counter has one writer: the service's thread, and paho's.
        self._published = self._acknowledged = 0
        self._limit = 0
        self._refused: set[str] = set()
        self._settled = threading.Condition()

    def start(self) -> None:
        """Begin to connect; see ``ports.Bus``."""
        self._connect()

    def next(self, timeout: float) -> Event | None:
        """The next event; see ``ports.Bus``."""
        deadline = time.monotonic() + timeout
        while True:
            if self._client is None and time.monotonic() >= self._retry_at:
                self._connect()
            until = deadline if self._client else min(deadline, self._retry_at)
            try:
                client, event = self._events.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                if time.monotonic() >= deadline:
                    return None
                continue
            if client is not None and client is not self._client:
                continue  # of a connection that is gone
            if isinstance(event, BusRefused):
                self._drop(client)
                raise event
            if isinstance(event, Disconnected):
                self._drop(client)
            return event

    def publish(self, publication: Publication) -> None:
        """Hand a message over; see ``ports.Bus``."""
        client = self._client
        if client is None or not self._connected:
            return
        self._wait_for_room()
        if not self._connected:
            return
        self._published += 1
        client.publish(
            f"{self._root}{publication.topic}",
            publication.payload,
            qos=QOS,
            retain=publication.retain,
            properties=self._expiry(publication),
        )

    def acknowledge(self, message: Message) -> None:
        """Acknowledge on the connection that brought it; see ``ports.Bus``."""
        token = message.token
        if isinstance(token, _Token) and token.client is self._client and self._connected:
            token.client.ack(token.mid, QOS)

    def close(self) -> None:
        """Disconnect properly; see ``ports.Bus``."""
        client = self._client
        with self._settled:  # a connection ended with answers unread loses what went before them
            self._settled.wait_for(
                lambda: self._acknowledged >= self._published or not self._connected, CLOSE_SECONDS
            )
        self._drop(client)
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _wait_for_room(self) -> None:
        """Some brokers say how many messages they take before they have acknowledged any.

        Elsewhere nothing holds a message back: what is acknowledged later gets to the broker
        later, on the same connection.
        """
        if not self._limit:
            return
        with self._settled:
            room = self._settled.wait_for(self._has_room, ROOM_SECONDS)
        if not room and self._client is not None:
            self._connected = False
            self._events.put((self._client, Disconnected("the broker acknowledges nothing")))

    def _has_room(self) -> bool:
        return self._published - self._acknowledged < self._limit or not self._connected

    # --- one connection ---------------------------------------------------------------

    def _connect(self) -> None:
        client = self._new_client()
        self._client = client
        self._published = self._acknowledged = self._limit = 0
        target = urlsplit(self._options.address)
        secure = target.scheme == "mqtts"
        if secure:
            client.tls_set()
        connecting: dict[str, Any] = {}
        if self._five:
            connecting["clean_start"] = not self._options.persistent
            connecting["properties"] = self._connect_properties()
        try:
            client.connect(
                target.hostname or "",
                target.port or (8883 if secure else 1883),
                keepalive=KEEP_ALIVE_SECONDS,
                **connecting,
            )
        except (OSError, ValueError) as error:
            self._events.put((client, Disconnected(str(error))))
            return
        client.loop_start()

    def _new_client(self) -> paho.Client:
        options = self._options
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            clean_session=None if self._five else not options.persistent,
            protocol=paho.MQTTv5 if self._five else paho.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_SECONDS
        client.max_inflight_messages_set(0)
        if options.username:
            client.username_pw_set(options.username, options.password)
        if options.will is not None:
            lifetime = None
            if self._five and options.will.expiry is not None:
                lifetime = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
                lifetime.MessageExpiryInterval = options.will.expiry
            client.will_set(
                f"{self._root}{options.will.topic}",
                options.will.payload,
                qos=QOS,
                retain=options.will.retain,
                properties=lifetime,
            )
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _connect_properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        properties.ReceiveMaximum = WINDOW
        if self._options.persistent:
            properties.SessionExpiryInterval = WEEK
        return properties

    def _expiry(self, publication: Publication) -> Properties | None:
        if not self._five or publication.expiry is None:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
        properties.MessageExpiryInterval = publication.expiry
        return properties

    def _drop(self, client: paho.Client | None) -> None:
        """Forget a connection, and choose when to try the next."""
        if client is None or client is not self._client:
            return
        with self._settled:
            self._connected, self._client = False, None
            self._settled.notify_all()
        if self._connected_at and time.monotonic() - self._connected_at > STEADY_SECONDS:
            self._retry_seconds = FIRST_RETRY_SECONDS
        self._connected_at = 0.0
        self._retry_at = time.monotonic() + self._retry_seconds * random.uniform(0.5, 1.0)  # noqa: S311
        self._retry_seconds = min(2 * self._retry_seconds, SLOWEST_RETRY_SECONDS)

    # --- paho's callbacks, on its thread ------------------------------------------------

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: Any,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            who = self._options.username or "readers"
            why = f"the broker at {self._options.address} refuses {who}: {reason}"
            refused = str(reason) in _REFUSALS
            self._events.put((client, BusRefused(why) if refused else Disconnected(why)))
            return
        self._connected_at = time.monotonic()
        self._limit = getattr(properties, "ReceiveMaximum", 0)
        self._connected = True
        if self._options.filters:
            client.subscribe([(f"{self._root}{each}", QOS) for each in self._options.filters])
        # After the subscription: what the service says then gets to the broker behind it.
        self._events.put((client, Connected(flags.session_present)))

    def _on_disconnect(
        self,
        client: paho.Client,
        _userdata: Any,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        with self._settled:
            if client is self._client:
                self._connected = False
            self._settled.notify_all()
        self._events.put((client, Disconnected(str(reason))))

    def _on_message(self, client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        self._events.put(
            (
                client,
                Message(
                    topic=message.topic.removeprefix(self._root),
                    payload=bytes(message.payload),
                    retained=message.retain,
                    redelivered=message.dup,
                    token=_Token(client, message.mid) if message.qos else None,
                ),
            )
        )

    def _on_publish(
        self,
        client: paho.Client,
        _userdata: Any,
        _mid: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure and str(reason) not in self._refused:
            self._refused.add(str(reason))
            log.warning("the broker does not take what is published: %s", reason)
        with self._settled:
            if client is self._client:
                self._acknowledged += 1
                self._settled.notify_all()


def _send_at_once(_client: paho.Client, _userdata: Any, sock: Any) -> None:
    """Small packets are not held back (Nagle): that costs a batch of them 40 ms."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
