"""A real InfluxDB 1.x of the tests' own, on loopback. A test module imports the fixtures."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from influxdb import InfluxDBClient

from servers.waiting import free_port, listens, wait_until

_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{directory}/meta"
[data]
dir = "{directory}/data"
wal-dir = "{directory}/wal"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{http}"
log-enabled = false
auth-enabled = {auth}
"""
_names = count(1)


class InfluxServer:
    """An `influxd` with its data in ``directory``, which survives it."""

    def __init__(self, directory: Path, *, auth: bool = False) -> None:
        self.port = free_port()
        self._config = directory / "influxdb.conf"
        self._log = directory / "influxd.log"
        values = {"directory": directory, "http": self.port, "rpc": free_port()}
        self._config.write_text(_CONFIG.format(**values, auth=str(auth).lower()))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            command = ["influxd", "run", "-config", str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._is_up, f"influxd on port {self.port}", 30)

    def kill(self) -> None:
        """Kill it with signal 9, or make sure that it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def url(self, database: str = "") -> str:
        """The address of a database; without a name, of one that is not there yet."""
        return f"influxdb://127.0.0.1:{self.port}/{database or f'test-{next(_names)}'}"

    def query(self, statement: str, database: str = "") -> list[dict[str, object]]:
        """The points that a statement gives, by a plain client."""
        client = InfluxDBClient("127.0.0.1", self.port, None, None, database, timeout=10)
        with closing(client):
            return list(client.query(statement, epoch="s", method="POST").get_points())

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        if not listens(self.port):
            return False
        with closing(InfluxDBClient("127.0.0.1", self.port, timeout=10)) as client:
            return bool(client.ping())


def _running(directory: Path, *, auth: bool = False) -> Iterator[InfluxServer]:
    if shutil.which("influxd") is None:
        pytest.skip("influxd is not installed")
    server = InfluxServer(directory, auth=auth)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """A server for all tests: each takes a database of its own and leaves it running."""
    yield from _running(tmp_path_factory.mktemp("influx"))


@pytest.fixture
def own_influx_server(tmp_path: Path) -> Iterator[InfluxServer]:
    """A server to be killed."""
    yield from _running(tmp_path)


@pytest.fixture
def locked_influx_server(tmp_path: Path) -> Iterator[InfluxServer]:
    """A server that asks for an account and has none yet."""
    yield from _running(tmp_path, auth=True)
