"""A page in a browser, as a person and a screen reader find it, and what it did."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nypower.core.clock import rfc3339

from .stage import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage

PATIENCE_MS = 20_000


class View:
    """One open page. ``faults`` are its errors, ``requests`` all that it asked for."""

    def __init__(self, browser: "Browser", **context: Any) -> None:
        self.page = browser.new_context(**context).new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.sockets: list[str] = []
        self.loads = 0
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.sockets.append(socket.url))
        self.page.on("load", lambda _: self._loaded())

    def _loaded(self) -> None:
        self.loads += 1

    def _heard(self, message: "ConsoleMessage") -> None:
        # That a broker which was killed cannot be reached is Chromium's own line.
        if message.type in ("error", "warning") and "WebSocket connection" not in message.text:
            self.faults.append(message.text)

    def open(self, address: str) -> "View":
        """Load an address."""
        self.page.goto(address)
        return self

    def has(self, selector: str, timeout_ms: int = PATIENCE_MS) -> None:
        """Wait until something matching is in the page, shown or not."""
        self.page.wait_for_selector(selector, state="attached", timeout=timeout_ms)

    def shows(self, selector: str, text: str, timeout_ms: int = PATIENCE_MS) -> None:
        """Wait until an element holds exactly this text."""
        self.page.wait_for_function(
            "([s, t]) => document.querySelector(s)?.textContent.trim() === t",
            arg=[selector, text],
            timeout=timeout_ms,
        )

    def is_in_state(self, state: str, timeout_ms: int = PATIENCE_MS) -> None:
        """Wait until the page says how things are."""
        self.has(f"#state[data-state={state}]", timeout_ms)

    def line_is(self, points: int, newest: datetime, timeout_ms: int = PATIENCE_MS) -> None:
        """Wait until the line is whole, with so many points up to ``newest``."""
        selector = f"[data-line=whole][data-points='{points}']"
        self.has(f"#chart{selector}[data-newest='{int(newest.timestamp())}']", timeout_ms)

    def stamp(self) -> str:
        """The headline's time, UTC."""
        return str(self.page.get_attribute("#stamp", "datetime"))

    def hosts(self) -> set[str]:
        """Every host it had to do with."""
        return {str(urlsplit(url).hostname) for url in [*self.requests, *self.sockets]}

    def close(self) -> None:
        """Close it; a page that complained has failed."""
        self.page.context.close()
        assert self.faults == []
        assert self.hosts() <= {"127.0.0.1"}


def headline_is(view: View, grams: str, ts: datetime, timeout_ms: int = PATIENCE_MS) -> None:
    """Wait for the headline's number, which is of ``ts``."""
    view.shows("#value", grams, timeout_ms)
    assert view.stamp() == rfc3339(ts)


def opened(view: View, serve_page: Callable[..., str], **settings: object) -> View:
    """The page, joined to a grid that ends at NOW."""
    view.open(serve_page(**settings))
    view.line_is(288, NOW)
    return view
