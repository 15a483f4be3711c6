"""A day's file of the feed, from the first request to the last point stored and published,
against one HTTP write to InfluxDB and one waited-for publish a point, in one run.

    python bench/day_file.py

Ours: `nypower pump` and `nypower archive`, two processes that run already and have nothing
stored, and a stand-in for NYISO whose clock stands still seven minutes after the midnight that
ends the day, so that exactly its 288 steps (2,016 points) are to be had. The clock starts at
the pump's first request. It stops when a reader of the broker has the intensity of every step
and the archive's position, which it publishes after storing, is the day's last stamp.

The naive way reads the same file from the same server, by csv and strptime, and then writes and
publishes point by point: fewer things stored and published than ours, and nothing computed.
Aims: 20 times as fast on InfluxDB and Mosquitto, 30 times on the embedded broker and SQLite.
"""

import csv
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import paho.mqtt.client as paho
import requests
from influxdb import InfluxDBClient
from paho.mqtt.enums import CallbackAPIVersion

from common import HOST, command, table
from nypower.adapters.mqtt import BusOptions, MqttBus
from nypower.core.catalog import FUEL_MIX
from nypower.core.clock import ONE_DAY, day_end, rfc3339
from nypower.core.origin import Kind
from nypower.embedded.rumqttd import EmbeddedBroker
from nypower.messages import Co2, Stored, decode
from nypower.ports import Connected, Message
from nypower.twin.server import Answer, Request, Silence
from nypower.twin.simulate import SimulatedGrid
from nypower.twin.standin import Twin
from servers.embedded import BehindDoor
from servers.influx import InfluxServer
from servers.mosquitto import Mosquitto

ROUNDS = 3
DAY = date(2026, 10, 20)
END = day_end(DAY)
AFTER = timedelta(minutes=7)
"""Midnight's row is there, the new day's file is not yet."""
BACKLOG = timedelta(days=1, seconds=-1) + AFTER
STEPS, POINTS = 288, 2016
PATIENCE_SECONDS = 60.0


class Feed(Twin):
    """A twin whose time stands still, and that knows when it was first asked."""

    def __init__(self) -> None:
        super().__init__(SimulatedGrid(), END + AFTER, speed=0.0)
        self.first_request: float | None = None
        for day in (DAY, DAY + ONE_DAY):
            self.file_at(FUEL_MIX.daily_path(day), END + AFTER)  # made up before it is asked

    def _respond(self, request: Request) -> Answer | Silence:
        if self.first_request is None:
            self.first_request = time.monotonic()
        return super()._respond(request)


@dataclass(frozen=True)
class Place:
    """Where one run takes place: writers' and reader's broker, and a store."""

    folder: Path
    writers: str
    readers: str
    version: str
    passwords: dict[str, str]
    store: str


def ours(place: Place) -> float:
    """Seconds for the day by our pump and archive, from nothing."""
    with Feed() as feed, ExitStack() as stack:
        shared = {
            "NYPOWER_BROKER": place.writers,
            "NYPOWER_MQTT_VERSION": place.version,
            "NYPOWER_KIND": "simulated",
            "NYPOWER_PUMP_PASSWORD": place.passwords["pump"],
            "NYPOWER_ARCHIVE_PASSWORD": place.passwords["archive"],
            "NYPOWER_STORE": place.store,
            "NYPOWER_FEED": feed.url,
            "NYPOWER_BACKLOG": f"{BACKLOG.total_seconds():.0f}s",
        }
        watch = Watch(place.readers)
        stack.callback(watch.bus.close)
        for name in ("archive", "pump"):
            process = command(name, place.folder, shared)
            process.start()
            stack.callback(process.stop)
            if name == "archive":
                watch.until(lambda: watch.online)
        watch.until(lambda: watch.through == END and len(watch.stamps) == STEPS)
        assert feed.first_request is not None
        return watch.at - feed.first_request


class Watch:
    """A reader of the broker, and when it heard what it was waiting for."""

    def __init__(self, address: str) -> None:
        topics = ("computed/co2", "history/co2", "status/stored/fuel-mix", "status/archive")
        self.bus = MqttBus(BusOptions(address, Kind.SIMULATED, "3.1.1", filters=topics))
        self.online, self.through, self.at = False, None, 0.0
        self.stamps: set[datetime] = set()
        self.bus.start()
        assert isinstance(self.bus.next(10), Connected)

    def until(self, condition: Callable[[], bool]) -> None:
        """Read until the condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.stamps)} intensities, stored through {self.through}")
            event = self.bus.next(0.5)
            if isinstance(event, Message):
                self.at = time.monotonic()
                self.bus.acknowledge(event)
                self._take(decode(event.topic, event.payload))

    def _take(self, payload: object) -> None:
        match payload:
            case Co2(ts=ts):
                self.stamps.add(ts)
            case Stored(through=through):
                self.through = through
            case b"online":
                self.online = True


def naive(influx_port: int, broker: Mosquitto) -> float:
    """Seconds for the same day, a write and a publish a point, each waited for."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "bench-naive", protocol=paho.MQTTv5)
    client.username_pw_set("pump", broker.passwords["pump"])
    client.connect(HOST, broker.mqtt_port)
    client.loop_start()
    try:
        with (
            Feed() as feed,
            closing(InfluxDBClient(HOST, influx_port, database="naive", timeout=10)) as store,
        ):
            store.create_database("naive")
            begin = time.monotonic()
            for when, fuel, megawatts in naive_rows(feed.url):
                point = {"measurement": fuel, "time": when, "fields": {"value": megawatts}}
                store.write_points([point])
                payload = {"ts": rfc3339(when), "value": megawatts, "units": "MW"}
                topic = f"ny-power/upstream/fuel-mix/{fuel}"
                sent = client.publish(topic, json.dumps(payload), qos=1, retain=True)
                sent.wait_for_publish(10)
            return time.monotonic() - begin
    finally:
        client.disconnect()
        client.loop_stop()


def naive_rows(url: str) -> Iterator[tuple[datetime, str, float]]:
    """The file's rows as one would first think of reading them (right on this day)."""
    lines = requests.get(url + FUEL_MIX.daily_path(DAY), timeout=10).text.splitlines()
    assert len(lines) == 1 + POINTS
    for row in csv.DictReader(lines):
        wall = datetime.strptime(row["Time Stamp"], "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
        hours = {"EST": 5, "EDT": 4}[row["Time Zone"]]
        yield wall + timedelta(hours=hours), row["Fuel Category"], float(row["Gen MW"])


@contextmanager
def servers(folder: Path) -> Iterator[tuple[InfluxServer, Mosquitto]]:
    """A fresh InfluxDB and Mosquitto."""
    with ExitStack() as stack:
        influx, broker = InfluxServer(folder), Mosquitto(folder / "mosquitto")
        stack.callback(influx.kill)
        influx.start()
        stack.callback(broker.stop)
        broker.start()
        yield influx, broker


def on_servers(folder: Path) -> tuple[float, float]:
    """The naive way and ours, on InfluxDB and Mosquitto."""
    with servers(folder) as (influx, broker):
        slow = naive(influx.port, broker)
        store = influx.url("bench")
        return slow, ours(
            Place(folder, broker.url, broker.url, broker.version, broker.passwords, store)
        )


def embedded(folder: Path) -> float:
    """Ours on what `nypower up` brings along."""
    broker = BehindDoor(EmbeddedBroker, folder)
    try:
        broker.start()
        door, store = f"mqtt://{HOST}:{broker.mqtt_port}", f"sqlite:{folder}/bench.db"
        return ours(Place(folder, broker.url, door, broker.version, broker.passwords, store))
    finally:
        broker.stop()


def main() -> None:
    """Measure in rounds, and print the medians with their ratios."""
    found = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            found.append((*on_servers(Path(one)), embedded(Path(two))))
    slow, real, small = (median(column) for column in zip(*found, strict=True))
    rows = [
        ("", "seconds", "times", "aim"),
        ("naive: a write and a publish a point", f"{slow:.2f}", "", ""),
        ("pump and archive, InfluxDB and Mosquitto", f"{real:.2f}", f"{slow / real:.1f}", "20"),
        ("pump and archive, SQLite and embedded", f"{small:.2f}", f"{slow / small:.1f}", "30"),
    ]
    table(f"A day's file, first request to last point, median of {ROUNDS}", rows)


if __name__ == "__main__":
    main()
