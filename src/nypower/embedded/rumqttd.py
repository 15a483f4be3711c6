"""The embedded broker: rumqttd, out of the PyPI package ``iotcore``, in a child process.

It knows accounts but no access list, so nobody gets to it except our writers and the door,
each by a password made for this run. It keeps nothing: after its restart it is empty. ADR 0002
says why it is this one.
"""

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import Refused
from . import child
from .broker import CONNECTIONS, ChildBroker
from .child import LOOPBACK, Child
from .mqtt_packets import V5, V311
from .upstream import Upstream, Upstreams

DOOR = "door"
"""The account by which the door brings the readers."""

LARGEST_PAYLOAD = 1_048_576
SEGMENT_BYTES, SEGMENTS = 1_048_576, 4
"""What it keeps for those who are behind: bytes a segment, segments a subscribed filter. Its
own defaults would let it grow by a gigabyte a filter."""

IN_FLIGHT = 1000


class EmbeddedBroker(ChildBroker):
    """rumqttd, with a listener for each version of MQTT."""

    writer_version = "3.1.1"  # one of 5 with an expiry would disconnect every 3.1.1 reader
    _port_count = 2

    def __init__(self, directory: Path, passwords: Mapping[str, str] | None = None) -> None:
        super().__init__(directory, passwords)
        self._door_password = child.password()

    @property
    def upstreams(self) -> Upstreams:
        """See ``ChildBroker``."""
        return {
            level: Upstream(LOOPBACK, port, DOOR, self._door_password)
            for level, port in zip((V311, V5), self._ports, strict=True)
        }

    def _command(self) -> list[str]:
        if importlib.util.find_spec("iotcore") is None:
            raise Refused(
                "the embedded broker is not installed, since there is no wheel of iotcore for"
                " this system: install mosquitto 2 and say --broker mosquitto, or give the"
                " address of a broker with --broker"
            )
        return [sys.executable, "-P", "-m", "nypower.embedded.rumqttd_child"]

    def _prepare(self, command: list[str], folder: Path) -> Child:
        door = {DOOR: self._door_password}
        v311, v5 = self._ports
        text = configuration(v311, {**self.passwords, **door}, v5, door)
        config = child.private_file(folder / "rumqttd.toml", text)
        log = folder / "rumqttd.log"
        return Child("the embedded broker", [*command, str(config)], self._ports, log)


def configuration(
    v311_port: int, v311_accounts: dict[str, str], v5_port: int, v5_accounts: dict[str, str]
) -> str:
    """rumqttd's configuration: a listener for each version, behind its accounts' passwords."""
    return f"""\
id = 0
[router]
id = 0
max_connections = {CONNECTIONS}
max_outgoing_packet_count = 200
max_segment_size = {SEGMENT_BYTES}
max_segment_count = {SEGMENTS}
{_listener("v4", v311_port, v311_accounts)}{_listener("v5", v5_port, v5_accounts)}"""


def _listener(version: str, port: int, accounts: dict[str, str]) -> str:
    passwords = "".join(f"{name} = {json.dumps(text)}\n" for name, text in accounts.items())
    return f"""
[{version}.1]
name = "{version}"
listen = "{LOOPBACK}:{port}"
next_connection_delay_ms = 0
[{version}.1.connections]
connection_timeout_ms = 10000
max_payload_size = {LARGEST_PAYLOAD}
max_inflight_count = {IN_FLIGHT}
[{version}.1.connections.auth]
{passwords}"""
