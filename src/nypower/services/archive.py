"""The archive: from the bus to the store, and what the steps mean back to the bus.

    while it runs:
        gather   the steps that arrive together
        enter    them into the ledger: new, the same or changed
        keep     the news and the position in the store
        announce intensities, corrections, the position, the recent series
        acknowledge

Nothing is acknowledged before it is stored and announced, so what is interrupted comes
again. It announces its position before it says it is online: the pump goes on from there.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ..core.carbon import DEFAULT_BASIS, FactorSet
from ..core.catalog import Feed
from ..core.errors import BadMessage, StoreUnavailable
from ..core.freshness import FeedClock, is_live
from ..core.origin import Origin
from ..core.percentile import SPAN, RecentValues
from ..core.steps import Link, Step
from ..messages import (
    ARCHIVE_STATUS,
    HOUR,
    OFFLINE,
    ONLINE,
    SNAPSHOT,
    FeedStatus,
    Snapshot,
    decode,
    publication,
)
from ..ports import Bus, Connected, Disconnected, Message, Record, Store
from .ledger import CONTEXT, Entry, Ledger
from .results import Results
from .retry import Backoff, Complaint, LeftOut

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.01
"""A pause of this length ends a batch."""

IDLE_SECONDS = 1.0
SETTLE_SECONDS = 5.0
"""How long to wait for our own word to come back, behind all that waited for us."""

SERIES_SPAN = timedelta(hours=24)
ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ArchivePlan:
    """What to archive, and how to compute."""

    feed: Feed
    origin: Origin
    factor_set: FactorSet


@dataclass(slots=True)
class _Batch:
    """Messages that arrived together. ``paused``: nothing followed them; ``again``: an
    earlier try may have stored them without announcing them; ``settles``: with them all has
    come that waited for this connection."""

    messages: list[Message]
    paused: bool = True
    again: bool = False
    settles: bool = False


class Archive:
    """One feed's archive. ``bus`` must be subscribed to ``archive_filters(feed)``."""

    def __init__(
        self,
        plan: ArchivePlan,
        store: Store,
        bus: Bus,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._store, self._bus, self._monotonic = plan, store, bus, monotonic
        self._results = Results(plan.feed.name, plan.origin.kind, plan.factor_set)
        self._through: datetime | None = None
        self._newest: datetime | None = None
        self._recent = RecentValues()
        self._online = False
        self._series_due = False
        self._refresh_at = 0.0
        self._unranked: Entry | None = None
        self._backoff = Backoff(0.5, 30.0)
        self._complaint = Complaint(log, "the store answers again")
        self._broker_complaint = Complaint(log, "connected to the broker")
        self._left_out = LeftOut(log)
        # The bus, as of this connection: whether what waited for us has come, and with it the
        # newest step of the live topics; and the feed's time as the pump tells it.
        self._settled = False
        self._settle_by = 0.0
        self._waiting: Entry | None = None
        self._clock: FeedClock | None = None

    def run(self, stop: threading.Event) -> None:
        """Archive until ``stop`` is set. Raises ``Refused`` where going on is of no use."""
        self._insist(self._open, stop)
        if stop.is_set():
            return
        self._bus.start()
        try:
            while not stop.is_set():
                batch = self._gather()
                self._insist(partial(self._process, batch), stop)
        finally:
            self._say_offline()
            self._bus.close()

    # --- the store, however long it takes -----------------------------------------------

    def _insist(self, work: Callable[[], None], stop: threading.Event) -> None:
        """Do the work on the store, again until it succeeds; say when it has to wait."""
        while not stop.is_set():
            try:
                work()
            except StoreUnavailable as error:
                self._complaint.say(str(error))
                self._say_offline()
                stop.wait(self._backoff.wait())
            else:
                self._backoff.reset()
                self._complaint.clear()
                return

    def _open(self) -> None:
        feed = self._plan.feed.name
        self._store.claim(self._plan.origin)
        self._through = self._store.position(feed)
        self._newest = self._store.newest(feed)
        self._recent = RecentValues()
        if self._newest:
            for record in self._store.read(feed, self._newest - SPAN, self._newest + ONE_SECOND):
                if record.intensity:
                    self._recent.put(record.step.ts, record.intensity.grams[DEFAULT_BASIS])
        log.info("stored without a hole through %s", self._through or "nothing yet")

    # --- gather -------------------------------------------------------------------------

    def _gather(self) -> _Batch:
        """The messages of one batch: a full window, or what came before a pause."""
        batch = _Batch([])
        wait = IDLE_SECONDS
        while len(batch.messages) < self._bus.window:
            match self._bus.next(wait):
                case None:
                    return batch
                case Connected():
                    self._broker_complaint.clear()
                    self._online, self._series_due = False, True
                    self._refresh_at = 0.0
                    self._settled, self._waiting = False, None
                    self._settle_by = self._monotonic() + SETTLE_SECONDS
                case Disconnected(reason):
                    self._broker_complaint.say(f"no broker: {reason}")
                case Message() as message:
                    batch.messages.append(message)
                    if _is_own_word(message):
                        batch.settles = True  # our own word came back: what waited came before
                        return batch
            wait = PAUSE_SECONDS
        batch.paused = False
        return batch

    # --- enter, keep, announce, acknowledge ---------------------------------------------

    def _process(self, batch: _Batch) -> None:
        batch.again = batch.again or any(message.redelivered for message in batch.messages)
        links = {True: list[Link](), False: list[Link]()}
        for message in batch.messages:
            if link := self._read(message):
                links[SNAPSHOT.matches(message.topic)].append(link)
        try:
            for is_live in (False, True):
                if links[is_live]:
                    self._take_in(links[is_live], is_live=is_live, again=batch.again)
            if batch.paused and self._series_due:
                self._announce_series()
                self._rank_the_newest()
        except StoreUnavailable:
            batch.again = True
            raise
        if batch.settles or (not self._settled and self._monotonic() >= self._settle_by):
            self._settle()
        self._say_online()
        for message in batch.messages:
            self._bus.acknowledge(message)

    def _read(self, message: Message) -> Link | None:
        """The step a message carries, if it carries one; the feed's time is remembered."""
        try:
            payload = decode(message.topic, message.payload)
        except BadMessage as error:
            self._left_out.add(message.topic, str(error))
            return None
        match payload:
            case Snapshot(ts=ts, fuels=fuels, prev=prev):
                return Link(Step(ts, fuels), prev)
            case FeedStatus(now=now, speed=speed):
                self._clock = FeedClock(now, self._monotonic(), speed)
        return None

    def _take_in(self, links: Sequence[Link], *, is_live: bool, again: bool) -> None:
        feed = self._plan.feed.name
        stamps = [link.step.ts for link in links]
        known = self._store.read(feed, min(stamps) - CONTEXT, max(stamps) + ONE_SECOND)
        ledger = Ledger(known, self._through, self._plan.factor_set)
        entries = [ledger.enter(link) for link in links]
        news = [entry.record for entry in entries if entry.news]
        moved = ledger.through != self._through
        if news or moved:
            self._store.write(feed, news, ledger.through)
            self._through, self._series_due = ledger.through, True
        self._newest = max(stamps) if self._newest is None else max(self._newest, *stamps)
        self._remember([entry.record for entry in entries if entry.news])
        for entry in entries:
            self._announce(entry, is_live=is_live, again=again)
        if moved:
            self._bus.publish(self._results.position(self._through))

    def _remember(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.intensity:
                self._recent.put(record.step.ts, record.intensity.grams[DEFAULT_BASIS])
        if self._newest:
            self._recent.forget_before(self._newest - SPAN)

    def _announce(self, entry: Entry, *, is_live: bool, again: bool) -> None:
        """Live only what is the newest there is; as late only what is news, or may not have
        been announced when a delivery was interrupted."""
        record = entry.record
        if is_live and not self._settled:
            self._waiting = entry
        if is_live and self._settled and record.step.ts == self._newest and self._is_now(entry):
            self._announce_live(entry)
            for correction in entry.corrections:
                self._bus.publish(self._results.correction(correction))
        elif entry.news or again:
            for each in self._results.late(entry):
                self._bus.publish(each)

    def _is_now(self, entry: Entry) -> bool:
        """Whether a step may be shown as the present, as far as the feed's time is known."""
        return self._clock is None or is_live(
            entry.record.step.ts, self._clock.now(self._monotonic())
        )

    def _settle(self) -> None:
        """All that waited has come: only the last of it can be what is now."""
        self._settled, entry, self._waiting = True, self._waiting, None
        if entry and entry.record.step.ts == self._newest and self._is_now(entry):
            self._announce_live(entry)

    def _announce_live(self, entry: Entry) -> None:
        intensity, percentile = entry.record.intensity, None
        if intensity:
            percentile = self._recent.percentile(intensity.grams[DEFAULT_BASIS])
        self._unranked = entry if intensity and percentile is None else None
        for each in self._results.live(entry, percentile):
            self._bus.publish(each)

    def _rank_the_newest(self) -> None:
        """Say the newest again once enough of the past has come to compare it with."""
        entry = self._unranked
        if entry and entry.record.step.ts == self._newest and self._recent.enough():
            self._announce_live(entry)

    def _announce_series(self) -> None:
        feed = self._plan.feed.name
        records = []
        if self._newest:
            start = self._newest - SERIES_SPAN + ONE_SECOND
            records = [*self._store.read(feed, start, self._newest + ONE_SECOND)]
        for each in self._results.series(records, self._through):
            self._bus.publish(each)
        self._series_due = False

    # --- presence -----------------------------------------------------------------------

    def _say_online(self) -> None:
        """Position first, then presence; again every hour, before they expire."""
        if self._online and self._monotonic() < self._refresh_at:
            return
        self._bus.publish(self._results.position(self._through))
        self._bus.publish(publication(ARCHIVE_STATUS, ONLINE, self._plan.origin.kind))
        self._online, self._refresh_at = True, self._monotonic() + HOUR

    def _say_offline(self) -> None:
        if self._online:
            self._bus.publish(publication(ARCHIVE_STATUS, OFFLINE, self._plan.origin.kind))
            self._online = False


def _is_own_word(message: Message) -> bool:
    fresh = not message.retained and message.payload == ONLINE
    return fresh and message.topic == ARCHIVE_STATUS.pattern


def archive_filters(feed: Feed) -> tuple[str, ...]:
    """What the archive listens to: the feed's time, the whole steps, late and live, and last
    its own presence."""
    return (
        f"status/feed/{feed.name}",
        f"history/{feed.name}",
        f"upstream/snapshot/{feed.name}",
        ARCHIVE_STATUS.pattern,
    )
