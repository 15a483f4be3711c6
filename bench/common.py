"""What the benchmarks share: our commands as processes, a relay that counts, a table."""

import os
import platform
import shutil
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from nypower.embedded.child import Child
from nypower.embedded.showing import NYPOWER

HOST = "127.0.0.1"
CHECKOUT = Path(__file__).resolve().parent.parent

sys.path.append(str(CHECKOUT / "tests"))  # its `servers`: real ones, on free ports


def command(
    name: str, folder: Path, environ: Mapping[str, str], ports: Sequence[int] = ()
) -> Child:
    """A command of ours as a process that ends with this one; its log is in ``folder``."""
    log = folder / f"{name}.log"
    return Child(name, [*NYPOWER, name], ports, log, {"NYPOWER_LOG": "info", **environ})


def nyiso_data() -> Path | None:
    """Where NYISO's real files lie, if they do: they are no part of the project."""
    named = os.environ.get("NYPOWER_NYISO_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data" / "nyiso"
    return folder if folder.is_dir() else None


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window. Ends the program, with the reason, where there is none."""
    command = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        command = None
    if command is None:
        sys.exit("left out: it needs chromium, and playwright in the virtual environment")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=command, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def where() -> str:
    """The machine and the day, to stand beside the figures."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {cores} cores,"
        f" Python {platform.python_version()}, load {load:.1f} before"
    )


def table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first column is text, the others are figures."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"{title}\n  ({where()})")
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  " + "  ".join([first.ljust(widths[0]), *cells]))
    sys.stdout.flush()


class Relay(socketserver.ThreadingTCPServer):
    """Passes TCP connections on to a loopback port and counts what goes ``up`` to it and ``down``.

    What is counted is what the programs send each other, without the headers of TCP and IP.
    As a context manager it listens, on ``port``, and ends with all its connections.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, target: int) -> None:
        super().__init__((HOST, 0), _Passing)
        self.target = target
        self.port = self.server_address[1]
        self.up = self.down = 0
        self.open: list[socket.socket] = []

    @property
    def total(self) -> int:
        """Bytes of both directions."""
        return self.up + self.down

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        for each in self.open:
            each.close()


class _Passing(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        """Pass on, one direction in this thread, the other in one more."""
        near, far = self.request, socket.create_connection((HOST, self.server.target))
        self.server.open += [near, far]
        for each in (near, far):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        other = threading.Thread(target=self._pass, args=(far, near, "down"), daemon=True)
        other.start()
        self._pass(near, far, "up")
        other.join()

    def _pass(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                setattr(self.server, way, getattr(self.server, way) + len(data))
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
