"""`nypower tail`: the stream as it comes, for a person or a program."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO

import pytest

from nypower.embedded.child import program
from servers.clients import Client
from servers.mosquitto import Mosquitto
from servers.mosquitto import mosquitto as server
from servers.waiting import wait_until

__all__ = ["server"]

WIND = "ny-power/upstream/fuel-mix/Wind"
CO2 = "ny-power/computed/co2"
TS = "2026-11-22T05:35:00Z"
needs_mosquitto = pytest.mark.skipif(program("mosquitto") is None, reason="no mosquitto here")


class Tail:
    """The command, running, and its lines."""

    def __init__(self, url: str, *arguments: str) -> None:
        command = [sys.executable, "-u", "-m", "nypower", "tail", *arguments, "--broker", url]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._threads = [
            threading.Thread(target=self._read, args=each)
            for each in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, pipe: IO[str], lines: list[str]) -> None:
        for line in pipe:
            lines.append(line.rstrip("\n"))  # noqa: PERF401 - one by one, as they come

    def wait_for(self, count: int) -> list[str]:
        wait_until(lambda: len(self.lines) >= count, f"{count} lines, not {self.lines}", 30)
        return self.lines

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(15)
        for thread in self._threads:
            thread.join(15)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()
        return code


@pytest.fixture
def tail() -> Iterator[Callable[..., Tail]]:
    made: list[Tail] = []

    def make(*arguments: str) -> Tail:
        made.append(Tail(*arguments))
        return made[-1]

    yield make
    for each in made:
        if each.process.poll() is None:
            each.stop()


def pump(server: Mosquitto, who: str = "pump") -> Client:
    return Client(server.mqtt_port, account=(who, server.passwords[who])).connect()


MEASURED = json.dumps({"ts": TS, "value": 258.5, "units": "MW"}).encode()


@needs_mosquitto
def test_for_a_program(server: Mosquitto, tail: Callable[..., Tail]) -> None:
    """A JSON object a line: topic, whether it was retained, and the payload as it is."""
    writer = pump(server)
    writer.publish(WIND, MEASURED, retain=True)
    running = tail(server.url, "--json")
    first = json.loads(running.wait_for(1)[0])
    assert first == {"topic": WIND, "retained": True, "payload": json.loads(MEASURED)}
    writer.publish("ny-power/status/pump", b"online")
    second = json.loads(running.wait_for(2)[1])
    assert second == {"topic": "ny-power/status/pump", "retained": False, "payload": "online"}
    writer.publish("ny-power-simulated/status/pump", b"\xff")
    assert json.loads(running.wait_for(3)[2])["topic"] == "ny-power-simulated/status/pump"
    assert running.stop() == 0
    writer.close()


@needs_mosquitto
def test_for_a_person(server: Mosquitto, tail: Callable[..., Tail]) -> None:
    """Topic, time and what it says; what is no payload of ours as it is."""
    writer = pump(server)
    writer.publish(WIND, MEASURED, retain=True)
    running = tail(server.url, "upstream/#")
    assert running.wait_for(1) == [f"{WIND}  {TS}  258.5 MW"]
    writer.publish("ny-power/status/pump", b"not asked for")
    writer.publish(WIND, b"nonsense")
    assert running.wait_for(2)[1] == f"{WIND}  nonsense"
    assert running.stop() == 0
    assert running.errors == []
    writer.close()


@needs_mosquitto
def test_a_filter_with_its_root(server: Mosquitto, tail: Callable[..., Tail]) -> None:
    """Only that root's."""
    archive = pump(server, "archive")
    co2 = {
        "ts": TS, "prev": None, "value": 164, "units": "g / kWh", "index": "low",
        "percentile": None, "basis": "production/direct", "factors": "egrid-2023",
        "estimated": False,
    }  # fmt: skip
    payload = json.dumps(co2).encode()
    for root in ("ny-power-replay", "ny-power"):
        archive.publish(f"{root}/computed/co2", payload, retain=True)
    running = tail(server.url, CO2)
    (line,) = running.wait_for(1)
    assert line == f"{CO2}  {TS}  164.0 g / kWh, low"
    archive.publish("ny-power-replay/computed/co2", payload)
    archive.publish(CO2, payload)
    assert running.wait_for(2)[1] == line
    assert running.stop() == 0
    archive.close()


@needs_mosquitto
def test_a_broker_that_goes_and_comes(server: Mosquitto, tail: Callable[..., Tail]) -> None:
    """It says so on standard error and goes on with what comes then."""
    running = tail(server.url, "--json")
    writer = pump(server)
    writer.publish(WIND, MEASURED, retain=True)
    running.wait_for(1)
    server.kill(forget=True)
    wait_until(lambda: any("no broker" in line for line in running.errors), "a word of it")
    writer.close()
    server.start()
    writer = pump(server)
    writer.publish(WIND, MEASURED, retain=True)
    assert json.loads(running.wait_for(2)[1])["topic"] == WIND
    assert running.stop() == 0
    writer.close()


def test_no_broker_at_all(tail: Callable[..., Tail]) -> None:
    """It keeps trying, after one sentence, until it is told to stop."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        running = tail(f"mqtt://127.0.0.1:{deaf.getsockname()[1]}")
        for _ in range(3):
            deaf.accept()[0].close()
    wait_until(lambda: running.errors, "a sentence", 30)
    assert running.stop() == 0
    assert all("no broker: " in line for line in running.errors)
    assert len(running.errors) == len(set(running.errors))
