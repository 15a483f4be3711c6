"""NYISO's real files: every state of them is a prefix, and at the end they are complete."""

import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from nypower.twin.growth import Growth
from nypower.twin.library import Library
from servers.nyiso_data import nyiso_data

OFFSETS = {"EST": 5, "EDT": 4}

DAYS = {
    "20160105": "two readings of one stamp",
    "20160124": "the last day without seconds",
    "20160125": "the first day with seconds",
    "20160313": "spring",
    "20161106": "fall back",
    "20170312": "spring",
    "20170529": "a gap of 75 minutes",
    "20171031": "the last day of Gen MWh",
    "20171101": "the first day of Gen MW",
    "20171105": "fall back",
}


@pytest.fixture(scope="module")
def directory() -> Path:
    return nyiso_data()


def real(directory: Path, day: str, file: str = "rtfuelmix") -> bytes:
    """The member of the archive, read without the project's help."""
    (archive,) = directory.rglob(f"{day[:6]}01{file}_csv.zip")
    with zipfile.ZipFile(archive) as opened:
        return opened.read(f"{day}{file}.csv")


def instants(data: bytes) -> list[datetime]:
    """The UTC instant of each row, read without the project's help."""
    found = []
    for row in data.decode().replace('"', "").splitlines()[1:]:
        stamp, zone = row.split(",")[:2]
        form = "%m/%d/%Y %H:%M:%S" if stamp.count(":") == 2 else "%m/%d/%Y %H:%M"
        local = datetime.strptime(stamp, form).replace(tzinfo=UTC)
        found.append(local + timedelta(hours=OFFSETS[zone]))
    return found


@pytest.mark.parametrize("day", DAYS, ids=lambda day: f"{day} {DAYS[day]}")
def test_a_real_day_grows_to_its_real_bytes(directory: Path, day: str) -> None:
    """Every five minutes: a prefix that ends with the newest stamp five minutes old or more."""
    whole = real(directory, day)
    moments = instants(whole)
    growth = Growth(Library(directory))
    asked = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    start = datetime(asked.year, asked.month, asked.day, 4, 0, 10, tzinfo=UTC)
    for step in range(28 * 12):
        now = start + step * timedelta(minutes=5)
        limit = now - timedelta(minutes=5, seconds=10)
        published = sum(moment <= limit for moment in moments)
        document = growth.file_at("rtfuelmix", asked, now)
        body = document.body if document else whole.split(b"\r\n")[0]
        assert whole.startswith(body)
        assert body.count(b"\r\n") == published, now
    assert body == whole


def test_real_loads_grow_too(directory: Path) -> None:
    """The load's file is quoted and ends in a newline; half of it is there at noon."""
    whole = real(directory, "20171105", "pal")
    growth = Growth(Library(directory))
    noon = growth.file_at("pal", date(2017, 11, 5), datetime(2017, 11, 5, 17, tzinfo=UTC))
    assert noon is not None
    assert whole.startswith(noon.body)
    rows = noon.body.decode().splitlines()
    assert rows[-1].startswith('"11/05/2017 11:50:00","EST"')
    end = growth.file_at("pal", date(2017, 11, 5), datetime(2017, 11, 6, 6, tzinfo=UTC))
    assert end is not None
    assert end.body == whole
