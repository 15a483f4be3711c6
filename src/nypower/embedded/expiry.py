"""Retained values past their lifetime, cleared where the broker does not do it.

A writer of MQTT 5 gives each message its expiry and the broker forgets it in time. Writers of
3.1.1 cannot, so beside such a broker this remembers when each retained value came and takes
away what nobody refreshed. What was there before it connected counts from then.

It speaks its little MQTT itself: paho waits with select(), which fails as soon as the door, in
the same process, has a thousand connections.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ..core.errors import BadMessage
from ..core.origin import ROOTS
from ..messages import Writer, row_of
from . import mqtt_packets as mqtt
from .admission import WRITER_PREFIX
from .mqtt_packets import Connect, Cursor, Malformed, Splitter

log = logging.getLogger(__name__)

SWEEP_SECONDS, RETRY_SECONDS, KEEP_ALIVE = 60.0, 2.0, 60
_LARGEST_PACKET = 4_194_304
_PACKETS = frozenset({mqtt.CONNACK, mqtt.SUBACK, mqtt.PINGRESP, *range(0x30, 0x40)})
_RETAINED = mqtt.PUBLISH | 0x01


class Expiry:
    """Clears what is too old, through the archive's account. ``now`` is in seconds."""

    def __init__(self, url: str, password: str, now: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 1883
        self._password, self._now = password.encode(), now
        self._client_id = f"{WRITER_PREFIX}expiry-{secrets.token_hex(16)}"
        self._due: dict[str, float] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch and to sweep every minute, on the running loop; goes on trying."""
        self._loop = asyncio.get_running_loop()
        self._work = self._loop.create_task(self._watch())

    def stop(self) -> None:
        """End it. Returns at once, and may be called from any thread."""
        if self._loop and self._work:
            self._loop.call_soon_threadsafe(self._work.cancel)

    def due(self) -> dict[str, float]:
        """When the retained values it watches are past their lifetime, by full topic."""
        return dict(self._due)

    def sweep(self) -> list[str]:
        """Clear what is past its lifetime; the topics that were. Nothing while disconnected."""
        if self._writer is None:
            return []
        now = self._now()
        past = [topic for topic, due in self._due.items() if due <= now]
        for topic in past:
            log.info("%s: not refreshed within its lifetime, cleared", topic)
            del self._due[topic]
            name = mqtt.encode_binary(topic.encode())
            self._writer.write(mqtt.packet(_RETAINED, name))
        return past

    async def _watch(self) -> None:
        while True:
            try:
                await self._connected()
            except (OSError, Malformed) as error:
                log.debug("expiry: %s", error)
            finally:
                self._writer = None
            await asyncio.sleep(RETRY_SECONDS)

    async def _connected(self) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        sweeps = asyncio.get_running_loop().create_task(self._sweeps(writer))
        try:
            writer.write(self._hello())
            self._writer = writer
            splitter = Splitter(_LARGEST_PACKET, _PACKETS)
            while data := await reader.read(65_536):
                splitter.feed(data)
                while (packet := splitter.next()) is not None:
                    self._take(packet)
        finally:
            sweeps.cancel()
            writer.close()

    async def _sweeps(self, writer: asyncio.StreamWriter) -> None:
        """Sweep every minute, and let the broker know every half that we are there."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS / 2)
            writer.write(mqtt.packet(mqtt.PINGREQ, b""))
            await asyncio.sleep(SWEEP_SECONDS / 2)
            self.sweep()
            writer.write(mqtt.packet(mqtt.PINGREQ, b""))

    def _hello(self) -> bytes:
        connect = Connect(
            mqtt.V311,
            clean=True,
            keep_alive=KEEP_ALIVE,
            client_id=self._client_id,
            username=Writer.ARCHIVE,
            password=self._password,
        )
        filters = (mqtt.encode_binary(f"{root}/#".encode()) + b"\0" for root in ROOTS.values())
        return connect.encode() + mqtt.packet(mqtt.SUBSCRIBE, b"\0\1" + b"".join(filters))

    def _take(self, packet: bytes) -> None:
        if packet[0] & 0xF0 != mqtt.PUBLISH:
            return
        cursor = Cursor(packet)
        topic = cursor.text()
        lifetime = _lifetime(topic)
        if cursor.done():
            self._due.pop(topic, None)
        elif lifetime is not None:
            self._due[topic] = self._now() + lifetime


def _lifetime(topic: str) -> int | None:
    """Seconds that a retained value of a full topic stays; None where it is none of ours."""
    _, _, relative = topic.partition("/")
    try:
        return row_of(relative).expiry
    except BadMessage:
        return None
