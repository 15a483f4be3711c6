"""The public contract: every topic, its payload, whether it is retained, who writes it.

Topics here are relative to the root (``core.origin.ROOTS``); QoS is 1 throughout. Under any
root but the live one each JSON payload carries ``kind`` too. The brokers' access lists and
the AsyncAPI document are made from ``TOPICS``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from . import codec
from .core.catalog import FUEL_MIX
from .core.errors import BadMessage
from .core.origin import Kind

QOS: Final = 1
HOUR, DAY, WEEK = 3600, 86_400, 604_800
"""Expiry, seconds: the backstop for readers of a broker whose writers are gone."""

MEGAWATT = "MW"

WRITER_ID_PREFIX = "ny-power-"
"""What a writer's MQTT client id begins with, and a reader's may not."""

FEEDS = (FUEL_MIX.name,)
"""What ``{feed}`` may be: the feeds that are published."""


class Writer(StrEnum):
    """Who may write: a broker account each, and nobody else."""

    PUMP = "pump"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value: ``ts`` is NYISO's stamp in UTC."""

    ts: datetime
    value: float | None
    units: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole step; ``prev`` is the stamp before it in the feed, null at a backlog's start."""

    ts: datetime
    prev: datetime | None
    units: str
    fuels: Mapping[str, float]
    total: float


@dataclass(frozen=True, slots=True)
class Updated:
    """The stamp of the newest live step."""

    ts: datetime


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How fresh a feed is. ``now`` is the feed's own time, running at ``speed``."""

    state: str
    kind: str
    last: datetime | None
    expected_by: datetime | None
    now: datetime
    speed: float


@dataclass(frozen=True, slots=True)
class Stored:
    """The position: everything up to ``through`` is in the store, without a hole."""

    through: datetime | None


@dataclass(frozen=True, slots=True)
class Co2:
    """The intensity of a step. ``prev`` is the stamp before it that has one.

    ``percentile`` says what share of the last 30 days, in percent, was cleaner; null while
    less than a day is known.
    """

    ts: datetime
    prev: datetime | None
    value: float
    units: str
    index: str
    percentile: int | None
    basis: str
    factors: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class LateCo2(Co2):
    """The intensity of a step that came late or was changed; ``rev`` counts the changes."""

    rev: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that changed; ``was`` is null where there was none, ``value`` where it went."""

    ts: datetime
    rev: int
    name: str
    was: float | None
    value: float | None


@dataclass(frozen=True, slots=True)
class Co2Series:
    """The last 24 hours of intensity, in columns, known without a hole up to ``through``."""

    units: str
    through: datetime | None
    ts: tuple[datetime, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FuelSeries:
    """The last 24 hours of the fuel mix, in columns; null where a fuel was missing."""

    units: str
    through: datetime | None
    ts: tuple[datetime, ...]
    fuels: Mapping[str, tuple[float | None, ...]]


ONLINE, OFFLINE, RELOAD = b"online", b"offline", b"reload"


@dataclass(frozen=True, slots=True)
class Topic:
    """A row of the contract. ``payload`` is a dataclass, or the texts that may stand there."""

    pattern: str
    payload: type | tuple[bytes, ...]
    writer: Writer
    retain: bool
    expiry: int | None
    summary: str

    @property
    def filters(self) -> tuple[str, ...]:
        """The subscription filters of all its topics: one a feed, other ``{level}`` as ``+``."""
        named = [self.pattern.replace("{feed}", feed) for feed in FEEDS]
        return tuple(dict.fromkeys(re.sub(r"\{[a-z]+\}", "+", pattern) for pattern in named))

    def matches(self, topic: str) -> bool:
        """Whether a topic (relative to the root) is one of this row's."""
        return any(_matches(each, topic) for each in self.filters)


def _matches(topic_filter: str, topic: str) -> bool:
    mine, theirs = topic_filter.split("/"), topic.split("/")
    return len(mine) == len(theirs) and all(
        level in ("+", other) for level, other in zip(mine, theirs, strict=True)
    )


def _row(
    writer: Writer, pattern: str, payload: Any, summary: str, expiry: int | None = None
) -> Topic:
    return Topic(pattern, payload, writer, expiry is not None, expiry, summary)


FUEL = _row(
    Writer.PUMP, "upstream/fuel-mix/{fuel}", Measurement, "What one fuel generates now.", WEEK
)
SNAPSHOT = _row(Writer.PUMP, "upstream/snapshot/{feed}", Snapshot, "The newest step, whole.", WEEK)
HISTORY = _row(Writer.PUMP, "history/{feed}", Snapshot, "A late, repaired or corrected step.")
UPDATED = _row(
    Writer.PUMP, "status/{feed}/updated", Updated, "When the newest step was taken.", WEEK
)
FEED_STATUS = _row(Writer.PUMP, "status/feed/{feed}", FeedStatus, "How fresh a feed is.", DAY)
PUMP_STATUS = _row(Writer.PUMP, "status/pump", (ONLINE, OFFLINE), "Whether the pump runs.", DAY)
ARCHIVE_STATUS = _row(
    Writer.ARCHIVE, "status/archive", (ONLINE, OFFLINE), "Whether the archive runs.", DAY
)
STORED = _row(Writer.ARCHIVE, "status/stored/{feed}", Stored, "Up to where all is stored.", WEEK)
CO2 = _row(Writer.ARCHIVE, "computed/co2", Co2, "The carbon intensity now.", WEEK)
CO2_BY_BASIS = _row(
    Writer.ARCHIVE,
    "computed/co2-by-basis/{scope}/{boundary}",
    Co2,
    "The same on each basis.",
    WEEK,
)
LATE_CO2 = _row(Writer.ARCHIVE, "history/co2", LateCo2, "The intensity of a late or changed step.")
CORRECTION = _row(
    Writer.ARCHIVE, "correction/{feed}", Correction, "A value behind the position that changed."
)
CO2_SERIES = _row(
    Writer.ARCHIVE, "archive/co2/24h", Co2Series, "The last 24 hours of intensity.", DAY
)
FUEL_SERIES = _row(
    Writer.ARCHIVE, "archive/{feed}/24h", FuelSeries, "The last 24 hours of the fuel mix.", DAY
)
WEBUI = _row(
    Writer.ARCHIVE, "application/webui", (RELOAD,), "Asks open pages to load themselves again."
)

TOPICS: tuple[Topic, ...] = (
    FUEL, SNAPSHOT, HISTORY, UPDATED, FEED_STATUS, PUMP_STATUS, ARCHIVE_STATUS, STORED,
    CO2, CO2_BY_BASIS, LATE_CO2, CORRECTION, CO2_SERIES, FUEL_SERIES, WEBUI,
)  # fmt: skip
"""The whole contract. No topic belongs to two rows."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A message ready to go: ``topic`` relative to the root, ``expiry`` in seconds."""

    topic: str
    payload: bytes
    retain: bool
    expiry: int | None


def publication(row: Topic, payload: Any, kind: Kind, **levels: str) -> Publication:
    """A payload on its way. ``levels`` fills the ``{…}`` of the row's pattern."""
    if isinstance(row.payload, tuple):
        content = payload
    else:
        marks = {} if kind is Kind.LIVE or row is FEED_STATUS else {"kind": kind.value}
        content = codec.encode(payload, **marks)
    return Publication(row.pattern.format(**levels), content, row.retain, row.expiry)


def row_of(topic: str) -> Topic:
    """The row a topic (relative to the root) belongs to; ``BadMessage`` if to none."""
    for row in TOPICS:
        if row.matches(topic):
            return row
    raise BadMessage(f"no topic of ours: {topic:.120}")


def decode(topic: str, payload: bytes) -> Any:
    """What a message says: a payload dataclass, or the text itself.

    Raises ``BadMessage`` where the topic is not in the contract or the payload not its.
    """
    row = row_of(topic)
    if isinstance(row.payload, tuple):
        if payload not in row.payload:
            raise BadMessage(f"{topic}: {payload[:40]!r} is none of {row.payload}")
        return payload
    return codec.decode(payload, row.payload)


def writable(writer: Writer) -> tuple[str, ...]:
    """The filters, relative to a root, of all that ``writer`` may write."""
    return tuple(each for row in TOPICS if row.writer is writer for each in row.filters)
