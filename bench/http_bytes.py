"""HTTP bytes a day at the live rhythm, against the day's file once a minute.

    python bench/http_bytes.py

The pump's own reader and rhythm, against the twin on loopback, and one clock for both that is
set forward to whenever the rhythm wants to look next: nothing is waited for, and the day is
the same each time. A day of warming up, then 24 hours from noon to noon, so that midnight is
in it, where both days' files are read and the closed one is read once more and whole. Counted
are requests and answers with their headers; not those of TCP and TLS.
Aims: 1 MB where the server honours ranges, 13 MB with validators alone.
"""

from datetime import UTC, datetime, timedelta

from common import Relay, table
from nypower.adapters.nyiso.http import HttpSource
from nypower.core.catalog import FUEL_MIX
from nypower.core.clock import market_day
from nypower.core.origin import Kind
from nypower.core.rhythm import Rhythm
from nypower.services.feed_reader import FeedReader
from nypower.twin.replies import Habits
from nypower.twin.simulate import SimulatedGrid
from nypower.twin.standin import Twin

DAY = timedelta(days=1)
POLL = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=5)
BEGIN = datetime(2026, 10, 20, 16, 0, 30, tzinfo=UTC)
"""Noon in New York."""


class Clock:
    """Seconds, set forward by hand: the twin's clock and ours."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def forward(self, time: timedelta) -> None:
        """Let time pass."""
        self.seconds += time.total_seconds()


class Poller:
    """Looks at the feed as the pump does: when its rhythm says so."""

    def __init__(self, url: str, clock: Clock) -> None:
        source = HttpSource(url, monotonic=clock)
        today = market_day(BEGIN)
        self._reader = FeedReader(
            source, FUEL_MIX, Kind.SIMULATED, monotonic=clock, today=lambda: today
        )
        self._rhythm = Rhythm(FUEL_MIX.interval, POLL)
        self._clock = clock
        self.polls = 0
        self._newest: datetime | None = None

    def run(self, length: timedelta) -> int:
        """Poll for so long; returns how many steps were found."""
        end, found, self.polls = self._clock() + length.total_seconds(), 0, 0
        while self._clock() < end:
            self._reader.poll()
            self.polls += 1
            found += self._take_in()
            while self._reader.closed_days:
                self._reader.day(self._reader.closed_days.pop(), anew=True)
            now = self._reader.now()
            self._clock.forward(min(self._rhythm.next_look(now) - now, LONGEST_WAIT))
        return found

    def _take_in(self) -> int:
        stamps = [link.step.ts for link in self._reader.links()]
        news = [ts for ts in stamps if self._newest is None or ts > self._newest]
        for ts in news:
            self._rhythm.seen(ts, self._reader.now())
            self._newest = ts
        return len(news)


def ours(habits: Habits) -> tuple[int, int, int]:
    """Bytes, polls and steps of a day, with a server of these habits."""
    clock = Clock()
    with (
        Twin(SimulatedGrid(), BEGIN, habits=habits, monotonic=clock) as twin,
        Relay(twin.port) as relay,
    ):
        poller = Poller(f"http://127.0.0.1:{relay.port}", clock)
        poller.run(DAY)
        before = relay.total
        found = poller.run(DAY)
        return relay.total - before, poller.polls, found


def naive() -> tuple[int, int]:
    """Bytes and requests of a day: today's file, whole, every minute, with no headers at all."""
    twin = Twin(SimulatedGrid(), BEGIN)
    times = [BEGIN + DAY + minute * POLL for minute in range(24 * 60)]
    files = [twin.file_at(FUEL_MIX.daily_path(market_day(now)), now) for now in times]
    return sum(len(file.body) for file in files if file), len(times)


def main() -> None:
    """Measure each habit of a server."""
    whole, requests = naive()
    rows = [
        ("", "MB a day", "looks", "less by times", "aim"),
        ("naive: the whole file each minute", f"{whole / 1e6:.1f}", f"{requests}", "", ""),
    ]
    for name, habits, aim in (
        ("ranges and validators", Habits(ranges=True, validators=True), "< 1 MB"),
        ("ranges alone", Habits(ranges=True, validators=False), "< 1 MB"),
        ("validators alone", Habits(ranges=False, validators=True), "< 13 MB"),
        ("neither", Habits(ranges=False, validators=False), ""),
    ):
        size, looks, steps = ours(habits)
        assert steps == 288, steps
        rows.append((name, f"{size / 1e6:.2f}", str(looks), f"{whole / size:.0f}", aim))
    table("HTTP bytes of a day of 288 steps, both directions, headers included", rows)


if __name__ == "__main__":
    main()
