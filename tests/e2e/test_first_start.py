"""The first start where NYISO cannot be reached, and what happens when it can be."""

import http.client
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from e2e.household import Household
from nypower.core.origin import TWIN_HEADER
from nypower.twin.simulate import SimulatedGrid
from nypower.twin.standin import Twin
from web.view import View

PASSED_ON = ("Range", "If-None-Match", "If-Modified-Since")
HOP = {"connection", "content-length", TWIN_HEADER.lower()}


class Real(ThreadingHTTPServer):
    """What looks like NYISO's own server: a twin's files without a word of their kind.

    While ``away`` it is a firewall's login page."""

    daemon_threads = True

    def __init__(self, twin: Twin) -> None:
        self.twin, self.away = twin, True
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Real

    def do_GET(self) -> None:
        if self.server.away:
            self._answer(200, {"Content-Type": "text/html"}, b"<html><title>Log in</title></html>")
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.server.twin.port)
        asked = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        connection.request("GET", self.path, headers=asked)
        got = connection.getresponse()
        body = got.read()
        connection.close()
        kept = {name: value for name, value in got.getheaders() if name.lower() not in HOP}
        self._answer(got.status, kept, body)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def nyiso() -> Iterator[Real]:
    """A server to be taken for NYISO's, that lets nobody in at first."""
    with Twin(SimulatedGrid(7), datetime.now(UTC)) as twin, Real(twin) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def up_with(nyiso: Real) -> list[str]:
    """The command line of an `up` whose NYISO is somewhere else, asked again every second."""
    program = (
        "import nypower.embedded.supervisor as s; "
        f"s.LIVE_FEED = {nyiso.url!r}; s.FIRST_ASK_SECONDS = 2; s.ASK_AGAIN_SECONDS = 1; "
        "from nypower.cli import main; main()"
    )
    return [sys.executable, "-c", program]


def test_a_simulated_grid_gives_way_to_the_live_feed(
    nyiso: Real, tmp_path: Path, browser: Browser
) -> None:
    """A first start behind a login page shows a marked simulated grid in a store of its own;
    when NYISO answers, the open page changes over to it by itself."""
    with Household(tmp_path / "data", command=up_with(nyiso)) as household:
        assert "showing a simulated grid" in household.words
        assert "Log in" in household.words  # the reason
        view = View(browser).open(household.page)
        view.has("html[data-kind=simulated]")
        view.has("#chart[data-line=whole]")
        assert household.stored("simulated") is not None
        assert not (household.data / "ny-power.db").exists()
        nyiso.away = False
        view.has("html[data-kind=live]", 60_000)
        view.has("#chart[data-line=whole]")
        assert household.stored("live") is not None
        view.close()
        household.stop()
        nyiso.away = True
        household.start()  # with measured data at hand nothing is simulated any more
        assert household.words.count("showing a simulated grid") == 1
        view = View(browser).open(household.page)
        view.has("html[data-kind=live]")
        view.close()


def test_without_a_way_to_nyiso_the_page_comes_within_twenty_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    """As on a machine behind a dead proxy, with the real patience of ten seconds."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    began = datetime.now(UTC)
    with Household(tmp_path / "data") as household:
        view = View(browser).open(household.page)
        view.has("html[data-kind=simulated]")
        view.has("#chart[data-line=whole]")
        assert datetime.now(UTC) - began < timedelta(seconds=30)
        view.close()
