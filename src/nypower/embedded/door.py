"""The read-only door: the public ports of MQTT, before a broker that only listens at home.

Neither embedded broker can tell a reader from a writer on its open listeners, or keep a
stranger from a writer's session; and any page a person visits may open a websocket to this
machine. So strangers meet the door, which lets through what a reader needs.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from .filters import Filters
from .limits import Limits
from .names import Names
from .open_files import allow_open_files
from .session import Hall, Session
from .upstream import Upstreams
from .websocket import PlainWire, WebSocketWire, Wire

__all__ = ["Door", "DoorSettings", "Limits"]

SWEEP_SECONDS = 1.0
FILES_PER_READER, FILES_BESIDE = 2, 128


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """Where the door stands. A port of 0 is any that is free."""

    host: str
    mqtt_port: int
    ws_port: int
    upstreams: Upstreams
    limits: Limits = field(default_factory=Limits)


class Door:
    """Listens for MQTT by TCP and, under /mqtt, by websocket."""

    def __init__(self, settings: DoorSettings) -> None:
        self._settings = settings
        self._capacity = settings.limits.connections
        filters = Filters(settings.limits.different_filters)
        names = Names(2 * settings.limits.connections)
        self._hall = Hall(settings.upstreams, settings.limits, filters, names)
        self._sessions: set[Session] = set()
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.Task[None] | None = None
        self.mqtt_port = settings.mqtt_port
        self.ws_port = settings.ws_port

    @property
    def readers(self) -> int:
        """How many connections there are."""
        return len(self._sessions)

    async def start(self) -> None:
        """Open both ports, or neither; ``mqtt_port`` and ``ws_port`` then say which.

        Raises ``OSError`` where one is taken.
        """
        files = allow_open_files(FILES_PER_READER * self._capacity + FILES_BESIDE)
        self._capacity = min(self._capacity, (files - FILES_BESIDE) // FILES_PER_READER)
        try:
            self.mqtt_port = await self._listen(self._settings.mqtt_port, self._plain)
            self.ws_port = await self._listen(self._settings.ws_port, self._websocket)
        except OSError:
            await self.stop()
            raise
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def stop(self) -> None:
        """Close the ports and cut everyone off."""
        if self._sweeper:
            self._sweeper.cancel()
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for session in tuple(self._sessions):
            session.abort()
        for server in servers:
            await server.wait_closed()
        while self._sessions:
            await asyncio.sleep(0)

    async def _listen(self, port: int, protocol: Callable[[], asyncio.Protocol]) -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, self._settings.host, port, backlog=1024)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _plain(self) -> asyncio.Protocol:
        return self._session(PlainWire())

    def _websocket(self) -> asyncio.Protocol:
        return self._session(WebSocketWire(self._settings.limits.packet_bytes))

    def _session(self, wire: Wire) -> asyncio.Protocol:
        if len(self._sessions) >= self._capacity:
            return _Full()
        session = Session(wire, self._hall, self._sessions.discard)
        self._sessions.add(session)
        return session

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = asyncio.get_running_loop().time()
            for session in tuple(self._sessions):
                session.expire(now)


class _Full(asyncio.Protocol):
    """Hangs up: there are as many readers as the door allows."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
