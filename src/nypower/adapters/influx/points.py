"""A record as points of InfluxDB, and back. Pure.

A step is one point of the measurement that has its feed's name, a field of MW for each name
and its ``rev``; its intensity one of ``co2``, a field of g/kWh for each basis. Nothing is a
tag: a step is one line to write and one row to read.

The server shows the fields of a point one by one while they are being written. So the step's
point counts them, ``names`` and ``bases``: what has fewer is not there yet.

A name may hold what the line protocol cannot carry (a backslash, a line break) or be a word
taken already; such characters are percent-encoded, the seven fuels' names are as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

from ...core.carbon import Intensity
from ...core.catalog import FUEL_MIX
from ...core.steps import Step
from ...ports import Record

Row = Mapping[str, Any]
"""A point as it was read: its fields by name without the absent ones, and its ``time``."""

_PLAIN = frozenset(" /+-_.()&")
_COUNTED = frozenset({"rev", "names", "bases"})
_TAKEN = _COUNTED | {"time"}
_BESIDE_GRAMS = frozenset({"time", "estimated"})
_NAMELESS = "%"


def carbon_measurement(feed: str) -> str:
    """Where the intensities computed from a feed are."""
    return "co2" if feed == FUEL_MIX.name else f"{feed}-co2"


@lru_cache(maxsize=4096)
def field_of(name: str) -> str:
    r"""The field that holds the value of ``name``.

    >>> field_of("Natural Gas"), field_of("a=b\\")
    ('Natural Gas', 'a%3Db%5C')
    """
    if name in _TAKEN:
        return f"%{ord(name[0]):02X}{name[1:]}"
    return "".join(map(_encoded, name)) or _NAMELESS


@lru_cache(maxsize=4096)
def name_of(field: str) -> str:
    """The inverse of :func:`field_of`."""
    return "" if field == _NAMELESS else unquote(field, errors="surrogatepass")


def _encoded(character: str) -> str:
    if character.isalnum() or character in _PLAIN:
        return character
    return quote(character, safe="", errors="surrogatepass")


def epoch(moment: datetime) -> int:
    """A moment in seconds, the precision that everything is written in."""
    return int(moment.timestamp())


def moment_of(seconds: int) -> datetime:
    """The inverse of :func:`epoch`."""
    return datetime.fromtimestamp(seconds, UTC)


def lines(feed: str, records: Iterable[Record]) -> Iterator[str]:
    """The records in the line protocol, the precision seconds."""
    carbon = carbon_measurement(feed)
    for record in records:
        stamp, values = epoch(record.step.ts), record.step.values
        grams = {} if record.intensity is None else record.intensity.grams
        more = f"rev={record.rev:d}i,names={len(values)}i,bases={len(grams)}i"
        yield f"{feed} {_floats(values, more)} {stamp}"
        if record.intensity is not None:
            estimated = f"estimated={str(record.intensity.estimated).lower()}"
            yield f"{carbon} {_floats(grams, estimated)} {stamp}"


def _floats(values: Mapping[str, float], more: str) -> str:
    """Fields that are floating point even where they are whole: repr() writes 2282.0."""
    fields = [f"{_key(name)}={float(value)!r}" for name, value in values.items()]
    return ",".join([*fields, more])


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return field_of(name).replace(" ", "\\ ")


def rows(result: Mapping[str, Any]) -> Iterator[Row]:
    """The points in one statement's result."""
    for series in result.get("series", ()):
        columns: Sequence[str] = series["columns"]
        for values in series["values"]:
            pairs = zip(columns, values, strict=True)
            yield {column: value for column, value in pairs if value is not None}


def record_of(row: Row, carbon: Row) -> Record | None:
    """The record of a step's point and its intensity's (empty where there is none).

    None while they are being written.
    """
    values = {name_of(field): float(mw) for field, mw in row.items() if field not in _TAKEN}
    grams = {name_of(basis): g for basis, g in carbon.items() if basis not in _BESIDE_GRAMS}
    if not row.keys() >= _COUNTED or len(values) < row["names"] or len(grams) < row["bases"]:
        return None
    if row["bases"] and "estimated" not in carbon:
        return None
    intensity = Intensity(grams, carbon["estimated"]) if row["bases"] else None
    return Record(Step(moment_of(row["time"]), values), row["rev"], intensity)


def lacks_some_of(record: Record, row: Row) -> bool:
    """Whether the point ``row`` has a name that ``record``, to be written there, has not.

    Written over it, the record would come out with that name's old value.
    """
    fields = {field_of(name) for name in record.step.values}
    return not row.keys() <= fields | _TAKEN


def lacks_intensity(record: Record, row: Row) -> bool:
    """The same for the point ``row`` of an intensity."""
    grams = {} if record.intensity is None else record.intensity.grams
    fields = {field_of(basis) for basis in grams}
    return not fields or not row.keys() <= fields | _BESIDE_GRAMS
