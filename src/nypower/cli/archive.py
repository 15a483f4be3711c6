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
    from ..adapters.stores import open_store
    from ..core.carbon import FACTOR_SETS
    from ..core.catalog import FUEL_MIX
    from ..core.origin import Origin
    from ..messages import ARCHIVE_STATUS, Writer
    from ..services.archive import Archive, ArchivePlan, archive_filters
    from ._writer import writer_bus

    filters = archive_filters(FUEL_MIX)
    password = chosen.archive_password
    bus = writer_bus(chosen, Writer.ARCHIVE, password, ARCHIVE_STATUS, filters, persistent=True)
    origin = Origin(chosen.kind, chosen.span)
    store = open_store(chosen.store, chosen.store_password)
    try:
        Archive(ArchivePlan(FUEL_MIX, origin, FACTOR_SETS[chosen.factors]), store, bus).run(stop)
    finally:
        store.close()
