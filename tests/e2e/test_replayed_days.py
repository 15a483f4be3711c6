"""Real days, replayed through everything: the store, the stream and the page have each stamp of
NYISO's files with each value, at its exact instant in UTC."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from e2e.files import Values, day_of, days_of
from e2e.household import Household, messages
from nypower.core.clock import parse_moment, parse_rfc3339
from nypower.twin.library import Library
from nypower.twin.standin import Twin
from servers.waiting import wait_until
from web.view import View

SPEED = 600.0
GRAMS = {"Natural Gas": 417, "Dual Fuel": 424, "Other Fossil Fuels": 970}
"""The factor set egrid-2023, direct, as FACTS of the method page has it."""


def exported(household: Household, days: Values) -> Values:
    """What the store holds of the span of ``days``, last instant included."""
    values: Values = defaultdict(dict)
    rows = household.export("fuel-mix", min(days), max(days) + timedelta(seconds=1))
    for row in rows:
        values[parse_rfc3339(row["ts"])][row["fuel"]] = float(row["mw"])
    assert [row["ts"] for row in rows] == sorted(row["ts"] for row in rows)
    return dict(values)


def streamed(output: Path) -> Values:
    """What the stream brought, live and late; the live stamps never stepped back."""
    values: Values = {}
    live: dict[str, list[datetime]] = defaultdict(list)
    for message in messages(output):
        topic = str(message["topic"]).partition("/")[2]
        payload = message["payload"]
        if not isinstance(payload, dict):
            continue
        if topic.startswith(("upstream/", "computed/")):
            live[topic].append(parse_rfc3339(payload["ts"]))
        if topic in ("upstream/snapshot/fuel-mix", "history/fuel-mix"):
            values[parse_rfc3339(payload["ts"])] = payload["fuels"]
    assert {"computed/co2", "upstream/fuel-mix/Hydro"} <= live.keys()
    for topic, stamps in live.items():
        assert stamps == sorted(stamps), f"{topic} stepped back"
    return values


def grams(values: dict[str, float]) -> float:
    """g/kWh, to a decimal."""
    burnt = sum(GRAMS.get(fuel, 0) * megawatts for fuel, megawatts in values.items())
    return round(burnt / sum(values.values()), 1)


def replay(twins: list[Twin], data: Path, begin: str, speed: float = SPEED) -> Twin:
    """A twin of NYISO that replays its files from a moment in New York on."""
    twin = Twin(Library(data / "rtfuelmix"), parse_moment(begin), speed=speed)
    twin.start()
    twins.append(twin)
    return twin


def wait_for_store(household: Household, ts: datetime, seconds: float) -> None:
    """Wait until everything up to a stamp is in the store."""

    def there() -> bool:
        through = household.stored()
        return through is not None and through >= ts

    wait_until(there, f"all up to {ts} to be stored", seconds)


def stand_still(twin: Twin) -> None:
    """Nothing new from now on."""
    now = twin.clock.now()
    twin.clock.speed = 0.0
    twin.clock.set(now)


@pytest.mark.parametrize(
    ("begin", "first", "last", "stamps"),
    [
        pytest.param("2017-11-05T00:00", date(2017, 11, 5), date(2017, 11, 5), 300, id="fall back"),
        pytest.param("2016-03-13T00:00", date(2016, 3, 13), date(2016, 3, 13), 276, id="spring 16"),
        pytest.param("2017-03-12T00:00", date(2017, 3, 12), date(2017, 3, 12), 276, id="spring 17"),
        pytest.param("2016-01-24T22:00", date(2016, 1, 24), date(2016, 1, 24), 288, id="seconds"),
        pytest.param("2017-10-31T22:00", date(2017, 10, 31), date(2017, 10, 31), 288, id="MW"),
    ],
)
def test_a_day_is_complete_everywhere(
    data: Path,
    twins: list[Twin],
    tmp_path: Path,
    browser: Browser,
    begin: str,
    first: date,
    last: date,
    stamps: int,
) -> None:
    """The store, the stream and the page equal the files, across DST, midnight and the eras."""
    expected = days_of(data, first, last)
    on_grid = [ts for ts in expected if ts.minute % 5 == 0 and ts.second == 0]
    assert len(on_grid) in (stamps, stamps - 1)  # the midnight row is missing on some days
    beyond = day_of(data, last + timedelta(days=1))
    after = min(ts for ts in beyond if ts > max(expected) + timedelta(minutes=20))
    twin = replay(twins, data, begin)
    options = ("--feed", twin.url, "--backlog", "24h")
    with Household(tmp_path / "data", *options) as household:
        household.tail(tmp_path / "tail")
        listening = twin.clock.now()  # what came of the backlog before, nobody here has heard
        view = View(browser).open(household.page)
        wait_for_store(household, after, 240)
        stand_still(twin)
        found = exported(household, expected)
        assert sorted(found) == sorted(expected)
        assert found == expected
        bus = streamed(tmp_path / "tail")
        heard = {ts: values for ts, values in expected.items() if ts >= listening}
        assert len(heard) > 20
        assert {ts: bus.get(ts) for ts in heard} == heard
        before = day_of(data, first - timedelta(days=1))
        the_page_shows_the_last_24_hours(view, {**before, **expected, **beyond})
        view.close()


def the_page_shows_the_last_24_hours(view: View, files: Values) -> None:
    """Its line is whole and as long as the files say; its number that of its stamp."""

    def agrees() -> bool:
        newest = parse_rfc3339(view.stamp())
        line = [ts for ts in files if newest - timedelta(hours=24) < ts <= newest]
        shown = float(str(view.page.text_content("#value")).strip() or "nan")
        points = int(view.page.get_attribute("#chart", "data-points") or 0)
        return points == len(line) and round(grams(files[newest])) == round(shown)

    view.has("#chart[data-line=whole]")
    wait_until(agrees, "the page to show what the files say", 20)
