"""What the page needs around it in a test: a broker with a websocket, the server, a grid."""

import subprocess
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from werkzeug.serving import make_server

from nypower import messages
from nypower.config import WebSettings
from nypower.core.carbon import index
from nypower.core.origin import Kind, Origin
from nypower.web.app import create_app
from servers.waiting import free_port, listens, wait_until

NOW = datetime(2026, 11, 22, 5, 35, tzinfo=UTC)
STEP = timedelta(minutes=5)
MIX = {
    "Dual Fuel": 2451.0, "Natural Gas": 5620.0, "Nuclear": 3310.0, "Other Fossil Fuels": 12.0,
    "Other Renewables": 402.0, "Wind": 1240.0, "Hydro": 2890.0,
}  # fmt: skip


class Broker:
    """Mosquitto on free ports of its own, as open as a test may be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mqtt, self.ws = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it with an empty memory."""
        conf = self._folder / "broker.conf"
        conf.write_text(
            f"allow_anonymous true\nlistener {self.mqtt} 127.0.0.1\n"
            f"listener {self.ws} 127.0.0.1\nprotocol websockets\n"
        )
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(conf)], stdout=log, stderr=log
            )
        wait_until(lambda: listens(self.mqtt) and listens(self.ws), "the broker listens")

    def kill(self) -> None:
        """Kill it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Server:
    """The web application on a free port, in a thread."""

    def __init__(self, settings: WebSettings) -> None:
        self._server = make_server("127.0.0.1", settings.http, create_app(settings), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Stop it and give the port back."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Grid:
    """The two writers in one: what pump and archive would publish, step by step."""

    def __init__(self, broker: Broker, kind: Kind = Kind.LIVE) -> None:
        self.kind = kind
        self.root = Origin(kind).root
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.connect("127.0.0.1", broker.mqtt)
        self._client.loop_start()

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, row: messages.Topic, payload: object, **levels: str) -> None:
        """Publish and wait until the broker has it."""
        ready = messages.publication(row, payload, self.kind, **levels)
        sent = self._client.publish(f"{self.root}/{ready.topic}", ready.payload, 1, ready.retain)
        sent.wait_for_publish(10)
        assert sent.is_published()

    def raw(self, topic: str, payload: bytes) -> None:
        """Publish anything at all."""
        self._client.publish(f"{self.root}/{topic}", payload, 1).wait_for_publish(10)

    def say(self, row: messages.Topic, text: bytes) -> None:
        """Publish a plain word, such as ``online``."""
        self.publish(row, text)

    def status(self, state: str, now: datetime, last: datetime | None, speed: float = 1) -> None:
        """The feed's state."""
        status = messages.FeedStatus(state, self.kind.value, last, None, now, speed)
        self.publish(messages.FEED_STATUS, status, feed="fuel-mix")

    def series(self, points: Mapping[datetime, float], through: datetime | None) -> None:
        """The retained 24 hours."""
        columns = messages.Co2Series("g / kWh", through, tuple(points), tuple(points.values()))
        self.publish(messages.CO2_SERIES, columns)

    def step(
        self,
        ts: datetime,
        prev: datetime | None,
        grams: float,
        mix: Mapping[str, float] = MIX,
        percentile: int | None = 33,
        estimated: bool = False,
    ) -> None:
        """A live step: the mix, then its intensity."""
        snapshot = messages.Snapshot(ts, prev, "MW", mix, sum(mix.values()))
        self.publish(messages.SNAPSHOT, snapshot, feed="fuel-mix")
        co2 = messages.Co2(
            ts, prev, grams, "g / kWh", index(grams), percentile, "production/direct",
            "egrid-2023", estimated,
        )  # fmt: skip
        self.publish(messages.CO2, co2)

    def correct(self, ts: datetime) -> None:
        """Say that a value of a stored step has changed."""
        correction = messages.Correction(ts, 1, "Hydro", 2900.0, 2890.0)
        self.publish(messages.CORRECTION, correction, feed="fuel-mix")

    def set_up(self, points: Mapping[datetime, float]) -> None:
        """Everything retained that a page finds when it joins a grid that is well."""
        last = max(points)
        self.say(messages.PUMP_STATUS, messages.ONLINE)
        self.say(messages.ARCHIVE_STATUS, messages.ONLINE)
        self.status("live", last + STEP, last)
        self.series(points, last)
        self.step(last, last - STEP, points[last])


def day_before(last: datetime, grams: float = 180.0) -> dict[datetime, float]:
    """288 points, five minutes apart, up to ``last``: a slow wave around ``grams``."""
    count = 287
    return {
        last - STEP * (count - i): round(grams + 40 * ((i % 144) / 144) * (1 - (i % 144) / 144), 1)
        for i in range(count + 1)
    }
