"""`nypower twin` as a program of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from nypower.cli.twin import twin as command
from twin import conftest
from twin.client import TODAY, get
from twin.files import text, write

PROGRAM = "from nypower.cli.twin import twin; twin()"


@contextmanager
def running(*arguments: str) -> Iterator[tuple[int, str]]:
    """The program's port and its one line; SIGTERM ends it with status 0 and nothing more."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield urlsplit(line.split()[-1]).port or 0, line
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=15) == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def test_replay(tmp_path: Path) -> None:
    """It says where and what it is, and serves the files below the directory."""
    write(tmp_path / "below", "20221107", text(conftest.TODAY))
    where = ("--replay", str(tmp_path), "--from", "2022-11-07T10:00:10", "--fault", "500:1")
    with running(*where, "--no-ranges") as (port, line):
        assert line.startswith("A replay of NYISO's files from 2022-11-07 10:00 EST, speed 1: ")
        assert get(port, TODAY).status == 500
        got = get(port, TODAY, Range="bytes=10-")
        assert (got.status, got.body) == (200, text(conftest.TODAY[:3]))
        assert got.headers["Nypower-Twin"].endswith("span=2022-11-07T15:00:10Z")


def test_simulate() -> None:
    """It begins with the present."""
    with running("--simulate") as (port, line):
        assert line.startswith("A simulated grid from ")
        got = get(port, "/public/csv/rtfuelmix/20200101rtfuelmix_csv.zip")
        assert got.status == 200
        shown = parsedate_to_datetime(got.headers["Date"])
        assert abs(shown - datetime.now(UTC)) < timedelta(seconds=60)


def test_it_stays_small() -> None:
    """What would cost memory in a child of `nypower up` is not even imported."""
    program = (
        "import sys, nypower.cli.twin; "
        "print(sorted({'numpy', 'requests', 'ssl', 'flask'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "either --replay DIR or --simulate"),
        (("--simulate", "--replay", "."), "either --replay DIR or --simulate"),
        (("--replay", "."), "There is no rtfuelmix file"),
        (("--simulate", "--from", "2017-03-12T02:30"), "does not exist in New York"),
        (("--simulate", "--fault", "fire"), "there are 404, 403, 500, login"),
        (("--simulate", "--speed", "0"), "0"),
    ],
)
def test_settings_that_make_no_sense(
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sentence and status 2."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 2
    assert sentence in result.output


def test_a_replay_needs_a_beginning(tmp_path: Path) -> None:
    """There is no present in old files."""
    write(tmp_path, "20221107", text(conftest.TODAY))
    result = CliRunner().invoke(command, ["--replay", str(tmp_path)])
    assert result.exit_code == 2
    assert "--replay needs --from" in result.output


def test_a_port_in_use() -> None:
    """Said in a sentence, with status 2."""
    with running("--simulate") as (port, _):
        result = CliRunner().invoke(command, ["--simulate", "--port", str(port)])
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in result.output
