"""The pump: from the feed to the bus.

    while it runs:
        hear   what the bus brings: connections, the archive's state and position
        look   at the feed, when something new may be there
        speak  live steps at once; late ones while the archive is online; the feed's state

It keeps no state that matters. What was last live it reads from the retained snapshot, what
is stored from the archive's position, and sends everything after that again.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.catalog import Feed
from ..core.errors import BadFile, BadMessage, FeedUnavailable
from ..core.freshness import LIVE_AGE, is_live
from ..core.origin import Kind
from ..core.rhythm import Rhythm
from ..core.steps import Link
from ..messages import (
    ARCHIVE_STATUS,
    HOUR,
    OFFLINE,
    ONLINE,
    PUMP_STATUS,
    Publication,
    Snapshot,
    Stored,
    decode,
    publication,
)
from ..ports import Bus, Connected, Disconnected, Event, Message
from .feed_reader import FeedReader
from .late_steps import LateSteps
from .live import feed_status, late_step, live_step
from .retry import Backoff, Complaint, LeftOut

log = logging.getLogger(__name__)

SETTLE_SECONDS = 1.0
"""After connecting, retained messages come, and behind them what the pump itself says. Should
that not come back, this long is waited for them."""

UNREADABLE_AFTER = 3
"""Failed readings in a row until the feed counts as down."""

LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class PumpPlan:
    """What to pump, and how: ``poll`` in the feed's time."""

    feed: Feed
    kind: Kind
    poll: timedelta
    backlog: timedelta


class Pump:
    """One feed's pump. ``bus`` must be subscribed to ``pump_filters(feed)``."""

    def __init__(
        self,
        plan: PumpPlan,
        reader: FeedReader,
        bus: Bus,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._reader, self._bus, self._monotonic = plan, reader, bus, monotonic
        self._rhythm = Rhythm(plan.feed.interval, plan.poll)
        self._backoff = Backoff(5.0, LONGEST_WAIT_SECONDS)
        self._complaint = Complaint(log, "the feed can be read again")
        self._late_backoff = Backoff(5.0, LONGEST_WAIT_SECONDS * 5)
        self._late_complaint = Complaint(log, "the past can be read again")
        self._late_at = 0.0
        self._broker_complaint = Complaint(log, "connected to the broker")
        self._left_out = LeftOut(log)
        self._look_at = monotonic()
        self._polled = False
        # The bus, as of this connection.
        self._connected = self._settled = False
        self._settle_by = 0.0
        self._live: datetime | None = None
        # What goes out.
        self._known: dict[datetime, Link] = {}
        self._late = LateSteps(reader, plan.backlog, monotonic)
        self._state = ""
        self._refresh_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Pump until ``stop`` is set. Raises ``Refused`` where going on would help nobody."""
        self._bus.start()
        try:
            while not stop.is_set():
                self._hear(self._bus.next(self._patience()))
                self._look()
                self._speak()
        finally:
            self._bus.publish(self._presence(OFFLINE))
            self._bus.close()

    # --- hear -------------------------------------------------------------------------

    def _hear(self, event: Event | None) -> None:
        match event:
            case Connected():
                self._connected, self._settled, self._live = True, False, None
                self._late.forget_the_archive()
                self._state, self._refresh_at = "", 0.0
                self._settle_by = self._monotonic() + SETTLE_SECONDS
                self._broker_complaint.clear()
                if not self._backoff.failures:
                    self._look_at = self._monotonic()  # what is live is told by a fresh look
                self._bus.publish(self._presence(ONLINE))
            case Disconnected(reason):
                self._broker_complaint.say(f"no broker: {reason}")
                self._connected = self._settled = False
            case Message():
                self._read(event)
                self._bus.acknowledge(event)

    def _read(self, message: Message) -> None:
        try:
            payload = decode(message.topic, message.payload)
        except BadMessage as error:
            self._left_out.add(message.topic, str(error))
            return
        match payload:
            case Snapshot(ts=ts):
                self._live = max(ts, self._live) if self._live else ts
            case Stored(through=through):
                self._late.stored(through)
            case bytes() if message.topic == ARCHIVE_STATUS.pattern:
                self._late.archive_is(online=payload == ONLINE)
            case b"online" if message.topic == PUMP_STATUS.pattern and not message.retained:
                self._settled = True  # our own word came back: what was retained came before

    # --- look -------------------------------------------------------------------------

    def _look(self) -> None:
        if self._monotonic() < self._look_at:
            return
        try:
            self._reader.poll()
        except (FeedUnavailable, BadFile) as error:
            self._feed_failed(error)
            return
        self._polled = True
        self._backoff.reset()
        if self._reader.trouble:
            self._complaint.say(str(self._reader.trouble))
        else:
            self._complaint.clear()
        self._take_in(self._reader.links())
        now, clock = self._reader.now(), self._reader.clock
        if clock:
            wait = clock.wall_seconds(self._rhythm.next_look(now) - now)
            self._look_at = self._monotonic() + min(wait, LONGEST_WAIT_SECONDS * 5)

    def _feed_failed(self, error: Exception) -> None:
        self._look_at = self._monotonic() + self._in_feed_time(self._backoff.wait())
        self._complaint.say(str(error))

    def _in_feed_time(self, seconds: float) -> float:
        """A wait as long as it is for the feed: a replay at speed is waited for less."""
        clock = self._reader.clock
        return max(0.1, clock.wall_seconds(timedelta(seconds=seconds)) if clock else seconds)

    def _take_in(self, links: list[Link]) -> None:
        """Find what is new at the end of the feed, and what changed behind it."""
        before = self._known
        end = max(before) if before else None
        self._known = {link.step.ts: link for link in links}
        for ts, link in self._known.items():
            if end is None or ts > end:
                if end is not None or ts == max(self._known):  # nobody saw the others appear
                    self._rhythm.seen(ts, self._reader.now())
                if not is_live(ts, self._reader.now()):
                    self._late.resume()
            elif ts >= min(before):
                known = before.get(ts)
                if known is None or known.step.values != link.step.values:
                    log.info("the feed changed its step of %s", ts)
                    self._late.repair(link)

    # --- speak ------------------------------------------------------------------------

    def _speak(self) -> None:
        self._settled = self._settled or (self._connected and self._monotonic() >= self._settle_by)
        if not self._settled:
            return
        if self._reader.clock is not None:
            if self._polled:
                self._polled = False
                self._send_live(self._reader.now())
            self._send_late(self._reader.now())
        self._send_status()

    def _send_live(self, now: datetime) -> None:
        """What is newer than the last that was live. Only right after a look at the feed: its
        time is not carried on through a sleep."""
        if self._live and self._live > now + LIVE_AGE:
            log.warning("what the broker holds as live is of %s, in the future", self._live)
            self._live = None
        newer = [
            link
            for ts, link in self._known.items()
            if is_live(ts, now) and (self._live is None or ts > self._live)
        ]
        for link in newer if self._live else newer[-1:]:
            for each in live_step(self._plan.feed, self._plan.kind, link):
                self._bus.publish(each)
            self._live = link.step.ts

    def _send_late(self, now: datetime) -> None:
        if self._monotonic() < self._late_at:
            return  # what could not be read is being waited for
        try:
            links = self._late.due(now)
        except (FeedUnavailable, BadFile) as error:
            self._late_at = self._monotonic() + self._in_feed_time(self._late_backoff.wait())
            self._late_complaint.say(str(error))
            return
        if links:
            self._late_backoff.reset()
            self._late_complaint.clear()
        for link in links:
            self._bus.publish(late_step(self._plan.feed, self._plan.kind, link))

    def _send_status(self) -> None:
        clock = self._reader.clock
        refresh = self._monotonic() >= self._refresh_at
        if refresh:
            if self._refresh_at:  # it was said on connecting
                self._bus.publish(self._presence(ONLINE))
            self._refresh_at = self._monotonic() + HOUR
        if clock is None:
            return
        word, message = feed_status(
            self._plan.feed,
            self._plan.kind,
            self._reader.newest(),
            self._reader.now(),
            clock,
            readable=self._backoff.failures < UNREADABLE_AFTER,
        )
        if refresh or word != self._state:
            self._state = word
            self._bus.publish(message)

    def _presence(self, word: bytes) -> Publication:
        return publication(PUMP_STATUS, word, self._plan.kind)

    def _patience(self) -> float:
        """How long to wait for the bus, in seconds."""
        if not self._settled:
            return SETTLE_SECONDS / 4
        ready = self._reader.clock is not None and self._monotonic() >= self._late_at
        if ready and self._late.can_send():
            return 0.0
        return min(max(0.0, self._look_at - self._monotonic()), 1.0)


def pump_filters(feed: Feed) -> tuple[str, ...]:
    """What the pump listens to: its own snapshot, the archive, and last its own presence."""
    return (
        f"upstream/snapshot/{feed.name}",
        f"status/stored/{feed.name}",
        ARCHIVE_STATUS.pattern,
        PUMP_STATUS.pattern,
    )
