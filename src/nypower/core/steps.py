"""A step: one time stamp of a feed with all its values, and when it is whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .fuels import KNOWN_SET


@dataclass(frozen=True, slots=True)
class Step:
    """One stamp of a feed: ``ts`` is NYISO's own, in UTC; ``values`` MW by name."""

    ts: datetime
    values: Mapping[str, float]


MEMORY = 3
"""How many steps a name may stay away before it is gone."""


def expected_names(before: Sequence[Step]) -> frozenset[str]:
    """The names a step must have to be whole, from the steps right before it.

    A name is expected while one of the last three steps had it. With no steps before, the
    seven known fuels are.
    """
    recent = before[-MEMORY:]
    if not recent:
        return KNOWN_SET
    return frozenset().union(*(step.values for step in recent))


def is_complete(step: Step, before: Sequence[Step]) -> bool:
    """Whether ``step`` has every name that the steps before it lead one to expect."""
    return expected_names(before) <= step.values.keys()


def without_unfinished(steps: Sequence[Step], before: Sequence[Step] = ()) -> Sequence[Step]:
    """The steps that count: the last one of a file only if it is complete.

    A step that a later stamp follows is as whole as it will get. ``before`` holds the
    steps of the files before this one.
    """
    if steps and not is_complete(steps[-1], [*before, *steps[:-1]][-MEMORY:]):
        return steps[:-1]
    return steps


def total(values: Iterable[float]) -> float:
    """The sum in MW, rounded to the watt-ish noise floating point leaves (3 decimals)."""
    return round(sum(values), 3)


@dataclass(frozen=True, slots=True)
class Link:
    """A step on its way: ``prev`` is the stamp before it in the feed, or, for the first of
    a backlog, None."""

    step: Step
    prev: datetime | None


def linked(steps: Sequence[Step], prev: datetime | None) -> list[Link]:
    """Steps that follow one another, the first of them on ``prev``."""
    stamps = [prev, *(step.ts for step in steps)]
    return [Link(step, before) for step, before in zip(steps, stamps, strict=False)]
