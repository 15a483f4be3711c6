"""The web under gunicorn, as ``nypower web`` runs it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from nypower.config import WebSettings
from nypower.core.errors import BadSettings
from nypower.web.server import serve
from servers.waiting import free_port, listens, wait_until

START = "from nypower.web.server import serve; from nypower.config import WebSettings; "


@pytest.fixture
def running() -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", f"{START}serve(WebSettings(http={port}))"],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    wait_until(lambda: listens(port), "the web listens")
    yield port, process
    process.kill()
    process.communicate()


def test_serves_and_stops(running: tuple[int, "subprocess.Popen[bytes]"]) -> None:
    """It answers, is silent about it, and a SIGTERM ends it cleanly."""
    port, process = running
    answer = requests.get(f"http://127.0.0.1:{port}/", timeout=10)
    assert answer.status_code in (200, 503)
    assert "Content-Security-Policy" in answer.headers
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=15)
    assert process.returncode == 0
    assert complaints == b""
    assert not listens(port)


def test_port_in_use() -> None:
    """A port that is taken is said in a sentence, at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadSettings) as fault:
            serve(WebSettings(http=port))
    assert fault.value.faults == (
        f"NYPOWER_HTTP: cannot listen on 127.0.0.1:{port}: Address already in use",
    )
