"""Where NYISO's real files lie, for the tests that measure against them."""

import os
from pathlib import Path

import pytest

VARIABLE = "NYPOWER_NYISO_DATA"
CHECKOUT = Path(__file__).resolve().parents[2]


def nyiso_data() -> Path:
    """The directory of the real files; skips the test, with the reason, where there is none.

    They are NYISO's and never part of the project: ``NYPOWER_NYISO_DATA`` names them, else
    they lie in ``../shared/data/nyiso`` beside the checkout.
    """
    named = os.environ.get(VARIABLE)
    directory = Path(named) if named else CHECKOUT.parent / "shared" / "data" / "nyiso"
    if not directory.is_dir():
        pytest.skip(f"no real files of NYISO: {directory} is no directory ({VARIABLE} names it)")
    return directory
