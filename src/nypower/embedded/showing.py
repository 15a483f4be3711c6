"""What ``up`` shows: one feed of one kind, in a store and under a topic root of its own."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from ..config import UpSettings
from ..core.origin import Origin

NYPOWER = [sys.executable, "-P", "-m", "nypower"]
"""A command of ours, by the Python that runs us."""


@dataclass(frozen=True, slots=True)
class Showing:
    """A feed, and what it is."""

    feed: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the parts find the broker and each other, whatever is shown."""

    broker: str
    mqtt_version: str
    passwords: Mapping[str, str]
    http: int
    ws: int
    ws_url: str


def environment(
    settings: UpSettings, around: Surroundings, showing: Showing
) -> dict[str, dict[str, str]]:
    """The variables of each part. Only the writers get their passwords."""
    kind = showing.origin.kind
    shared = {"NYPOWER_LOG": settings.log, "NYPOWER_KIND": kind.value}
    bus = {"NYPOWER_BROKER": around.broker, "NYPOWER_MQTT_VERSION": around.mqtt_version}
    return {
        "web": {
            **shared,
            "NYPOWER_HOST": settings.host,
            "NYPOWER_HTTP": str(around.http),
            "NYPOWER_WS": str(around.ws),
            "NYPOWER_WS_URL": around.ws_url,
            "NYPOWER_FOLLOW_LIVE": "yes" if settings.feed == "auto" else "no",
        },
        "archive": {
            **shared,
            **bus,
            "NYPOWER_ARCHIVE_PASSWORD": around.passwords["archive"],
            "NYPOWER_STORE": settings.store_for(kind),
            "NYPOWER_STORE_PASSWORD": settings.store_password,
            "NYPOWER_FACTORS": settings.factors,
            "NYPOWER_SPAN": showing.origin.span,
        },
        "pump": {
            **shared,
            **bus,
            "NYPOWER_PUMP_PASSWORD": around.passwords["pump"],
            "NYPOWER_FEED": showing.feed,
            "NYPOWER_POLL": f"{settings.poll.total_seconds():g}s",
            "NYPOWER_BACKLOG": f"{settings.backlog.total_seconds():g}s",
        },
    }
