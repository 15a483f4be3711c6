"""A part of ``up`` as a child process: started, watched, stopped, and never left behind."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..core.errors import BusUnavailable

LOOPBACK = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 15.0, 5.0
_GUARD = 'read -r _; kill "$0"'
"""Ends the child when our end of its standard input closes, however we came to our end."""


class Child:
    """A process that listens on loopback ports, if on any.

    What it says goes to ``log``, or where our own words go. Of settings it gets those in
    ``environ`` alone.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        ports: Sequence[int] = (),
        log: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._name, self._command, self._ports, self._log = name, command, ports, log
        self._environ = {**environ_without_settings(), **(environ or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()  # it may be stopped while a thread still starts it

    @property
    def pid(self) -> int | None:
        """The process's id, None while it does not run."""
        return self._process.pid if self._process and self.alive() else None

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """What it ended with; None while it runs or before it ran."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it (again) and wait until it listens; raises ``BusUnavailable`` if it does not.

        It gets a session of its own, so that Ctrl-C is for us alone to act upon.
        """
        try:
            with self._changing:
                self._end()
                self._begin()
            self._wait()
        except (BusUnavailable, OSError):
            self.stop()
            raise

    def _begin(self) -> None:
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(private_file(self._log).open("wb")) if self._log else None
            self._process = subprocess.Popen(  # noqa: S603 - a command of our own
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environ,
                start_new_session=True,
            )
        self._guard = _guard(self._process.pid)

    def stop(self) -> None:
        """End it and wait for its end. Does nothing where it does not run."""
        with self._changing:
            self._end()

    def _end(self) -> None:
        guard, self._guard = self._guard, None
        if guard and guard.stdin:
            guard.kill()
            guard.wait()
            guard.stdin.close()
        process, self._process = self._process, None
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not all(_listens(port) for port in self._ports):
            if not self.alive() or time.monotonic() > deadline:
                raise BusUnavailable(f"{self._name} did not start: {self._last_words()}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n") if self._log else []
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:300] if said else "it said nothing"


def environ_without_settings() -> dict[str, str]:
    """Our environment for a process of ours: proxies and paths, but none of the settings, some
    of which are secrets of other parts."""
    return {name: text for name, text in os.environ.items() if not name.startswith("NYPOWER_")}


def _guard(pid: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - a command of our own
        ["/bin/sh", "-c", _GUARD, str(pid)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ_without_settings(),
        start_new_session=True,
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, each another."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def private_directory(path: Path) -> Path:
    """A directory that only we may look into, made where it is missing."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def private_file(path: Path, content: str = "") -> Path:
    """A file that only we may read, with ``content`` in the place of what was there."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    return path


def password() -> str:
    """A new password, of 256 bits."""
    return secrets.token_urlsafe(32)


def program(name: str) -> str | None:
    """A program on PATH, or where Debian and Homebrew put servers."""
    more = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(more))
