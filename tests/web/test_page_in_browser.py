"""The page in a real browser, against a real broker."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from nypower import messages
from nypower.core.origin import Kind

from .stage import MIX, NOW, STEP, Broker, Grid, day_before
from .view import View, headline_is

Grids = Callable[..., Grid]
Serve = Callable[..., str]


@pytest.fixture
def view(browser: object) -> Iterator[View]:
    view = View(browser)  # type: ignore[arg-type]
    yield view
    view.close()


@pytest.fixture
def grid(grid_of: Grids) -> Grid:
    """A live grid that is well, its last step at NOW."""
    grid = grid_of()
    grid.set_up(day_before(NOW))
    return grid


SHIFTS = """() => new Promise((done) => new PerformanceObserver((list) => done(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
)).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 500))"""
"""The browser's own sum of how far things moved without being asked to."""

HIDE = """((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
})"""


def opened(view: View, serve_page: Serve, **settings: object) -> View:
    """The page, joined to a grid that ends at NOW."""
    view.open(serve_page(**settings))
    view.line_is(288, NOW)
    return view


def test_three_views(view: View, grid: Grid, serve_page: Serve) -> None:
    """The page shows the number, the line and the bars, in New York time, and no more."""
    opened(view, serve_page)
    headline_is(view, "180", NOW)
    view.shows("#index", "moderate")
    view.shows("#percentile", "cleaner than 67 % of the last 30 days")
    assert "12:35" in view.page.inner_text("#stamp")
    assert "EST" in view.page.inner_text("#stamp")
    view.shows("[data-fuel='Natural Gas'] .mw", "5,620 MW")
    view.shows("[data-fuel='Natural Gas'] .share", "35 %")
    view.shows("#total", "15,925")
    assert view.page.locator("#readings tbody tr").count() == 12
    assert view.page.locator("#readings tbody tr").first.inner_text().split("\t")[1] == "180"
    assert view.page.locator("#chart canvas").count() == 1
    assert not view.page.locator("#origin").is_visible()
    assert view.page.title().startswith("180 g")


def test_increment(view: View, grid: Grid, serve_page: Serve) -> None:
    """A new step changes number, line and bars within two seconds, without a request."""
    opened(view, serve_page)
    asked = len(view.requests)
    grid.step(NOW + STEP, NOW, 247.4, {**MIX, "Wind": 90.0}, percentile=81, estimated=True)
    headline_is(view, "247", NOW + STEP, timeout_ms=2000)
    view.line_is(288, NOW + STEP, timeout_ms=2000)
    view.shows("[data-fuel='Wind'] .mw", "90 MW", timeout_ms=2000)
    view.shows("#index", "high")
    view.shows("#percentile", "81 % of the last 30 days were cleaner")
    assert view.page.locator("#estimated").is_visible()
    assert len(view.requests) == asked
    assert view.loads == 1


def test_unknown_fuel(view: View, grid: Grid, serve_page: Serve) -> None:
    """A fuel that nobody knew gets a bar, a negative one none, markup in a name stays text."""
    opened(view, serve_page)
    grid.step(NOW + STEP, NOW, 180.0, {**MIX, "Energy <b>Storage</b>": -250.0})
    view.shows("#mix li:nth-child(8) .name", "Energy <b>Storage</b>")
    view.shows("#mix li:nth-child(8) .mw", "-250 MW")
    assert view.page.evaluate("document.querySelector('#mix li:nth-child(8) i').style.width") == (
        "0%"
    )


def test_no_stepping_back(view: View, grid: Grid, serve_page: Serve) -> None:
    """An older step fills the line and leaves the headline and the bars alone."""
    opened(view, serve_page)
    between = NOW - timedelta(seconds=72)
    grid.step(between, NOW - STEP, 99.0, {**MIX, "Wind": 1.0})
    view.line_is(289, NOW)
    headline_is(view, "180", NOW)
    view.shows("[data-fuel='Wind'] .mw", "1,240 MW")


def test_missing_predecessor(view: View, grid: Grid, serve_page: Serve) -> None:
    """Where a step is missing the page takes the series again, then lives on increments."""
    opened(view, serve_page)
    later = [NOW + STEP * n for n in (1, 2, 3)]
    grid.step(later[1], later[0], 188.0)
    view.has("#chart[data-line=joining]")
    headline_is(view, "188", later[1])
    points = day_before(NOW) | {later[0]: 184.0, later[1]: 188.0}
    grid.series({ts: points[ts] for ts in sorted(points)[-288:]}, later[1])
    view.line_is(288, later[1])
    view.has("#chart[data-series=left]")
    grid.series({NOW: 1.0}, NOW)  # nobody listens to it now
    grid.step(later[2], later[1], 190.0)
    view.line_is(288, later[2])


def test_correction(view: View, grid: Grid, serve_page: Serve) -> None:
    """A correction makes the page take the series again, and a newer one than the retained."""
    opened(view, serve_page)
    points = day_before(NOW)
    view.has("#chart[data-series=left]")
    points[NOW - STEP * 2] = 122.0
    grid.series(points, NOW)
    grid.correct(NOW - STEP)
    view.shows("#readings tbody tr:nth-child(3) td:nth-child(2)", "122")
    view.has("#chart[data-series=taking]")
    grid.series({**points, NOW - STEP: 133.0}, NOW)
    view.shows("#readings tbody tr:nth-child(2) td:nth-child(2)", "133")
    view.has("#chart[data-series=left]")
    grid.series({**points, NOW - STEP: 11.0}, NOW)
    grid.step(NOW + STEP, NOW, 181.0)
    view.line_is(288, NOW + STEP)
    view.shows("#readings tbody tr:nth-child(3) td:nth-child(2)", "133")


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


@pytest.mark.parametrize("width", [360, 1280])
def test_steady(browser: object, grid: Grid, serve_page: Serve, width: int) -> None:
    """Nothing is wider than the screen, and nothing moves when the values come."""
    view = View(browser, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    opened(view, serve_page)
    wide = view.page.evaluate("document.documentElement.scrollWidth")
    moved = view.page.evaluate(SHIFTS)
    view.close()
    assert wide == width
    assert moved < 0.02


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


def test_keyboard(view: View, grid: Grid, serve_page: Serve) -> None:
    """The arrow keys read the line point by point."""
    opened(view, serve_page)
    view.page.focus("#chart")
    view.page.keyboard.press("End")
    view.shows("#reading", "Sun 12:35 AM: 180 g")
    view.page.keyboard.press("ArrowLeft")
    view.page.wait_for_function(
        "document.querySelector('#reading').textContent.startsWith('Sun 12:30')"
    )
