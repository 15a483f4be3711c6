"""A broker, a server, a browser: each real, each on this machine alone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nypower.config import WebSettings
from nypower.core.origin import Kind
from nypower.web.bundle import MANIFEST, STATIC
from servers.browser import browser
from servers.waiting import free_port

from .stage import NOW, Broker, Grid, Server, day_before
from .view import View

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        pytest.skip("needs mosquitto")
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def grid_of(broker: Broker) -> Iterator[Callable[[Kind], Grid]]:
    grids: list[Grid] = []

    def make(kind: Kind = Kind.LIVE) -> Grid:
        grids.append(Grid(broker, kind))
        return grids[-1]

    yield make
    for grid in grids:
        grid.close()


class Pages:
    """Serves pages; a later call takes the place of an earlier one."""

    def __init__(self, ws: int) -> None:
        self._ws = ws
        self._port = free_port()
        self._server: Server | None = None

    def __call__(self, **settings: Any) -> str:
        self.stop()
        self._server = Server(WebSettings(http=self._port, ws=self._ws, **settings))
        return f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()


@pytest.fixture
def serve_page(broker: Broker) -> Iterator[Pages]:
    """Serves the page with some settings, always at the same address."""
    if not (STATIC / MANIFEST).is_file():
        pytest.skip("needs the browser bundle: python setup.py bundle")
    pages = Pages(broker.ws)
    yield pages
    pages.stop()


@pytest.fixture
def view(browser: "Browser") -> Iterator[View]:
    view = View(browser)
    yield view
    view.close()


@pytest.fixture
def grid(grid_of: Callable[..., Grid]) -> Grid:
    """A live grid that is well, its last step at NOW."""
    grid = grid_of()
    grid.set_up(day_before(NOW))
    return grid
