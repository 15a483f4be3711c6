"""Where the writers cannot give an expiry, retained values past their lifetime are cleared."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nypower.embedded.expiry import Expiry
from nypower.embedded.rumqttd import EmbeddedBroker
from servers.clients import Client
from servers.embedded import BehindDoor, LoopThread
from servers.waiting import wait_until

WIND = "ny-power/upstream/fuel-mix/Wind"
STATUS = "ny-power-simulated/status/pump"
HISTORY = "ny-power/history/fuel-mix"
DAY, WEEK = 86_400, 604_800


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BehindDoor]:
    pytest.importorskip("iotcore")
    running = BehindDoor(EmbeddedBroker, tmp_path)
    running.start()
    yield running
    running.stop()


def pump_of(server: BehindDoor) -> Client:
    """The pump, connected."""
    port = int(server.url.rpartition(":")[2])
    return Client(port, version="3.1.1", account=("pump", server.passwords["pump"])).connect()


async def on_loop(work: Callable[[], Any]) -> Any:
    """``work`` done on the loop, as the supervisor would."""
    return work()


def test_values_nobody_refreshes_are_cleared_in_their_time(server: BehindDoor) -> None:
    """A status after a day, a measurement after a week; what is refreshed stays, and a value
    that comes again is there again, after a crash of the broker too."""
    pump = pump_of(server)
    watcher = Client(server.mqtt_port).connect().subscribe(WIND, STATUS)
    pump.publish(STATUS, b"online", retain=True)
    clock = Clock()
    expiry = Expiry(server.url, server.passwords["archive"], clock)
    loop = LoopThread()
    loop.run(on_loop(expiry.start))

    def sweep() -> list[str]:
        return loop.run(on_loop(expiry.sweep))

    wait_until(lambda: STATUS in expiry.due(), "the retained value of before")
    pump.publish(HISTORY, b"never retained")
    pump.publish(WIND, b"1", retain=True)
    wait_until(lambda: WIND in expiry.due(), "the value of now")
    assert expiry.due() == {STATUS: 1000 + DAY, WIND: 1000 + WEEK}

    clock.seconds += DAY - 1
    assert sweep() == []
    clock.seconds += 1
    assert sweep() == [STATUS]
    assert [each.payload for each in watcher.wait_for(3)] == [b"online", b"1", b""]

    pump.publish(WIND, b"2", retain=True)
    wait_until(lambda: expiry.due() == {WIND: 1000 + DAY + WEEK}, "the value refreshed")
    clock.seconds += WEEK - 1
    assert sweep() == []
    clock.seconds += 1
    assert sweep() == [WIND]
    assert [each.payload for each in watcher.wait_for(5)[3:]] == [b"2", b""]

    first = pump
    server.kill()
    server.start()
    pump = pump_of(server)
    pump.publish(WIND, b"3", retain=True)
    wait_until(lambda: WIND in expiry.due(), "it to watch the broker that came back")
    late = Client(server.mqtt_port).connect().subscribe(WIND, STATUS)
    assert [(each.payload, each.retained) for each in late.wait_for(1)] == [(b"3", True)]
    expiry.stop()
    wait_until(lambda: not asyncio.all_tasks(loop.loop), "its end")
    loop.close()
    for client in (first, pump, watcher, late):
        client.close()
