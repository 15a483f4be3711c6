"""1,000 readers and one step: how long until it is with them, Mosquitto against the embedded
broker behind its door, in one run.

    python bench/readers.py

Each broker is started here, on loopback. Half of the readers come by TCP, half by websocket,
in a process of their own. Measured twice: a step as one message, the snapshot, and as the nine
of a live one. Delays are from before the first publish until a reader has the snapshot, which
stands before the last. Aim: 3 times Mosquitto's at most.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from nypower.core.fuels import KNOWN
from nypower.embedded import child, mosquitto
from nypower.embedded.door import Door, DoorSettings
from nypower.embedded.mosquitto import Listener
from nypower.embedded.mqtt_packets import SUBSCRIBE, Connect, encode_binary, packet
from nypower.embedded.open_files import allow_open_files
from nypower.embedded.rumqttd import EmbeddedBroker
from nypower.embedded.websocket import masked

HOST = "127.0.0.1"
AIM = 3.0
AT_ONCE = 50
"""Connections being made at a time: fewer than any listener's backlog."""

MARK = b"bench-step-%06d"


def main() -> None:
    """Measure both, side by side, and print the ratios."""
    parser = argparse.ArgumentParser(description="Delay from one step to 1,000 readers.")
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--play", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    allow_open_files(4 * options.readers + 200)
    if options.play:
        asyncio.run(_play(*(int(each) for each in options.play)))
        return
    for options.whole in (False, True):
        print("A step as nine messages" if options.whole else "A step as one message")
        with tempfile.TemporaryDirectory() as folder:
            base = asyncio.run(_mosquitto(Path(folder), options))
            ours = asyncio.run(_embedded(Path(folder), options))
        _report("Mosquitto", base)
        _report("embedded, behind the door", ours)
        _compare(ours, base)


def _compare(ours: dict[str, tuple[float, float]], base: dict[str, tuple[float, float]]) -> None:
    for way in base:
        median, p99 = (mine / its for mine, its in zip(ours[way], base[way], strict=True))
        print(f"  {way}: median {median:.1f}, p99 {p99:.1f} times Mosquitto's (aim: {AIM:.0f})")


def _report(name: str, found: dict[str, tuple[float, float]]) -> None:
    for way, (median, p99) in found.items():
        print(f"  {name}, {way}: median {median:.0f} ms, p99 {p99:.0f} ms")


async def _mosquitto(folder: Path, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    private = child.private_directory(folder / "mosquitto")
    ports = child.free_ports(2)
    listeners = [Listener(ports[0], HOST), Listener(ports[1], websockets=True)]
    passwords = {"pump": child.password(), "archive": child.password()}
    config = mosquitto.write_configuration(private, listeners, passwords)
    command = [mosquitto.installed(), "-c", str(config)]
    broker = child.Child("Mosquitto", command, ports, private / "log")
    broker.start()
    try:
        return await _measure(ports[0], ports[1], ports[0], passwords["pump"], options)
    finally:
        broker.stop()


async def _embedded(folder: Path, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    broker = EmbeddedBroker(folder / "embedded")
    broker.start()
    door = Door(DoorSettings(HOST, 0, 0, broker.upstreams))
    await door.start()
    try:
        port = int(broker.writers_url.rpartition(":")[2])
        return await _measure(door.mqtt_port, door.ws_port, port, broker.passwords["pump"], options)
    finally:
        await door.stop()
        broker.stop()


async def _measure(
    mqtt_port: int, ws_port: int, writer_port: int, password: str, options: argparse.Namespace
) -> dict[str, tuple[float, float]]:
    """Publish the steps, while another process counts when they are read."""
    arguments = [mqtt_port, ws_port, options.readers, options.steps]
    players = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        "--play",
        *map(str, arguments),
        stdout=subprocess.PIPE,
        limit=1 << 24,
    )
    assert players.stdout
    assert await players.stdout.readline() == b"ready\n"
    sent = await _publish(writer_port, password, options)
    said = await asyncio.wait_for(players.stdout.readline(), 120)
    await players.wait()
    found = {}
    for way, arrivals in json.loads(said).items():
        delays = sorted(
            1000 * (at - begun) for begun, times in zip(sent, arrivals, strict=True) for at in times
        )
        found[way] = (statistics.median(delays), delays[int(len(delays) * 0.99)])
    return found


async def _publish(port: int, password: str, options: argparse.Namespace) -> list[float]:
    """The pump's messages of each step, QoS 1 and retained, in one go; when each began."""
    reader, writer = await asyncio.open_connection(HOST, port)
    account = {"username": "pump", "password": password.encode()}
    writer.write(Connect(4, True, 60, "ny-power-pump-bench", **account).encode())
    assert await reader.readexactly(4) == b"\x20\x02\0\0"
    begun = []
    for step in range(options.steps):
        await asyncio.sleep(0.5)
        begun.append(time.monotonic())
        packets = list(_publications(step, whole=options.whole))
        writer.write(b"".join(packets))
        await reader.readexactly(4 * len(packets))
    writer.close()
    return begun


def _publications(step: int, *, whole: bool) -> Iterator[bytes]:
    value = json.dumps({"ts": "2026-11-22T05:35:00Z", "value": 1234.5, "units": "MW"})
    snapshot = {"mark": (MARK % step).decode(), "fuels": dict.fromkeys(KNOWN, 1234.5)}
    topics = {"upstream/snapshot/fuel-mix": json.dumps(snapshot)}
    if whole:
        topics = {
            **{f"upstream/fuel-mix/{fuel}": value for fuel in KNOWN},
            **topics,
            "status/fuel-mix/updated": json.dumps({"ts": "2026-11-22T05:35:00Z"}),
        }
    for number, (topic, payload) in enumerate(topics.items(), 1):
        head = encode_binary(f"ny-power/{topic}".encode()) + number.to_bytes(2, "big")
        yield packet(0x33, head + payload.encode())


class _Player(asyncio.Protocol):
    """A reader of QoS 0, which looks for the mark of each step in what it gets."""

    def __init__(self, number: int, steps: int, websocket: bool) -> None:
        self.arrived: list[float] = []
        self.ready = asyncio.get_running_loop().create_future()
        self.done = asyncio.get_running_loop().create_future()
        self._steps, self.websocket, self._tail = steps, websocket, b""
        self._frames = b""
        connect = Connect(4, True, 60, f"player-{number}").encode()
        filters = encode_binary(b"ny-power/#") + b"\0"
        self._hello = connect + packet(SUBSCRIBE, b"\0\1" + filters)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        if not self.websocket:
            transport.write(self._hello)  # type: ignore[attr-defined]
            return
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(  # type: ignore[attr-defined]
            f"GET /mqtt HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if self.websocket and data.startswith(b"HTTP/1.1 101"):
            size = len(self._hello)
            frame = bytes([0x82, 0x80 | size]) + b"mask" + masked(self._hello, b"mask")
            self._transport.write(frame)  # type: ignore[attr-defined]
            return
        seen = self._tail + (self._unframed(data) if self.websocket else data)
        if not self.ready.done() and b"\x90\x03\0\1" in seen:
            self.ready.set_result(None)
        while len(self.arrived) < self._steps and (MARK % len(self.arrived)) in seen:
            self.arrived.append(now)
        self._tail = seen[-len(MARK % 0) :]
        if len(self.arrived) == self._steps and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        if not self.done.done():
            self.done.set_exception(ConnectionError("a reader was cut off"))

    def _unframed(self, data: bytes) -> bytes:
        """What is in the frames, which may split a message anywhere."""
        self._frames += data
        stream = b""
        while len(self._frames) >= 2:
            size, start = self._frames[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self._frames[2:start], "big")
            if len(self._frames) < start + size:
                break
            stream += self._frames[start : start + size]
            self._frames = self._frames[start + size :]
        return stream


async def _play(mqtt_port: int, ws_port: int, readers: int, steps: int) -> None:
    loop = asyncio.get_running_loop()
    players = [_Player(number, steps, number % 2 == 1) for number in range(readers)]
    for first in range(0, readers, AT_ONCE):
        group = players[first : first + AT_ONCE]
        for player in group:
            port = ws_port if player.websocket else mqtt_port
            await loop.create_connection(lambda player=player: player, HOST, port)
        await asyncio.wait_for(asyncio.gather(*(player.ready for player in group)), 60)
    print("ready", flush=True)
    await asyncio.wait_for(asyncio.gather(*(player.done for player in players)), 120)
    arrivals = {
        way: [[player.arrived[step] for player in players[first::2]] for step in range(steps)]
        for first, way in enumerate(("tcp", "websocket"))
    }
    print(json.dumps(arrivals), flush=True)


if __name__ == "__main__":
    main()
