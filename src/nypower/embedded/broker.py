"""What the two brokers that ``up`` can bring along have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from ..core.errors import BusUnavailable
from ..messages import Writer
from . import child
from .child import LOOPBACK, Child
from .open_files import allow_open_files
from .upstream import Upstreams

CONNECTIONS = 2100
"""The readers that the door lets in, and our own."""

_ATTEMPTS = 3


class ChildBroker(ABC):
    """A broker as a child process on loopback ports, which stay the same when it restarts.

    ``directory`` becomes private to it. ``passwords`` are the writers'; made where missing.
    """

    writer_version: ClassVar[str]
    """The MQTT version that the writers must speak: ``5`` or ``3.1.1``."""

    _port_count: ClassVar[int]

    def __init__(self, directory: Path, passwords: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        self._ports: list[int] = []
        self._child: Child | None = None
        given = passwords or {}
        self.passwords = {each.value: given.get(each) or child.password() for each in Writer}

    @property
    def pid(self) -> int | None:
        """The process's id, None while it does not run."""
        return self._child.pid if self._child else None

    @property
    def writers_url(self) -> str:
        """Where the writers connect. Known after the first start."""
        return f"mqtt://{LOOPBACK}:{self._ports[0]}"

    @property
    @abstractmethod
    def upstreams(self) -> Upstreams:
        """Where the door connects. Known after the first start."""

    def alive(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.alive()

    def start(self) -> None:
        """Start it (again) and wait until it listens.

        Raises ``Refused`` where it is not installed and ``BusUnavailable`` if it fails.
        """
        command = self._command()
        allow_open_files(CONNECTIONS + 100)
        if self._child is not None:
            self._child.start()
            return
        for attempt in range(1, _ATTEMPTS + 1):
            self._ports = child.free_ports(self._port_count)
            fresh = self._prepare(command, child.private_directory(self._directory))
            try:
                fresh.start()
            except BusUnavailable:  # someone may have taken a port in the meantime
                if attempt == _ATTEMPTS:
                    raise
            else:
                self._child = fresh
                return

    def stop(self) -> None:
        """End it."""
        if self._child:
            self._child.stop()

    @abstractmethod
    def _command(self) -> list[str]:
        """The program to run; raises ``Refused`` where it is not here."""

    @abstractmethod
    def _prepare(self, command: list[str], folder: Path) -> Child:
        """Write the configuration for ``_ports`` and give the process to be started."""
