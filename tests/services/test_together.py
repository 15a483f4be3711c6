"""Pump and archive together: at the end the store equals the feed, whatever happened."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from nypower.core.carbon import FACTOR_SETS, intensity
from nypower.core.clock import market_day
from nypower.core.errors import FeedUnavailable
from nypower.messages import Publication
from services.world import FEED, Stage, Task, grid, mix, stamps, utc

StageAt = Callable[..., Stage]
HOUR = timedelta(hours=1)


def whole(stage: Stage, since: datetime) -> None:
    """The store has what the feed has shown since, nothing else, and each intensity."""
    feed = {ts: mw for ts, mw in stage.feed.known().items() if ts >= since}
    assert {ts: mw for ts, mw in stage.store.steps().items() if ts >= since} == feed
    assert stage.store.position(FEED) == max(feed)
    for record in stage.store.all().values():
        assert record.intensity == intensity(record.step.values, FACTOR_SETS["egrid-2023"])


def never_back(stage: Stage) -> None:
    """Neither the live steps nor the live intensities ever stepped back."""
    for topic in ("upstream/snapshot/fuel-mix", "computed/co2"):
        line = [each.ts for each in stage.said(topic)]
        assert all(before <= after for before, after in pairwise(line)), topic


def test_a_day_from_nothing(stage_at: StageAt) -> None:
    """The backlog of 24 hours, then live."""
    stage = stage_at("2026-07-04T16:00")
    stage.feed.fill(utc("2026-07-03T04:05"), utc("2026-07-05T04:00"))
    stage.archive()
    stage.pump()
    stage.run(seconds=90)
    whole(stage, since=utc("2026-07-03T16:00"))
    stage.run(hours=1)
    whole(stage, since=utc("2026-07-03T16:00"))
    assert stamps(stage.live()) == grid(utc("2026-07-04T15:50"), utc("2026-07-04T16:55"))
    never_back(stage)


def test_three_days_off(stage_at: StageAt) -> None:
    """Both are away for three days: everything since is stored, and live never stepped back."""
    stage = stage_at("2026-07-01T16:00")
    stage.feed.fill(utc("2026-07-01T14:00"), utc("2026-07-04T18:00"))
    services = [stage.archive(), stage.pump(backlog=HOUR)]
    stage.run(minutes=5)
    for each in services:
        stage.stop(each)
    stage.run_until("2026-07-04T16:00")
    mark = stage.mark()
    stage.pump(backlog=HOUR)
    stage.archive()
    stage.run(minutes=3)
    whole(stage, since=utc("2026-07-01T15:00"))
    assert len(stage.late(mark)) > 860
    never_back(stage)


def test_the_fall_back_hours(stage_at: StageAt) -> None:
    """01:00 to 01:55 twice, 24 steps at 24 instants, and the midnight of 25 hours."""
    stage = stage_at("2026-11-01T04:40")
    stage.feed.fill(utc("2026-11-01T03:00"), utc("2026-11-01T08:00"))
    stage.archive()
    stage.pump(backlog=HOUR)
    stage.run_until("2026-11-01T07:30")
    whole(stage, since=utc("2026-11-01T03:40"))
    both = grid(utc("2026-11-01T05:00"), utc("2026-11-01T06:55"))
    assert [ts for ts in stage.store.steps() if both[0] <= ts <= both[-1]] == both


def test_a_midnight_that_is_missing(stage_at: StageAt) -> None:
    """The chain goes on over it."""
    stage = stage_at("2026-07-05T03:40")
    stage.feed.fill(utc("2026-07-05T02:00"), utc("2026-07-05T03:55"))
    stage.feed.fill(utc("2026-07-05T04:05"), utc("2026-07-05T06:00"))
    stage.archive()
    stage.pump(backlog=HOUR)
    stage.run_until("2026-07-05T05:00")
    whole(stage, since=utc("2026-07-05T02:00"))  # from the closed day, once more


def test_a_row_behind_the_end_is_found_when_the_day_has_closed(stage_at: StageAt) -> None:
    """A step that appeared in yesterday's file while the pump was away is stored once that
    file is read again."""
    stage = stage_at("2026-07-05T03:00")
    stage.feed.fill(utc("2026-07-05T02:00"), utc("2026-07-05T07:00"))
    odd = utc("2026-07-05T02:31:14")
    stage.feed.put(odd, appears=utc("2026-07-05T03:30"))
    stage.archive()
    pump = stage.pump(backlog=HOUR)
    stage.run_until("2026-07-05T03:20")
    stage.stop(pump)
    stage.run_until("2026-07-05T03:45")
    stage.pump(backlog=HOUR)
    stage.run_until("2026-07-05T04:45")
    whole(stage, since=utc("2026-07-05T02:00"))
    assert {each.was for each in stage.said(f"correction/{FEED}") if each.ts == odd} == {None}


def test_the_broker_forgets_while_the_archive_is_away(stage_at: StageAt) -> None:
    """Killed with all it held, then the archive for half an hour: nothing is missing."""
    stage = stage_at("2026-07-04T16:00")
    stage.feed.fill(utc("2026-07-04T12:00"), utc("2026-07-04T20:00"))
    archive = stage.archive()
    stage.pump(backlog=HOUR)
    stage.run(minutes=20)
    stage.kill(archive)
    stage.broker.kill(forget=True)
    stage.run(minutes=5)
    stage.broker.restart()
    stage.run(minutes=30)
    stage.archive()
    stage.run(minutes=5)
    whole(stage, since=utc("2026-07-04T15:00"))
    never_back(stage)
    assert set(stage.broker.retained) >= {
        "computed/co2", "archive/co2/24h", "upstream/snapshot/fuel-mix", "status/pump",
    }  # fmt: skip


BEGIN = "2026-07-05T03:20"
EVENTS = st.sampled_from(
    [
        "wait", "wait", "lose", "pump stops", "pump dies", "archive stops", "archive dies",
        "broker dies", "broker forgets", "store away", "feed fails", "late row", "changed row",
    ]
)  # fmt: skip


class Troubled:
    """A stage on which things go wrong; whatever is gone comes back after a while."""

    def __init__(self) -> None:
        self.stage = Stage(BEGIN)
        self.stage.feed.fill(utc("2026-07-05T02:00"), utc("2026-07-05T12:00"))
        self.stage.broker.lose = self._lost
        self.losing = False
        self.pump: Task | None = self.stage.pump(backlog=HOUR)
        self.archive: Task | None = self.stage.archive()

    def _lost(self, message: Publication) -> bool:
        return self.losing and message.topic.endswith(FEED) and "status" not in message.topic

    def happen(self, event: str, minutes: int) -> None:
        stage = self.stage
        match event.split():
            case ["lose"]:
                self.losing = True
            case ["pump" | "archive" as who, how]:
                task = getattr(self, who)
                if task:
                    (stage.stop if how == "stops" else stage.kill)(task)
                    setattr(self, who, None)
            case ["broker", how]:
                stage.broker.kill(forget=how == "forgets")
            case ["store", _]:
                stage.store.away = True
            case ["feed", _]:
                stage.feed.failing = FeedUnavailable("no route")
            case ["late" | "changed" as what, _]:
                self.alter(what)
        stage.run(minutes=minutes)
        self.mend()

    def alter(self, what: str) -> None:
        """Today's file changes behind its end, in peace: what changes in a closed one, while no
        pump runs, or is lost on its way, is found only when the file is read anew."""
        stage = self.stage
        stage.run(minutes=2)
        today = market_day(stage.feed.now)
        known = [ts for ts in stage.feed.known() if market_day(ts) == today]
        if len(known) > 4:
            ts, values = known[-4] + timedelta(seconds=7), mix(known[-4])
            if what == "changed":
                ts, values = known[-1], {**mix(known[-1]), "Wind": 1.0}
            stage.feed.put(ts, values, stage.feed.now)
            stage.run(minutes=6)

    def mend(self) -> None:
        """Everything is there again, for as long as nothing happens."""
        self.losing = False
        self.stage.broker.restart()
        self.stage.store.away, self.stage.feed.failing = False, None
        self.archive = self.archive or self.stage.archive()
        self.pump = self.pump or self.stage.pump(backlog=HOUR)


@given(st.lists(st.tuples(EVENTS, st.integers(1, 25)), max_size=6))
@settings(max_examples=25)
def test_whatever_happens(events: list[tuple[str, int]]) -> None:
    """Losses, restarts, deaths, a broker that forgets, late and changed rows: within minutes
    of the last the store equals the feed from where the chain began, and live never stepped
    back."""
    troubled = Troubled()
    stage = troubled.stage
    try:
        for event, minutes in events:
            troubled.happen(event, minutes)
        stage.feed.freeze()
        stage.run(minutes=8)
        whole(stage, since=[each.ts for each in stage.late() if each.prev is None][-1])
        never_back(stage)
    finally:
        stage.close()
