"""The pump, alone with a feed and a broker: what it sends where, and when."""

import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from nypower.core.errors import BadFile, FeedUnavailable, Refused
from nypower.core.fuels import KNOWN
from nypower.core.origin import Kind
from nypower.messages import OFFLINE, ONLINE, Measurement, Publication, Snapshot, Updated
from services.world import DELAY, FEED, FIVE, Stage, grid, mix, stamps, utc

StageAt = Callable[..., Stage]
NOON = "2026-07-04T16:00"
MINUTE = timedelta(minutes=1)


def quiet_day(stage: Stage) -> None:
    """The last hour of 3 July 2026 and the day from 08:00 on: enough, and quickly read."""
    stage.feed.fill(utc("2026-07-04T03:05"), utc("2026-07-04T04:00"))
    stage.feed.fill(utc("2026-07-04T12:00"), utc("2026-07-04T20:00"))


def at_noon(stage_at: StageAt) -> Stage:
    stage = stage_at(NOON)
    quiet_day(stage)
    return stage


class TestLive:
    def test_the_newest_step_first(self, stage_at: StageAt) -> None:
        """At its start the newest is published, its fuels, the whole and its stamp; nothing
        older goes live."""
        stage = at_noon(stage_at)
        stage.pump()
        stage.run(seconds=10)
        newest = utc("2026-07-04T15:50")
        assert stamps(stage.live()) == [newest]
        (snapshot,) = stage.live()
        assert (snapshot.prev, snapshot.units) == (newest - FIVE, "MW")
        assert snapshot.fuels == mix(newest)
        assert snapshot.total == sum(mix(newest).values())
        for name in KNOWN:
            assert stage.said(f"upstream/fuel-mix/{name}") == [
                Measurement(newest, mix(newest)[name], "MW")
            ]
        assert stage.said("status/fuel-mix/updated") == [Updated(newest)]

    def test_each_step_as_it_comes(self, stage_at: StageAt) -> None:
        """Within a minute of its appearing, in order, each naming the one before."""
        stage = at_noon(stage_at)
        stage.pump()
        seen = {}
        for _ in range(120):
            stage.run(minutes=1)
            for ts in stamps(stage.live()):
                seen.setdefault(ts, stage.feed.now)
        assert list(seen) == grid(utc("2026-07-04T15:50"), utc("2026-07-04T17:50"))
        assert all(at - ts <= DELAY + 2 * MINUTE for ts, at in list(seen.items())[1:])
        assert all(after.prev == before.ts for before, after in pairwise(stage.live()))

    def test_no_more_than_a_poll_a_minute(self, stage_at: StageAt) -> None:
        """And fewer once the rhythm is known."""
        stage = at_noon(stage_at)
        stage.pump()
        stage.run(minutes=30)
        before = len(stage.feed.reads)
        stage.run(hours=1)
        assert 12 <= len(stage.feed.reads) - before <= 40

    def test_an_unknown_fuel_has_a_slug_in_its_topic(self, stage_at: StageAt) -> None:
        """And its own name in the snapshot."""
        stage = at_noon(stage_at)
        newest = utc("2026-07-04T15:50")
        stage.feed.put(newest, {**mix(newest), "Battery +/-": -12.5})
        stage.pump()
        stage.run(seconds=10)
        assert stage.said("upstream/fuel-mix/battery") == [Measurement(newest, -12.5, "MW")]
        assert stage.live()[0].fuels["Battery +/-"] == -12.5

    def test_it_never_steps_back(self, stage_at: StageAt) -> None:
        """What is retained at the broker is newer than what it reads: it waits."""
        stage = at_noon(stage_at)
        stage.send(utc("2026-07-04T15:55"), utc("2026-07-04T15:50"), live=True)
        stage.pump()
        stage.run(minutes=10)
        assert stamps(stage.live()) == grid(utc("2026-07-04T15:55"), utc("2026-07-04T16:00"))

    def test_after_a_pause_every_step_that_is_still_now_goes_live(self, stage_at: StageAt) -> None:
        """Those since the retained one that are at most 15 minutes old, oldest first."""
        stage = stage_at("2026-07-04T15:59")
        quiet_day(stage)
        stage.send(utc("2026-07-04T15:30"), utc("2026-07-04T15:25"), live=True)
        stage.pump()
        stage.run(seconds=10)
        assert stamps(stage.live())[1:] == [utc("2026-07-04T15:45"), utc("2026-07-04T15:50")]

    def test_an_old_step_never_goes_live(self, stage_at: StageAt) -> None:
        """The feed stands still: after 15 minutes its newest is history, also for a pump
        that starts then; when it goes on, what is now goes live again."""
        stage = stage_at(NOON)
        stage.feed.fill(utc("2026-07-04T12:00"), utc("2026-07-04T15:30"))
        for ts in grid(utc("2026-07-04T15:35"), utc("2026-07-04T16:25")):
            stage.feed.put(ts, appears=utc("2026-07-04T16:30"))
        stage.pump()
        stage.run_until("2026-07-04T16:29")
        assert stage.live() == []
        stage.run_until("2026-07-04T16:36")
        assert stamps(stage.live()) == [utc("2026-07-04T16:25")]


class TestUnfinishedSteps:
    def test_the_last_step_waits_for_all_its_fuels(self, stage_at: StageAt) -> None:
        """Half a step is not published; whole, it is."""
        stage = stage_at("2026-07-04T15:58")
        stage.feed.fill(utc("2026-07-04T12:00"), utc("2026-07-04T15:45"))
        late = utc("2026-07-04T15:50")
        stage.feed.put(late, dict(list(mix(late).items())[:3]))
        stage.feed.put(late, appears=utc("2026-07-04T16:03"))
        stage.pump()
        stage.run_until("2026-07-04T16:02")
        assert stamps(stage.live()) == [utc("2026-07-04T15:45")]
        stage.run_until("2026-07-04T16:05")
        assert stamps(stage.live()) == [utc("2026-07-04T15:45"), late]
        assert stage.live()[-1].fuels == mix(late)

    def test_but_not_for_ever(self, stage_at: StageAt) -> None:
        """When the next stamp follows it goes out as it is."""
        stage = stage_at("2026-07-04T15:58")
        stage.feed.fill(utc("2026-07-04T12:00"), utc("2026-07-04T15:45"))
        half, after = utc("2026-07-04T15:50"), utc("2026-07-04T15:55")
        stage.feed.put(half, dict(list(mix(half).items())[:3]))
        stage.feed.put(after)
        stage.pump()
        stage.run_until("2026-07-04T16:03")
        assert stamps(stage.live())[1:] == [half, after]
        assert len(stage.live()[1].fuels) == 3


class TestMidnight:
    """4 July ends at 04:00 UTC; the new day's first rows come at 04:10:10."""

    OLD, MIDNIGHT = utc("2026-07-05T03:55"), utc("2026-07-05T04:00")
    FIRST = utc("2026-07-05T04:05")

    def evening(self, stage_at: StageAt) -> Stage:
        stage = stage_at("2026-07-05T03:50")
        stage.feed.fill(utc("2026-07-05T01:00"), self.OLD)
        stage.feed.fill(self.FIRST, utc("2026-07-05T06:00"))
        return stage

    def test_midnight_is_in_the_old_days_file(self, stage_at: StageAt) -> None:
        """The line goes on without a hole and in order."""
        stage = self.evening(stage_at)
        stage.feed.put(self.MIDNIGHT)
        stage.pump()
        stage.run_until("2026-07-05T05:00")
        assert stamps(stage.live()) == grid(stage.live()[0].ts, utc("2026-07-05T04:50"))
        assert all(after.prev == before.ts for before, after in pairwise(stage.live()))

    def test_a_late_midnight_is_waited_for(self, stage_at: StageAt) -> None:
        """The new day's steps are held back until it is there."""
        stage = self.evening(stage_at)
        stage.feed.put(self.MIDNIGHT, appears=utc("2026-07-05T04:12:30"))
        stage.pump()
        stage.run_until("2026-07-05T04:12")
        assert stage.live()[-1].ts == self.OLD
        stage.run_until("2026-07-05T04:14:30")
        assert stamps(stage.live())[-2:] == [self.MIDNIGHT, self.FIRST]
        assert stage.live()[-1].prev == self.MIDNIGHT

    def test_a_missing_midnight_is_not_waited_for_for_ever(self, stage_at: StageAt) -> None:
        """Fifteen minutes; then the new day goes on where the old one ended."""
        stage = self.evening(stage_at)
        stage.pump()
        stage.run_until("2026-07-05T04:15")
        assert stage.live()[-1].ts == self.OLD
        stage.run_until("2026-07-05T04:17:30")
        assert stamps(stage.live())[-2:] == [self.FIRST, utc("2026-07-05T04:10")]
        assert stage.live()[-2].prev == self.OLD
        stage.run_until("2026-07-05T05:00")
        assert stage.live()[-1].ts == utc("2026-07-05T04:50")

    def test_a_file_that_is_not_there_yet_is_no_failure(self, stage_at: StageAt) -> None:
        """Between midnight and the first rows of the new day the feed stays live."""
        stage = self.evening(stage_at)
        stage.feed.put(self.MIDNIGHT)
        stage.pump()
        stage.run_until("2026-07-05T04:30")
        assert set(stage.states()) == {"live"}

    def test_the_closed_day_is_read_once_more(self, stage_at: StageAt) -> None:
        """Every byte of it, when the archive is online; what changed in it goes to history."""
        stage = self.evening(stage_at)
        stage.feed.put(self.MIDNIGHT)
        changed = utc("2026-07-05T02:00")
        stage.feed.put(changed, {**mix(changed), "Wind": 9999.0}, utc("2026-07-05T04:01"))
        stage.pump()
        stage.run(seconds=5)
        stage.say_stored(utc("2026-07-05T03:50"))
        stage.say_archive()
        stage.run_until("2026-07-05T04:45")
        day = utc("2026-07-04T00:00").date()
        assert (day, True) in stage.feed.reads
        (found,) = {s.ts: s for s in stage.late() if s.fuels["Wind"] == 9999.0}.values()
        assert found.ts == changed


class TestDstDays:
    @pytest.mark.parametrize(
        ("now", "until"),
        [
            ("2026-11-01T04:30", "2026-11-01T08:00"),  # 00:30 EDT to 03:00 EST
            ("2026-03-08T06:00", "2026-03-08T08:30"),  # 01:00 EST to 04:30 EDT
            ("2026-11-02T04:30", "2026-11-02T06:00"),  # the midnight that ends 25 hours
            ("2026-03-09T03:30", "2026-03-09T05:00"),  # and 23
        ],
    )
    def test_through_the_change(self, stage_at: StageAt, now: str, until: str) -> None:
        """Every step once, in order, without a hole."""
        stage = stage_at(now)
        stage.feed.fill(utc(now) - timedelta(hours=2), utc(until))
        stage.pump()
        stage.run_until(until)
        found = stage.live()
        assert stamps(found) == grid(found[0].ts, utc(until) - 2 * FIVE)
        assert all(after.prev == before.ts for before, after in pairwise(found))


def caught_up(stage: Stage, since: int = 0) -> list[Snapshot]:
    """The late steps without yesterday's, which are sent once more as it has closed."""
    return [each for each in stage.late(since) if each.ts > utc("2026-07-04T04:00")]


class TestCatchUp:
    def test_from_the_position_on(self, stage_at: StageAt) -> None:
        """Everything after it, oldest first, the first with the position as its `prev`."""
        stage = at_noon(stage_at)
        position = utc("2026-07-04T14:00")
        stage.say_stored(position)
        stage.say_archive()
        stage.pump()
        stage.run(seconds=10)
        late = caught_up(stage)
        assert stamps(late) == grid(position + FIVE, utc("2026-07-04T15:50"))
        assert late[0].prev == position
        assert all(after.prev == before.ts for before, after in pairwise(late))

    def test_over_three_days(self, stage_at: StageAt) -> None:
        """864 steps, never more than 500 ahead of the position, and no live step among them."""
        stage = stage_at(NOON)
        stage.feed.fill(utc("2026-07-01T04:05"), utc("2026-07-05T04:00"))
        position = utc("2026-07-01T16:00")
        stage.say_stored(position)
        stage.say_archive()
        stage.pump()
        stage.run(seconds=10)
        assert len(stage.late()) == 500
        stage.run(seconds=20)
        assert len(stage.late()) == 500
        stage.say_stored(stage.late()[99].ts)
        stage.run(seconds=5)
        assert len(stage.late()) == 600
        for _ in range(3):
            stage.say_stored(stage.late()[-1].ts)
            stage.run(seconds=5)
        everything = grid(position + FIVE, utc("2026-07-04T15:50"))
        assert stamps(stage.late())[: len(everything)] == everything
        assert stamps(stage.live()) == [utc("2026-07-04T15:50")]

    def test_with_nothing_stored_the_backlog(self, stage_at: StageAt) -> None:
        """24 hours, the first of it with no `prev`: it starts the chain."""
        stage = stage_at(NOON)
        stage.feed.fill(utc("2026-07-03T04:05"), utc("2026-07-05T04:00"))
        stage.say_stored(None)
        stage.say_archive()
        stage.pump()
        stage.run(seconds=10)
        first = stage.late()[0]
        assert first.prev is None
        assert stamps(stage.late()) == grid(utc("2026-07-03T16:00"), utc("2026-07-04T15:50"))
        assert [each.prev for each in stage.late()[1:]] == stamps(stage.late())[:-1]

    def test_the_backlog_is_as_long_as_asked(self, stage_at: StageAt) -> None:
        """An hour."""
        stage = at_noon(stage_at)
        stage.say_archive()
        stage.pump(backlog=timedelta(hours=1))
        stage.run(seconds=10)
        assert stamps(stage.late()) == grid(utc("2026-07-04T15:00"), utc("2026-07-04T15:50"))

    def test_only_while_the_archive_is_online(self, stage_at: StageAt) -> None:
        """Nothing while it is away; live ones always; when it comes back, all of it."""
        stage = at_noon(stage_at)
        position = utc("2026-07-04T15:00")
        stage.say_stored(position)
        stage.say_archive(OFFLINE)
        stage.pump()
        stage.run(minutes=20)
        assert stage.late() == []
        assert stage.live()[-1].ts == utc("2026-07-04T16:10")
        stage.say_archive(ONLINE)
        stage.run(seconds=5)
        assert stamps(caught_up(stage)) == grid(position + FIVE, utc("2026-07-04T16:10"))
        stage.say_archive(OFFLINE)
        mark = stage.mark()
        stage.run(minutes=5)
        assert stage.late(mark) == []
        assert len(stage.live(mark)) == 1

    def test_it_goes_back_when_the_archive_has_stopped(self, stage_at: StageAt) -> None:
        """Online but not past what was sent for a minute: once more from the position."""
        stage = stage_at("2026-07-04T16:00:30")
        quiet_day(stage)
        position = utc("2026-07-04T15:30")
        stage.say_stored(position)
        stage.say_archive()
        stage.pump()
        stage.run(seconds=30)
        late = grid(position + FIVE, utc("2026-07-04T15:55"))
        assert stamps(caught_up(stage)) == late
        stage.run(seconds=40)
        assert stamps(caught_up(stage)) == late * 2
        stage.say_stored(late[1])
        stage.run(seconds=55)
        assert stamps(caught_up(stage)) == late * 2
        stage.run(seconds=30)
        assert stamps(caught_up(stage))[10:13] == late[2:]
        stage.say_stored(utc("2026-07-04T20:00"))
        mark = stage.mark()
        stage.run(minutes=4)
        assert stage.late(mark) == []

    def test_it_goes_back_when_it_connects_again(self, stage_at: StageAt) -> None:
        """Also to a broker that has forgotten everything: then once the archive is there."""
        stage = at_noon(stage_at)
        position = utc("2026-07-04T15:30")
        stage.say_stored(position)
        stage.say_archive()
        stage.pump()
        stage.run(seconds=10)
        stage.say_stored(utc("2026-07-04T15:50"))
        stage.run(seconds=1)
        stage.broker.kill(forget=True)
        stage.run(seconds=30)
        mark = stage.mark()
        stage.broker.restart()
        stage.run(seconds=5)
        assert stamps(stage.live(mark)) == [utc("2026-07-04T15:55")]  # it looks again
        assert stage.late(mark) == []
        stage.say_stored(position)
        stage.say_archive()
        stage.run(seconds=5)
        assert stamps(caught_up(stage, mark)) == grid(position + FIVE, utc("2026-07-04T15:55"))

    def test_a_step_too_old_for_live_goes_to_history(self, stage_at: StageAt) -> None:
        """Rows that appear together, half an hour late: the older ones are late at once."""
        stage = stage_at(NOON)
        stage.feed.fill(utc("2026-07-04T12:00"), utc("2026-07-04T15:50"))
        held = grid(utc("2026-07-04T15:55"), utc("2026-07-04T16:25"))
        for ts in held:
            stage.feed.put(ts, appears=utc("2026-07-04T16:31"))
        stage.say_stored(utc("2026-07-04T15:50"))
        stage.say_archive()
        stage.pump()
        stage.run_until("2026-07-04T16:30")
        mark = stage.mark()
        stage.run_until("2026-07-04T16:34")
        live, late = stamps(stage.live(mark)), stamps(caught_up(stage, mark))
        assert set(live) | set(late) == set(held)
        assert live == [ts for ts in held if ts >= utc("2026-07-04T16:20")]
        assert late[0] == held[0]


class TestRepairs:
    def test_a_value_that_changes_goes_to_history(self, stage_at: StageAt) -> None:
        """The step whole, once, with its `prev`; the live topics stay where they are."""
        stage = at_noon(stage_at)
        changed = utc("2026-07-04T15:00")
        values = {**mix(changed), "Hydro": 1.5}
        stage.feed.put(changed, values, utc("2026-07-04T16:20"))
        stage.say_archive()
        stage.pump()
        stage.run_until("2026-07-04T16:19")
        stage.say_stored(utc("2026-07-04T20:00"))
        mark = stage.mark()
        stage.run_until("2026-07-04T16:30")
        (repair,) = stage.late(mark)
        assert (repair.ts, repair.prev, dict(repair.fuels)) == (changed, changed - FIVE, values)
        assert changed not in stamps(stage.live(mark))

    def test_a_row_that_appears_behind_the_end(self, stage_at: StageAt) -> None:
        """Goes to history too."""
        stage = at_noon(stage_at)
        odd = utc("2026-07-04T15:01:14")
        stage.feed.put(odd, appears=utc("2026-07-04T16:20"))
        stage.say_archive()
        stage.pump()
        stage.run_until("2026-07-04T16:19")
        stage.say_stored(utc("2026-07-04T20:00"))
        mark = stage.mark()
        stage.run_until("2026-07-04T16:30")
        assert odd in stamps(stage.late(mark))
        assert odd not in stamps(stage.live())

    def test_it_waits_for_the_archive(self, stage_at: StageAt) -> None:
        """A change seen while the archive is away is sent when it is back."""
        stage = at_noon(stage_at)
        changed = utc("2026-07-04T15:00")
        stage.feed.put(changed, {**mix(changed), "Hydro": 1.5}, utc("2026-07-04T16:20"))
        stage.say_stored(utc("2026-07-04T15:50"))
        stage.say_archive(OFFLINE)
        stage.pump()
        stage.run_until("2026-07-04T16:30")
        assert stage.late() == []
        stage.say_archive()
        stage.run(seconds=5)
        assert [s.fuels["Hydro"] for s in stage.late() if s.ts == changed] == [1.5]


class TestPresence:
    def test_it_says_online_and_offline(self, stage_at: StageAt) -> None:
        """At its start, every hour before it expires, at its end, and by its will."""
        stage = at_noon(stage_at)
        pump = stage.pump()
        stage.run(minutes=1)
        assert stage.said("status/pump") == [ONLINE]
        stage.run(hours=1)
        assert stage.said("status/pump") == [ONLINE, ONLINE]
        stage.stop(pump)
        assert stage.said("status/pump")[-1] == OFFLINE
        second = stage.pump()
        stage.run(seconds=5)
        assert stage.said("status/pump")[-1] == ONLINE
        stage.kill(second)
        assert stage.said("status/pump")[-1] == OFFLINE

    def test_the_state_of_the_feed(self, stage_at: StageAt) -> None:
        """Live, late, stale as it falls behind, and live again; each said as it changes."""
        stage = stage_at(NOON)
        stage.feed.fill(utc("2026-07-04T12:00"), utc("2026-07-04T15:50"))
        for ts in grid(utc("2026-07-04T15:55"), utc("2026-07-04T17:10")):
            stage.feed.put(ts, appears=utc("2026-07-04T17:15"))
        stage.pump()
        moments = {}
        for _ in range(80):
            stage.run(minutes=1)
            for word in stage.states():
                moments.setdefault(word, stage.feed.now)
        words = [a for a, b in pairwise([*stage.states(), ""]) if a != b]
        assert words == ["live", "late", "stale", "live"]
        last = utc("2026-07-04T15:50")
        assert 0 <= (moments["late"] - last - 15 * MINUTE).total_seconds() <= 120
        assert 0 <= (moments["stale"] - last - 60 * MINUTE).total_seconds() <= 120
        status = stage.said(f"status/feed/{FEED}")[-1]
        assert (status.kind, status.speed) == ("live", 1.0)
        assert status.expected_by == status.last + 15 * MINUTE
        assert stage.feed.now - status.now < timedelta(hours=1)

    def test_what_it_does_not_understand_is_left_out(
        self, stage_at: StageAt, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nonsense on the topics it listens to changes nothing."""
        stage = at_noon(stage_at)
        stage.pump()
        stage.run(seconds=10)
        mark = stage.mark()
        for topic in ("upstream/snapshot/fuel-mix", "status/stored/fuel-mix", "status/archive"):
            for payload in (b"{}", b"nonsense", b'{"through":3}', b"\xff"):
                stage.broker.publish(_raw(topic, payload))
        stage.run(seconds=5)
        assert "left out" in caplog.text
        assert [each for each in stage.broker.published[mark + 12 :] if each.topic != ""] == []
        stage.say_stored(utc("2026-07-04T15:45"))
        stage.say_archive()
        stage.run(seconds=5)
        assert stamps(caught_up(stage)) == [utc("2026-07-04T15:50")]


def _raw(topic: str, payload: bytes) -> Publication:
    return Publication(topic, payload, False, None)


class TestTrouble:
    @pytest.mark.parametrize(
        "error",
        [FeedUnavailable("mis.nyiso.com cannot be read: no route"), BadFile("a login page")],
    )
    def test_a_feed_that_fails_and_comes_back(
        self, stage_at: StageAt, caplog: pytest.LogCaptureFixture, error: Exception
    ) -> None:
        """Said once, tried again ever more slowly, down after three; then everything that
        is missing goes out."""
        stage = at_noon(stage_at)
        stage.say_stored(utc("2026-07-04T15:50"))
        stage.say_archive()
        stage.pump()
        stage.run(minutes=3)
        stage.feed.failing, before, mark = error, len(stage.feed.reads), stage.mark()
        stage.run(minutes=30)
        assert 20 <= len(stage.feed.reads) - before <= 80
        assert stage.states(mark)[0] == "down"
        assert stage.live(mark) == []
        assert {*stamps(stage.late(mark))} <= {utc("2026-07-04T15:55")}
        assert caplog.text.count(str(error)) == 1
        stage.feed.failing = None
        with caplog.at_level(logging.INFO):
            stage.run(minutes=2)
        assert caplog.text.count("the feed can be read again") == 1
        assert stage.states(mark)[-1] == "live"
        found = {*stamps(stage.live(mark)), *stamps(stage.late(mark))}
        assert {*grid(utc("2026-07-04T16:00"), utc("2026-07-04T16:25"))} <= found

    def test_a_feed_that_fails_from_the_start(self, stage_at: StageAt) -> None:
        """It says that it is there, and begins when the feed does."""
        stage = at_noon(stage_at)
        stage.feed.failing = FeedUnavailable("no network")
        stage.pump()
        stage.run(minutes=5)
        assert stage.said("status/pump") == [ONLINE]
        assert stage.live() == []
        stage.feed.failing = None
        stage.run(minutes=2)
        assert stage.live()[-1].ts == utc("2026-07-04T16:00")

    def test_a_file_that_is_gone_for_a_moment(self, stage_at: StageAt) -> None:
        """A 404 for what was there already takes nothing back and says nothing."""
        stage = at_noon(stage_at)
        stage.say_stored(utc("2026-07-04T20:00"))
        stage.say_archive()
        stage.pump()
        stage.run(minutes=3)
        mark = stage.mark()
        stage.feed.gone = True
        stage.run(minutes=4)
        stage.feed.gone = False
        stage.run(minutes=10)
        assert set(stage.states()) == {"live"}
        assert stage.late(mark) == []
        assert stamps(stage.live(mark)) == grid(utc("2026-07-04T16:00"), utc("2026-07-04T16:10"))

    def test_data_of_another_kind_are_refused(self, stage_at: StageAt) -> None:
        """Nothing is published, and the sentence says what to set."""
        stage = stage_at(NOON, kind=Kind.REPLAY)
        quiet_day(stage)
        pump = stage.pump(kind=Kind.LIVE)
        stage.run(seconds=5)
        with pytest.raises(Refused, match="NYPOWER_KIND=replay"):
            stage.stop(pump)
        assert stage.live() == stage.late() == []

    def test_another_kind_is_marked_in_every_payload(self, stage_at: StageAt) -> None:
        """As the contract says."""
        stage = stage_at(NOON, kind=Kind.SIMULATED)
        quiet_day(stage)
        stage.pump()
        stage.run(seconds=5)
        said = [each for each in stage.broker.published if each.payload not in (ONLINE, OFFLINE)]
        assert said
        assert all(b'"kind":"simulated"' in each.payload for each in said)

    def test_a_broker_that_is_away_at_first(self, stage_at: StageAt) -> None:
        """It waits for it, and then says what is now, and nothing of before."""
        stage = at_noon(stage_at)
        stage.broker.up = False
        stage.pump()
        stage.run(minutes=30)
        assert stage.broker.published == []
        stage.broker.restart()
        stage.run(seconds=5)
        assert stamps(stage.live()) == [utc("2026-07-04T16:20")]

    def test_a_broker_that_is_lost_for_a_while(self, stage_at: StageAt) -> None:
        """The live line goes on; what is older than 15 minutes by then is late."""
        stage = at_noon(stage_at)
        stage.say_stored(utc("2026-07-04T15:50"))
        stage.say_archive()
        stage.pump()
        stage.run(minutes=1)
        stage.broker.kill()
        stage.run(minutes=60)
        mark = stage.mark()
        stage.broker.restart()
        stage.run(seconds=10)
        live, late = stamps(stage.live(mark)), stamps(stage.late(mark))
        assert live == [utc("2026-07-04T16:50")] or live == grid(
            utc("2026-07-04T16:50"), utc("2026-07-04T16:55")
        )
        assert late == grid(utc("2026-07-04T15:55"), live[-1])
