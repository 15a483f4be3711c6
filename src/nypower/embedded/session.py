"""One client at the door: its connection, the broker's, and what passes between them.

Two asyncio protocols joined: ``Session`` faces the client, ``BrokerSide`` the broker. Each
stops the other's reading while its own peer does not take what it is sent, so that nothing
piles up here; who leaves it lying for too long is cut off.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from . import admission
from . import mqtt_packets as mqtt
from .admission import Admission, NotAdmitted
from .filters import Filters
from .limits import Allowance, Limits
from .mqtt_packets import Malformed, Properties, Splitter
from .names import Names
from .upstream import BrokerSide, Upstreams, keep_checking, set_reading
from .websocket import Wire, WireError

ONE_READING = 65_536
"""Bytes taken from the broker at a time."""


@dataclass(frozen=True, slots=True)
class Hall:
    """What all sessions of a door share."""

    upstreams: Upstreams
    limits: Limits
    filters: Filters
    names: Names
    buffer: bytearray = field(default_factory=lambda: bytearray(ONE_READING))


class Session(asyncio.Protocol):
    """A client, from its connection to its end. ``on_end`` is called once."""

    def __init__(self, wire: Wire, hall: Hall, on_end: Callable[["Session"], None]) -> None:
        self._wire, self._hall, self._on_end = wire, hall, on_end
        limits = self._limits = hall.limits
        self._loop = asyncio.get_running_loop()
        self._splitter = Splitter(limits.packet_bytes, {mqtt.CONNECT})
        self._allowance = Allowance(limits, self._loop.time())
        self._client: asyncio.Transport | None = None
        self._broker: asyncio.Transport | None = None
        self._reaching: asyncio.Task[None] | None = None
        self._admitted: Admission | None = None
        self._name = ""
        self._welcome = self._closing = self._client_stuck = self._broker_stuck = False
        self._connect_by = self._loop.time() + limits.connect_seconds
        self._deadline: float | None = self._connect_by

    # The client's side -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came; it has a while to say who it is."""
        self._client = cast(asyncio.Transport, transport)
        self._client.set_write_buffer_limits(high=self._limits.buffer_bytes)
        keep_checking(self._client)

    def data_received(self, data: bytes) -> None:
        """The client sent something; the first fault ends the session."""
        if self._closing:
            return
        try:
            stream, answer = self._wire.receive(data)
            if answer and self._client:
                self._client.write(answer)
            self._splitter.feed(stream)
            self._work()
        except WireError as error:
            self.end(error.answer)
        except NotAdmitted as refused:
            self.end(self._wire.wrap(refused.answer) + self._wire.farewell())
        except Malformed as error:
            self.reproach(error.reason)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """The client is gone, and its connection to the broker goes with it."""
        self._client = None
        self._closing = True
        if self._admitted:
            self._hall.names.leave(self._admitted.connect.client_id, self, self._name)
        if self._reaching:
            self._reaching.cancel()
        if self._broker:
            self._broker.abort()
        self._on_end(self)

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        self._client_stuck = True
        self._deadline = self._loop.time() + self._limits.stall_seconds
        self._flow()

    def resume_writing(self) -> None:
        """It does again."""
        self._client_stuck = False
        if not self._closing:
            self._deadline = None if self._broker else self._connect_by
            self._flow()

    def end(self, last: bytes = b"") -> None:
        """Say a last word and hang up."""
        if self._client and not self._closing:
            self._closing = True
            self._deadline = self._loop.time() + self._limits.connect_seconds
            self._client.write(last)
            self._client.close()
            if self._broker:
                self._broker.abort()

    def reproach(self, reason: int) -> None:
        """Tell a client of MQTT 5 why, once it has its CONNACK, and hang up."""
        last = b""
        if self._welcome and self._level == mqtt.V5:
            last = self._wire.wrap(mqtt.packet(mqtt.DISCONNECT, bytes([reason, 0])))
        self.end(last + self._wire.farewell())

    def expire(self, now: float) -> None:
        """Cut the client off if it has let a deadline pass. ``now`` is the loop's time."""
        if self._client and self._deadline is not None and now >= self._deadline:
            self._client.abort()

    def abort(self) -> None:
        """Cut it off now."""
        if self._client:
            self._client.abort()

    # What passes -----------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closing and (self._broker or not self._reaching):
            packet = self._splitter.next()
            if packet is None:
                return
            if packet[0] == mqtt.DISCONNECT:
                # Not passed on: rumqttd would count it and the connection's end as two, and
                # now and then cut off whoever came in between.
                self.end(self._wire.farewell())
            elif self._broker:
                self._broker.write(self._checked(packet))
            else:
                self._admit(packet)

    def _admit(self, packet: bytes) -> None:
        self._admitted = admission.admit(packet, self._limits.packet_bytes)
        self._name = self._hall.names.enter(self._admitted.connect.client_id, self)
        self._splitter.allowed = mqtt.READER_PACKETS
        self._reaching = self._loop.create_task(self._reach(self._admitted))
        self._flow()

    def _checked(self, packet: bytes) -> bytes:
        cost = 1.0
        if packet[0] in (mqtt.SUBSCRIBE, mqtt.UNSUBSCRIBE):
            packet, count = self._hall.filters.tame(packet, self._level)
            cost = float(count)
        elif packet[0] != mqtt.PINGREQ:
            cost /= self._limits.acknowledgements_per_request
        if not self._allowance.spend(cost, self._loop.time()):
            raise Malformed("too many packets", 0x96)
        return packet

    @property
    def _level(self) -> int:
        return self._admitted.connect.level if self._admitted else mqtt.V311

    def _flow(self) -> None:
        """Read from each side only what the other one takes."""
        connecting = self._reaching is not None and self._broker is None
        held = self._client_stuck or self._broker_stuck or connecting
        set_reading(self._client, not held)
        set_reading(self._broker, not self._client_stuck)

    # The broker's side -----------------------------------------------------------------

    async def _reach(self, admitted: Admission) -> None:
        upstream = self._hall.upstreams[admitted.connect.level]
        try:
            transport, _ = await self._loop.create_connection(
                lambda: BrokerSide(self, self._hall.buffer), upstream.host, upstream.port
            )
        except OSError:
            answer = admission.refusal(admitted.connect.level, admission.UNAVAILABLE)
            self.end(self._wire.wrap(answer) + self._wire.farewell())
            return
        if not self._client or self._closing:
            transport.abort()
            return
        connect = replace(admitted.connect, client_id=self._name)
        transport.write(upstream.with_account(connect).encode())
        self._broker, self._deadline = transport, None
        self._flow()
        self.data_received(b"")

    def deliver(self, data: bytes) -> None:
        """Pass on what the broker sent."""
        self._welcome = True
        if self._client and not self._closing:
            self._client.write(self._wire.wrap(data))

    @property
    def told(self) -> Properties | None:
        """What the CONNACK has to tell; None where its version cannot."""
        return self._admitted.told if self._admitted and self._level == mqtt.V5 else None

    def hold(self, held: bool) -> None:
        """The broker does not take what it is sent, or does again."""
        self._broker_stuck = held
        self._flow()

    def broker_lost(self) -> None:
        """The broker hung up."""
        self.end(self._wire.farewell())
