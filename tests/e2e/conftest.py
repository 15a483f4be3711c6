"""A browser for the end-to-end tests, and the real files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nypower.twin.standin import Twin
from servers.browser import browser
from servers.nyiso_data import nyiso_data

__all__ = ["browser"]


@pytest.fixture(scope="session")
def data() -> Path:
    """NYISO's real files."""
    return nyiso_data()


@pytest.fixture
def twins() -> Iterator[list[Twin]]:
    """The twins of a test, stopped at its end."""
    made: list[Twin] = []
    yield made
    for twin in made:
        twin.stop()
