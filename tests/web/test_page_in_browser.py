"""The page in a real browser, against a real broker: what it shows, and how it joins."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from .stage import MIX, NOW, STEP, Grid, day_before
from .view import View, headline_is, opened

Serve = Callable[..., str]

SHIFTS = """() => new Promise((done) => new PerformanceObserver((list) => done(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
)).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 500))"""
"""The browser's own sum of how far things moved without being asked to."""


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
