"""How fresh a feed is, its clock, its rhythm, and where it says its data are from."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nypower.core.catalog import FUEL_MIX
from nypower.core.errors import StoreRefused
from nypower.core.freshness import FeedClock, State, expected_by, is_live, state
from nypower.core.origin import (
    ROOTS,
    Kind,
    Origin,
    TwinTag,
    check_claim,
    parse_twin_header,
)
from nypower.core.percentile import RecentValues
from nypower.core.rhythm import Rhythm

TS = datetime(2026, 11, 22, 5, 35, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_paths() -> None:
    """As mis.nyiso.com has them."""
    day = date(2017, 11, 5)
    assert FUEL_MIX.daily_path(day) == "/public/csv/rtfuelmix/20171105rtfuelmix.csv"
    assert FUEL_MIX.monthly_path(day) == "/public/csv/rtfuelmix/20171101rtfuelmix_csv.zip"


class TestFreshness:
    def test_fifteen_minutes_are_live(self) -> None:
        """And not a second more; a stamp of the future is."""
        assert is_live(TS, TS + 15 * MINUTE)
        assert not is_live(TS, TS + 15 * MINUTE + timedelta(seconds=1))
        assert is_live(TS, TS - MINUTE)

    @pytest.mark.parametrize(
        ("minutes", "word"),
        [(0, State.LIVE), (15, State.LIVE), (16, State.LATE), (60, State.LATE), (61, State.STALE)],
    )
    def test_the_state_by_age(self, minutes: int, word: State) -> None:
        """Late once the next step should have come, stale after an hour."""
        assert state(TS, TS + minutes * MINUTE, readable=True) is word
        assert (word is State.LIVE) == (TS + minutes * MINUTE <= expected_by(TS))

    def test_a_feed_that_cannot_be_read_is_down(self) -> None:
        """However fresh what was read last; and one without steps is stale."""
        assert state(TS, TS, readable=False) is State.DOWN
        assert state(None, TS, readable=False) is State.DOWN
        assert state(None, TS, readable=True) is State.STALE


class TestFeedClock:
    def test_it_runs_with_the_monotonic_clock(self) -> None:
        """At full speed, 600 times, or not at all."""
        assert FeedClock(TS, 100.0).now(160.0) == TS + MINUTE
        assert FeedClock(TS, 100.0, 600.0).now(101.0) == TS + 10 * MINUTE
        assert FeedClock(TS, 100.0, 0.0).now(1e6) == TS

    def test_how_long_feed_time_lasts_here(self) -> None:
        """A minute is a tenth of a second at 600; standing still, it is waited out."""
        assert FeedClock(TS, 0.0).wall_seconds(MINUTE) == 60
        assert FeedClock(TS, 0.0, 600.0).wall_seconds(MINUTE) == pytest.approx(0.1)
        assert FeedClock(TS, 0.0, 0.0).wall_seconds(MINUTE) == 60


class TestRhythm:
    def test_at_first_every_poll(self) -> None:
        """With nothing seen, and with one step seen: it tells nothing of the delay."""
        rhythm = Rhythm(5 * MINUTE, MINUTE)
        assert rhythm.next_look(TS) == TS + MINUTE
        rhythm.seen(TS - 7 * MINUTE, TS)
        assert rhythm.next_look(TS) == TS + MINUTE

    def test_then_a_poll_before_the_next_can_be_there(self) -> None:
        """Steps that come 6 minutes after their stamp: the next is looked for at 5."""
        rhythm = Rhythm(5 * MINUTE, MINUTE)
        for n in range(3):
            rhythm.seen(TS + n * 5 * MINUTE, TS + (n * 5 + 6) * MINUTE)
        now = TS + 16 * MINUTE
        assert rhythm.next_look(now) == TS + (15 + 6 - 1) * MINUTE
        assert rhythm.next_look(TS + 20 * MINUTE) == TS + 21 * MINUTE

    def test_the_quickest_of_the_last_dozen_counts(self) -> None:
        """One that came quickly long ago is forgotten."""
        rhythm = Rhythm(5 * MINUTE, MINUTE)
        delays = [9, 2, *[8] * 12]
        for n, delay in enumerate(delays):
            rhythm.seen(TS + n * 5 * MINUTE, TS + (n * 5 + delay) * MINUTE)
        newest = TS + (len(delays) - 1) * 5 * MINUTE
        now = newest + 8 * MINUTE
        assert rhythm.next_look(now) == newest + (5 + 8 - 1) * MINUTE

    def test_a_catch_up_teaches_no_rhythm_that_waits_long(self) -> None:
        """Whatever was seen, it looks again within an interval, and no sooner than a poll."""
        rhythm = Rhythm(5 * MINUTE, MINUTE)
        for hours in (30, 20, 10):
            rhythm.seen(TS - timedelta(hours=hours), TS)
        assert TS + MINUTE <= rhythm.next_look(TS) <= TS + 5 * MINUTE

    @given(st.lists(st.tuples(st.integers(-60, 6000), st.integers(-600, 6000)), max_size=30))
    def test_never_sooner_than_a_poll_nor_later_than_an_interval(
        self, seen: list[tuple[int, int]]
    ) -> None:
        """In any history."""
        rhythm = Rhythm(5 * MINUTE, MINUTE)
        for stamp, delay in seen:
            ts = TS + timedelta(seconds=stamp)
            rhythm.seen(ts, ts + timedelta(seconds=delay))
            assert MINUTE <= rhythm.next_look(TS) - TS <= 5 * MINUTE


class TestPercentile:
    def test_a_day_is_needed(self) -> None:
        """287 steps say nothing, 288 do."""
        recent = RecentValues()
        for n in range(287):
            recent.put(TS + n * 5 * MINUTE, float(n))
        assert recent.percentile(100.0) is None
        recent.put(TS + 287 * 5 * MINUTE, 287.0)
        assert recent.percentile(-1.0) == 0
        assert recent.percentile(72.0) == 25
        assert recent.percentile(1000.0) == 100

    def test_a_value_takes_the_place_of_its_stamps_last(self) -> None:
        """A correction does not count twice, and forgotten ones not at all."""
        recent = RecentValues()
        for n in range(288):
            recent.put(TS + n * 5 * MINUTE, 100.0)
        for n in range(144):
            recent.put(TS + n * 5 * MINUTE, 50.0)
        assert recent.percentile(100.0) == 50
        recent.forget_before(TS + 5 * MINUTE)
        assert recent.percentile(100.0) is None

    @given(st.randoms(use_true_random=False), st.integers(280, 600))
    @settings(max_examples=30)
    def test_against_counting(self, random: Random, count: int) -> None:
        """The share of the stamps whose last value was lower."""
        recent, held = RecentValues(), {}
        for _ in range(count):
            n, value = random.randrange(330), random.randrange(10)
            recent.put(TS + n * MINUTE, float(value))
            held[n] = value
        lower = sum(value < 5 for value in held.values())
        expected = round(100 * lower / len(held)) if len(held) >= 288 else None
        assert recent.percentile(5.0) == expected


class TestOrigin:
    def test_only_live_data_stand_under_the_plain_root(self) -> None:
        """Each kind has a root of its own."""
        assert Origin(Kind.LIVE).root == "ny-power"
        assert len(set(ROOTS.values())) == len(Kind) == 3

    def test_no_header_is_the_live_feed(self) -> None:
        """At its own speed."""
        assert parse_twin_header(None) == TwinTag(Origin(Kind.LIVE), 1.0)

    @pytest.mark.parametrize(
        "tag",
        [
            TwinTag(Origin(Kind.REPLAY, "2017-11-05T04:00:00Z"), 600.0),
            TwinTag(Origin(Kind.SIMULATED), 1.0),
            TwinTag(Origin(Kind.SIMULATED), 0.5),
        ],
    )
    def test_a_header_there_and_back(self, tag: TwinTag) -> None:
        """What the twin says is what is read."""
        assert parse_twin_header(tag.header()) == tag

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "kind",
            "replay",
            "kind=measured",
            "speed=600",
            *(f"kind=replay; speed={speed}" for speed in ("fast", "nan", "inf", "-1")),
        ],
    )
    def test_a_header_that_says_nothing(self, header: str) -> None:
        """Is an error: better no data than made up ones taken for measured."""
        with pytest.raises(ValueError, match=r"."):
            parse_twin_header(header)

    def test_a_store_belongs_to_one_origin(self) -> None:
        """Anyone's while nobody has it; and the refusal names both."""
        replay = Origin(Kind.REPLAY, "2017-11-05T04:00:00Z")
        check_claim(None, replay)
        check_claim(replay, replay)
        for other in (Origin(Kind.LIVE), Origin(Kind.REPLAY, "2018-01-01T05:00:00Z")):
            with pytest.raises(StoreRefused) as refusal:
                check_claim(replay, other)
            assert str(replay) in str(refusal.value)
            assert str(other) in str(refusal.value)
