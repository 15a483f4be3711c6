"""What a file of the feed looks like at an instant of the feed's time.

NYISO writes its files every five minutes, some ten seconds past: the one written at
14:00:10 ended with 13:55. A file begins to exist with its first stamp, grows by whole
stamps, and is taken away ten days after its day; the month's archive stays, and holds the
running day as well. All this was seen on mis.nyiso.com.
"""

import re
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from typing import Protocol

from ..core.catalog import FUEL_MIX
from ..core.clock import ONE_DAY, day_end, eastern, from_eastern, market_day, market_days
from ..core.origin import Kind

WRITTEN_EVERY = timedelta(minutes=5)
WRITTEN_PAST = timedelta(seconds=10)
DAILY_FILES_KEPT = timedelta(days=10)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = re.compile(rb'"?(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d)(?::(\d\d))?"?,"?(E[SD]T)')


class Source(Protocol):
    """Where whole files come from."""

    kind: Kind

    def day(self, file: str, day: date) -> bytes | None:
        """A day's file as it is once closed; None where there is none."""

    def month(self, file: str, first: date) -> bytes | None:
        """A closed month's archive, where the source has one ready."""


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one stamp, without their line ends."""

    ts: datetime
    rows: tuple[bytes, ...]


Edit = Callable[[list[Block]], list[Block]]
"""What a fault does to the published blocks of a day's file."""


@dataclass(frozen=True, slots=True)
class DayFile:
    """A closed day's file, cut at its stamps."""

    header: bytes
    blocks: tuple[Block, ...]
    newline: bytes
    tail: bytes
    """What follows the last row: a newline in some of NYISO's files, nothing in others."""

    def until(self, through: datetime, edit: Edit | None = None) -> bytes | None:
        """The file with the stamps up to ``through``; None while it has none."""
        count = bisect_right(self.blocks, through, key=lambda block: block.ts)
        if not count:
            return None
        published = list(self.blocks[:count])
        blocks = published if edit is None else edit(published)
        rows = (row for block in blocks for row in block.rows)
        return self.newline.join([self.header, *rows]) + self.tail


def cut(data: bytes) -> DayFile:
    """Cut a file at its stamps.

    A row without a readable stamp goes with the row before it. A stamp that steps back
    counts as the newest before it, so that what is published is always the file's beginning.
    A file without a zone column has no blocks: when its rows came is not known.
    """
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    tail = newline if data.endswith(newline) else b""
    header, *rows = data[: len(data) - len(tail)].split(newline)
    blocks: list[Block] = []
    block: list[bytes] = []
    newest, last = _EPOCH, b""
    for row in rows:
        match = _STAMP.match(row)
        if match and match[0] != last:
            ts, last = _instant(match), match[0]
            if ts is not None and ts > newest:
                if newest > _EPOCH:
                    blocks.append(Block(newest, tuple(block)))
                    block = []
                newest = ts
        block.append(row)
    if newest > _EPOCH:
        blocks.append(Block(newest, tuple(block)))
    return DayFile(header, tuple(blocks), newline, tail)


def _instant(match: re.Match[bytes]) -> datetime | None:
    month, day, year, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        # The zone is the row's next column.
        wall = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
        return from_eastern(wall, match[7].decode())
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it is at an instant, and when it was last written."""

    body: bytes
    modified: datetime


class Growth:
    """The files of a source as they grow. ``delay`` is from a stamp to its publication.

    Everything is a pure function of the instant asked for; a few closed files are kept.
    """

    def __init__(self, source: Source, delay: timedelta = FUEL_MIX.publication_delay) -> None:
        self._source, self._delay = source, delay
        self._whole = lru_cache(maxsize=12)(self._read)
        self._zipped = lru_cache(maxsize=1)(self._zip)

    def through(self, now: datetime) -> datetime:
        """The newest stamp that can be in a file at ``now``."""
        past = now - WRITTEN_PAST
        return past - (past - _EPOCH) % WRITTEN_EVERY - self._delay

    def written(self, ts: datetime) -> datetime:
        """When the file with a stamp in it was first written."""
        ready = ts + self._delay
        return ready + (_EPOCH - ready) % WRITTEN_EVERY + WRITTEN_PAST

    def stamps(self, file: str, day: date) -> list[datetime]:
        """The stamps of a day's whole file, those still to come included."""
        whole = self._whole(file, day)
        return [] if whole is None else [block.ts for block in whole.blocks]

    def file_at(
        self, file: str, day: date, now: datetime, edit: Edit | None = None
    ) -> Document | None:
        """A day's file at ``now``; None where there is none, not yet or no longer."""
        if not now - DAILY_FILES_KEPT <= day_end(day) <= now + 2 * ONE_DAY:
            return None
        return self._until(file, day, self.through(now), edit)

    def archive_at(
        self, file: str, month: date, now: datetime, edits: Mapping[date, Edit]
    ) -> Document | None:
        """The archive of a month at ``now``, today's unfinished file included."""
        first = month.replace(day=1)
        last = (first + 31 * ONE_DAY).replace(day=1) - ONE_DAY
        through = min(self.through(now), day_end(last))
        if edits:
            return self._zip(file, first, last, through, edits)
        return self._zipped(file, first, last, through)

    def _read(self, file: str, day: date) -> DayFile | None:
        data = self._source.day(file, day)
        return None if data is None else cut(data)

    def _until(self, file: str, day: date, through: datetime, edit: Edit | None) -> Document | None:
        whole = self._whole(file, day)
        if whole is None or (body := whole.until(through, edit)) is None:
            return None
        newest = max(block.ts for block in whole.blocks if block.ts <= through)
        return Document(body, self.written(newest))

    def _zip(
        self,
        file: str,
        first: date,
        last: date,
        through: datetime,
        edits: Mapping[date, Edit] | None = None,
    ) -> Document | None:
        closed = through == day_end(last) and not edits
        if closed and (data := self._source.month(file, first)) is not None:
            return Document(data, self.written(through))
        days = market_days(first, min(last, market_day(through)))
        members = {
            f"{day:%Y%m%d}{file}.csv": found
            for day in days
            if (found := self._until(file, day, through, (edits or {}).get(day)))
        }
        if not members:
            return None
        modified = max(member.modified for member in members.values())
        return Document(_pack(members), modified)


def _pack(members: Mapping[str, Document]) -> bytes:
    """A zip archive: the same members give the same bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            info = zipfile.ZipInfo(name, eastern(member.modified).timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.body)
    return packed.getvalue()
