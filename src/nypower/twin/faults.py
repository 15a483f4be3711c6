"""What the twin does wrong on request, as the real server was seen to or might.

*Answer* faults strike the requests for files, until cleared or as many times as said. *File*
faults alter a day's file at one stamp; whoever asks for the file sees it, until cleared or
as many requests as said.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from ..core.catalog import FUEL_MIX
from ..core.clock import market_day, parse_moment
from .growth import Block, Edit

ADDED_MW = 100.0
"""What is added to a value that a fault changes."""

GARBAGE = "99/99/2017 25:61:00,XYZ,Unobtainium;;,NaN,"


class FaultKind(StrEnum):
    """Every fault there is."""

    NOT_FOUND = "404"
    FORBIDDEN = "403"
    BROKEN = "500"
    LOGIN = "login"
    """200 and a page to log in at, as a hotel's network gives."""
    HANG = "hang"
    """The request is taken and never answered."""
    DRIP = "drip"
    """The answer comes a few bytes at a time."""
    RESET = "reset"
    """The connection is reset before an answer."""
    TRUNCATED = "truncated"
    """The file ends in the middle of its last row."""

    GARBAGE = "garbage"
    """A row of nonsense (or the one named) after the stamp's."""
    REPEATED = "repeated"
    """The stamp's rows stand there twice."""
    CHANGED = "changed"
    """The stamp's first row stands there once more with another value."""
    REWRITTEN = "rewritten"
    """The stamp's first row has another value than it had."""
    GAP = "gap"
    """The stamp is missing, or as many five minutes as named from it on."""


_FILE_KINDS = frozenset(
    {
        FaultKind.GARBAGE,
        FaultKind.REPEATED,
        FaultKind.CHANGED,
        FaultKind.REWRITTEN,
        FaultKind.GAP,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault asked for.

    ``at``: when an answer fault begins, or the stamp a file fault strikes (the last one at or
    before it; for a gap the first one from it on). ``times``: how many requests, None for
    all. ``arg``: the row of GARBAGE, the number of stamps of a GAP.
    """

    kind: FaultKind
    at: datetime | None = None
    times: int | None = None
    arg: str = ""

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError(f"{self.kind} {self.times} times is no fault")
        if self.kind is FaultKind.GAP and self.arg and not self.arg.isdecimal():
            raise ValueError(f"a gap of {self.arg!r} stamps makes no sense")

    @property
    def alters_file(self) -> bool:
        """Whether it is a file fault."""
        return self.kind in _FILE_KINDS


def parse_fault(text: str) -> Fault:
    """A fault as a person types it: ``KIND[:ARG][@WHEN]``, such as ``500:3@2017-11-05T02:00``.

    The argument of an answer fault is how many times. Raises ``ValueError``.
    """
    head, _, when = text.partition("@")
    name, _, arg = head.partition(":")
    kind = FaultKind(name)
    at = parse_moment(when) if when else None
    if kind in _FILE_KINDS:
        return Fault(kind, at, None, arg)
    return Fault(kind, at, int(arg) if arg else None)


class Faults:
    """The faults in force. Any thread may ask or set."""

    def __init__(
        self, now: Callable[[], datetime], through: Callable[[datetime], datetime]
    ) -> None:
        self._now, self._through = now, through
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._touched: datetime | None = None
        self.cleared = 0
        """How often they were cleared: what a fault holds up then ends."""

    def set(
        self, kind: str, *, times: int | None = None, arg: str = "", at: datetime | None = None
    ) -> None:
        """Put a fault in force; ``ValueError`` where it makes no sense."""
        self.add(Fault(FaultKind(kind), at, times, arg))

    def add(self, fault: Fault) -> None:
        """Put a fault in force. A file fault without a stamp takes the newest published,
        a gap the next to come."""
        with self._lock:
            if fault.alters_file:
                if fault.at is None:
                    newest = self._through(self._now())
                    after = timedelta(microseconds=fault.kind is FaultKind.GAP)
                    fault = replace(fault, at=newest + after)
                self._touch()
            self._faults.append(fault)

    def clear(self) -> None:
        """Do everything right again."""
        with self._lock:
            self._faults.clear()
            self.cleared += 1
            self._touch()

    @property
    def touched(self) -> datetime | None:
        """When a fault last altered what files hold, or ceased to."""
        return self._touched

    @property
    def pending(self) -> int:
        """How many faults are in force or still to come."""
        return len(self._faults)

    def next_answer(self) -> FaultKind | None:
        """What to do wrong with a request that has come; counts it."""
        with self._lock:
            now = self._now()
            for fault in self._faults:
                if not fault.alters_file and (fault.at is None or fault.at <= now):
                    self._count(fault)
                    return fault.kind
        return None

    def edits(
        self, days: Iterable[date], stamps: Callable[[date], Sequence[datetime]]
    ) -> dict[date, Edit]:
        """What to do to the files of ``days``, whose whole stamps ``stamps`` gives; counts
        a request."""
        wanted = set(days)
        found: dict[date, Edit] = {}
        with self._lock:
            for fault in list(self._faults):
                if not fault.alters_file or fault.at is None:
                    continue
                day = market_day(fault.at)
                if day in wanted:
                    found[day] = _chain(found.get(day), _edit(fault, fault.at, stamps(day)))
                    self._count(fault)
        return found

    def _count(self, fault: Fault) -> None:
        place = self._faults.index(fault)
        if fault.times is None:
            return
        if fault.times > 1:
            self._faults[place] = replace(fault, times=fault.times - 1)
            return
        del self._faults[place]
        if fault.alters_file:
            self._touch()

    def _touch(self) -> None:
        """Whole seconds, as in Last-Modified, and never the same twice."""
        now = self._now().replace(microsecond=0) + timedelta(seconds=1)
        if self._touched is not None:
            now = max(now, self._touched + timedelta(seconds=1))
        self._touched = now


def _chain(first: Edit | None, second: Edit) -> Edit:
    return second if first is None else lambda blocks: second(first(blocks))


def _edit(fault: Fault, at: datetime, stamps: Sequence[datetime]) -> Edit:
    """A file fault as an edit of the published blocks of its day."""
    if fault.kind is FaultKind.GAP:
        end = at + int(fault.arg or 1) * FUEL_MIX.interval
        return lambda blocks: [block for block in blocks if not at <= block.ts < end]
    struck = max((ts for ts in stamps if ts <= at), default=None)
    return lambda blocks: [
        Block(block.ts, _altered(fault, block.rows)) if block.ts == struck else block
        for block in blocks
    ]


def _altered(fault: Fault, rows: tuple[bytes, ...]) -> tuple[bytes, ...]:
    match fault.kind:
        case FaultKind.GARBAGE:
            return (*rows, (fault.arg or GARBAGE).encode())
        case FaultKind.REPEATED:
            return (*rows, *rows)
        case FaultKind.CHANGED:
            return (*rows, _other_value(rows[0]))
        case _:
            return (_other_value(rows[0]), *rows[1:])


def _other_value(row: bytes) -> bytes:
    """A row with another number at its end."""
    rest, _, number = row.rpartition(b",")
    return b"%s,%.1f" % (rest, float(number) + ADDED_MW)
