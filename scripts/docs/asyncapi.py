"""The stream as an AsyncAPI 3 document, made from ``nypower.messages``."""

import json
from typing import Any

from nypower import __version__
from nypower.core.origin import Kind
from nypower.messages import FEED_STATUS, QOS, TOPICS, Topic, Writer

from .contract import LEVELS, NOTES, OPEN_LEVELS, example, levels, name_of, said
from .schema import fields_of, schema

BINDING = "0.2.0"
"""The version of the mqtt binding."""

DESCRIPTION = (
    "The New York power grid as a stream of MQTT messages: what each kind of power plant"
    " generates, and what that means in grams of CO2 per kWh. Payloads are JSON in UTF-8, times"
    " RFC 3339 in UTC, QoS 1. Reading needs no account. Fields may be added, never renamed or"
    " retyped."
)
_SERVERS = {
    "mqtt": {
        "host": "localhost:1883",
        "protocol": "mqtt",
        "description": "MQTT 3.1.1 and 5 by TCP, as `nypower up` opens it.",
    },
    "websocket": {
        "host": "localhost:9001",
        "pathname": "/mqtt",
        "protocol": "ws",
        "description": "The same by websocket, subprotocol `mqtt`.",
    },
}


def asyncapi() -> dict[str, Any]:
    """The document."""
    rows = {_camel(name_of(row)): row for row in TOPICS}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:ny-power:stream",
        "info": {
            "title": "ny-power",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "defaultContentType": "application/json",
        "servers": _SERVERS,
        "channels": {name: _channel(name, row) for name, row in rows.items()},
        "operations": {
            f"{_verb(row)}{_upper(name)}": _send(name, row) for name, row in rows.items()
        },
        "components": {
            "messages": {name: _message(name, row) for name, row in rows.items()},
            "schemas": {
                row.payload.__name__: _payload(row.payload, marked=row is not FEED_STATUS)
                for row in TOPICS
                if isinstance(row.payload, type)
            },
            "parameters": {name: _parameter(name) for name in LEVELS},
        },
    }


def _channel(name: str, row: Topic) -> dict[str, Any]:
    return {
        "address": f"{{root}}/{row.pattern}",
        "description": row.summary,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "parameters": {
            each: {"$ref": f"#/components/parameters/{each}"} for each in ["root", *levels(row)]
        },
    }


def _send(name: str, row: Topic) -> dict[str, Any]:
    binding: dict[str, Any] = {"qos": QOS, "retain": row.retain}
    if row.expiry is not None:
        binding["messageExpiryInterval"] = row.expiry
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": f"The {row.writer.value} says: {row.summary[0].lower()}{row.summary[1:]}",
        "tags": [{"name": row.writer.value}],
        "bindings": {"mqtt": {**binding, "bindingVersion": BINDING}},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }


def _message(name: str, row: Topic) -> dict[str, Any]:
    if isinstance(row.payload, tuple):
        words = [text.decode() for text in row.payload]
        return {
            "name": name,
            "contentType": "text/plain",
            "payload": {"type": "string", "enum": words},
            "examples": [{"payload": word} for word in words],
        }
    return {
        "name": name,
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{row.payload.__name__}"},
        "examples": [{"payload": json.loads(example(row))}],
    }


def _payload(payload: type, *, marked: bool) -> dict[str, Any]:
    properties = {
        name: {**schema(hint), "description": NOTES[name]}
        for name, hint in fields_of(payload).items()
    }
    required = list(properties)
    if marked:
        properties["kind"] = {
            "type": "string",
            "enum": [kind.value for kind in Kind if kind is not Kind.LIVE],
            "description": "What the data are, under every root but the live one.",
        }
    return {
        "type": "object",
        "description": said(payload),
        "required": required,
        "properties": properties,
    }


def _parameter(name: str) -> dict[str, Any]:
    description, values = LEVELS[name]
    return {"description": description, "examples" if name in OPEN_LEVELS else "enum": [*values]}


def _verb(row: Topic) -> str:
    return {Writer.PUMP: "pump", Writer.ARCHIVE: "archive"}[row.writer] + "Sends"


def _camel(name: str) -> str:
    first, *others = name.lower().split("_")
    return first + "".join(map(_upper, others))


def _upper(word: str) -> str:
    return word[0].upper() + word[1:]
