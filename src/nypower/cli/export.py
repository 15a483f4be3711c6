"""``nypower export``: what the store holds, as CSV or JSON, as it is read."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import chain, islice

import click

from ..adapters.stores import open_store
from ..config import ExportSettings
from ..core.carbon import DEFAULT_BASIS
from ..core.catalog import FUEL_MIX
from ..core.clock import rfc3339
from ..core.errors import NyPowerError, StoreAbsent
from ..core.origin import Kind
from ..ports import Record, Store
from ._run import options_of, settings

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""The feed begins in December 2015."""

Row = dict[str, str | float | bool | None]


def fuel_mix_rows(record: Record) -> Iterator[Row]:
    """A row for each fuel of a step, MW."""
    for fuel, megawatts in record.step.values.items():
        yield {"ts": rfc3339(record.step.ts), "fuel": fuel, "mw": megawatts}


def co2_rows(record: Record) -> Iterator[Row]:
    """A row for a step that has an intensity, g/kWh."""
    if record.intensity is not None:
        yield {
            "ts": rfc3339(record.step.ts),
            "g_per_kwh": record.intensity.grams[DEFAULT_BASIS],
            "estimated": record.intensity.estimated,
        }


SERIES: dict[str, tuple[tuple[str, ...], Callable[[Record], Iterable[Row]]]] = {
    FUEL_MIX.name: (("ts", "fuel", "mw"), fuel_mix_rows),
    "co2": (("ts", "g_per_kwh", "estimated"), co2_rows),
}


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
        return moment and (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is no moment such as 2026-11-22T05:00Z") from None


@click.command()
@click.argument("series", type=click.Choice([*SERIES]))
@click.option("--from", "start", callback=_moment, help="The first moment; UTC if it says none.")
@click.option("--to", "end", callback=_moment, help="The moment before which to end.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True
)
@options_of(ExportSettings)
def export(
    series: str, start: datetime | None, end: datetime | None, form: str, **options: str | None
) -> None:
    """Print what is stored, oldest first: SERIES is fuel-mix or co2."""
    chosen = settings(ExportSettings, options)
    names, rows_of = SERIES[series]
    write = _write_csv if form == "csv" else _write_json
    try:
        with closing(_store(chosen, chosen.kind or _kind(chosen))) as store:
            records = store.read(FUEL_MIX.name, start or EARLIEST, end or LATEST)
            write(names, _begun(row for record in records for row in rows_of(record)))
    except NyPowerError as error:
        click.echo(f"nypower: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:  # whoever reads has enough
        sys.stdout = None  # nothing is left to flush to


def _store(chosen: ExportSettings, kind: Kind) -> Store:
    return open_store(chosen.store_for(kind), chosen.store_password, read_only=True)


def _kind(chosen: ExportSettings) -> Kind:
    """The kind that is meant: live data if there are any, else the first kind there is."""
    for kind in Kind:
        with closing(_store(chosen, kind)) as store, suppress(StoreAbsent):
            if store.newest(FUEL_MIX.name) is not None:
                return kind
    return Kind.LIVE


def _begun(rows: Iterator[Row]) -> Iterator[Row]:
    """The same rows, the first of them read: a store that fails does so before any output."""
    return chain([*islice(rows, 1)], rows)


def _write_csv(names: tuple[str, ...], rows: Iterable[Row]) -> None:
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    sys.stdout.flush()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _write_json(_names: tuple[str, ...], rows: Iterable[Row]) -> None:
    between = "[\n"
    for row in rows:
        sys.stdout.write(between + json.dumps(row))
        between = ",\n"
    sys.stdout.write("[]\n" if between == "[\n" else "\n]\n")
    sys.stdout.flush()
