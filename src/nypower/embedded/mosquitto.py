"""Mosquitto: the one configuration for 2.0 and 2.1, and the broker that ``up`` starts with it.

Written so that both versions, and the warnings of 2.1, agree with it: no
``per_listener_settings``, one access list, one real password file of the broker's own user.
"""

import os
import pwd
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Refused
from . import child
from .access import access_list
from .broker import CONNECTIONS, ChildBroker
from .child import LOOPBACK, Child
from .mqtt_packets import V5, V311
from .upstream import Upstream, Upstreams

_INSTALL = "install it (apt install mosquitto, brew install mosquitto) or use --broker embedded"


@dataclass(frozen=True, slots=True)
class Listener:
    """A port. 2.0.11 ignores the address of a websocket listener: it is open everywhere."""

    port: int
    address: str = ""
    websockets: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """Where Mosquitto finds what it reads, and where it keeps what it holds."""

    passwords: str
    access: str
    data: str


IMAGE_FILES = Files("/run/mosquitto/passwords", "/etc/mosquitto/access.list", "/var/lib/mosquitto")
IMAGE_LISTENERS = (Listener(1883), Listener(9001, websockets=True))


def configuration(listeners: Sequence[Listener], files: Files, user: str = "mosquitto") -> str:
    """The text of mosquitto.conf; ``user`` is whom it becomes when root starts it."""
    return f"""\
# For Mosquitto 2.0 and 2.1, made by nypower.embedded.mosquitto; change it there.
# Readers need no account; the writers `pump` and `archive` have one each.
user {user}
allow_anonymous true
password_file {files.passwords}
acl_file {files.access}

persistence true
persistence_location {files.data}/
autosave_interval 300

# A window of 20 would wait 150 times for the answers to a backlog of 3,000.
max_inflight_messages 100
# For those who are away or slow, each: a broker is only a pipe.
max_queued_messages 1000
max_queued_bytes 8388608
persistent_client_expiration 1d
max_packet_size 1048576
max_keepalive 3600
set_tcp_nodelay true

log_dest stdout
log_type error
log_type warning
log_type notice
connection_messages false
{"".join(map(_listener, listeners))}"""


def _listener(listener: Listener) -> str:
    protocol = "websockets" if listener.websockets else "mqtt"
    return f"""
listener {f"{listener.port} {listener.address}".strip()}
protocol {protocol}
max_connections {CONNECTIONS}
"""


def write_passwords(path: Path, passwords: Mapping[str, str]) -> None:
    """A password file of mode 0600, hashed in place: no password is in any command's line.

    Raises ``Refused`` where ``mosquitto_passwd`` is missing.
    """
    hasher = child.program("mosquitto_passwd")
    if hasher is None:
        raise Refused(f"mosquitto_passwd, a part of Mosquitto, is not here: {_INSTALL}")
    child.private_file(path, "".join(f"{name}:{text}\n" for name, text in passwords.items()))
    command = [hasher, "-U", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)  # noqa: S603 - ours
    path.chmod(0o600)


class MosquittoBroker(ChildBroker):
    """The Mosquitto installed here."""

    writer_version = "5"
    _port_count = 1

    @property
    def upstreams(self) -> Upstreams:
        """See ``ChildBroker``."""
        return dict.fromkeys((V311, V5), Upstream(LOOPBACK, self._ports[0]))

    def _command(self) -> list[str]:
        return [installed()]

    def _prepare(self, command: list[str], folder: Path) -> Child:
        listeners = [Listener(self._ports[0], LOOPBACK)]
        config = write_configuration(folder, listeners, self.passwords)
        log = folder / "mosquitto.log"
        return Child("Mosquitto", [*command, "-c", str(config)], self._ports, log)


def write_configuration(
    folder: Path, listeners: Sequence[Listener], passwords: Mapping[str, str]
) -> Path:
    """Everything Mosquitto needs in one directory, run as whoever we are."""
    files = Files(str(folder / "passwords"), str(folder / "access.list"), str(folder))
    write_passwords(Path(files.passwords), passwords)
    child.private_file(Path(files.access), access_list())
    text = configuration(listeners, files, pwd.getpwuid(os.geteuid()).pw_name)
    return child.private_file(folder / "mosquitto.conf", text)


def installed() -> str:
    """Where Mosquitto is; raises ``Refused`` where it is not or is older than 2.0."""
    command = child.program("mosquitto")
    if command is None:
        raise Refused(f"there is no mosquitto on PATH: {_INSTALL}")
    said = subprocess.run(  # noqa: S603 - ours
        [command, "-h"], capture_output=True, text=True, timeout=30, check=False
    )
    version = re.search(r"version (\d+)\.(\d+)", said.stdout)
    if version is None or int(version[1]) < 2:
        found = version[0] if version else "a version it does not tell"
        raise Refused(f"{command} is {found}, and 2.0 or newer is needed: {_INSTALL}")
    return command
