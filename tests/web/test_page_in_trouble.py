"""The page in a real browser when not all is well, or not live: it says so, and recovers."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from nypower import messages
from nypower.core.origin import Kind

from .stage import NOW, STEP, Broker, Grid, day_before
from .view import View, headline_is, opened

Grids = Callable[..., Grid]
Serve = Callable[..., str]

HIDE = """((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
})"""


def test_broker_lost(view: View, grid: Grid, serve_page: Serve, broker: Broker) -> None:
    """With the broker killed the page says so; when it is back the line has no hole."""
    opened(view, serve_page)
    broker.kill()
    view.is_in_state("disconnected")
    view.shows("#notice", "No connection. What you see is old; retrying…")
    assert "(disconnected)" in view.page.title()
    headline_is(view, "180", NOW)
    broker.start()
    view.has("#chart[data-line=joining]")
    again = Grid(broker)
    last = NOW + STEP * 7
    again.set_up(day_before(last, 150.0))
    view.line_is(288, last)
    again.status("live", last + STEP, last)
    view.is_in_state("live")
    headline_is(view, "150", last)
    again.step(last + STEP, last, 166.0)
    headline_is(view, "166", last + STEP)
    assert view.loads == 1
    again.close()


def test_states(view: View, grid: Grid, serve_page: Serve) -> None:
    """Late, stale, down, the writers gone: each is said, and taken back when it is over."""
    opened(view, serve_page)
    view.is_in_state("stale")  # what is retained is of a clock long past
    grid.status("live", NOW + STEP, NOW)
    view.is_in_state("live")
    for state, minutes in (("late", 20), ("stale", 70), ("down", 10)):
        grid.status(state, NOW + timedelta(minutes=minutes), NOW)
        view.is_in_state(state)
        assert view.page.inner_text("#notice")
        grid.status("live", NOW + STEP, NOW)
        view.is_in_state("live")
        assert not view.page.inner_text("#notice")
    for row, state in (
        (messages.PUMP_STATUS, "pump-offline"),
        (messages.ARCHIVE_STATUS, "archive-offline"),
    ):
        grid.say(row, messages.OFFLINE)
        view.is_in_state(state)
        grid.say(row, messages.ONLINE)
        view.is_in_state("live")


def test_old_without_a_word(view: View, grid: Grid, serve_page: Serve) -> None:
    """A value two hours old by the feed's time is stale even if the feed is called live."""
    opened(view, serve_page)
    grid.status("live", NOW + timedelta(hours=2), NOW)
    view.is_in_state("stale")
    view.shows("#age", "2 h 0 min ago")
    last = NOW + timedelta(hours=2)
    grid.step(last, NOW, 170.0)
    view.is_in_state("live")


@pytest.mark.parametrize(("kind", "word"), [(Kind.SIMULATED, "Simulated"), (Kind.REPLAY, "Replay")])
def test_not_live(view: View, grid_of: Grids, serve_page: Serve, kind: Kind, word: str) -> None:
    """Data that are no measurements of today are marked, in the title too."""
    grid = grid_of(kind)
    grid.set_up(day_before(NOW))
    grid_of(Kind.LIVE).set_up(day_before(NOW, 300.0))
    opened(view, serve_page, kind=kind)
    view.shows("#value", "180")
    view.shows("#origin strong", word)
    grid.status("live", NOW + STEP, NOW)
    view.shows("#state b", "Running")
    assert view.page.locator("#origin").is_visible()
    assert view.page.title().startswith(f"{word}: 180 g")


def test_payload_betrays_its_kind(view: View, grid: Grid, serve_page: Serve) -> None:
    """A page told to be live marks what calls itself simulated."""
    opened(view, serve_page)
    made_up = messages.FeedStatus("live", "simulated", NOW, None, NOW + STEP, 1)
    grid.publish(messages.FEED_STATUS, made_up, feed="fuel-mix")
    view.shows("#origin strong", "Simulated")
    assert view.page.locator("#origin").is_visible()


def test_garbage(view: View, grid: Grid, serve_page: Serve) -> None:
    """What is no payload is left out and the page goes on."""
    opened(view, serve_page)
    for junk in (b"", b"{", b"null", b'{"ts":"x","prev":null,"value":1}', b"\xff\xfe"):
        grid.raw("computed/co2", junk)
        grid.raw("upstream/snapshot/fuel-mix", junk)
    grid.step(NOW + STEP, NOW, 193.0)
    headline_is(view, "193", NOW + STEP)
    view.line_is(288, NOW + STEP)
    assert all("left out" in fault for fault in view.faults)
    assert len(view.faults) == 8
    view.faults.clear()


def test_reload_on_request(view: View, grid: Grid, serve_page: Serve) -> None:
    """The reload message loads the page again, once."""
    opened(view, serve_page)
    grid.say(messages.WEBUI, messages.RELOAD)
    grid.say(messages.WEBUI, messages.RELOAD)
    view.page.wait_for_event("load")
    view.line_is(288, NOW)
    assert view.loads == 2


def test_change_over_to_live(view: View, grid_of: Grids, serve_page: Serve, broker: Broker) -> None:
    """A page of the simulated grid changes over when live data begin and are served."""
    grid_of(Kind.SIMULATED).set_up(day_before(NOW))
    address = serve_page(kind=Kind.SIMULATED, follow_live=True)
    view.open(address)
    view.line_is(288, NOW)
    live = grid_of(Kind.LIVE)
    live.set_up(day_before(NOW + STEP, 160.0))
    serve_page(kind=Kind.LIVE)
    view.line_is(288, NOW + STEP)
    assert not view.page.locator("#origin").is_visible()
    assert view.loads == 2


def test_rests_unseen(view: View, grid: Grid, serve_page: Serve) -> None:
    """A page that nobody has looked at for minutes leaves the broker, and joins when seen."""
    view.page.clock.install()
    opened(view, serve_page)
    view.page.evaluate(f"{HIDE}(true)")
    view.page.clock.fast_forward("05:00")
    view.is_in_state("asleep")
    grid.series(day_before(NOW + STEP), NOW + STEP)
    grid.step(NOW + STEP, NOW, 171.0)
    headline_is(view, "180", NOW)
    view.page.evaluate(f"{HIDE}(false)")
    headline_is(view, "171", NOW + STEP)
    view.line_is(288, NOW + STEP)
