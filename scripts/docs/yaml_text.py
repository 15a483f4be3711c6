"""Plain data as YAML: enough of it for one document, so that no library is needed."""

import json
import re
from collections.abc import Iterator
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z$][A-Za-z0-9_$./-]*")
_NO_KEY = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def to_yaml(data: dict[str, Any]) -> str:
    """``data`` (dicts, lists, texts, numbers, booleans, None) as a YAML document."""
    return "\n".join(_lines(data)) + "\n"


def _lines(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _entry(f"{_key(key)}:", value)
    else:
        for value in data:
            yield from _item(value)


def _entry(head: str, value: Any) -> Iterator[str]:
    if _is_nested(value):
        yield head
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Any) -> Iterator[str]:
    if _is_nested(value):
        first, *others = _lines(value)
        yield f"- {first}"
        yield from (f"  {line}" for line in others)
    else:
        yield f"- {_scalar(value)}"


def _is_nested(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(each, dict | list) for each in value)
    return isinstance(value, dict) and bool(value)


def _scalar(value: Any) -> str:
    """Texts are JSON texts, which every reader of YAML takes for nothing else."""
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _NO_KEY
    return key if plain else json.dumps(key)
