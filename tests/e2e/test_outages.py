"""Parts die in the middle of a day; at its end nothing is missing, and live never went back."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from e2e.files import day_of, days_of
from e2e.household import Household
from e2e.test_replayed_days import exported, replay, stand_still, streamed, wait_for_store
from nypower.core.clock import day_start
from nypower.twin.standin import Twin
from servers.waiting import wait_until
from web.view import View

FALL_BACK = date(2017, 11, 5)


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
def test_nothing_is_missing_after_the_broker_and_the_archive_died(
    data: Path, twins: list[Twin], tmp_path: Path, browser: Browser, broker: str
) -> None:
    """The broker is killed and forgets everything, then the archive stands still and is
    killed. The store has the day all the same, and so has the page that stayed open."""
    expected = day_of(data, FALL_BACK)
    twin = replay(twins, data, "2017-11-05T18:00")
    options = ("--feed", twin.url, "--broker", broker)
    with Household(tmp_path / "data", *options) as household:
        household.tail(tmp_path / "tail")
        view = View(browser).open(household.page)
        view.has("#chart[data-line=whole]")
        kill_broker(household, broker)
        wait_for_store(household, twin.clock.now(), 60)
        archive = household.part("archive")
        archive.suspend()
        away_until = twin.clock.now() + timedelta(hours=1)
        wait_until(lambda: twin.clock.now() > away_until, "an hour without the archive", 30)
        archive.kill()
        wait_for_store(household, max(expected), 120)
        stand_still(twin)
        start = day_start(FALL_BACK) + timedelta(hours=19)  # the backlog of 24 hours begins
        late = {ts: values for ts, values in expected.items() if ts > start}
        assert exported(household, late) == late
        streamed(tmp_path / "tail")
        newest = household.stored()
        assert newest is not None
        view.has(f"#chart[data-line=whole][data-newest='{int(newest.timestamp())}']")
        view.close()


def kill_broker(household: Household, broker: str) -> None:
    """Kill it, take away what it kept, and wait until another runs in its place."""
    if broker == "embedded":  # it keeps nothing anyway
        household.kill("rumqttd")
        return
    for kept in (household.data / "broker").glob("**/mosquitto.db"):
        kept.unlink()
    household.kill("mosquitto.conf")


def test_live_never_steps_back_through_a_catch_up_of_three_days(
    data: Path, twins: list[Twin], tmp_path: Path
) -> None:
    """The pump is away while three days pass: they come late, while live goes on from now."""
    twin = replay(twins, data, "2017-11-02T12:00")
    begin = twin.clock.now() - timedelta(hours=23)
    with Household(tmp_path / "data", "--feed", twin.url) as household:
        household.tail(tmp_path / "tail")
        wait_for_store(household, twin.clock.now() - timedelta(minutes=15), 30)
        household.part("pump").kill()
        twin.clock.jump(timedelta(days=3).total_seconds())
        wait_for_store(household, twin.clock.now(), 90)
        stand_still(twin)
        streamed(tmp_path / "tail")
        newest = household.stored()
        assert newest is not None
        days = days_of(data, date(2017, 11, 1), date(2017, 11, 5))
        expected = {ts: values for ts, values in days.items() if begin < ts <= newest}
        assert exported(household, expected) == expected


def test_a_feed_that_was_named_is_waited_for(data: Path, twins: list[Twin], tmp_path: Path) -> None:
    """While it cannot be read nothing is made up; afterwards all of the time is there."""
    twin = replay(twins, data, "2017-11-02T12:00")
    begin = twin.clock.now() - timedelta(hours=23)
    with Household(tmp_path / "data", "--feed", twin.url) as household:
        wait_for_store(household, twin.clock.now() - timedelta(minutes=15), 30)
        twin.faults.set("500")
        failed = twin.requests[500]
        wait_until(lambda: twin.requests[500] >= failed + 3, "three failed readings", 60)
        down_at = household.stored()
        twin.clock.jump(timedelta(hours=2).total_seconds())
        twin.faults.clear()
        wait_for_store(household, twin.clock.now(), 90)
        stand_still(twin)
        newest = household.stored()
        assert newest is not None
        assert down_at is not None
        assert newest >= down_at + timedelta(hours=2)
        days = days_of(data, date(2017, 11, 1), date(2017, 11, 2))
        expected = {ts: values for ts, values in days.items() if begin < ts <= newest}
        assert exported(household, expected) == expected
    assert "simulated" not in household.words
