"""A browser for the end-to-end tests, and the real files."""

from pathlib import Path

import pytest

from servers.browser import browser
from servers.nyiso_data import nyiso_data

__all__ = ["browser"]


@pytest.fixture(scope="session")
def data() -> Path:
    """NYISO's real files."""
    return nyiso_data()
