"""``nypower probe``: what ``up`` asks of a feed before it believes in it. Not for people.

It prints one JSON object: ``{"kind", "span"}`` of a feed with a file that parses, or
``{"reason"}``. A process of its own, so that ``up`` need not hold the HTTP client for ever.
"""

import json
import time
from datetime import UTC, datetime, timedelta

import click

PAUSE_SECONDS = 1.0


@click.command(hidden=True)
@click.argument("feed")
@click.option("--within", type=float, default=10.0, help="Seconds to go on trying.")
def probe(feed: str, within: float) -> None:
    """Say what the feed at FEED is."""
    deadline = time.monotonic() + within
    while True:
        said = _ask(feed)
        if "kind" in said or time.monotonic() + PAUSE_SECONDS > deadline:
            break
        time.sleep(PAUSE_SECONDS)
    click.echo(json.dumps(said))


def _ask(feed: str) -> dict[str, str]:
    from ..adapters.nyiso.http import HttpSource
    from ..core.catalog import FUEL_MIX
    from ..core.clock import market_day
    from ..core.errors import NyPowerError

    source = HttpSource(feed)
    try:
        answer = source.read(FUEL_MIX, market_day(datetime.now(UTC)))
        today = market_day(answer.clock.date)
        for day in (today, today - timedelta(days=1)):
            file = source.read(FUEL_MIX, day)
            if file.steps:
                return {"kind": file.origin.kind.value, "span": file.origin.span}
    except NyPowerError as error:
        return {"reason": str(error)}
    return {"reason": f"{feed} has no fuel-mix file for {today} or the day before"}
