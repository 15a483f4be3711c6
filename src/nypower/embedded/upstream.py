"""The broker's end of a session at the door."""

import asyncio
import socket
from dataclasses import dataclass, field, replace
from typing import Protocol

from . import admission
from . import mqtt_packets as mqtt
from .mqtt_packets import Connect, Properties, Splitter

_LARGEST_CONNACK = 65_536


@dataclass(frozen=True, slots=True)
class Upstream:
    """A broker's listener, and the account the door uses there (empty: none)."""

    host: str
    port: int
    account: str = ""
    password: str = field(default="", repr=False)

    def with_account(self, connect: Connect) -> Connect:
        """``connect`` as this listener wants it."""
        if not self.account:
            return connect
        return replace(connect, username=self.account, password=self.password.encode())


Upstreams = dict[int, Upstream]
"""By the protocol level: 4 (MQTT 3.1.1) and 5."""


class Client(Protocol):
    """What the broker's end needs of the client's."""

    @property
    def told(self) -> Properties | None:
        """What the CONNACK has to tell; None where its version cannot."""

    def deliver(self, data: bytes) -> None:
        """Pass on what the broker sent."""

    def hold(self, held: bool) -> None:
        """The broker does not take what it is sent, or does again."""

    def broker_lost(self) -> None:
        """The broker hung up."""


class BrokerSide(asyncio.BufferedProtocol):
    """The connection to the broker. It rewrites the first packet for clients of MQTT 5.

    ``buffer`` may be every session's, since what came is copied before the next reads: asyncio
    would else get a quarter of a megabyte from the system for each message of each reader.
    """

    def __init__(self, client: Client, buffer: bytearray) -> None:
        self._client, self._buffer = client, buffer
        told = client.told
        self._told = told or ()
        self._connack = None if told is None else Splitter(_LARGEST_CONNACK, {mqtt.CONNACK})

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's
        """Where to put what comes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """The broker sent something."""
        data = bytes(memoryview(self._buffer)[:nbytes])
        if self._connack:
            try:
                data = self._after_connack(self._connack, data)
            except mqtt.Malformed:
                self._client.broker_lost()
                return
        if data:
            self._client.deliver(data)

    def _after_connack(self, splitter: Splitter, data: bytes) -> bytes:
        splitter.feed(data)
        packet = splitter.next()
        if packet is None:
            return b""
        self._connack = None
        return admission.told_connack(packet, self._told) + splitter.rest()

    def pause_writing(self) -> None:
        """The broker does not take what it is sent."""
        self._client.hold(True)

    def resume_writing(self) -> None:
        """It does again."""
        self._client.hold(False)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """The broker hung up, or the session did."""
        self._client.broker_lost()


def set_reading(side: asyncio.Transport | None, wanted: bool) -> None:
    """Read from a connection, or leave what it brings with the system."""
    if side and not side.is_closing():
        if wanted:
            side.resume_reading()
        else:
            side.pause_reading()


def keep_checking(transport: asyncio.Transport) -> None:
    """Let the system notice a peer that is gone, and send small packets at once."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
