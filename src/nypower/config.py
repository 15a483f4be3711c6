"""Settings: frozen classes built once from a mapping, reporting every fault at once.

A setting is declared with its variable, its parser, its default and a sentence of help; the
command line only lays its options over the environment. Secrets have variables alone: an
option would put them into the process list.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from .core.carbon import DEFAULT_FACTORS, FACTOR_SETS
from .core.errors import BadSettings
from .core.origin import Kind

LIVE_FEED = "https://mis.nyiso.com"
LONGEST = timedelta(days=20 * 366)
"""The feed began in 2015: whoever asks for more than 20 years has mistyped it."""

MISSING = object()
T = TypeVar("T")


def setting(variable: str, parse: Callable[[str], Any], default: Any, help: str) -> Any:  # noqa: A002 - click's word
    """A field of a settings class, read from ``variable``."""
    return dataclasses.field(
        default=default,
        kw_only=True,
        metadata={"variable": variable, "parse": parse, "help": help, "default": default},
    )


def settings_of(kind: type) -> dict[str, Mapping[str, Any]]:
    """The settings of a class by field name: variable, parse, default, help."""
    return {field.name: field.metadata for field in dataclasses.fields(kind) if field.metadata}


def build(kind: type[T], environ: Mapping[str, str]) -> T:
    """The settings of ``kind`` from a mapping of variables.

    An empty value counts as not set. Raises ``BadSettings`` with a sentence for each fault.
    """
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, meta in settings_of(kind).items():
        text = environ.get(meta["variable"], "").strip()
        if not text:
            if meta["default"] is MISSING:
                faults[meta["variable"]] = f"{meta['variable']} is not set: {meta['help']}"
            continue
        try:
            values[name] = meta["parse"](text)
        except ValueError as error:
            faults[meta["variable"]] = f"{meta['variable']}: {error}"
    if faults:
        raise BadSettings(tuple(faults.values()), faults)
    return kind(**values)


def port(text: str) -> int:
    """A TCP port."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError(f"{text!r} is no port; one is a number from 1 to 65535")
    return int(text)


def duration(text: str) -> timedelta:
    """A length of time such as 90s, 24h or 7d.

    >>> duration("1.5h")
    datetime.timedelta(seconds=5400)
    """
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    try:
        length = timedelta(**{units[text[-1]]: float(text[:-1])})
    except (KeyError, ValueError, OverflowError):
        raise ValueError(f"{text!r} is no duration; write 90s, 30m, 24h or 7d") from None
    if length <= timedelta():
        raise ValueError(f"{text!r} is not longer than nothing")
    if length > LONGEST:
        raise ValueError(f"{text!r} is longer than 20 years")
    return length


def choice(*words: str) -> Callable[[str], str]:
    """A parser that takes one of ``words``."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return text

    return parse


def a_kind(text: str) -> Kind:
    """One of the kinds of data."""
    return Kind(choice(*Kind)(text))


def _shown(text: str) -> str:
    """An address as a sentence may repeat it: without what stands before an @, where somebody
    may have put a password."""
    return repr(f"…@{text.rpartition('@')[2]}" if "@" in text else text)


def url(*schemes: str) -> Callable[[str], str]:
    """A parser for a URL of one of ``schemes``, with a host and without a password."""

    def parse(text: str) -> str:
        try:
            parts = urlsplit(text)
            parts.port  # noqa: B018 - reading it is what checks it
        except ValueError as error:
            raise ValueError(f"it is no address: {error}") from None
        if parts.password is not None:
            raise ValueError("an address must hold no password; there is a variable for it")
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(
                f"{_shown(text)} is no address that begins with {'://, '.join(schemes)}://"
            )
        return text.rstrip("/")

    return parse


def store_url(text: str) -> str:
    """``sqlite:PATH`` or ``influxdb://[user@]host[:port]/database``."""
    if text.startswith("sqlite:") and text.removeprefix("sqlite:"):
        return text
    if not text.startswith(("influxdb://", "influxdbs://")):
        raise ValueError(
            f"{_shown(text)} is no store; write sqlite:PATH or influxdb://host/database"
        )
    address = url("influxdb", "influxdbs")(text)
    if not urlsplit(address).path.strip("/"):
        raise ValueError(f"{_shown(text)} names no database; write influxdb://host/database")
    return address


def broker_url(text: str) -> str:
    """``mqtt://host[:port]`` or ``mqtts://host[:port]``."""
    address = url("mqtt", "mqtts")(text)
    if urlsplit(address).username is not None:
        raise ValueError("an address must name no account; each part has one of its own")
    return address


FEED_URL = url("http", "https")


def poll_interval(text: str) -> timedelta:
    """How often to look at the feed: NYISO is asked for no more than a poll a minute."""
    interval = duration(text)
    if interval < timedelta(minutes=1):
        raise ValueError(f"{text!r} is too often: a poll a minute at most")
    return interval


@dataclass(frozen=True)
class LogSettings:
    """What every command has."""

    log: str = setting(
        "NYPOWER_LOG",
        choice("debug", "info", "warning", "error"),
        "info",
        "How much to log: debug, info, warning or error.",
    )


@dataclass(frozen=True)
class BusSettings:
    """How to reach the broker."""

    broker: str = setting(
        "NYPOWER_BROKER", broker_url, "mqtt://127.0.0.1:1883", "The broker's address."
    )
    mqtt_version: str = setting(
        "NYPOWER_MQTT_VERSION",
        choice("5", "3.1.1"),
        "5",
        "The protocol to speak: 5, or 3.1.1 for a broker that knows no 5 (then without expiry).",
    )
    kind: Kind = setting(
        "NYPOWER_KIND",
        a_kind,
        Kind.LIVE,
        "What the data are: live, replay or simulated. It decides the topic root.",
    )


@dataclass(frozen=True)
class PollSettings:
    """How to read the feed."""

    poll: timedelta = setting(
        "NYPOWER_POLL",
        poll_interval,
        timedelta(minutes=1),
        "The shortest time between two polls, in the feed's time.",
    )
    backlog: timedelta = setting(
        "NYPOWER_BACKLOG",
        duration,
        timedelta(hours=24),
        "How far back to begin when nothing is stored yet.",
    )


@dataclass(frozen=True)
class PumpAccount:
    """The pump's account at the broker; its name is ``pump``."""

    pump_password: str = setting(
        "NYPOWER_PUMP_PASSWORD", str, "", "The password of the broker's account `pump`."
    )


@dataclass(frozen=True)
class ArchiveAccount:
    """The archive's account at the broker; its name is ``archive``."""

    archive_password: str = setting(
        "NYPOWER_ARCHIVE_PASSWORD", str, "", "The password of the broker's account `archive`."
    )


@dataclass(frozen=True)
class PumpSettings(LogSettings, BusSettings, PumpAccount, PollSettings):
    """The pump's."""

    feed: str = setting("NYPOWER_FEED", FEED_URL, LIVE_FEED, "Where the feed is.")


@dataclass(frozen=True)
class StoreAccount:
    """The store's account; its name stands in the store's address."""

    store_password: str = setting(
        "NYPOWER_STORE_PASSWORD", str, "", "The password of the store's account."
    )


@dataclass(frozen=True)
class StoreSettings(StoreAccount):
    """Where the history is."""

    store: str = setting(
        "NYPOWER_STORE",
        store_url,
        "sqlite:ny-power.db",
        "The store: sqlite:PATH or influxdb://[user@]host[:port]/database.",
    )


@dataclass(frozen=True)
class FactorSettings:
    """What the carbon arithmetic counts with."""

    factors: str = setting(
        "NYPOWER_FACTORS",
        choice(*FACTOR_SETS),
        DEFAULT_FACTORS,
        f"The emission factors: {' or '.join(FACTOR_SETS)}.",
    )


@dataclass(frozen=True)
class ArchiveSettings(LogSettings, BusSettings, ArchiveAccount, StoreSettings, FactorSettings):
    """The archive's."""

    span: str = setting(
        "NYPOWER_SPAN", str, "", "Where a replay begins, so that no store mixes two of them."
    )


@dataclass(frozen=True)
class WebSettings(LogSettings):
    """The web's. ``ws_url`` empty means the page's own host, at the port ``ws``."""

    host: str = setting("NYPOWER_HOST", str, "127.0.0.1", "The address to listen on.")
    http: int = setting("NYPOWER_HTTP", port, 8080, "The port of the page.")
    ws_url: str = setting(
        "NYPOWER_WS_URL",
        url("ws", "wss"),
        "",
        "Where the page finds the broker's websocket; by default on its own host.",
    )
    ws: int = setting("NYPOWER_WS", port, 9001, "The websocket's port on the page's own host.")
    kind: Kind = setting("NYPOWER_KIND", a_kind, Kind.LIVE, "What the data are.")
    follow_live: bool = setting(
        "NYPOWER_FOLLOW_LIVE",
        lambda text: choice("yes", "no")(text) == "yes",
        False,
        "Whether an open page changes over when live data begin: yes or no.",
    )


def broker_choice(text: str) -> str:
    """``embedded``, ``mosquitto`` or the address of a broker that runs already."""
    return text if text in ("embedded", "mosquitto") else broker_url(text)


def feed_choice(text: str) -> str:
    """``auto`` or the feed's address."""
    return text if text == "auto" else FEED_URL(text)


def up_store(text: str) -> str:
    """``sqlite``, in the data directory, or a store's address."""
    return text if text == "sqlite" else store_url(text)


@dataclass(frozen=True)
class KeptSettings(StoreAccount):
    """What ``up`` keeps, and where."""

    data: Path = setting(
        "NYPOWER_DATA",
        lambda text: Path(text).expanduser().absolute(),
        Path("data"),
        "The directory for what is kept.",
    )
    store: str = setting(
        "NYPOWER_STORE", up_store, "sqlite", "sqlite, in the data directory, or a store's address."
    )

    def store_for(self, kind: Kind) -> str:
        """The store of a kind: kinds are never mixed."""
        suffix = "" if kind is Kind.LIVE else f"-{kind.value}"
        if self.store == "sqlite":
            return f"sqlite:{self.data / f'ny-power{suffix}.db'}"
        return self.store + suffix


@dataclass(frozen=True)
class UpSettings(
    LogSettings, PollSettings, PumpAccount, ArchiveAccount, KeptSettings, FactorSettings
):
    """Everything on one machine. A port of None: the usual one, or the next that is free."""

    feed: str = setting(
        "NYPOWER_FEED",
        feed_choice,
        "auto",
        "Where the feed is; auto is NYISO, or a simulated grid until it can be reached.",
    )
    host: str = setting("NYPOWER_HOST", str, "127.0.0.1", "The address to listen on.")
    http: int | None = setting("NYPOWER_HTTP", port, None, "The port of the page (8080).")
    mqtt: int | None = setting("NYPOWER_MQTT", port, None, "The port of MQTT (1883).")
    ws: int | None = setting("NYPOWER_WS", port, None, "The port of MQTT by websocket (9001).")
    ws_url: str = setting(
        "NYPOWER_WS_URL",
        url("ws", "wss"),
        "",
        "Where the page finds the broker's websocket; by default on its own host.",
    )
    broker: str = setting(
        "NYPOWER_BROKER",
        broker_choice,
        "embedded",
        "embedded, mosquitto (the one installed here), or a broker's address.",
    )
    mqtt_version: str = setting(
        "NYPOWER_MQTT_VERSION",
        choice("5", "3.1.1"),
        "5",
        "The protocol to speak with a broker that is named by its address: 5 or 3.1.1.",
    )


@dataclass(frozen=True)
class ExportSettings(LogSettings, KeptSettings):
    """What to export from. Without a kind: live data if there are any, else what there is."""

    kind: Kind | None = setting(
        "NYPOWER_KIND", a_kind, None, "Which data: live, replay or simulated."
    )


@dataclass(frozen=True)
class TailSettings(LogSettings):
    """What to listen to."""

    broker: str = setting(
        "NYPOWER_BROKER", broker_url, "mqtt://127.0.0.1:1883", "The broker's address."
    )
