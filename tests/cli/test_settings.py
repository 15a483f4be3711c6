"""Settings: every fault at once, in a sentence each, status 2, no traceback, no secret."""

import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from nypower import config
from nypower.cli import COMMANDS, main
from nypower.core.errors import BadSettings
from nypower.core.origin import Kind
from nypower.embedded.places import take_data_directory

SECRET = "hunter2"
KINDS = (
    config.PumpSettings,
    config.ArchiveSettings,
    config.WebSettings,
    config.UpSettings,
    config.ExportSettings,
    config.TailSettings,
)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for the whole process."""
    converter = logging.Formatter.converter
    yield
    logging.Formatter.converter = converter


def run(*arguments: str, **environ: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(main, arguments, env=environ)


def faults(result: Result) -> list[str]:
    """The sentences of a command that would not start."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    lines = result.output.splitlines()
    assert all(line.startswith("nypower: ") for line in lines), result.output
    return lines


class TestFaults:
    def test_every_one_at_once(self) -> None:
        """A sentence each, named by its variable, in the environment or on the command line."""
        lines = faults(
            run(
                "pump", "--feed", "ftp://mis.nyiso.com", "--poll", "5s",
                NYPOWER_BROKER="http://broker", NYPOWER_BACKLOG="long", NYPOWER_KIND="made-up",
            )
        )  # fmt: skip
        named = sorted(line.split()[1].rstrip(":") for line in lines)
        assert named == [
            "NYPOWER_BACKLOG", "NYPOWER_BROKER", "NYPOWER_FEED", "NYPOWER_KIND", "NYPOWER_POLL",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("command", "variable", "value"),
        [
            ("pump", "NYPOWER_LOG", "loud"),
            ("pump", "NYPOWER_BROKER", "broker:1883"),
            ("pump", "NYPOWER_BROKER", "mqtt://broker:99999"),
            ("pump", "NYPOWER_BROKER", "mqtt://"),
            ("pump", "NYPOWER_BROKER", "mqtt://[::1"),
            ("pump", "NYPOWER_MQTT_VERSION", "4"),
            ("pump", "NYPOWER_POLL", "59s"),
            ("pump", "NYPOWER_POLL", "nan"),
            ("pump", "NYPOWER_BACKLOG", "-1h"),
            ("pump", "NYPOWER_BACKLOG", "0d"),
            ("pump", "NYPOWER_BACKLOG", "infd"),
            ("pump", "NYPOWER_BACKLOG", "900000d"),
            ("pump", "NYPOWER_BROKER", "mqtt://pump@broker"),
            ("up", "NYPOWER_MQTT_VERSION", "4"),
            ("archive", "NYPOWER_STORE", "postgres://db/x"),
            ("archive", "NYPOWER_STORE", "sqlite:"),
            ("archive", "NYPOWER_FACTORS", "eia-1916"),
            ("web", "NYPOWER_HTTP", "0"),
            ("web", "NYPOWER_HTTP", "65536"),
            ("web", "NYPOWER_HTTP", "٨٠"),
            ("web", "NYPOWER_WS_URL", "http://broker/mqtt"),
            ("web", "NYPOWER_FOLLOW_LIVE", "true"),
            ("up", "NYPOWER_BROKER", "rabbit"),
            ("up", "NYPOWER_FEED", "nyiso"),
            ("up", "NYPOWER_HTTP", "http"),
            ("tail", "NYPOWER_BROKER", "ws://broker"),
            ("export", "NYPOWER_KIND", "all"),
        ],
    )
    def test_one_alone(self, command: str, variable: str, value: str, tmp_path: Path) -> None:
        """Whichever setting of whichever command."""
        series = ("co2",) if command == "export" else ()
        environ = {"NYPOWER_DATA": str(tmp_path), variable: value}
        (line,) = faults(run(command, *series, **environ))
        assert variable in line
        assert len(line) < 200

    def test_empty_is_not_set(self) -> None:
        """As a compose file or a chart leaves it."""
        environ = dict.fromkeys(("NYPOWER_FEED", "NYPOWER_POLL", "NYPOWER_BROKER"), " ")
        assert config.build(config.PumpSettings, environ) == config.PumpSettings()


class TestSecrets:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        "address",
        [
            "{scheme}://pump:hunter2@broker",
            "{scheme}://pump:hunter2@broker:99999",
            "{scheme}://:hunter2@broker/x",
            "other://pump:hunter2@broker",
            "//pump:hunter2@broker",
            "pump:hunter2@broker:1883",
            "{scheme}://pump:hunter2@[broker",
        ],
    )
    def test_no_address_may_hold_one(self, kind: type, address: str) -> None:
        """Refused in every address, and not repeated in the sentence that says so."""
        schemes = {
            "NYPOWER_FEED": "https", "NYPOWER_BROKER": "mqtt", "NYPOWER_STORE": "influxdb",
            "NYPOWER_WS_URL": "wss",
        }  # fmt: skip
        asked = {meta["variable"] for meta in config.settings_of(kind).values()} & schemes.keys()
        environ = {name: address.format(scheme=schemes[name]) for name in asked}
        with pytest.raises(BadSettings) as refusal:
            config.build(kind, environ)
        assert len(refusal.value.faults) == len(asked)
        assert SECRET not in str(refusal.value)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_none_is_an_option(self, command: str) -> None:
        """It would stand in the list of processes."""
        with click.Context(main) as context:
            found = main.get_command(context, command)
        assert found
        options = {text for option in found.params for text in option.opts}
        assert not [each for each in options if "password" in each or "secret" in each]

    def test_their_variables_are_read(self) -> None:
        """And only they hold them."""
        chosen = config.build(config.ArchiveSettings, {"NYPOWER_ARCHIVE_PASSWORD": SECRET})
        assert chosen.archive_password == SECRET


class TestValues:
    def test_an_option_counts_more_than_the_environment(self) -> None:
        """As everywhere."""
        lines = faults(run("pump", "--feed", "nothing", NYPOWER_FEED="https://mis.nyiso.com"))
        assert len(lines) == 1

    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("90s", timedelta(seconds=90)),
            ("1.5h", timedelta(minutes=90)),
            ("7d", timedelta(days=7)),
            ("30m", timedelta(minutes=30)),
        ],
    )
    def test_durations(self, text: str, length: timedelta) -> None:
        """A number and its unit."""
        assert config.duration(text) == length

    def test_a_kind_has_a_store_of_its_own(self, tmp_path: Path) -> None:
        """Kinds are never mixed."""
        kept = config.build(config.ExportSettings, {"NYPOWER_DATA": str(tmp_path)})
        assert kept.store_for(Kind.LIVE) == f"sqlite:{tmp_path}/ny-power.db"
        assert kept.store_for(Kind.SIMULATED) == f"sqlite:{tmp_path}/ny-power-simulated.db"
        environ = {"NYPOWER_STORE": "influxdb://db/power"}
        named = config.build(config.ExportSettings, environ)
        assert len({named.store_for(kind) for kind in Kind}) == 3

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_setting_explains_itself(self, kind: type) -> None:
        """A sentence, and a variable of ours."""
        for meta in config.settings_of(kind).values():
            assert meta["variable"].startswith("NYPOWER_")
            assert meta["help"].endswith(".")


class TestUp:
    """What `up` finds wrong before it starts anything."""

    def test_a_port_that_is_named_and_busy(self, tmp_path: Path) -> None:
        """It does not move to another."""
        with socket.create_server(("127.0.0.1", 0)) as busy:
            port = str(busy.getsockname()[1])
            (line,) = faults(run("up", "--data", str(tmp_path), "--http", port))
        assert "NYPOWER_HTTP" in line
        assert port in line
        assert "in use" in line

    def test_a_data_directory_that_cannot_be(self, tmp_path: Path) -> None:
        """Below a file, or a file itself."""
        (tmp_path / "file").write_text("")
        for place in (tmp_path / "file" / "data", tmp_path / "file"):
            (line,) = faults(run("up", "--data", str(place)))
            assert "NYPOWER_DATA" in line
            assert str(place) in line

    def test_a_data_directory_in_use(self, tmp_path: Path) -> None:
        """Refused while another holds it, free when it is gone."""
        with take_data_directory(tmp_path):
            (line,) = faults(run("up", "--data", str(tmp_path)))
            assert f"another nypower up is using {tmp_path}" in line
        take_data_directory(tmp_path).close()

    def test_all_at_once(self, tmp_path: Path) -> None:
        """Directory and ports, a sentence each."""
        (tmp_path / "file").write_text("")
        with socket.create_server(("127.0.0.1", 0)) as busy:
            port = str(busy.getsockname()[1])
            ports = ("--http", port, "--mqtt", port, "--ws", port)
            lines = faults(run("up", "--data", str(tmp_path / "file" / "data"), *ports))
        assert len(lines) == 4

    def test_a_port_named_twice(self, tmp_path: Path) -> None:
        """Two things cannot listen on it."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        (line,) = faults(run("up", "--data", str(tmp_path), "--mqtt", port, "--ws", port))
        assert "named twice" in line

    def test_a_host_that_is_none_of_ours(self, tmp_path: Path) -> None:
        """Said once, not of each port."""
        (line,) = faults(run("up", "--data", str(tmp_path), "--host", "192.0.2.1"))
        assert "NYPOWER_HOST: 192.0.2.1" in line
