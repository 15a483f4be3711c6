"""What NYISO's files say, read without any of ny-power's code."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
Values = dict[datetime, dict[str, float]]


def day_of(data: Path, day: date) -> Values:
    """Every stamp of a day's file, in UTC, with its megawatts; of a repeated one the last."""
    month = data / "rtfuelmix" / f"{day:%Y%m}01rtfuelmix_csv.zip"
    with zipfile.ZipFile(month) as archive:
        text = archive.read(f"{day:%Y%m%d}rtfuelmix.csv").decode()
    steps: Values = {}
    for stamp, zone, fuel, megawatts in list(csv.reader(io.StringIO(text)))[1:]:
        form = "%m/%d/%Y %H:%M:%S" if len(stamp) > 16 else "%m/%d/%Y %H:%M"
        wall = datetime.strptime(stamp, form).replace(tzinfo=NEW_YORK)
        # The second of two equal hours is standard time, and fold says it is the second.
        candidates = [wall.replace(fold=fold) for fold in (0, 1)]
        instant = next(each for each in candidates if each.tzname() == zone)
        steps.setdefault(instant.astimezone(UTC), {})[fuel] = float(megawatts)
    return steps


def days_of(data: Path, first: date, last: date) -> Values:
    """The days from ``first`` to ``last``, both inclusive."""
    steps: Values = {}
    while first <= last:
        steps |= day_of(data, first)
        first += timedelta(days=1)
    return dict(sorted(steps.items()))
