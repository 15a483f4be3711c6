"""The feeds of NYISO that ny-power reads: their names, paths and rhythm."""

from dataclasses import dataclass
from datetime import date, timedelta

ROOT_PATH = "/public/csv"


@dataclass(frozen=True, slots=True)
class Feed:
    """One dataset. ``name`` is its word in topics, the store and the command line."""

    name: str
    dataset: str
    file: str
    interval: timedelta
    publication_delay: timedelta
    """From a stamp to the moment its rows are in the file, as usually seen."""

    def daily_path(self, day: date) -> str:
        """The path of a market day's file."""
        return f"{ROOT_PATH}/{self.dataset}/{day:%Y%m%d}{self.file}.csv"

    def monthly_path(self, day: date) -> str:
        """The path of the zip archive of the month that holds ``day``."""
        return f"{ROOT_PATH}/{self.dataset}/{day:%Y%m}01{self.file}_csv.zip"


FUEL_MIX = Feed(
    name="fuel-mix",
    dataset="rtfuelmix",
    file="rtfuelmix",
    interval=timedelta(minutes=5),
    publication_delay=timedelta(minutes=5),
)
"""Real-time generation by fuel, MW, instantaneous at its stamp."""
