"""What one open page costs: its first view, and MQTT bytes a day.

    python bench/page_bytes.py

The real page in Chromium, `nypower web`, `nypower archive` and Mosquitto, with a relay that
counts before each port the page uses. A day is stored first; then the page is opened, until its
line is whole and it has left the series; then a day's 288 live steps are published one after
another, as fast as the archive answers, and each hour's refreshed status. Counted are both
directions: of HTTP with its headers, of the websocket with its handshake, frames and MQTT's
headers; not the headers of TCP and IP. The pings of a day of quiet between the steps, one each
30 s, did not happen in this short time: they are added up by their size, apart.
Aims: 100 kB for the first view, 150 kB a day.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page

from common import HOST, Relay, chromium, command, table
from nypower.adapters.mqtt import BusOptions, MqttBus, writer_client_id
from nypower.core.catalog import FUEL_MIX
from nypower.core.freshness import FeedClock
from nypower.core.fuels import KNOWN
from nypower.core.origin import ROOTS, Kind
from nypower.core.steps import Link, Step
from nypower.messages import ARCHIVE_STATUS, CO2_SERIES, ONLINE, PUMP_STATUS, Writer, publication
from nypower.ports import Connected, Message
from nypower.services.live import feed_status, late_step, live_step
from nypower.twin.simulate import SimulatedGrid
from servers.mosquitto import Mosquitto
from servers.waiting import free_port, listens, wait_until

BEGIN = datetime(2026, 10, 20, 4, 0, tzinfo=UTC)
STEPS = 288
INTERVAL = timedelta(minutes=5)
KIND = Kind.LIVE  # made-up values, but the payloads of the live root: they carry no mark
JOINED = "#chart[data-line=whole][data-series=left]"
ORIGINALS_BYTES = 4_000_000
PINGS_A_DAY = 24 * 3600 // 30
PING_BYTES = (2 + 4 + 2) + (2 + 2)
"""PINGREQ in a masked frame, PINGRESP in one that is not."""


def link(number: int) -> Link:
    """The simulated grid's step of a number, 0 being the first, on the one before it."""
    ts = BEGIN + number * INTERVAL
    values = dict(zip(KNOWN, SimulatedGrid().mix(ts), strict=True))
    return Link(Step(ts, values), ts - INTERVAL if number else None)


class Writers:
    """The pump's part, played here, and an ear on what the archive publishes."""

    def __init__(self, broker: Mosquitto, stack: ExitStack) -> None:
        password = broker.passwords["pump"]
        client_id = writer_client_id(Writer.PUMP, KIND, password)
        heard = ("computed/co2", "archive/co2/24h", "status/stored/fuel-mix")
        self.pump = MqttBus(
            BusOptions(
                broker.url,
                KIND,
                client_id=client_id,
                username="pump",
                password=password,
                filters=heard,
            )
        )
        self.archive = MqttBus(
            BusOptions(broker.url, KIND, username="archive", password=broker.passwords["archive"])
        )
        for bus in (self.pump, self.archive):
            stack.callback(bus.close)
            bus.start()
            assert isinstance(bus.next(10), Connected)

    def until(self, topic: str, what: str) -> Message:
        """Wait for a message of a topic that has ``what`` in it."""
        found: list[Message] = []

        def came() -> bool:
            while isinstance(event := self.pump.next(0.02), Message):
                self.pump.acknowledge(event)
                if event.topic == topic and what.encode() in event.payload:
                    found.append(event)
            return bool(found)

        wait_until(came, f"{topic} with {what}", 30)
        return found[-1]

    def publish_late(self, links: list[Link]) -> Message:
        """The day before; returns the series that follows."""
        for each in links:
            self.pump.publish(late_step(FUEL_MIX, KIND, each))
        return self.until("archive/co2/24h", f'"through":"{_text(links[-1])}"')

    def publish_live(self, each: Link) -> None:
        """One step, until its intensity is published."""
        for publication_ in live_step(FUEL_MIX, KIND, each):
            self.pump.publish(publication_)
        self.until("computed/co2", _text(each))

    def refresh(self, last: datetime) -> None:
        """What is said again each hour."""
        now = last + INTERVAL + timedelta(seconds=10)
        clock = FeedClock(now, 0.0)
        self.pump.publish(publication(PUMP_STATUS, ONLINE, KIND))
        self.pump.publish(feed_status(FUEL_MIX, KIND, last, now, clock, readable=True)[1])
        self.archive.publish(publication(ARCHIVE_STATUS, ONLINE, KIND))


def _text(each: Link) -> str:
    return f"{each.step.ts:%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Scene:
    """Everything that runs, and the page."""

    writers: Writers
    page: Page
    http: Relay
    ws: Relay


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Broker, archive, web, relays and a browser that has no page open yet."""
    with ExitStack() as stack:
        broker = Mosquitto(folder / "mosquitto")
        stack.callback(broker.stop)
        broker.start()
        port = free_port()
        http, ws = (stack.enter_context(Relay(target)) for target in (port, broker.ws_port))
        for name, environ in _commands(broker, port, ws.port, folder).items():
            process = command(name, folder, environ)
            stack.callback(process.stop)
            process.start()
        wait_until(lambda: listens(port), "the page's server", 30)
        browser = stack.enter_context(chromium())
        yield Scene(Writers(broker, stack), browser.new_page(), http, ws)


def _commands(broker: Mosquitto, http: int, ws: int, folder: Path) -> dict[str, dict[str, str]]:
    return {
        "archive": {
            "NYPOWER_BROKER": broker.url,
            "NYPOWER_ARCHIVE_PASSWORD": broker.passwords["archive"],
            "NYPOWER_STORE": f"sqlite:{folder}/bench.db",
        },
        "web": {"NYPOWER_HTTP": str(http), "NYPOWER_WS": str(ws)},
    }


def measure(stage: Scene, say: Callable[..., None]) -> None:
    """One view, one day."""
    links = [link(number) for number in range(2 * STEPS)]
    stage.writers.refresh(links[0].step.ts)
    series = stage.writers.publish_late(links[:STEPS])
    stage.writers.publish_live(links[STEPS - 1])
    stage.page.goto(f"http://{HOST}:{stage.http.port}/")
    stage.page.wait_for_selector(JOINED)
    # A browser without a window asks for no icon by itself.
    stage.page.evaluate("fetch(document.querySelector('link[rel=icon]').href)")
    stage.page.wait_for_load_state("networkidle")
    view, join = stage.http.total, stage.ws.total
    for number, each in enumerate(links[STEPS:]):
        stage.writers.publish_live(each)
        if number % 12 == 0:
            stage.writers.refresh(each.step.ts)
    newest = int(links[-1].step.ts.timestamp())
    stage.page.wait_for_selector(f"#chart[data-newest='{newest}'][data-points='{STEPS}']{JOINED}")
    topic = f"{ROOTS[KIND]}/{CO2_SERIES.pattern}"
    say(view, join, stage.ws.total - join, len(topic) + len(series.payload) + 9)


def report(view: int, join: int, day: int, series: int) -> None:
    """Print what was counted."""
    rows = [
        ("", "kB", "against kB", "times less", "aim"),
        _row("first view: HTML, CSS, JS, icon", view, 0, ""),
        _row("  and the websocket until joined", join, 0, ""),
        _row("  together; the original's page", view + join, ORIGINALS_BYTES, "< 100 kB"),
        _row("a day of MQTT; the whole series at each step", day, STEPS * series, "< 150 kB"),
        _row("  pings of a day of quiet, apart", PINGS_A_DAY * PING_BYTES, 0, ""),
    ]
    table("Bytes to and from one open page, both directions", rows)


def _row(name: str, size: int, against: int, aim: str) -> tuple[str, ...]:
    compared = (f"{against / 1000:,.0f}", f"{against / size:.0f}") if against else ("", "")
    return (name, f"{size / 1000:.1f}", *compared, aim)


def main() -> None:
    """Measure in a directory that is removed again."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as stage:
        measure(stage, report)


if __name__ == "__main__":
    main()
