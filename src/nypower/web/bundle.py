"""The built browser bundle: what ``setup.py`` left in ``static/``, ready to be sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

STATIC = Path(__file__).parent / "static"
MANIFEST = "manifest.json"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content encodings by preference, and the ending of the sibling that holds each."""


class NotBuilt(Exception):
    """There is no bundle: npm or its registry was out of reach at the installation."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the bundle in every encoding; ``identity`` is the plain one."""

    name: str
    bodies: Mapping[str, bytes]

    @property
    def content_type(self) -> str:
        """What to send as Content-Type."""
        return TYPES[Path(self.name).suffix]


class Bundle:
    """The files of the bundle, read when first asked for and kept in memory (some 200 kB).

    Their names hold a hash of their content, so that browsers may keep them for ever.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder

    @cached_property
    def _names(self) -> Mapping[str, str]:
        try:
            manifest = json.loads((self._folder / MANIFEST).read_bytes())
        except FileNotFoundError:
            raise NotBuilt from None
        return {str(logical): str(name) for logical, name in manifest["files"].items()}

    @cached_property
    def _assets(self) -> Mapping[str, Asset]:
        return {name: self._read(name) for name in self._names.values()}

    def _read(self, name: str) -> Asset:
        bodies = {"identity": (self._folder / name).read_bytes()}
        for encoding, ending in ENCODINGS.items():
            sibling = self._folder / (name + ending)
            if sibling.is_file():
                bodies[encoding] = sibling.read_bytes()
        return Asset(name, bodies)

    def hashed(self, logical: str) -> str:
        """The file name that stands for ``logical`` ("page.js"). Raises ``NotBuilt``."""
        return self._names[logical]

    def asset(self, name: str) -> Asset | None:
        """The file called ``name``, None where the bundle has no such file."""
        try:
            return self._assets.get(name)
        except NotBuilt:
            return None
