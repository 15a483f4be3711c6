"""The same parts on real servers: Mosquitto with the project's configuration, and InfluxDB."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from e2e.household import Household
from nypower.adapters.influx import InfluxStore
from nypower.core.catalog import FUEL_MIX
from nypower.core.fuels import KNOWN
from nypower.twin.simulate import SimulatedGrid
from nypower.twin.standin import Twin
from servers.influx import InfluxServer, influx_server
from servers.mosquitto import Mosquitto, mosquitto
from servers.waiting import wait_until
from web.view import View

__all__ = ["influx_server", "mosquitto"]

GRID = SimulatedGrid(3)


def test_the_whole_stack_on_mosquitto_and_influxdb(
    mosquitto: Mosquitto, influx_server: InfluxServer, tmp_path: Path,
    browser: Browser, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Each writer with its own account; the database has the grid's values, exactly; the page
    reads from the broker's own websocket; a broker that was killed loses nothing."""
    monkeypatch.setenv("NYPOWER_PUMP_PASSWORD", mosquitto.passwords["pump"])
    monkeypatch.setenv("NYPOWER_ARCHIVE_PASSWORD", mosquitto.passwords["archive"])
    store = InfluxStore("127.0.0.1", influx_server.port, "stack-simulated", read_only=True)
    with Twin(GRID, datetime.now(UTC), speed=300) as twin:
        options = ["--feed", twin.url, "--broker", mosquitto.url]
        options += ["--store", influx_server.url("stack")]
        options += ["--ws-url", f"ws://127.0.0.1:{mosquitto.ws_port}/mqtt"]
        with Household(tmp_path / "data", *options) as household:
            view = View(browser).open(household.page)
            view.has("#chart[data-line=whole]")
            mosquitto.kill(forget=True)
            mosquitto.start()
            goal = twin.clock.now() + timedelta(minutes=30)
            wait_until(
                lambda: (store.position(FUEL_MIX.name) or goal) > goal, "30 minutes more", 60
            )
            end = store.position(FUEL_MIX.name)
            assert end is not None
            stored = [*store.read(FUEL_MIX.name, end - timedelta(hours=24), end)]
            assert [record.step.ts for record in stored] == grid_stamps(end)
            for record in stored:
                assert record.step.values == dict(zip(KNOWN, GRID.mix(record.step.ts), strict=True))
            view.has("#chart[data-line=whole]")
            view.close()
            for password in mosquitto.passwords.values():
                assert password not in household.words
    store.close()


def beyond(position: datetime | None, goal: datetime) -> datetime | None:
    """The position, once it is past ``goal``."""
    return position if position and position > goal else None


def grid_stamps(end: datetime) -> list[datetime]:
    """The 288 five-minute stamps before ``end``."""
    return [end - timedelta(minutes=5 * back) for back in range(288, 0, -1)]
