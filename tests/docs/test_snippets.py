"""What the README and the stream's page tell a reader to run does run, on a real broker."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import pytest

from nypower.core.carbon import UNITS
from nypower.core.origin import Kind
from nypower.embedded.child import program
from nypower.messages import CO2, CO2_SERIES, FUEL, Co2, Co2Series, Measurement, publication
from servers.clients import Client
from servers.mosquitto import Mosquitto

from .pages import ROOT as PROJECT
from .pages import commands, fenced

START = datetime(2026, 11, 22, 5, tzinfo=UTC)


def stamp(number: int) -> datetime:
    """The time of the ``number``-th step."""
    return START + number * timedelta(minutes=5)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A Mosquitto with the project's configuration."""
    if program("mosquitto") is None:
        pytest.skip("mosquitto is not installed")
    server = Mosquitto(tmp_path / "broker")
    server.start()
    yield server
    server.stop()


@contextmanager
def writer(broker: Mosquitto, name: str) -> Iterator[Client]:
    """A connected writer."""
    client = Client(broker.mqtt_port, account=(name, broker.passwords[name])).connect()
    try:
        yield client
    finally:
        client.close()


def say_co2(archive: Client, number: int, *, kind: Kind = Kind.LIVE) -> None:
    """The intensity of a step: 200 and its number, g/kWh."""
    co2 = Co2(
        stamp(number), stamp(number - 1), 200.0 + number, UNITS, "moderate", None,
        "production/direct", "egrid-2023", False,
    )  # fmt: skip
    said = publication(CO2, co2, kind)
    archive.publish(f"ny-power/{said.topic}", said.payload, retain=True)


def say_series(archive: Client, numbers: range) -> None:
    """The series of these steps."""
    values = tuple(200.0 + number for number in numbers)
    series = Co2Series(UNITS, stamp(numbers[-1]), tuple(map(stamp, numbers)), values)
    said = publication(CO2_SERIES, series, Kind.LIVE)
    archive.publish(f"ny-power/{said.topic}", said.payload, retain=True)


@contextmanager
def running(code: str, port: int) -> Iterator["SimpleQueue[str]"]:
    """A Python snippet in a process of its own, on the broker at ``port``: what it prints."""
    assert "port=1883" in code
    process = subprocess.Popen(
        [sys.executable, "-u", "-W", "error", "-c", code.replace("port=1883", f"port={port}")],
        stdout=subprocess.PIPE,
        text=True,
    )
    printed: SimpleQueue[str] = SimpleQueue()
    assert process.stdout
    reader = Thread(target=lambda: [printed.put(line.strip()) for line in process.stdout or ()])
    reader.start()
    try:
        yield printed
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()


def test_the_readme_in_python(broker: Mosquitto) -> None:
    """Three lines print what is retained at once, and what comes after."""
    (code,) = fenced("README.md", "python")
    assert len(code.splitlines()) == 3
    with writer(broker, "archive") as archive:
        say_co2(archive, 1)
        with running(code, broker.mqtt_port) as printed:
            topic, payload = printed.get(timeout=15).split(" ", 1)
            assert (topic, json.loads(payload)["value"]) == ("ny-power/computed/co2", 201)
            say_co2(archive, 2)
            assert json.loads(printed.get(timeout=15).split(" ", 1)[1])["value"] == 202


def subscriptions() -> list[str]:
    """The README's lines of mosquitto_sub."""
    page = PROJECT / "README.md"
    return [line for line in commands(page) if line.startswith("mosquitto_sub")]


def test_the_readme_in_the_shell(broker: Mosquitto) -> None:
    """Each of the three lines shows what is retained."""
    if shutil.which("mosquitto_sub") is None:
        pytest.skip("mosquitto_sub is not installed")
    with writer(broker, "archive") as archive, writer(broker, "pump") as pump:
        say_co2(archive, 1)
        wind = publication(FUEL, Measurement(stamp(1), 258.0, "MW"), Kind.LIVE, fuel="Wind")
        pump.publish(f"ny-power/{wind.topic}", wind.payload, retain=True)
    first = {"'+/computed/co2'": "ny-power/computed/co2", "'+/upstream/fuel-mix/+'": "Wind"}
    assert len(subscriptions()) == 3
    for line in subscriptions():
        command = [*shlex.split(line), "-p", str(broker.mqtt_port), "-C", "1", "-W", "15"]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        wanted = next((topic for words, topic in first.items() if words in line), "ny-power/")
        assert wanted in shown.stdout


def test_a_copy_without_holes(broker: Mosquitto) -> None:
    """The page's consumer takes the series, lives on increments, and mends a hole."""
    (code,) = fenced("docs/stream.md", "python")
    with writer(broker, "archive") as archive:
        say_series(archive, range(1, 4))
        say_co2(archive, 3)
        with running(code, broker.mqtt_port) as printed:
            wait_for(printed, f"3 values, the last of {stamp(3):%Y-%m-%dT%H:%M:%SZ}")
            say_co2(archive, 4)
            wait_for(printed, f"4 values, the last of {stamp(4):%Y-%m-%dT%H:%M:%SZ}")
            say_series(archive, range(1, 7))  # not listened to any more
            say_co2(archive, 6)  # the fifth never came
            wait_for(printed, f"6 values, the last of {stamp(6):%Y-%m-%dT%H:%M:%SZ}")


def wait_for(printed: "SimpleQueue[str]", line: str) -> None:
    """Read what is printed up to ``line``; ``queue.Empty`` where nothing more comes."""
    while printed.get(timeout=15) != line:
        pass
