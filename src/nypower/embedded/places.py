"""What ``up`` takes for itself on this machine: a data directory and three ports."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Collection
from pathlib import Path
from typing import IO

from ..core.errors import BadSettings

NEXT_PORTS = 100
"""How far to look for a port when the usual one is busy."""


def take_data_directory(path: Path) -> IO[str]:
    """Make the directory if need be, and lock it for as long as the answer stays open.

    Raises ``BadSettings`` where it cannot be written, or another ``up`` uses it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "lock").open("a+")
    except OSError as error:
        raise BadSettings([f"NYPOWER_DATA: {path} cannot be written: {_reason(error)}"]) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise BadSettings([f"NYPOWER_DATA: another nypower up is using {path}"]) from None
    return lock


def check_host(host: str) -> None:
    """Raise ``BadSettings`` where nobody can listen on the host, whatever the port."""
    if why := why_not(host, 0):
        raise BadSettings([f"NYPOWER_HOST: {host} cannot be listened on: {why}"])


def choose_port(
    host: str, variable: str, named: int | None, usual: int, taken: Collection[int] = ()
) -> int:
    """The named port, or the usual one, or the next that is free and not yet ``taken``.

    Raises ``BadSettings`` where the named one is in use, or none is free.
    """
    if named is not None:
        if (why := why_not(host, named)) or named in taken:
            raise BadSettings([f"{variable}: port {named} on {host}: {why or 'named twice'}"])
        return named
    for port in range(usual, usual + NEXT_PORTS):
        if port not in taken and not why_not(host, port):
            return port
    raise BadSettings([f"{variable}: no port from {usual} on is free: {why_not(host, usual)}"])


def why_not(host: str, port: int) -> str:
    """Why nobody could listen there now; empty if one could."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return _reason(error)
    return ""


def _reason(error: OSError) -> str:
    known = error.errno is not None and error.errno > 0
    return os.strerror(error.errno).lower() if known and error.errno else str(error)
