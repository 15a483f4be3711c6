"""Small files of the feed, written by the tests themselves, and instants to ask for."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

HEADER = "Time Stamp,Time Zone,Fuel Category,Gen MW"
OLD_HEADER = "Time Stamp,Time Zone,Fuel Category,Gen MWh"
FUELS = (
    "Dual Fuel", "Natural Gas", "Nuclear", "Other Fossil Fuels", "Other Renewables", "Wind",
    "Hydro",
)  # fmt: skip
PATH = "/public/csv/rtfuelmix/"


def utc(text: str) -> datetime:
    """``2017-11-05T05:30:00`` as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rows(stamp: str, first: float = 1000.0, fuels: Iterable[str] = FUELS) -> str:
    """The rows of one stamp (``11/05/2017 00:05:00,EDT``), each value one more than the last."""
    return "\r\n".join(f"{stamp},{fuel},{first + n:.1f}" for n, fuel in enumerate(fuels))


def text(stamps: Iterable[str], header: str = HEADER, fuels: Iterable[str] = FUELS) -> bytes:
    """A whole file: the value of the first fuel grows by 100 with each stamp."""
    fuels = tuple(fuels)
    body = [rows(stamp, 1000.0 + 100 * n, fuels) for n, stamp in enumerate(stamps)]
    return "\r\n".join([header, *body]).encode()


def write(directory: Path, day: str, data: bytes) -> None:
    """Put a daily file (``20171105``) where a library finds it."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{day}rtfuelmix.csv").write_bytes(data)
