"""NYISO's monthly zip archives: the days whose daily files are gone."""

import io
import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta

from ...core.catalog import Feed
from ...core.clock import day_end
from ...core.errors import FeedUnavailable
from .fetch import Fetcher

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises over a bad archive, one packed in no known way or with a password."""

SETTLED = timedelta(minutes=15)
"""How long after its end a day's file may still grow."""


class MonthlyArchive:
    """Days out of months; the month read last is held, as days are asked for in order."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._path = ""
        self._zip: bytes = b""
        self._as_of = datetime.min.replace(tzinfo=UTC)

    def read(self, feed: Feed, day: date, now: datetime) -> bytes | None:
        """The day's file, or None where the archive has none.

        ``now`` is the feed's: a month fetched while a day went on is fetched again for it.
        """
        path, name = feed.monthly_path(day), feed.daily_path(day).rsplit("/", 1)[-1]
        settled = day_end(day) + SETTLED < self._as_of
        if path == self._path and settled and (body := _member(self._zip, name)) is not None:
            return body
        answer = self._fetcher.get(path, {})
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise FeedUnavailable(f"{answer.url} answered {answer.status} {answer.reason}")
        body = _member(answer.body, name)
        self._path, self._zip, self._as_of = path, answer.body, now  # not if it is damaged
        return body


def _member(content: bytes, name: str) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(name) if name in archive.namelist() else None
    except _DAMAGE as error:
        raise FeedUnavailable(f"the monthly archive with {name} is damaged: {error}") from None
