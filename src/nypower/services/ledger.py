"""What a step that arrives means, held against what the store knows. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.carbon import FactorSet, intensity
from ..core.chain import advance
from ..core.steps import MEMORY, Link, is_complete
from ..messages import Correction
from ..ports import Record

CONTEXT = timedelta(hours=1)
"""How much of the past is looked at to judge a step: more than the three steps before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A step judged: what to store, whether it is news, and what it corrects.

    ``co2_prev`` is the stamp before it that has an intensity.
    """

    record: Record
    news: bool
    corrections: Sequence[Correction]
    co2_prev: datetime | None


class Ledger:
    """The records around some arriving steps, and the position as it moves with them."""

    def __init__(
        self, known: Iterable[Record], through: datetime | None, factor_set: FactorSet
    ) -> None:
        self._known = {record.step.ts: record for record in known}
        self._stamps = sorted(self._known)
        self._factor_set = factor_set
        self.through = through

    def enter(self, link: Link) -> Entry:
        """Judge a step, and know it from then on."""
        step, ts = link.step, link.step.ts
        place = bisect_left(self._stamps, ts)
        before = [self._known[each].step for each in self._stamps[max(0, place - MEMORY) : place]]
        old = self._known.get(ts)
        changed = old is not None and old.step.values != step.values
        behind = self.through is not None and ts <= self.through
        rev = old.rev + changed if old else 0
        complete = is_complete(step, before)
        record = Record(step, rev, intensity(step.values, self._factor_set) if complete else None)
        corrections = _corrections(old, record) if changed or (old is None and behind) else ()
        co2_prev = self._co2_before(link.prev, place)
        self._known[ts] = record
        if old is None:
            self._stamps.insert(place, ts)
        self.through = advance(self.through, link.prev, ts)
        return Entry(record, old is None or changed, corrections, co2_prev)

    def _co2_before(self, prev: datetime | None, place: int) -> datetime | None:
        """``prev``, or, where that is known to have no intensity, the last that has one."""
        record = self._known.get(prev) if prev else None
        if record is None or record.intensity is not None:
            return prev
        earlier = (
            stamp for stamp in reversed(self._stamps[:place]) if self._known[stamp].intensity
        )
        return next(earlier, prev)


def _corrections(old: Record | None, new: Record) -> list[Correction]:
    was, now = old.step.values if old else {}, new.step.values
    return [
        Correction(new.step.ts, new.rev, name, was.get(name), now.get(name))
        for name in dict.fromkeys((*was, *now))
        if was.get(name) != now.get(name)
    ]
