"""The brokers' configurations: what is committed is what is generated, and says what it must."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nypower.core.errors import BusUnavailable, Refused
from nypower.embedded import child, mosquitto, rumqttd
from nypower.embedded.access import access_list
from nypower.embedded.mosquitto import IMAGE_FILES, IMAGE_LISTENERS, MosquittoBroker
from nypower.embedded.rumqttd import EmbeddedBroker
from servers.waiting import listens, wait_until

IMAGE = Path(__file__).parents[2] / "images" / "mqtt"
needs_mosquitto = pytest.mark.skipif(not child.program("mosquitto"), reason="no mosquitto here")
BROKERS = [pytest.param(MosquittoBroker, marks=needs_mosquitto), EmbeddedBroker]


def access_by_account() -> dict[str, list[str]]:
    """The list's lines by account; the empty name is everyone without one."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in access_list().splitlines():
        if line.startswith("user "):
            name = line.removeprefix("user ")
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(line)
    return found


def test_the_images_access_list_is_the_generated_one() -> None:
    """Else: python -c "from nypower.embedded.access import *; print(access_list(), end='')"."""
    assert (IMAGE / "access.list").read_text() == access_list()


def test_the_images_configuration_is_the_generated_one() -> None:
    """The same text that the tests run, with the image's paths and ports."""
    text = mosquitto.configuration(IMAGE_LISTENERS, IMAGE_FILES)
    assert (IMAGE / "mosquitto.conf").read_text() == text
    assert "per_listener_settings" not in text
    assert text.count("acl_file") == 1


def test_everyone_without_an_account_only_reads() -> None:
    """Under the three roots, and nothing else."""
    assert access_by_account()[""] == [
        "topic read ny-power/#",
        "topic read ny-power-replay/#",
        "topic read ny-power-simulated/#",
    ]


def test_writers_write_their_own_topics_under_every_root() -> None:
    """A sample of each, written down here; no topic twice, none by a broader filter."""
    found = access_by_account()
    assert set(found) == {"", "pump", "archive"}
    for root in ("ny-power", "ny-power-replay", "ny-power-simulated"):
        assert f"topic write {root}/upstream/fuel-mix/+" in found["pump"]
        assert f"topic write {root}/status/pump" in found["pump"]
        assert f"topic write {root}/computed/co2" in found["archive"]
        assert f"topic write {root}/status/archive" in found["archive"]
    writes = [
        {line for line in found[name] if line.startswith("topic write")}
        for name in ("pump", "archive")
    ]
    assert not writes[0] & writes[1]
    assert not any("#" in line or "readwrite" in line for line in writes[0] | writes[1])


@pytest.mark.parametrize("kind", BROKERS)
def test_secrets_stay_in_private_files(kind: type, tmp_path: Path) -> None:
    """No password in an argument list, in the log or in a file others can read."""
    broker = kind(tmp_path / "broker")
    broker.start()
    try:
        arguments = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(broker.pid)], capture_output=True, text=True
        ).stdout
        files = list((tmp_path / "broker").iterdir())
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} <= {0o600}
        assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700
        log = next(file for file in files if file.suffix == ".log").read_text()
        assert len(set(broker.passwords.values())) == 2
        for password in broker.passwords.values():
            assert len(password) >= 32
            assert password not in arguments + log
    finally:
        broker.stop()


@pytest.mark.parametrize("kind", BROKERS)
def test_a_broker_starts_again_on_its_ports(kind: type, tmp_path: Path) -> None:
    """Stopped, started, killed, started: always where the writers and the door know it."""
    broker = kind(tmp_path, {"pump": "chosen"})
    assert not broker.alive()
    broker.start()
    url, upstreams = broker.writers_url, broker.upstreams
    port = int(url.rpartition(":")[2])
    assert broker.alive()
    assert broker.passwords["pump"] == "chosen"
    broker.stop()
    assert not broker.alive()
    assert not listens(port)
    broker.start()
    os.kill(broker.pid, 9)
    wait_until(lambda: not broker.alive(), "its death to be seen")
    broker.start()
    assert (broker.alive(), broker.writers_url, broker.upstreams) == (True, url, upstreams)
    assert listens(port)
    broker.stop()
    broker.stop()


@pytest.mark.parametrize("kind", BROKERS)
def test_a_broker_does_not_outlive_a_killed_parent(kind: type, tmp_path: Path) -> None:
    """Whatever ends us, kill -9 too, ends it."""
    program = (
        "import sys, time; from pathlib import Path; "
        f"from {kind.__module__} import {kind.__name__} as Kind; "
        "broker = Kind(Path(sys.argv[1])); broker.start(); "
        "print(broker.writers_url.rpartition(':')[2], flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        port = int(parent.stdout.readline())
        assert listens(port)
        parent.kill()
    wait_until(lambda: not listens(port), "the broker's end")


def test_without_a_wheel_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing goes on; starting names the ways out."""
    monkeypatch.setattr(rumqttd.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Refused, match="--broker mosquitto"):
        EmbeddedBroker(tmp_path).start()


def test_without_mosquitto_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, or older than 2.0."""
    monkeypatch.setattr(child, "program", lambda name: None)
    with pytest.raises(Refused, match="apt install mosquitto"):
        MosquittoBroker(tmp_path).start()
    old = tmp_path / "mosquitto"
    old.write_text("#!/bin/sh\necho 'mosquitto version 1.6.12'\nexit 3\n")
    old.chmod(0o755)
    monkeypatch.setattr(child, "program", lambda name: str(old))
    with pytest.raises(Refused, match=r"version 1\.6, and 2\.0 or newer is needed"):
        MosquittoBroker(tmp_path).start()


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    """Its last words are in the error."""
    failing = child.Child(
        "It",
        ["/bin/sh", "-c", "echo no such luck >&2; exit 1"],
        child.free_ports(1),
        tmp_path / "l",
    )
    with pytest.raises(BusUnavailable, match="It did not start: no such luck"):
        failing.start()
    assert not failing.alive()
