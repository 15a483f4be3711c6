"""When a step is whole, and how steps hang together."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nypower.core.chain import advance
from nypower.core.fuels import KNOWN, slug, topic_level
from nypower.core.steps import (
    Link,
    Step,
    expected_names,
    is_complete,
    linked,
    total,
    without_unfinished,
)

START = datetime(2017, 11, 1, 4, 5, tzinfo=UTC)


def step(n: int, *names: str) -> Step:
    """The ``n``-th step, with these names, or the seven."""
    return Step(START + n * timedelta(minutes=5), dict.fromkeys(names or KNOWN, 1.0))


def without(name: str) -> tuple[str, ...]:
    return tuple(each for each in KNOWN if each != name)


class TestCompleteness:
    def test_at_first_the_seven_are_expected(self) -> None:
        """With nothing before it a step needs all seven, and may have more."""
        assert is_complete(step(0), [])
        assert is_complete(step(0, *KNOWN, "Storage"), [])
        assert not is_complete(step(0, *without("Wind")), [])

    @pytest.mark.parametrize("missing", KNOWN)
    def test_each_of_the_seven_is_missed(self, missing: str) -> None:
        """Whichever it is."""
        before = [step(n) for n in range(3)]
        assert not is_complete(step(3, *without(missing)), before)

    def test_a_fuel_is_gone_after_three_steps(self) -> None:
        """While one of the last three had it, it is expected; then no more."""
        steps = [step(0), *(step(n, *without("Wind")) for n in range(1, 5))]
        whole = [is_complete(steps[n], steps[:n]) for n in range(5)]
        assert whole == [True, False, False, False, True]

    def test_it_is_missed_again_once_it_is_back(self) -> None:
        """One step with it starts the count anew."""
        steps = [step(n, *without("Wind")) for n in range(4)] + [step(4)]
        assert is_complete(steps[4], steps[:4])
        assert not is_complete(step(5, *without("Wind")), steps)

    def test_a_fuel_that_appears_is_taken_in(self) -> None:
        """And missed from then on, as any other."""
        before = [step(0), step(1, *KNOWN, "Storage")]
        assert is_complete(before[1], before[:1])
        assert not is_complete(step(2), before)
        assert expected_names(before) == {*KNOWN, "Storage"}

    def test_only_the_last_three_count(self) -> None:
        """What stood four steps ago is not asked for."""
        before = [step(0, *KNOWN, "Storage"), step(1), step(2), step(3)]
        assert is_complete(step(4), before)


class TestUnfinished:
    def test_the_last_step_waits_until_it_is_whole(self) -> None:
        """A step without all its fuels at the end of a file does not count yet."""
        steps = [step(0), step(1), step(2, "Dual Fuel", "Natural Gas")]
        assert without_unfinished(steps) == steps[:2]
        assert without_unfinished([*steps[:2], step(2)]) == [*steps[:2], step(2)]

    def test_a_step_counts_when_another_follows(self) -> None:
        """It will get no more."""
        steps = [step(0), step(1, "Nuclear"), step(2)]
        assert without_unfinished(steps) == steps

    def test_a_fuel_that_stays_away_for_three_steps_holds_nothing_up(self) -> None:
        """The fourth step without it counts, though it is the last."""
        steps = [step(0), *(step(n, *without("Wind")) for n in range(1, 5))]
        assert without_unfinished(steps[:4]) == steps[:3]
        assert without_unfinished(steps) == steps

    def test_the_file_before_counts(self) -> None:
        """What yesterday's steps had is expected of today's first."""
        today = [step(1)]
        assert without_unfinished(today, [step(0, *KNOWN, "Storage")]) == []
        assert without_unfinished(today, [step(0)]) == today

    def test_of_nothing_nothing_is_left(self) -> None:
        """No steps, or only an unfinished one."""
        assert without_unfinished([]) == []
        assert without_unfinished([step(0, "Wind")]) == []


class TestChain:
    def test_a_backlog_starts_it_and_nothing_else(self) -> None:
        """While nothing is stored a step with a `prev` stays outside."""
        assert advance(None, START - timedelta(minutes=5), START) is None
        assert advance(None, None, START) == START

    def test_it_moves_along_the_chain(self) -> None:
        """By a step whose `prev` is the position, or lies before it."""
        after = START + timedelta(minutes=5)
        assert advance(START, START, after) == after
        assert advance(START, START - timedelta(hours=1), after) == after

    def test_it_never_leaps_over_a_hole(self) -> None:
        """A `prev` that is not stored leaves it where it was."""
        assert advance(START, START + timedelta(minutes=5), START + timedelta(minutes=10)) == START

    def test_it_never_goes_back(self) -> None:
        """Neither by a replay nor by a later backlog."""
        assert advance(START, START - timedelta(minutes=10), START - timedelta(minutes=5)) == START
        assert advance(START, None, START - timedelta(days=1)) == START
        assert advance(START, None, START + timedelta(days=1)) == START

    @given(st.data())
    def test_in_any_order_it_is_never_behind_a_hole(self, data: st.DataObject) -> None:
        """However steps arrive, lost, twice or mixed up, all up to the position has arrived;
        and one replay in order brings it to the end."""
        links = linked([step(n) for n in range(12)], None)
        through, arrived = None, set()
        for n in data.draw(st.lists(st.integers(0, 11), max_size=40)):
            link = links[n]
            arrived.add(link.step.ts)
            moved = advance(through, link.prev, link.step.ts)
            assert moved is None or through is None or moved >= through
            through = moved
            if through:
                assert {each.step.ts for each in links if each.step.ts <= through} <= arrived
        for link in links:
            through = advance(through, link.prev, link.step.ts)
        assert through == links[-1].step.ts


def test_steps_are_linked_to_the_one_before() -> None:
    """The first to what stood before them."""
    steps = [step(n) for n in range(3)]
    assert linked(steps, None) == [
        Link(steps[0], None), Link(steps[1], steps[0].ts), Link(steps[2], steps[1].ts),
    ]  # fmt: skip
    assert linked(steps[:1], START - timedelta(days=1)) == [
        Link(steps[0], START - timedelta(days=1))
    ]
    assert linked([], None) == []


def test_a_total_has_no_noise() -> None:
    """0.1 + 0.2 is 0.3."""
    assert total([0.1, 0.2]) == 0.3
    assert total([2282.0, 3310.0, 5413.0, 0.0, 237.0, 258.0, 2814.0]) == 14314.0
    assert total([]) == 0


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("SCH - HQ/CHPE +", "sch-hq-chpe"),
        ("N.Y.C.", "n-y-c"),
        ("Énergie", "nergie"),
        ("Storage #1", "storage-1"),
        ("+/#", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_a_name_as_a_topic_level(name: str, level: str) -> None:
    """Lower case, every run outside a-z0-9 one hyphen, none at the ends."""
    assert slug(name) == topic_level(name) == level


@given(st.text())
def test_a_slug_fits_in_any_topic(name: str) -> None:
    """Never empty, no wildcard, no level of its own, and a slug of itself."""
    assert set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug(name).strip("-") == slug(name) != ""
    assert slug(slug(name)) == slug(name)


def test_the_seven_keep_their_spelling() -> None:
    """As the original's topics had them."""
    assert [topic_level(name) for name in KNOWN] == list(KNOWN)
    assert topic_level("natural gas") == "natural-gas"
