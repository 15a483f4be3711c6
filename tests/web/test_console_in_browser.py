"""The console in a real browser: messages of a filter, as they come."""

from collections.abc import Callable

from nypower import messages
from nypower.core.origin import Kind

from .stage import NOW, STEP, Broker, Grid, day_before
from .view import View


def topics(view: View) -> list[str]:
    """The topics shown, the newest first."""
    return view.page.locator("#messages .topic").all_inner_texts()


def test_stream(view: View, grid_of: Callable[..., Grid], serve_page: Callable[..., str]) -> None:
    """Everything under the root by default, retained values marked, new ones on top."""
    grid = grid_of()
    grid.set_up(day_before(NOW))
    view.open(serve_page() + "/console")
    view.shows("#count", "6")
    assert sorted(topics(view)) == [
        "ny-power/archive/co2/24h",
        "ny-power/computed/co2",
        "ny-power/status/archive",
        "ny-power/status/feed/fuel-mix",
        "ny-power/status/pump",
        "ny-power/upstream/snapshot/fuel-mix",
    ]
    assert view.page.locator("#messages .retained").count() == 6
    grid.status("late", NOW + STEP, NOW)
    view.shows("#count", "7")
    first = view.page.locator("#messages li").first
    assert '"state":"late"' in first.locator(".payload").inner_text()
    assert first.locator("time").get_attribute("datetime")
    assert view.page.locator("#messages li:first-child .retained").count() == 0


def test_controls(
    view: View, grid_of: Callable[..., Grid], serve_page: Callable[..., str], broker: Broker
) -> None:
    """Another filter, pause, clear, a filter that is none, and a broker that went away."""
    grid = grid_of()
    view.open(serve_page() + "/console")
    view.is_in_state("connected")
    view.page.fill("#filter", "ny-power/#/co2")
    view.page.click("#controls [type=submit]")
    assert view.page.evaluate("document.querySelector('#filter').validationMessage")
    view.page.fill("#filter", "ny-power/+/pump")
    view.page.click("#controls [type=submit]")
    view.has("#messages[data-subscribed='ny-power/+/pump']")
    grid.say(messages.ARCHIVE_STATUS, messages.ONLINE)
    grid.say(messages.PUMP_STATUS, messages.ONLINE)
    view.shows("#count", "1")
    assert topics(view) == ["ny-power/status/pump"]
    view.page.click("#pause")
    grid.say(messages.PUMP_STATUS, messages.OFFLINE)
    view.shows("#pause", "Go on (1 waiting)")
    assert len(topics(view)) == 1
    view.page.click("#pause")
    view.shows("#messages li:first-child .payload", "offline")
    view.page.click("#clear")
    assert topics(view) == []
    broker.kill()
    view.is_in_state("disconnected")
    broker.start()
    view.is_in_state("connected")
    again = Grid(broker)
    again.say(messages.PUMP_STATUS, messages.ONLINE)
    view.shows("#messages li:first-child .payload", "online")
    again.close()


def test_long_and_strange_payloads(
    view: View, grid_of: Callable[..., Grid], serve_page: Callable[..., str]
) -> None:
    """A long payload is folded, bytes that are no text and markup are shown as what they are."""
    grid = grid_of()
    view.open(serve_page() + "/console")
    view.has("#state[data-state=connected]")
    grid.raw("a", b"<img src=x onerror=alert(1)>")
    view.shows("#messages li:first-child .payload", "<img src=x onerror=alert(1)>")
    grid.raw("b", b"\xff\x00")
    view.shows("#messages li:first-child .topic", "ny-power/b")
    grid.raw("c", b"x" * 9000)
    view.has("#messages li:first-child details")
    assert "(9000 characters)" in view.page.inner_text("#messages li:first-child summary")


def test_marked(view: View, grid_of: Callable[..., Grid], serve_page: Callable[..., str]) -> None:
    """Simulated data are marked in the console too, and stand under their own root."""
    grid_of(Kind.SIMULATED).set_up(day_before(NOW))
    view.open(serve_page(kind=Kind.SIMULATED) + "/console")
    view.shows("#count", "6")
    view.shows("#origin strong", "Simulated")
    assert all(topic.startswith("ny-power-simulated/") for topic in topics(view))
