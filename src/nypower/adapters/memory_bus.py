"""A broker within the process, and its ``ports.Bus``: what services are tried on.

It does what the services rely on and nothing else: retained values, sessions that stay
while their client is away, a window of messages that are not acknowledged yet, redelivery,
wills, and, as an embedded broker does, forgetting everything.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition

from ..core.errors import BusRefused
from ..messages import Publication
from ..ports import Connected, Disconnected, Event, Message


def matches(topic_filter: str, topic: str) -> bool:
    """Whether an MQTT filter takes a topic in.

    >>> matches("upstream/#", "upstream"), matches("upstream/+/Wind", "upstream/fuel-mix/Wind")
    (True, True)
    """
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted, levels = wanted[:-1], levels[: len(wanted) - 1]
    return len(wanted) == len(levels) and all(
        mine in ("+", theirs) for mine, theirs in zip(wanted, levels, strict=True)
    )


@dataclass(slots=True)
class Session:
    """What the broker holds for a client: its filters, what waits, what is under way."""

    filters: Sequence[str] = ()
    waiting: deque[Message] = field(default_factory=deque)
    under_way: list[Message] = field(default_factory=list)
    bus: "MemoryBus | None" = None


class Broker:
    """The pipe. Safe to use from several threads.

    ``lose`` is asked for each message on its way to a client: True loses it, as a full queue
    or a kill does.
    """

    def __init__(self, lose: Callable[[Publication], bool] = lambda _: False) -> None:
        self.changed = Condition()
        self.retained: dict[str, Publication] = {}
        self.published: list[Publication] = []
        """Everything it was given, in order, since it began."""
        self.refuses = False
        """Whether it refuses whoever connects."""
        self.up = True
        self.lose = lose
        self.sessions: dict[str, Session] = {}
        """By client id; of those that are away, the persistent ones."""

    def publish(self, publication: Publication) -> None:
        """Take a message in, from anyone, and pass it on."""
        with self.changed:
            self.published.append(publication)
            if publication.retain:
                self.retained[publication.topic] = publication
                if not publication.payload:
                    del self.retained[publication.topic]
            for session in self.sessions.values():
                wanted = any(matches(each, publication.topic) for each in session.filters)
                if wanted and not self.lose(publication):
                    session.waiting.append(Message(publication.topic, publication.payload))
            self.changed.notify_all()

    def kill(self, *, forget: bool = False) -> None:
        """Go down as by kill -9: every connection is lost. ``forget`` loses what it holds."""
        with self.changed:
            self.up = False
            for session in list(self.sessions.values()):
                if session.bus:
                    session.bus.lost("the broker is gone")
            if forget:
                self.retained.clear()
                self.sessions.clear()

    def restart(self) -> None:
        """Come up again."""
        with self.changed:
            self.up = True
            self.changed.notify_all()

    def cut(self, client_id: str) -> None:
        """Lose one client's connection; its will is sent."""
        with self.changed:
            session = self.sessions.get(client_id)
            if session and (bus := session.bus):
                bus.lost("the connection was cut")
                if bus.will:
                    self.publish(bus.will)

    # --- for MemoryBus, which holds the lock -------------------------------------------------

    def join(self, bus: "MemoryBus") -> tuple[Session, bool]:
        """A session for a client that connects, and whether it was held."""
        held = self.sessions.get(bus.client_id)
        if held and held.bus:
            held.bus.lost("another client took the session")
        if held is None or not bus.persistent:
            held, kept = Session(), False
        else:
            kept = True
            held.waiting.extendleft(
                Message(each.topic, each.payload, redelivered=True)
                for each in reversed(held.under_way)
            )
            held.under_way.clear()
        held.filters, held.bus = bus.filters, bus
        held.waiting.extend(
            Message(each.topic, each.payload, retained=True)
            for each in self.retained.values()
            if any(matches(mine, each.topic) for mine in bus.filters)
        )
        self.sessions[bus.client_id] = held
        return held, kept

    def leave(self, bus: "MemoryBus") -> None:
        """A client is gone; only a persistent session is kept."""
        session = self.sessions.get(bus.client_id)
        if session and session.bus is bus:
            session.bus = None
            if not bus.persistent:
                del self.sessions[bus.client_id]


class MemoryBus:
    """A ``ports.Bus`` on a ``Broker``. It connects again at once whenever it can."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        filters: Sequence[str] = (),
        *,
        persistent: bool = False,
        will: Publication | None = None,
        window: int = 100,
    ) -> None:
        self.client_id, self.filters, self.persistent = client_id, filters, persistent
        self.will, self.window = will, window
        self._broker = broker
        self._session: Session | None = None
        self._news: deque[Event] = deque()
        self._started = False

    def start(self) -> None:
        """Begin to connect; see ``ports.Bus``."""
        self._started = True

    def next(self, timeout: float) -> Event | None:
        """The next event; see ``ports.Bus``."""
        deadline = time.monotonic() + timeout
        with self._broker.changed:
            while (event := self._event()) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._broker.changed.wait(left)
            return event

    def publish(self, publication: Publication) -> None:
        """Hand a message over; see ``ports.Bus``."""
        with self._broker.changed:
            if self._session is not None:
                self._broker.publish(publication)

    def acknowledge(self, message: Message) -> None:
        """Have the broker forget a message of this connection; see ``ports.Bus``."""
        with self._broker.changed:
            under_way = self._session.under_way if self._session else []
            if any(each is message for each in under_way):
                if under_way[0] is not message:
                    raise AssertionError("acknowledged out of order")
                under_way.pop(0)
                self._broker.changed.notify_all()

    def close(self) -> None:
        """Disconnect properly; see ``ports.Bus``."""
        with self._broker.changed:
            self._started, self._session = False, None
            self._broker.leave(self)

    def lost(self, reason: str) -> None:
        """The connection is gone; what was not read of it is too."""
        self._session = None
        self._broker.leave(self)
        self._news.append(Disconnected(reason))
        self._broker.changed.notify_all()

    def _event(self) -> Event | None:
        if self._news:
            return self._news.popleft()
        if self._session is None:
            return self._connect() if self._started and self._broker.up else None
        if self._session.waiting and len(self._session.under_way) < self.window:
            message = self._session.waiting.popleft()
            self._session.under_way.append(message)
            return message
        return None

    def _connect(self) -> Event:
        if self._broker.refuses:
            raise BusRefused(f"the broker refuses {self.client_id}")
        self._session, kept = self._broker.join(self)
        return Connected(kept)
