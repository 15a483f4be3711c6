"""`nypower export`: what the store holds, to the letter."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nypower.adapters.sqlite import SqliteStore
from nypower.cli import main
from nypower.core.carbon import Intensity
from nypower.core.catalog import FUEL_MIX
from nypower.core.origin import Kind, Origin
from nypower.core.steps import Step
from nypower.ports import Record

FEED = FUEL_MIX.name
START = datetime(2017, 11, 5, 5, 30, tzinfo=UTC)


def record(minutes: int, wind: float, grams: float | None, *, estimated: bool = False) -> Record:
    values = {"Wind": wind, "Battery, +": -0.5}
    kept = None if grams is None else Intensity({"production/direct": grams}, estimated)
    return Record(Step(START + timedelta(minutes=minutes), values), 0, kept)


RECORDS = [
    record(0, 10.5, 187.7),
    record(5, 11.0, None),
    record(60, 12.25, 190.0, estimated=True),
    record(65, 13.0, 0.0),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """The live store of a data directory, open for writing as while `up` runs."""
    opened = SqliteStore(str(tmp_path / "ny-power.db"))
    opened.claim(Origin(Kind.LIVE))
    opened.write(FEED, RECORDS, RECORDS[-1].step.ts)
    yield opened
    opened.close()


def export(folder: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["export", *arguments, "--data", str(folder)])
    assert result.exit_code == 0, result.output
    return result


class TestCsv:
    def test_the_fuel_mix_is_long(self, store: SqliteStore, tmp_path: Path) -> None:
        """A row a fuel, instants in UTC, both hours of fall back apart."""
        lines = export(tmp_path, "fuel-mix").output.split("\n")
        assert lines[:5] == [
            "ts,fuel,mw",
            "2017-11-05T05:30:00Z,Wind,10.5",
            '2017-11-05T05:30:00Z,"Battery, +",-0.5',
            "2017-11-05T05:35:00Z,Wind,11.0",
            '2017-11-05T05:35:00Z,"Battery, +",-0.5',
        ]
        assert lines[5] == "2017-11-05T06:30:00Z,Wind,12.25"
        assert (len(lines), lines[-1]) == (10, "")

    def test_the_intensity(self, store: SqliteStore, tmp_path: Path) -> None:
        """Of the steps that have one, and whether it is estimated."""
        assert export(tmp_path, "co2").output == (
            "ts,g_per_kwh,estimated\n"
            "2017-11-05T05:30:00Z,187.7,false\n"
            "2017-11-05T06:30:00Z,190.0,true\n"
            "2017-11-05T06:35:00Z,0.0,false\n"
        )


class TestJson:
    def test_the_same_as_objects(self, store: SqliteStore, tmp_path: Path) -> None:
        """Numbers as numbers."""
        said = json.loads(export(tmp_path, "co2", "--format", "json").output)
        assert said[0] == {"ts": "2017-11-05T05:30:00Z", "g_per_kwh": 187.7, "estimated": False}
        assert len(said) == 3
        mix = json.loads(export(tmp_path, "fuel-mix", "--format", "json").output)
        table = list(csv.DictReader(io.StringIO(export(tmp_path, "fuel-mix").output)))
        assert [{**row, "mw": str(row["mw"])} for row in mix] == table

    def test_of_nothing(self, store: SqliteStore, tmp_path: Path) -> None:
        """An empty list, an empty table."""
        nothing = ("--from", "2020-01-01")
        assert json.loads(export(tmp_path, "co2", *nothing, "--format", "json").output) == []
        assert export(tmp_path, "co2", *nothing).output == "ts,g_per_kwh,estimated\n"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2017-11-05T05:30Z", "2017-11-05T06:35Z", ["05:30", "06:30"]),
        ("2017-11-05T05:30:01Z", "2017-11-05T06:35:01Z", ["06:30", "06:35"]),
        ("2017-11-05T01:30-04:00", "2017-11-05T01:30-05:00", ["05:30"]),
        ("2017-11-05T06:00", "2017-11-06", ["06:30", "06:35"]),
        ("2017-11-05", "2017-11-05", []),
    ],
)
def test_from_is_inclusive_and_to_exclusive(
    store: SqliteStore, tmp_path: Path, start: str, end: str, expected: list[str]
) -> None:
    """In any zone; in UTC where none is said."""
    output = export(tmp_path, "co2", "--from", start, "--to", end).output
    assert [line[11:16] for line in output.splitlines()[1:]] == expected


def test_which_kind_of_data(store: SqliteStore, tmp_path: Path) -> None:
    """Measured ones where there are any, else what there is; or the kind that is named."""
    simulated = SqliteStore(str(tmp_path / "ny-power-simulated.db"))
    simulated.claim(Origin(Kind.SIMULATED))
    simulated.write(FEED, [record(0, 1.0, 55.0)], None)
    assert "187.7" in export(tmp_path, "co2").output
    assert "55.0" in export(tmp_path, "co2", "--kind", "simulated").output
    store.close()
    (tmp_path / "ny-power.db").unlink()
    assert "55.0" in export(tmp_path, "co2").output
    simulated.close()


def test_an_empty_store_beside_a_full_one(tmp_path: Path) -> None:
    """What counts is what they hold."""
    live, replay = (SqliteStore(tmp_path / f"ny-power{kind}.db") for kind in ("", "-replay"))
    live.claim(Origin(Kind.LIVE))
    replay.claim(Origin(Kind.REPLAY, "2017-11-05T04:00:00Z"))
    replay.write(FEED, [record(0, 1.0, 55.0)], None)
    assert "55.0" in export(tmp_path, "co2").output
    live.write(FEED, [record(0, 1.0, 187.7)], None)
    assert "187.7" in export(tmp_path, "co2").output
    live.close()
    replay.close()


def test_without_a_store(tmp_path: Path) -> None:
    """One sentence, status 1, and nothing is created."""
    result = CliRunner().invoke(main, ["export", "co2", "--data", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert result.output.startswith("nypower: ")
    assert result.output.count("\n") == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("co2", "--from", "soon"),
        ("co2", "--from", "0001-01-01T00:00+05:00"),
        ("wind",),
        (),
        ("co2", "--format", "xml"),
    ],
)
def test_what_makes_no_sense(arguments: tuple[str, ...]) -> None:
    """Status 2 and no traceback."""
    result = CliRunner().invoke(main, ["export", *arguments])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_while_it_is_written(store: SqliteStore, tmp_path: Path) -> None:
    """A long export streams: its first rows come at once, the writer goes on beside it, and
    a reader that has enough ends it quietly."""
    many = [record(5 * n, float(n), 100.0) for n in range(20_000)]
    store.write(FEED, many, None)
    command = [sys.executable, "-m", "nypower", "export", "fuel-mix", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stderr
        assert running.stdout.readline() == b"ts,fuel,mw\n"
        assert running.stdout.readline() == b"2017-11-05T05:30:00Z,Wind,0.0\n"
        store.write(FEED, [record(-5, 1.0, 1.0)], None)
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(30) == 0
    assert len(export(tmp_path, "co2").output.splitlines()) == 20_002
