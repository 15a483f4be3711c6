"""A record as points of InfluxDB, and back. Pure.

A step is one point of the measurement that has its feed's name, a field of MW for each name
and its ``rev``; its intensity one of ``co2``, a field of g/kWh for each basis. Nothing is a
tag: a step is one line to write and one row to read.

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
_TAKEN = frozenset({"time", "rev"})
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
        stamp = epoch(record.step.ts)
        yield f"{feed} {_floats(record.step.values, f'rev={record.rev:d}i')} {stamp}"
        if record.intensity is not None:
            estimated = f"estimated={str(record.intensity.estimated).lower()}"
            yield f"{carbon} {_floats(record.intensity.grams, estimated)} {stamp}"


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


def record_of(row: Row, carbon: Row | None) -> Record:
    """The record of a step's point and its intensity's."""
    values = {name_of(field): float(value) for field, value in row.items() if field not in _TAKEN}
    step = Step(moment_of(row["time"]), values)
    return Record(step, row.get("rev", 0), None if carbon is None else _intensity(carbon))


def _intensity(row: Row) -> Intensity:
    passed_over = ("time", "estimated")
    grams = {name_of(field): value for field, value in row.items() if field not in passed_over}
    return Intensity(grams, row["estimated"])


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
    return not fields or not row.keys() <= fields | {"time", "estimated"}
