"""The web under gunicorn: one process, four threads, quiet."""

import os
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from ..config import WebSettings
from ..core.errors import BadSettings
from .app import create_app

THREADS = 4
GRACE_S = 3
"""How long a stop waits for answers that are being sent."""


class _Server(BaseApplication):  # type: ignore[misc]  # published without types
    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn's hook: our settings in its words."""
        for name, value in _options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Gunicorn's hook: the application, made in the worker."""
        return create_app(self._settings)


def _options(settings: WebSettings) -> dict[str, Any]:
    return {
        "bind": [_address(settings)],
        "workers": 1,
        "worker_class": "gthread",
        "threads": THREADS,
        "graceful_timeout": GRACE_S,
        "accesslog": None,
        "loglevel": "debug" if settings.log == "debug" else "warning",
        "proc_name": "nypower-web",
        "control_socket_disable": True,
    }


def _address(settings: WebSettings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.http}"


def serve(settings: WebSettings) -> None:
    """Serve the pages until SIGTERM or SIGINT, then leave the process (exit status 0).

    Raises ``BadSettings`` where the address cannot be listened on.
    """
    _try_address(settings)
    _Server(settings).run()


def _try_address(settings: WebSettings) -> None:
    """Gunicorn itself would try for five seconds and then say little."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.http, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        raise BadSettings(
            [f"NYPOWER_HTTP: cannot listen on {_address(settings)}: {reason}"]
        ) from None
