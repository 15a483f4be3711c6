"""A browser for the end-to-end tests, and the real files."""

from pathlib import Path

import pytest

from servers.nyiso_data import nyiso_data
from web.conftest import browser

__all__ = ["browser"]


@pytest.fixture(scope="session")
def data() -> Path:
    """NYISO's real files."""
    return nyiso_data()
