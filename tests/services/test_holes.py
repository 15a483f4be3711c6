"""The position never passes what was not read: a day that fails, or is not there for once."""

from datetime import date, timedelta

from nypower.core.errors import FeedUnavailable
from services.test_together import StageAt, whole
from services.world import utc

HOUR = timedelta(hours=1)
YESTERDAY = date(2026, 7, 4)


def test_yesterdays_file_fails_when_the_feed_comes_back(stage_at: StageAt) -> None:
    """Down over midnight, and then only today's file can be read: today goes live, and the
    position waits for the end of yesterday."""
    stage = stage_at("2026-07-05T03:20")
    stage.feed.fill(utc("2026-07-05T01:00"), utc("2026-07-05T09:00"))
    stage.archive()
    stage.pump(backlog=HOUR)
    stage.run_until("2026-07-05T03:40")
    stage.feed.failing = FeedUnavailable("no route")
    before = stage.positions()[-1]
    stage.run_until("2026-07-05T04:30")
    stage.feed.failing, stage.feed.bad = None, {YESTERDAY: FeedUnavailable("500")}
    stage.run_until("2026-07-05T05:30")
    assert stage.positions()[-1] == before
    assert stage.live()[-1].ts == utc("2026-07-05T05:20")
    assert stage.said("correction/fuel-mix") == []
    stage.feed.bad = {}
    stage.run_until("2026-07-05T06:30")
    stage.feed.freeze()
    stage.run(minutes=5)
    whole(stage, since=utc("2026-07-05T02:20"))
    assert stage.positions()[-1] == max(stage.store.steps())
    corrected = {each.ts for each in stage.said("correction/fuel-mix")}
    assert all(ts < utc("2026-07-05T02:20") for ts in corrected)  # from before the chain's start


def test_a_day_that_is_not_there_for_once(stage_at: StageAt) -> None:
    """In the middle of a catch-up: it is asked for again before that is believed."""
    stage = stage_at("2026-07-02T16:00")
    stage.feed.fill(utc("2026-07-02T10:00"), utc("2026-07-06T00:00"))
    stage.archive()
    pump = stage.pump(backlog=HOUR)
    stage.run(minutes=10)
    stage.stop(pump)
    stage.run(minutes=timedelta(days=3) // timedelta(minutes=1))
    stage.feed.missing_once = {date(2026, 7, 3)}
    stage.pump(backlog=HOUR)
    stage.run(minutes=10)
    stage.feed.freeze()
    stage.run(minutes=5)
    assert stage.feed.missing_once == set()
    whole(stage, since=utc("2026-07-02T15:00"))
