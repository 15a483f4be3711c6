"""The three seams to the outside: where steps come from, how they travel, where they stay.

Each is a Protocol that an adapter implements and one contract suite tests. No adapter does
any I/O before its first call.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from .core.carbon import Intensity
from .core.catalog import Feed
from .core.freshness import FeedClock
from .core.origin import Origin
from .core.steps import Step
from .messages import Publication


@dataclass(frozen=True, slots=True)
class DayFile:
    """One reading of a market day's file.

    ``steps`` are all the file's, oldest first, one per stamp, the last as it stands (maybe
    unfinished); empty where the file does not exist. ``exists`` tells the two apart.
    ``changed`` is False where the file is byte for byte what the last reading of it was.
    """

    day: date
    steps: Sequence[Step]
    clock: FeedClock
    origin: Origin
    exists: bool = True
    changed: bool = True


class Source(Protocol):
    """The feed, a market day's file at a time."""

    def read(self, feed: Feed, day: date, *, anew: bool = False) -> DayFile:
        """The file as it is now; ``anew``: every byte of it, for what may have changed behind
        its end. Raises ``FeedUnavailable``, or ``BadFile`` where what came is none of the
        feed's."""


@dataclass(frozen=True, slots=True)
class Record:
    """A step as the store keeps it.

    ``rev`` is 0 until a value of it changes. ``intensity`` is None where the step was not
    complete.
    """

    step: Step
    rev: int
    intensity: Intensity | None


class Store(Protocol):
    """The history. Times are aware UTC; ``feed`` is a ``core.catalog`` name.

    Every method raises ``StoreUnavailable`` when waiting may help and ``StoreRefused`` when
    it will not.
    """

    def claim(self, origin: Origin) -> None:
        """Make the store one of ``origin``, or raise ``StoreRefused`` if it is another's."""

    def origin(self) -> Origin | None:
        """What the store holds; None for one that nobody has claimed."""

    def position(self, feed: str) -> datetime | None:
        """Up to where the feed is stored without a hole."""

    def write(self, feed: str, records: Sequence[Record], through: datetime | None) -> None:
        """Store records over whatever stood at their stamps, then the position.

        A record replaces the whole step: a name it lacks is gone. ``through`` never gets
        ahead of the records: a crash in between leaves it behind.
        """

    def read(self, feed: str, start: datetime, end: datetime) -> Iterator[Record]:
        """The records with ``start <= ts < end``, oldest first, as they come."""

    def newest(self, feed: str) -> datetime | None:
        """The newest stamp stored."""

    def close(self) -> None:
        """Give back what is held open. A closed store may not be used again."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the bus delivered. ``topic`` is relative to the root.

    ``token`` is the bus's own, for :meth:`Bus.acknowledge`; ``redelivered`` that an earlier
    delivery may have been worked on already.
    """

    topic: str
    payload: bytes
    retained: bool = False
    redelivered: bool = False
    token: object = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """The bus is connected (again) and subscribed; retained messages follow.

    ``session`` says whether the broker kept the session of the last connection.
    """

    session: bool = False


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection was lost; the bus goes on trying."""

    reason: str


Event = Message | Connected | Disconnected


class Bus(Protocol):
    """The way to the broker and back, under one topic root.

    Messages come in the order of arrival and wait until they are acknowledged; what is not
    is delivered again at the next connection. The will, the subscriptions and the client id
    belong to the adapter's settings.
    """

    window: int
    """How many messages the broker sends at most before it waits for acknowledgements."""

    def start(self) -> None:
        """Begin to connect, and go on for as long as it takes. Raises ``BusRefused`` never:
        a refusal comes out of :meth:`next`."""

    def next(self, timeout: float) -> Event | None:
        """The next event, or None after ``timeout`` seconds of wall time.

        Raises ``BusRefused`` when the broker will not have this client.
        """

    def publish(self, publication: Publication) -> None:
        """Hand a message over for delivery, in order.

        It gets to the broker before whatever is published or acknowledged after it, so an
        acknowledgement never arrives where what was published before it has not. While
        disconnected it is dropped: what matters is sent again after ``Connected``.
        """

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message is dealt with. Call in the order of arrival; does
        nothing for a message of an earlier connection."""

    def close(self) -> None:
        """Disconnect properly, so that the will stays unsent, and give everything back."""
