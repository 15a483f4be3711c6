"""What the documents say of ``nypower.messages`` beside what stands there: examples, names."""

import inspect
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from nypower import messages
from nypower.core.carbon import (
    BASES,
    DEFAULT_BASIS,
    DEFAULT_FACTORS,
    FACTOR_SETS,
    INDEX_BANDS,
    UNITS,
    index,
    intensity,
)
from nypower.core.freshness import State
from nypower.core.fuels import KNOWN, topic_level
from nypower.core.origin import ROOTS, Kind
from nypower.messages import MEGAWATT, Topic

BEFORE, TS = datetime(2018, 2, 9, 11, tzinfo=UTC), datetime(2018, 2, 9, 11, 5, tzinfo=UTC)
MIX = {
    "Dual Fuel": 2282.0, "Natural Gas": 3310.0, "Nuclear": 5413.0, "Other Fossil Fuels": 0.0,
    "Other Renewables": 237.0, "Wind": 258.0, "Hydro": 2814.0,
}  # fmt: skip
"""The reading that the original ny-power showed as its example: 02/09/2018 06:05 EST."""


def _intensity() -> float:
    known = intensity(MIX, FACTOR_SETS[DEFAULT_FACTORS])
    return known.grams[DEFAULT_BASIS] if known else 0.0


_CO2: dict[str, Any] = {
    "ts": TS, "prev": BEFORE, "value": _intensity(), "units": UNITS, "index": index(_intensity()),
    "percentile": 38, "basis": DEFAULT_BASIS, "factors": DEFAULT_FACTORS, "estimated": False,
}  # fmt: skip

_EXAMPLES: dict[type, Any] = {
    messages.Measurement: messages.Measurement(TS, 2282.0, MEGAWATT),
    messages.Snapshot: messages.Snapshot(TS, BEFORE, MEGAWATT, MIX, sum(MIX.values())),
    messages.Updated: messages.Updated(TS),
    messages.FeedStatus: messages.FeedStatus(
        "live", "live", TS, TS.replace(minute=20), TS.replace(minute=11), 1.0
    ),
    messages.Stored: messages.Stored(TS),
    messages.Co2: messages.Co2(**_CO2),
    messages.LateCo2: messages.LateCo2(**{**_CO2, "percentile": None}, rev=1),
    messages.Correction: messages.Correction(TS, 1, "Wind", 258.0, 256.0),
    messages.Co2Series: messages.Co2Series(UNITS, TS, (BEFORE, TS), (163.7, _intensity())),
    messages.FuelSeries: messages.FuelSeries(
        MEGAWATT, TS, (BEFORE, TS), {"Wind": (257.0, 258.0), "Hydro": (None, 2814.0)}
    ),
}

LEVELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "root": ("The kind of the data.", tuple(ROOTS.values())),
    "feed": ("The feed.", messages.FEEDS),
    "fuel": (
        "The fuel: the seven as NYISO spells them, any other as a slug.",
        tuple(topic_level(name) for name in KNOWN),
    ),
    "scope": ("Where it is counted.", tuple(dict.fromkeys(b.split("/")[0] for b in BASES))),
    "boundary": ("What is counted.", tuple(dict.fromkeys(b.split("/")[1] for b in BASES))),
}
"""The ``{…}`` of the topics, and what may stand there."""

OPEN_LEVELS = {"fuel"}
"""Those that may hold more than is known today."""


def _or(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


NOTES: dict[str, str] = {
    "ts": "NYISO's own stamp; in a series one a point, oldest first",
    "prev": "the stamp of the step before it; null where nothing is known before it",
    "value": "the number itself; of a correction the new one, null where it went",
    "values": "a number for each `ts`",
    "units": f"`{MEGAWATT}` or `{UNITS}`",
    "fuels": "MW by NYISO's name of the fuel; in a series a list for each",
    "total": "their sum, MW",
    "state": _or(State),
    "kind": _or(Kind),
    "last": "the newest step's stamp",
    "expected_by": "when the next one should be here",
    "now": "the feed's own time when this was said",
    "speed": "how fast that runs: 1, but for a replay or a simulation; 0 if it stands still",
    "through": "everything up to here is stored, without a hole; null: nothing yet",
    "index": _or([*(word for _, word in INDEX_BANDS), "very high"]) + ", from the direct value",
    "percentile": "what share of the last 30 days was below, %; on the headline's basis alone",
    "basis": "what is counted: " + _or(BASES),
    "factors": "the factor set: " + _or(FACTOR_SETS),
    "estimated": "true if the fuels were not exactly the seven",
    "rev": "how often the step has changed, from 0",
    "name": "which fuel changed",
    "was": "the old value; null where there was none",
}
"""What each field holds; docs/method.md says it at length."""


def example(row: Topic) -> bytes:
    """A payload of the row, as it travels live."""
    payload = row.payload[0] if isinstance(row.payload, tuple) else _EXAMPLES[row.payload]
    return messages.publication(row, payload, Kind.LIVE, **_any_levels(row)).payload


def levels(row: Topic) -> list[str]:
    """The names of the ``{…}`` in a row's pattern."""
    return [name for name in LEVELS if f"{{{name}}}" in row.pattern]


def said(payload: type) -> str:
    """What the docstring of a payload says, as one paragraph, its code marked for Markdown."""
    paragraphs = (inspect.getdoc(payload) or "").split("\n\n")
    return " ".join(" ".join(each.split()) for each in paragraphs).replace("``", "`")


def name_of(row: Topic) -> str:
    """The row's name in ``nypower.messages``, such as ``FEED_STATUS``."""
    return next(name for name, value in vars(messages).items() if value is row)


def _any_levels(row: Topic) -> dict[str, str]:
    return {name: LEVELS[name][1][0] for name in levels(row)}
