"""A real Mosquitto with the project's own configuration, on free ports."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from nypower.embedded import child
from nypower.embedded.mosquitto import Listener, installed, write_configuration
from nypower.messages import Writer

HOST = "127.0.0.1"


class Mosquitto:
    """Started by ``start``; ``kill`` is a kill -9, after which ``start`` starts it again on
    the same ports and data."""

    def __init__(self, folder: Path) -> None:
        self.folder = child.private_directory(folder)
        self.mqtt_port, self.ws_port = child.free_ports(2)
        self.passwords = {writer.value: child.password() for writer in Writer}
        self.version = "5"
        listeners = [Listener(self.mqtt_port, HOST), Listener(self.ws_port, websockets=True)]
        config = write_configuration(folder, listeners, self.passwords)
        command = [installed(), "-c", str(config)]
        self._child = child.Child(
            "Mosquitto", command, [self.mqtt_port, self.ws_port], folder / "mosquitto.log"
        )

    @property
    def url(self) -> str:
        """Where everyone connects."""
        return f"mqtt://{HOST}:{self.mqtt_port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._child.pid
        return self._child.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._child.start()

    def stop(self) -> None:
        """End it properly."""
        self._child.stop()

    def kill(self, *, forget: bool = False) -> None:
        """Kill it in mid-work; ``forget`` deletes what it kept."""
        os.kill(self.pid, signal.SIGKILL)
        self._child.stop()
        if forget:
            (self.folder / "mosquitto.db").unlink(missing_ok=True)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """One for a test, running; a test module imports the fixture."""
    server = Mosquitto(tmp_path / "mosquitto")
    server.start()
    yield server
    server.stop()
