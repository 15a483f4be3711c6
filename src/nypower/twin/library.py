"""Real files on disk: what NYISO once published, found anywhere below a directory."""

import os
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path

from ..core.origin import Kind

_NAME = re.compile(r"(\d{8})([A-Za-z_]+?)(_csv\.zip|\.csv)")


class Library:
    """Daily files and monthly archives, read when asked for and not before.

    ``files`` are NYISO's file names without the date, such as ``rtfuelmix`` or ``pal``.
    """

    kind = Kind.REPLAY

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @cached_property
    def _paths(self) -> dict[str, Path]:
        """The first file of each name, in the order of the paths."""
        paths: dict[str, Path] = {}
        for path in sorted(_walk(self._directory)):
            if _NAME.fullmatch(path.name):
                paths.setdefault(path.name, path)
        return paths

    @property
    def files(self) -> set[str]:
        """Which kinds of file there are."""
        return {match[2] for name in self._paths if (match := _NAME.fullmatch(name))}

    def day(self, file: str, day: date) -> bytes | None:
        """A closed day's file, from a file of its own or out of the month's archive."""
        name = f"{day:%Y%m%d}{file}.csv"
        if path := self._paths.get(name):
            return path.read_bytes()
        archive = self._paths.get(_archive_name(file, day))
        return None if archive is None else _member(archive, name)

    def month(self, file: str, first: date) -> bytes | None:
        """A closed month's archive as it is; None where there are daily files at most."""
        path = self._paths.get(_archive_name(file, first))
        return None if path is None else path.read_bytes()


def _archive_name(file: str, day: date) -> str:
    return f"{day:%Y%m}01{file}_csv.zip"


def _walk(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory):
        yield from (Path(folder, name) for name in names)


def _member(archive: Path, name: str) -> bytes | None:
    with zipfile.ZipFile(archive) as opened:
        try:
            return opened.read(name)
        except KeyError:
            return None
