"""The payload dataclasses of ``nypower.messages`` as JSON Schema, and in words."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_SIMPLE: dict[object, dict[str, Any]] = {
    datetime: {"type": "string", "format": "date-time"},
    float: {"type": "number"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
}
_WORDS = {datetime: "time", float: "number", int: "whole number", bool: "yes or no", str: "text"}


def fields_of(payload: type) -> dict[str, Any]:
    """A payload's fields and their annotations, in order."""
    hints = typing.get_type_hints(payload)
    return {field.name: hints[field.name] for field in dataclasses.fields(payload)}


def schema(hint: Any) -> dict[str, Any]:
    """The JSON Schema of an annotation, as ``nypower.codec`` writes it."""
    match _shape(hint):
        case "maybe", inner:
            known = schema(inner)
            return {**known, "type": [known["type"], "null"]}
        case "list", inner:
            return {"type": "array", "items": schema(inner)}
        case "map", inner:
            return {"type": "object", "additionalProperties": schema(inner)}
    return dict(_SIMPLE[hint])


def words(hint: Any) -> str:
    """The same for a person."""
    match _shape(hint):
        case "maybe", inner:
            return f"{words(inner)} or null"
        case "list", inner:
            return f"list of {words(inner)}"
        case "map", inner:
            return f"by name: {words(inner)}"
    return _WORDS[hint]


def _shape(hint: Any) -> tuple[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        (inner,) = (each for each in arguments if each is not type(None))
        return "maybe", inner
    if origin is tuple:
        return "list", arguments[0]
    if origin is Mapping:
        return "map", arguments[1]
    return "simple", hint
