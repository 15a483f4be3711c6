"""``nypower pump``."""

import threading

import click

from ..config import PumpSettings
from ._run import options_of, run_service, settings, start_logging


@click.command()
@options_of(PumpSettings)
def pump(**options: str | None) -> None:
    """Read NYISO's feed and publish it."""
    chosen = settings(PumpSettings, options)
    start_logging(chosen.log)
    run_service(lambda stop: _pump(chosen, stop))


def _pump(chosen: PumpSettings, stop: threading.Event) -> None:
    from ..adapters.nyiso.http import HttpSource
    from ..core.catalog import FUEL_MIX
    from ..messages import PUMP_STATUS, Writer
    from ..services.feed_reader import FeedReader
    from ..services.pump import Pump, PumpPlan, pump_filters
    from ._writer import writer_bus

    filters = pump_filters(FUEL_MIX)
    bus = writer_bus(chosen, Writer.PUMP, chosen.pump_password, PUMP_STATUS, filters)
    reader = FeedReader(HttpSource(chosen.feed), FUEL_MIX, chosen.kind)
    plan = PumpPlan(FUEL_MIX, chosen.kind, chosen.poll, chosen.backlog)
    Pump(plan, reader, bus).run(stop)
