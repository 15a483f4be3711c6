"""Dataclasses to JSON and back, strictly: the grammar under ``messages``.

Datetimes travel as RFC 3339 in UTC, whole numbers without a fraction, None as null. What is
read is checked against the annotations; unknown fields are passed over, since the public
contract may gain some.
"""

import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from .core.clock import parse_rfc3339, rfc3339
from .core.errors import BadMessage

Reader = Callable[[Any], Any]
T = TypeVar("T")


def encode(payload: Any, **more: str) -> bytes:
    """A payload dataclass as compact JSON, with ``more`` fields at its end."""
    document = {field.name: _plain(getattr(payload, field.name)) for field in fields(payload)}
    return json.dumps({**document, **more}, separators=(",", ":"), allow_nan=False).encode()


def decode(payload: bytes, kind: type[T]) -> T:
    """The dataclass ``kind`` that ``payload`` holds; raises ``BadMessage`` if it does not."""
    try:
        document = json.loads(payload, parse_constant=_no_constant)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        return kind(
            **{name: read(document[name]) for name, read in _readers(cast(type, kind)).items()}
        )
    except KeyError as missing:
        raise BadMessage(f"{kind.__name__}: no field {missing}") from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadMessage(f"{kind.__name__}: {error}") from None


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return rfc3339(value)
        case float():
            return int(value) if value.is_integer() else value
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


@cache
def _readers(kind: type) -> dict[str, Reader]:
    hints = typing.get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in fields(kind)}


def _reader(hint: Any) -> Reader:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        (inner,) = (_reader(argument) for argument in arguments if argument is not type(None))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _reader(arguments[0])
        return lambda value: tuple(map(item, _of(list, value)))
    if origin is Mapping:
        item = _reader(arguments[1])
        return lambda value: {name: item(each) for name, each in _of(dict, value).items()}
    return {datetime: _moment, float: _number, int: _whole}.get(
        hint, lambda value: _of(hint, value)
    )


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r:.60} is no {kind.__name__}")
    return value


def _moment(value: Any) -> datetime:
    return parse_rfc3339(_of(str, value))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r:.60} is no finite number")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is no whole number")
    return int(_of(int, value))
