"""`nypower up` with what it cannot help: a feed or a store that is away, a port that is taken."""

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from e2e.household import NYPOWER, Household
from nypower.adapters.sqlite import SqliteStore
from nypower.core.carbon import Intensity
from nypower.core.origin import Kind, Origin
from nypower.core.steps import Step
from nypower.embedded.child import Child
from nypower.embedded.parts import Part, Parts, until
from nypower.ports import Record
from servers.waiting import free_port, wait_until

START = datetime(2017, 11, 5, 5, 30, tzinfo=UTC)
AWAY = "http://127.0.0.1:9"
SECRETS = {f"NYPOWER_{who}_PASSWORD": f"secret of the {who}" for who in ("PUMP", "ARCHIVE")}


def settings_of(process: psutil.Process) -> dict[str, str]:
    return {name: text for name, text in process.environ().items() if name.startswith("NYPOWER_")}


def test_a_replay_whose_feed_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shown from its store, which takes the archive that claims it; and each part has
    the variables that are its own, nobody else's secret."""
    for name, text in {**SECRETS, "NYPOWER_STORE_PASSWORD": "secret of the store"}.items():
        monkeypatch.setenv(name, text)
    data = tmp_path / "data"
    data.mkdir()
    store = SqliteStore(data / "ny-power-replay.db")
    store.claim(Origin(Kind.REPLAY, "2017-11-05T04:00:00Z"))
    record = Record(Step(START, {"Wind": 1.0}), 0, Intensity({"production/direct": 55.0}, False))
    store.write("fuel-mix", [record], START)
    store.close()
    with Household(data, "--feed", AWAY, "--log", "debug") as household:
        archive = settings_of(household.part("archive"))
        assert archive["NYPOWER_SPAN"] == "2017-11-05T04:00:00Z"
        assert archive["NYPOWER_LOG"] == "debug"
        assert {name for name in archive if "PASSWORD" in name} == {
            "NYPOWER_ARCHIVE_PASSWORD", "NYPOWER_STORE_PASSWORD",
        }  # fmt: skip
        pump = settings_of(household.part("pump"))
        assert {name for name in pump if "PASSWORD" in name} == {"NYPOWER_PUMP_PASSWORD"}
        web = settings_of(household.part("nypower", "web"))
        assert not [name for name in web if "PASSWORD" in name]
        assert settings_of(household.part("rumqttd")) == {}
        assert settings_of(household.part("read -r")) == {}
        known = "stored without a hole through 2017-11-05"
        wait_until(lambda: known in household.words, "the archive to have its store")


def test_a_store_that_hangs(tmp_path: Path) -> None:
    """Ctrl-C is heard all the same."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"influxdb://127.0.0.1:{deaf.getsockname()[1]}/power"
        ports = [f"--{name}={free_port()}" for name in ("http", "mqtt", "ws")]
        command = [*NYPOWER, "up", f"--data={tmp_path / 'data'}", f"--store={address}", *ports]
        with subprocess.Popen(command) as running, deaf.accept()[0]:
            wait_until(lambda: psutil.Process(running.pid).children(), "the broker")
            began = time.monotonic()
            running.send_signal(signal.SIGINT)
            assert running.wait(20) == 0
            assert time.monotonic() - began < 10


def test_a_part_that_cannot_use_its_settings() -> None:
    """Such as a port that is another's: it is not started again, and says so."""
    child = Child("web", [sys.executable, "-c", "raise SystemExit(2)"])
    ended: list[bool] = []
    part = Part("the web", child, lambda: child.exit_status, lambda: ended.append(True))

    async def run() -> None:
        parts = Parts([part])
        await parts.start()
        assert await until(lambda: bool(ended), 20)
        await parts.stop()

    asyncio.run(run())


def test_a_part_that_cannot_be_started_for_a_while(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where its log cannot be written, say: it is tried again, and runs when it can."""
    folder = tmp_path / "logs"
    folder.mkdir()
    child = Child("sleeper", ["/bin/sleep", "600"], log=folder / "log")

    async def run() -> None:
        parts = Parts([Part("the sleeper", child)])
        await parts.start()
        shutil.rmtree(folder)
        assert child.pid
        psutil.Process(child.pid).kill()
        assert await until(lambda: "No such file" in caplog.text, 20)
        folder.mkdir()
        assert await until(child.alive, 20)
        await parts.stop()

    asyncio.run(run())
