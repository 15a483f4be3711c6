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
    from ..adapters.mqtt import BusOptions, MqttBus, writer_client_id
    from ..adapters.nyiso.http import HttpSource
    from ..core.catalog import FUEL_MIX
    from ..messages import OFFLINE, PUMP_STATUS, Writer, publication
    from ..services.feed_reader import FeedReader
    from ..services.pump import Pump, PumpPlan, pump_filters

    plan = PumpPlan(FUEL_MIX, chosen.kind, chosen.poll, chosen.backlog)
    bus = MqttBus(
        BusOptions(
            chosen.broker,
            chosen.kind,
            chosen.mqtt_version,
            client_id=writer_client_id(Writer.PUMP, chosen.kind, chosen.pump_password),
            username=Writer.PUMP.value if chosen.pump_password else "",
            password=chosen.pump_password,
            filters=pump_filters(FUEL_MIX),
            will=publication(PUMP_STATUS, OFFLINE, chosen.kind),
        )
    )
    reader = FeedReader(HttpSource(chosen.feed), FUEL_MIX, chosen.kind)
    Pump(plan, reader, bus).run(stop)
