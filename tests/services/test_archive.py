"""The archive, alone with a broker and a store: what it keeps, and what it says of it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from nypower.core.errors import StoreRefused
from nypower.core.origin import Kind, Origin
from nypower.messages import OFFLINE, ONLINE, Correction, Publication
from services.world import FEED, FIVE, Stage, grid, mix, utc

StageAt = Callable[..., Stage]
FIRST = utc("2026-07-04T16:00")
CO2, LATE_CO2, CORRECTION = "computed/co2", "history/co2", f"correction/{FEED}"


def ts(n: int) -> datetime:
    """The ``n``-th stamp."""
    return FIRST + n * FIVE


def grams(values: dict[str, float]) -> float:
    """Direct, by eGRID 2023, worked out here."""
    stack = {"Dual Fuel": 424.0, "Natural Gas": 417.0, "Other Fossil Fuels": 970.0}
    return round(sum(stack.get(n, 0.0) * mw for n, mw in values.items()) / sum(values.values()), 1)


def running(stage_at: StageAt) -> Stage:
    """An archive that has stored a backlog of six steps, 0 to 5."""
    stage = stage_at("2026-07-04T16:30")
    stage.archive()
    stage.run(seconds=2)
    for n in range(6):
        stage.send(ts(n), ts(n - 1) if n else None)
    stage.run(seconds=2)
    return stage


class TestPresence:
    def test_its_position_comes_before_it_is_online(self, stage_at: StageAt) -> None:
        """The pump goes on from there."""
        stage = stage_at("2026-07-04T16:30")
        stage.archive()
        stage.run(seconds=5)
        topics = [each.topic for each in stage.broker.published]
        assert topics.index(f"status/stored/{FEED}") < topics.index("status/archive")
        assert stage.positions()[0] is None
        assert stage.said("status/archive") == [ONLINE]

    def test_a_second_start_says_where_the_first_stopped(self, stage_at: StageAt) -> None:
        """The position is the store's."""
        stage = running(stage_at)
        stage.stop(stage.world.tasks[0])
        assert stage.said("status/archive")[-1] == OFFLINE
        mark = stage.mark()
        stage.archive()
        stage.run(seconds=5)
        assert stage.positions(mark) == [ts(5)]
        assert stage.said("status/archive", mark) == [ONLINE]

    def test_it_says_so_again_every_hour(self, stage_at: StageAt) -> None:
        """Before it expires."""
        stage = stage_at("2026-07-04T16:30")
        stage.archive()
        stage.run(hours=2, minutes=1)
        assert stage.said("status/archive") == [ONLINE] * 3

    def test_killed_its_will_says_offline(self, stage_at: StageAt) -> None:
        """And the next one goes on."""
        stage = running(stage_at)
        stage.kill(stage.world.tasks[0])
        assert stage.said("status/archive")[-1] == OFFLINE
        stage.archive()
        stage.run(seconds=5)
        assert stage.said("status/archive")[-1] == ONLINE

    def test_after_a_broker_that_forgot(self, stage_at: StageAt) -> None:
        """It says everything retained again: position, presence, both series."""
        stage = running(stage_at)
        stage.broker.kill(forget=True)
        stage.run(seconds=30)
        mark = stage.mark()
        stage.broker.restart()
        stage.run(seconds=5)
        topics = {each.topic for each in stage.broker.published[mark:]}
        assert topics == {
            f"status/stored/{FEED}", "status/archive", "archive/co2/24h", f"archive/{FEED}/24h",
        }  # fmt: skip
        stage.send(ts(6), ts(5), live=True)
        stage.run(seconds=2)
        assert stage.positions()[-1] == ts(6)

    def test_a_store_of_another_origin_ends_it(self, stage_at: StageAt) -> None:
        """Before it has said a word."""
        stage = stage_at("2026-07-04T16:30", kind=Kind.REPLAY)
        stage.store.claim(Origin(Kind.LIVE))
        archive = stage.archive()
        stage.run(seconds=5)
        with pytest.raises(StoreRefused, match="live"):
            stage.stop(archive)
        assert stage.broker.published == []


class TestAfterAnAbsence:
    """What waited at the broker was live once; only the last of it can be live now."""

    @pytest.mark.parametrize("window", [2, 100])
    def test_only_the_newest_is_announced_as_now(self, stage_at: StageAt, window: int) -> None:
        """However few the broker sends at a time: the rest is announced as late."""
        stage = stage_at("2026-07-04T16:30")
        task = stage.archive(window=window)
        stage.run(seconds=2)
        for n in range(3):
            stage.send(ts(n), ts(n - 1) if n else None)
        stage.run(seconds=2)
        stage.stop(task)
        for n in range(3, 10):
            stage.send(ts(n), ts(n - 1), live=True)
        mark = stage.mark()
        task = stage.archive(window=window)
        stage.run(seconds=10)
        assert {each.ts for each in stage.said("computed/co2", mark)} == {ts(9)}
        assert [each.ts for each in stage.said("history/co2", mark)] == [
            ts(n) for n in range(3, 10)
        ]
        stage.send(ts(10), ts(9), live=True)
        stage.run(seconds=2)
        assert stage.said("computed/co2", mark)[-1].ts == ts(10)
        assert stage.positions(mark)[-1] == ts(10)


class TestPosition:
    def test_a_backlog_is_stored_and_passed(self, stage_at: StageAt) -> None:
        """Every value, and the position at its end."""
        stage = running(stage_at)
        assert stage.store.steps() == {ts(n): mix(ts(n)) for n in range(6)}
        assert stage.positions()[-1] == stage.store.position(FEED) == ts(5)

    def test_only_a_backlog_starts_it(self, stage_at: StageAt) -> None:
        """What is outside the chain is kept all the same."""
        stage = stage_at("2026-07-04T16:30")
        stage.archive()
        stage.run(seconds=2)
        stage.send(ts(1), ts(0))
        stage.send(ts(2), ts(1), live=True)
        stage.run(seconds=2)
        assert stage.store.position(FEED) is None
        assert set(stage.positions()) == {None}
        assert set(stage.store.steps()) == {ts(1), ts(2)}
        for n in range(3):
            stage.send(ts(n), ts(n - 1) if n else None)
        stage.run(seconds=2)
        assert stage.positions()[-1] == ts(2)

    def test_never_over_a_hole(self, stage_at: StageAt) -> None:
        """A step was lost: later ones are kept and the position waits for it."""
        stage = running(stage_at)
        for n in (7, 8):
            stage.send(ts(n), ts(n - 1), live=True)
        stage.run(seconds=2)
        assert stage.store.position(FEED) == ts(5)
        assert ts(8) in stage.store.steps()
        for n in (6, 7, 8):
            stage.send(ts(n), ts(n - 1))
        stage.run(seconds=2)
        assert stage.positions()[-1] == ts(8)

    def test_it_is_stored_before_it_is_said(self, stage_at: StageAt) -> None:
        """Whenever a position is announced the store has it and all before it."""
        stage = stage_at("2026-07-04T16:30")
        wrong: list[Publication] = []

        def look(said: Publication) -> bool:
            through = json.loads(said.payload)["through"] if "stored" in said.topic else None
            if through and f"{stage.store.position(FEED):%Y-%m-%dT%H:%M:%SZ}" < through:
                wrong.append(said)
            return False

        stage.broker.lose = look
        stage.archive(window=2)
        stage.run(seconds=2)
        for n in range(9):
            stage.send(ts(n), ts(n - 1) if n else None)
        stage.run(seconds=5)
        assert stage.positions()[-1] == ts(8)
        assert not wrong


class TestWhatAStepIs:
    def test_new_and_live(self, stage_at: StageAt) -> None:
        """Its intensity, on each basis, with the stamp before it."""
        stage = running(stage_at)
        stage.send(ts(6), ts(5), live=True)
        stage.run(seconds=2)
        (said,) = stage.said(CO2)
        assert (said.ts, said.prev, said.value) == (ts(6), ts(5), grams(mix(ts(6))))
        assert (said.units, said.basis, said.factors) == (
            "g / kWh", "production/direct", "egrid-2023",
        )  # fmt: skip
        assert (said.estimated, said.percentile) == (False, None)
        assert stage.said("computed/co2-by-basis/production/direct") == [said]
        (lifecycle,) = stage.said("computed/co2-by-basis/production/lifecycle")
        assert lifecycle.value > said.value
        assert lifecycle.basis == "production/lifecycle"

    def test_new_and_late(self, stage_at: StageAt) -> None:
        """On history alone, with revision 0."""
        stage = running(stage_at)
        late = stage.said(LATE_CO2)
        assert [(each.ts, each.value, each.rev) for each in late] == [
            (ts(n), grams(mix(ts(n))), 0) for n in range(6)
        ]
        assert [each.prev for each in late] == [None, *(ts(n) for n in range(5))]
        assert stage.said(CO2) == []
        assert stage.said(CORRECTION) == []

    def test_the_same_again_says_nothing(self, stage_at: StageAt) -> None:
        """A replay is harmless and silent; the store is as it was."""
        stage = running(stage_at)
        before, mark = stage.store.all(), stage.mark()
        for n in range(6):
            stage.send(ts(n), ts(n - 1) if n else None)
        stage.run(seconds=2)
        assert stage.store.all() == before
        assert stage.said(LATE_CO2, mark) == stage.said(CORRECTION, mark) == []
        assert stage.said("archive/co2/24h", mark) == []

    def test_changed(self, stage_at: StageAt) -> None:
        """Stored over the old one, its revision raised, announced with both values; the
        second change raises it again."""
        stage = running(stage_at)
        for rev, wind in ((1, 1.5), (2, 2.5)):
            mark = stage.mark()
            values = {**mix(ts(2)), "Wind": wind}
            was = stage.store.steps()[ts(2)]["Wind"]
            stage.send(ts(2), ts(1), values)
            stage.run(seconds=2)
            assert stage.said(CORRECTION, mark) == [Correction(ts(2), rev, "Wind", was, wind)]
            (late,) = stage.said(LATE_CO2, mark)
            assert (late.ts, late.value, late.rev) == (ts(2), grams(values), rev)
            assert stage.store.all()[ts(2)].rev == rev
            assert stage.store.steps()[ts(2)] == values
            assert stage.said(CO2, mark) == []
        assert stage.positions()[-1] == ts(5)

    def test_a_name_that_comes_or_goes_is_a_correction(self, stage_at: StageAt) -> None:
        """`was` is null where there was none, `value` where it went."""
        stage = running(stage_at)
        values = {name: mw for name, mw in mix(ts(2)).items() if name != "Wind"}
        stage.send(ts(2), ts(1), {**values, "Storage": -5.0})
        stage.run(seconds=2)
        assert stage.said(CORRECTION) == [
            Correction(ts(2), 1, "Wind", mix(ts(2))["Wind"], None),
            Correction(ts(2), 1, "Storage", None, -5.0),
        ]

    def test_a_step_behind_the_position_is_a_correction(self, stage_at: StageAt) -> None:
        """It was not there when its successor came: each value from null, revision 0."""
        stage = running(stage_at)
        odd = ts(2) + timedelta(seconds=74)
        stage.send(odd, ts(2))
        stage.run(seconds=2)
        assert stage.said(CORRECTION) == [
            Correction(odd, 0, name, None, mw) for name, mw in mix(odd).items()
        ]
        assert stage.store.steps()[odd] == mix(odd)
        assert stage.positions()[-1] == ts(5)

    def test_live_only_if_it_is_the_newest(self, stage_at: StageAt) -> None:
        """A live step that comes after a newer one is computed into history."""
        stage = running(stage_at)
        stage.send(ts(7), ts(6), live=True)
        stage.run(seconds=2)
        stage.send(ts(6), ts(5), live=True)
        stage.run(seconds=2)
        assert [each.ts for each in stage.said(CO2)] == [ts(7)]
        assert stage.said(LATE_CO2)[-1].ts == ts(6)

    def test_the_newest_once_more_is_said_again(self, stage_at: StageAt) -> None:
        """A broker that forgot gets its retained intensity back with the pump's first step."""
        stage = running(stage_at)
        stage.send(ts(6), ts(5), live=True)
        stage.run(seconds=2)
        stage.send(ts(6), ts(5), live=True)
        stage.run(seconds=2)
        assert [each.ts for each in stage.said(CO2)] == [ts(6), ts(6)]

    def test_a_changed_newest(self, stage_at: StageAt) -> None:
        """Live again with its new value, and a correction."""
        stage = running(stage_at)
        stage.send(ts(6), ts(5), live=True)
        stage.run(seconds=2)
        values = {**mix(ts(6)), "Hydro": 1.0}
        stage.send(ts(6), ts(5), values, live=True)
        stage.run(seconds=2)
        assert [each.value for each in stage.said(CO2)] == [grams(mix(ts(6))), grams(values)]
        assert stage.said(CORRECTION) == [Correction(ts(6), 1, "Hydro", mix(ts(6))["Hydro"], 1.0)]

    def test_an_incomplete_step_has_no_intensity(self, stage_at: StageAt) -> None:
        """It is kept, nothing is said of it, and the next one's `prev` is the last that has
        one."""
        stage = running(stage_at)
        half = dict(list(mix(ts(6)).items())[:3])
        stage.send(ts(6), ts(5), half, live=True)
        stage.run(seconds=2)
        assert stage.said(CO2) == []
        assert stage.store.all()[ts(6)].intensity is None
        assert stage.positions()[-1] == ts(6)
        stage.send(ts(7), ts(6), live=True)
        stage.run(seconds=2)
        (said,) = stage.said(CO2)
        assert (said.ts, said.prev) == (ts(7), ts(5))

    def test_an_unknown_fuel_makes_an_estimate(self, stage_at: StageAt) -> None:
        """Left out of the mean, which says so, in the store as well."""
        stage = running(stage_at)
        stage.send(ts(6), ts(5), {**mix(ts(6)), "Storage": -50.0}, live=True)
        stage.run(seconds=2)
        (said,) = stage.said(CO2)
        assert (said.value, said.estimated) == (grams(mix(ts(6))), True)
        assert stage.store.steps()[ts(6)]["Storage"] == -50.0

    def test_the_percentile_after_a_day(self, stage_at: StageAt) -> None:
        """What share of the stored steps was cleaner, once there is a day of them; known
        again after a restart."""
        stage = stage_at("2026-07-04T16:30")
        archive = stage.archive()
        stage.run(seconds=2)
        for n in range(300):
            stage.send(ts(n), ts(n - 1) if n else None)
        stage.run(seconds=5)
        stage.stop(archive)
        stage.archive()
        stage.run(seconds=2)
        stage.send(ts(300), ts(299), live=True)
        stage.run(seconds=2)
        all_of_them = [grams(mix(ts(n))) for n in range(301)]
        lower = sum(each < all_of_them[-1] for each in all_of_them)
        assert stage.said(CO2)[0].percentile == round(100 * lower / 301)


class TestSeries:
    def test_equal_to_the_store(self, stage_at: StageAt) -> None:
        """The last 24 hours up to the newest, with its position; null where a fuel was not."""
        stage = stage_at("2026-07-04T16:30")
        stage.archive()
        stage.run(seconds=2)
        count = 300
        for n in range(count):
            values = mix(ts(n)) if n != 150 else {"Wind": 1.0, "Storage": 2.0}
            stage.send(ts(n), ts(n - 1) if n else None, values)
        stage.run(seconds=5)
        kept = [ts(n) for n in range(count) if ts(n) > ts(count - 1) - timedelta(hours=24)]
        assert len(kept) == 288
        fuels = stage.said(f"archive/{FEED}/24h")[-1]
        assert (fuels.units, fuels.through, list(fuels.ts)) == ("MW", ts(count - 1), kept)
        held = stage.store.steps()
        for name in (*mix(FIRST), "Storage"):
            assert list(fuels.fuels[name]) == [held[each].get(name) for each in kept]
        co2 = stage.said("archive/co2/24h")[-1]
        known = {each: record for each, record in stage.store.all().items() if record.intensity}
        assert list(co2.ts) == [each for each in kept if each in known]
        assert ts(150) not in co2.ts
        assert dict(zip(co2.ts, co2.values, strict=True))[ts(200)] == grams(mix(ts(200)))

    def test_once_for_a_batch(self, stage_at: StageAt) -> None:
        """300 steps that come together bring the series once or twice, not 300 times."""
        stage = stage_at("2026-07-04T16:30")
        stage.archive()
        stage.run(seconds=2)
        mark = stage.mark()
        for n in range(300):
            stage.send(ts(n), ts(n - 1) if n else None)
        stage.run(seconds=5)
        assert 1 <= len(stage.said("archive/co2/24h", mark)) <= 2

    def test_of_nothing(self, stage_at: StageAt) -> None:
        """Empty columns, and the seven fuels all the same."""
        stage = stage_at("2026-07-04T16:30")
        stage.archive()
        stage.run(seconds=5)
        (fuels,) = stage.said(f"archive/{FEED}/24h")
        assert (fuels.ts, set(fuels.fuels)) == ((), set(mix(FIRST)))


class TestAcknowledging:
    def test_only_after_storing(self, stage_at: StageAt) -> None:
        """While the store is away nothing is acknowledged, and the broker has it all still."""
        stage = running(stage_at)
        stage.store.away = True
        for n in (6, 7):
            stage.send(ts(n), ts(n - 1))
        stage.run(seconds=30)
        session = stage.broker.sessions["archive"]
        held = [*session.under_way, *session.waiting]
        assert sum(each.topic.startswith("history/") for each in held) == 2
        stage.store.away = False
        stage.run(seconds=60)
        assert not session.under_way
        assert not session.waiting
        assert stage.positions()[-1] == ts(7)

    def test_a_store_that_is_away_for_a_while(
        self, stage_at: StageAt, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Said once; offline meanwhile; then its position, and only then online; every
        result is announced."""
        stage = running(stage_at)
        stage.store.away = True
        mark = stage.mark()
        stage.send(ts(6), ts(5))
        stage.run(minutes=10)
        assert stage.said("status/archive", mark) == [OFFLINE]
        assert caplog.text.count("the store is away") == 1
        stage.store.away = False
        stage.run(minutes=1)
        assert stage.said("status/archive", mark) == [OFFLINE, ONLINE]
        topics = [each.topic for each in stage.broker.published[mark:]]
        online = len(topics) - 1 - topics[::-1].index("status/archive")
        assert f"status/stored/{FEED}" in topics[:online]
        assert stage.positions(mark)[-1] == ts(6)
        assert [each.ts for each in stage.said(LATE_CO2, mark)] == [ts(6)]

    def test_a_store_that_is_away_from_the_start(self, stage_at: StageAt) -> None:
        """It waits before it connects, and begins when it can."""
        stage = stage_at("2026-07-04T16:30")
        stage.store.away = True
        stage.archive()
        stage.run(minutes=5)
        assert stage.broker.published == []
        stage.store.away = False
        stage.run(minutes=1)
        assert stage.said("status/archive") == [ONLINE]

    def test_killed_between_storing_and_saying(self, stage_at: StageAt) -> None:
        """What was stored but not announced comes again and is announced then."""
        stage = stage_at("2026-07-04T16:30")
        archive = stage.archive()
        stage.run(seconds=2)
        stage.store.die_after_write = True
        stage.send(ts(0), None)
        stage.run(seconds=2)
        assert archive.done
        assert ts(0) in stage.store.steps()
        assert stage.said(LATE_CO2) == []
        stage.broker.cut("archive")
        stage.store.die_after_write = False
        stage.archive()
        stage.run(seconds=2)
        assert [each.ts for each in stage.said(LATE_CO2)] == [ts(0)]
        assert stage.positions()[-1] == ts(0)

    def test_a_window_of_one(self, stage_at: StageAt) -> None:
        """Each message a batch of its own, and all are stored."""
        stage = stage_at("2026-07-04T16:30")
        stage.archive(window=1)
        stage.run(seconds=2)
        for n in range(20):
            stage.send(ts(n), ts(n - 1) if n else None)
        stage.run(seconds=5)
        assert stage.positions()[-1] == ts(19)
        assert list(stage.store.steps()) == grid(FIRST, ts(19))

    def test_nonsense_is_left_out_and_acknowledged(
        self, stage_at: StageAt, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is logged and gone; what comes with it is stored."""
        stage = running(stage_at)
        for payload in (b"", b"{}", b"nonsense", b'{"ts":"2026-07-04T16:30:00"}'):
            stage.broker.publish(Publication(f"history/{FEED}", payload, False, None))
        stage.send(ts(6), ts(5))
        stage.run(seconds=2)
        assert "left out" in caplog.text
        assert stage.positions()[-1] == ts(6)
        assert not stage.broker.sessions["archive"].under_way
