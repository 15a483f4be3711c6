"""A twin that replays three short days, its clock standing still until a test moves it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nypower.twin.library import Library
from nypower.twin.standin import Twin
from twin.files import text, utc, write

BEGIN = utc("2022-11-07T15:00:10")
YESTERDAY = ["11/06/2022 23:55:00,EST", "11/07/2022 00:00:00,EST"]
TODAY = [
    *(f"11/07/2022 09:{minute}:00,EST" for minute in (45, 50, 55)),
    *(f"11/07/2022 10:{minute:02}:00,EST" for minute in (0, 5, 10, 15, 20)),
]


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """At 10:00:10 EST: 09:45, 09:50 and 09:55 are published."""
    write(tmp_path, "20221106", text(YESTERDAY))
    write(tmp_path, "20221107", text(TODAY))
    with Twin(Library(tmp_path), BEGIN, speed=0) as running:
        yield running
