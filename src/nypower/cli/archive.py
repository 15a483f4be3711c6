"""``nypower archive``."""

import threading

import click

from ..config import ArchiveSettings
from ._run import options_of, run_service, settings, start_logging


@click.command()
@options_of(ArchiveSettings)
def archive(**options: str | None) -> None:
    """Store the stream, and publish what it means."""
    chosen = settings(ArchiveSettings, options)
    start_logging(chosen.log)
    run_service(lambda stop: _archive(chosen, stop))


def _archive(chosen: ArchiveSettings, stop: threading.Event) -> None:
    from ..adapters.mqtt import BusOptions, MqttBus, writer_client_id
    from ..adapters.stores import open_store
    from ..core.carbon import FACTOR_SETS
    from ..core.catalog import FUEL_MIX
    from ..core.origin import Origin
    from ..messages import ARCHIVE_STATUS, OFFLINE, Writer, publication
    from ..services.archive import Archive, ArchivePlan, archive_filters

    origin = Origin(chosen.kind, chosen.span)
    plan = ArchivePlan(FUEL_MIX, origin, FACTOR_SETS[chosen.factors])
    bus = MqttBus(
        BusOptions(
            chosen.broker,
            chosen.kind,
            chosen.mqtt_version,
            client_id=writer_client_id(Writer.ARCHIVE, chosen.kind, chosen.archive_password),
            username=Writer.ARCHIVE.value if chosen.archive_password else "",
            password=chosen.archive_password,
            filters=archive_filters(FUEL_MIX),
            persistent=True,
            will=publication(ARCHIVE_STATUS, OFFLINE, chosen.kind),
        )
    )
    store = open_store(chosen.store, chosen.store_password)
    try:
        Archive(plan, store, bus).run(stop)
    finally:
        store.close()
