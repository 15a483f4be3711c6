"""Where data come from: the live feed, a replay of old files, or a simulated grid.

A twin of the feed says what it is in one response header, `Nypower-Twin`, as
``kind=replay; speed=600; span=2017-11-05T04:00:00Z``. The real server sends none.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from .errors import StoreRefused

TWIN_HEADER = "Nypower-Twin"


class Kind(StrEnum):
    """What the numbers are."""

    LIVE = "live"
    REPLAY = "replay"
    SIMULATED = "simulated"


ROOTS = {
    Kind.LIVE: "ny-power",
    Kind.REPLAY: "ny-power-replay",
    Kind.SIMULATED: "ny-power-simulated",
}
"""The topic root of each kind: only live data stand under the plain one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a store holds: ``span`` is the start of a replay, empty otherwise."""

    kind: Kind
    span: str = ""

    @property
    def root(self) -> str:
        """The topic root, such as ``ny-power``."""
        return ROOTS[self.kind]

    def __str__(self) -> str:
        return f"{self.kind.value} from {self.span}" if self.span else self.kind.value


@dataclass(frozen=True, slots=True)
class TwinTag:
    """What the header says; the real feed's is ``TwinTag()``."""

    origin: Origin = Origin(Kind.LIVE)
    speed: float = 1.0

    def header(self) -> str:
        """The value of the `Nypower-Twin` header."""
        span = f"; span={self.origin.span}" if self.origin.span else ""
        return f"kind={self.origin.kind.value}; speed={self.speed:g}{span}"


def parse_twin_header(value: str | None) -> TwinTag:
    """The tag a server's header carries; the live feed's for None.

    Raises ``ValueError`` where the header is there but says nothing understandable: better
    no data than simulated ones taken for measured.

    >>> parse_twin_header("kind=replay; speed=600; span=2017-11-05T04:00:00Z").speed
    600.0
    """
    if value is None:
        return TwinTag()
    fields = dict(part.strip().split("=", 1) for part in value.split(";"))
    speed = float(fields.get("speed", 1))
    if not 0 <= speed < math.inf:
        raise ValueError(f"no clock runs {speed} times as fast")
    return TwinTag(Origin(Kind(fields.get("kind", "")), fields.get("span", "")), speed)


def check_claim(held: Origin | None, wanted: Origin) -> None:
    """Raise ``StoreRefused`` where a store that holds ``held`` is none for ``wanted``."""
    if held not in (None, wanted):
        raise StoreRefused(f"the store holds {held} data and will not take {wanted} data")
