"""A world of its own time, in which the real services run against fakes, in a fixed order.

Each service runs its own ``run`` in a thread, but only one of them runs at a time: when it
waits for the bus, the next that can go on does, and when none can, time leaps to where one
need not wait any longer. Hours pass in a moment, and always alike.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from nypower.adapters.memory import MemoryStore
from nypower.adapters.memory_bus import Broker, MemoryBus
from nypower.core.carbon import FACTOR_SETS
from nypower.core.catalog import FUEL_MIX, Feed
from nypower.core.clock import market_day
from nypower.core.errors import StoreUnavailable
from nypower.core.freshness import FeedClock
from nypower.core.fuels import KNOWN
from nypower.core.origin import Kind, Origin
from nypower.core.steps import Step
from nypower.messages import (
    ARCHIVE_STATUS,
    HISTORY,
    OFFLINE,
    ONLINE,
    PUMP_STATUS,
    SNAPSHOT,
    STORED,
    Snapshot,
    Stored,
    decode,
    publication,
)
from nypower.ports import DayFile, Event, Record
from nypower.services.archive import Archive, ArchivePlan, archive_filters
from nypower.services.feed_reader import FeedReader
from nypower.services.pump import Pump, PumpPlan, pump_filters

FEED = FUEL_MIX.name
FIVE = timedelta(minutes=5)
DELAY = timedelta(minutes=5, seconds=10)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
DEADLINE = 30.0


def utc(text: str) -> datetime:
    """``2026-07-04T12:00`` as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def grid(first: datetime, last: datetime) -> list[datetime]:
    """Every five minutes, both ends included."""
    return [first + n * FIVE for n in range((last - first) // FIVE + 1)]


def mix(ts: datetime) -> dict[str, float]:
    """A grid that changes with every stamp."""
    shift = ts.timestamp() // 300 % 97
    return {name: 100.0 * (n + 1) + shift * (n + 1) for n, name in enumerate(KNOWN)}


class Task(threading.Event):
    """A service in its thread; the event asks it to stop. A wait for the event waits in the
    world's time."""

    def __init__(self, world: "World", work: Callable[["Task"], None]) -> None:
        super().__init__()
        self.world = world
        self.wake, self.ready = world.time, lambda: True
        self.turn, self.done = threading.Semaphore(0), False
        self._work = work
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.error: BaseException | None = None
        self.thread.start()

    def _run(self) -> None:
        self.turn.acquire()
        try:
            self._work(self)
        except BaseException as error:
            self.error = error
        self.done = True
        self.world.back.release()

    def pause(self, seconds: float, ready: Callable[[], bool]) -> None:
        """Let others go on until ``ready`` or ``seconds`` later."""
        self.wake, self.ready = self.world.time + seconds, ready
        self.world.back.release()
        self.turn.acquire()

    def wait(self, timeout: float | None = None) -> bool:
        self.pause(timeout or 0.0, self.is_set)
        return self.is_set()


class World:
    """The time, in seconds, and those who live by it."""

    def __init__(self) -> None:
        self.time = 0.0
        self.back = threading.Semaphore(0)
        self.tasks: list[Task] = []
        self.plans: list[tuple[float, Callable[[], None]]] = []

    def monotonic(self) -> float:
        return self.time

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something when that much more time has passed."""
        self.plans.append((self.time + seconds, act))

    def run(self, seconds: float) -> None:
        """Let that much time pass."""
        end = self.time + seconds
        while True:
            for task in [each for each in self.tasks if each.ready() or each.wake <= self.time]:
                self._resume(task)
            if any(each.ready() for each in self.tasks):
                continue
            moments = [each.wake for each in self.tasks] + [when for when, _ in self.plans]
            nearest = min(moments, default=end + 1)
            if nearest > end:
                self.time = end
                return
            self.time = max(self.time, nearest)
            due = [plan for plan in self.plans if plan[0] <= self.time]
            self.plans = [plan for plan in self.plans if plan[0] > self.time]
            for _, act in due:
                act()

    def _resume(self, task: Task) -> None:
        if task.done:
            return
        task.turn.release()
        assert self.back.acquire(timeout=DEADLINE), "a service hangs"
        if task.done:
            self.tasks.remove(task)

    def spawn(self, work: Callable[[Task], None]) -> Task:
        task = Task(self, work)
        self.tasks.append(task)
        return task

    def stop(self, task: Task) -> None:
        """Ask a service to stop, and wait until it has; raises what ended it."""
        task.set()
        while not task.done:
            self._resume(task)
        task.thread.join(DEADLINE)
        if task.error:
            raise task.error


class Killed(Exception):
    """The end of a service that was killed."""


class WorldBus:
    """A ``MemoryBus`` whose waiting is the world's."""

    def __init__(self, broker: Broker, inner: MemoryBus) -> None:
        self.broker, self.inner = broker, inner
        self.task: Task | None = None
        self.window = inner.window
        self._found: Any = None

    def next(self, timeout: float) -> Event | None:
        if not self._ready():
            assert self.task
            self.task.pause(timeout, lambda: self._ready() or self.task.is_set())
            self._ready()
        found, self._found = self._found, None
        if isinstance(found, Exception):
            raise found
        return found

    def kill(self) -> None:
        """As kill -9 of the service: its will is sent, and it says nothing any more."""
        assert self.task
        self.broker.cut(self.inner.client_id)
        self.inner.close()
        self._found = Killed()
        with suppress(Killed):
            self.task.world.stop(self.task)

    def _ready(self) -> bool:
        try:
            self._found = self._found or self.inner.next(0)
        except Exception as error:
            self._found = error
        return self._found is not None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class FakeFeed:
    """A ``ports.Source``: rows appear in its files at their moments."""

    def __init__(self, world: World, begin: datetime, kind: Kind = Kind.LIVE) -> None:
        self.world, self.begin, self.kind = world, begin, kind
        self.rows: dict[datetime, list[tuple[datetime, dict[str, float]]]] = {}
        self.failing: Exception | None = None
        self.frozen: datetime | None = None
        self.gone = False
        self.bad: dict[date, Exception] = {}
        """Days whose file cannot be read."""
        self.missing_once: set[date] = set()
        """Days whose file is not there at the next reading."""
        self.reads: list[tuple[date, bool]] = []

    @property
    def now(self) -> datetime:
        return self.begin + timedelta(seconds=self.world.time)

    def put(
        self,
        ts: datetime,
        values: dict[str, float] | None = None,
        appears: datetime | None = None,
    ) -> None:
        """A step that is in its file from ``appears`` on; another of its stamp replaces it."""
        rows = self.rows.setdefault(ts, [])
        rows.append((appears or ts + DELAY, mix(ts) if values is None else values))
        rows.sort(key=lambda row: row[0])

    def freeze(self) -> None:
        """Nothing appears in it any more."""
        self.frozen = self.now

    def fill(self, first: datetime, last: datetime) -> list[datetime]:
        stamps = grid(first, last)
        for ts in stamps:
            self.put(ts)
        return stamps

    def known(self) -> dict[datetime, dict[str, float]]:
        """All that has appeared so far."""
        found = {}
        for ts in sorted(self.rows):
            for appears, values in self.rows[ts]:
                if appears <= (self.frozen or self.now):
                    found[ts] = values
        return found

    def read(self, feed: Feed, day: date, *, anew: bool = False) -> DayFile:
        assert feed is FUEL_MIX
        self.reads.append((day, anew))
        if self.failing:
            raise self.failing
        if day in self.bad:
            raise self.bad[day]
        missing = day in self.missing_once
        self.missing_once.discard(day)
        known = {} if self.gone or missing else self.known()
        steps = [Step(ts, mw) for ts, mw in known.items() if market_day(ts) == day]
        clock = FeedClock(self.now, self.world.time)
        return DayFile(day, steps, clock, Origin(self.kind), exists=bool(steps))


class FakeStore(MemoryStore):
    """A store that can be away."""

    away = False
    die_after_write = False

    def write(self, feed: str, records: Sequence[Record], through: datetime | None) -> None:
        super().write(feed, records, through)
        if self.die_after_write:
            raise Killed

    def __getattribute__(self, name: str) -> Any:
        asks = name in ("claim", "position", "newest", "write", "read")
        if asks and object.__getattribute__(self, "away"):
            raise StoreUnavailable("the store is away")
        return super().__getattribute__(name)

    def all(self) -> dict[datetime, Record]:
        return {record.step.ts: record for record in self.read(FEED, *EVER)}

    def steps(self) -> dict[datetime, dict[str, float]]:
        return {ts: dict(record.step.values) for ts, record in self.all().items()}


class Stage:
    """A feed, a broker, a store, and whichever services a test puts between them."""

    def __init__(self, now: str, kind: Kind = Kind.LIVE) -> None:
        self.world, self.broker, self.store = World(), Broker(), FakeStore()
        self.feed = FakeFeed(self.world, utc(now), kind)
        self.kind = kind
        self.buses: dict[Task, WorldBus] = {}

    def run(self, **length: float) -> None:
        self.world.run(timedelta(**length).total_seconds())

    def run_until(self, moment: str) -> None:
        """Until the feed's time is that."""
        self.world.run((utc(moment) - self.feed.now).total_seconds())

    def pump(self, *, backlog: timedelta = timedelta(hours=24), kind: Kind | None = None) -> Task:
        kind = kind or self.kind
        plan = PumpPlan(FUEL_MIX, kind, timedelta(minutes=1), backlog)
        will = publication(PUMP_STATUS, OFFLINE, kind)
        inner = MemoryBus(self.broker, "pump", pump_filters(FUEL_MIX), will=will)
        bus = WorldBus(self.broker, inner)
        clocks = {"monotonic": self.world.monotonic}
        today = market_day(self.feed.now)
        reader = FeedReader(self.feed, FUEL_MIX, kind, today=lambda: today, **clocks)
        return self._spawn(Pump(plan, reader, bus, **clocks), bus)

    def archive(self, *, window: int = 100) -> Task:
        plan = ArchivePlan(FUEL_MIX, Origin(self.kind), FACTOR_SETS["egrid-2023"])
        will = publication(ARCHIVE_STATUS, OFFLINE, self.kind)
        inner = MemoryBus(
            self.broker,
            "archive",
            archive_filters(FUEL_MIX),
            persistent=True,
            will=will,
            window=window,
        )
        bus = WorldBus(self.broker, inner)
        archive = Archive(plan, self.store, bus, monotonic=self.world.monotonic)
        return self._spawn(archive, bus)

    def _spawn(self, service: Any, bus: WorldBus) -> Task:
        task = self.world.spawn(service.run)
        bus.task = task
        self.buses[task] = bus
        return task

    def kill(self, task: Task) -> None:
        """As kill -9."""
        self.buses[task].kill()

    def stop(self, task: Task) -> None:
        """As SIGTERM."""
        self.world.stop(task)

    def close(self) -> None:
        """End what still runs."""
        for task in list(self.world.tasks):
            self.kill(task)

    # --- what went over the bus -----------------------------------------------------------

    def said(self, topic: str, since: int = 0) -> list[Any]:
        """The payloads on a topic, decoded, in order."""
        return [
            decode(each.topic, each.payload)
            for each in self.broker.published[since:]
            if each.topic == topic
        ]

    def mark(self) -> int:
        """Where the stream is now."""
        return len(self.broker.published)

    def live(self, since: int = 0) -> list[Snapshot]:
        return self.said(SNAPSHOT.pattern.format(feed=FEED), since)

    def late(self, since: int = 0) -> list[Snapshot]:
        return self.said(HISTORY.pattern.format(feed=FEED), since)

    def positions(self, since: int = 0) -> list[datetime | None]:
        return [each.through for each in self.said(STORED.pattern.format(feed=FEED), since)]

    def states(self, since: int = 0) -> list[str]:
        return [each.state for each in self.said(f"status/feed/{FEED}", since)]

    # --- an archive's or a pump's part, played by the test --------------------------------

    def say_stored(self, through: datetime | None) -> None:
        self.broker.publish(publication(STORED, Stored(through), self.kind, feed=FEED))

    def say_archive(self, word: bytes = ONLINE) -> None:
        """As the archive does: it tells its position before it says that it is online."""
        if word == ONLINE and STORED.pattern.format(feed=FEED) not in self.broker.retained:
            self.broker.publish(publication(STORED, Stored(None), self.kind, feed=FEED))
        self.broker.publish(publication(ARCHIVE_STATUS, word, self.kind))

    def send(
        self,
        ts: datetime,
        prev: datetime | None,
        values: dict[str, float] | None = None,
        *,
        live: bool = False,
    ) -> None:
        fuels = mix(ts) if values is None else values
        row = SNAPSHOT if live else HISTORY
        payload = Snapshot(ts, prev, "MW", fuels, round(sum(fuels.values()), 3))
        self.broker.publish(publication(row, payload, self.kind, feed=FEED))


def stamps(snapshots: list[Snapshot]) -> list[datetime]:
    return [each.ts for each in snapshots]
