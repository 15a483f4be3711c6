"""``nypower up``: everything on one machine."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

import click

from ..adapters.stores import open_store
from ..config import UpSettings
from ..core.catalog import FUEL_MIX
from ..core.errors import BadSettings, NyPowerError, StoreAbsent, StoreUnavailable
from ..core.origin import Kind, Origin
from ..embedded.broker import ChildBroker
from ..embedded.door import Door, DoorSettings
from ..embedded.expiry import Expiry
from ..embedded.places import check_host, choose_port, take_data_directory
from ..embedded.showing import Surroundings
from ..embedded.supervisor import House, Outset, Supervisor
from ..messages import Writer
from ._run import die, options_of, settings_and_faults, start_logging

T = TypeVar("T")

USUAL_PORTS = {"http": 8080, "mqtt": 1883, "ws": 9001}


@click.command()
@options_of(UpSettings)
def up(**options: str | None) -> None:
    """Run everything here: broker, store, pump, archive and page."""
    chosen, faults = settings_and_faults(UpSettings, options)
    start_logging(chosen.log)
    lock = _collect(faults, lambda: take_data_directory(chosen.data))
    before = len(faults)
    _collect(faults, lambda: check_host(chosen.host))
    ports = _ports(chosen, faults) if len(faults) == before else {}
    if lock is None:
        die(*faults)
    with lock:
        if faults:
            die(*faults)
        try:
            asyncio.run(_run(chosen, ports))
        except (NyPowerError, OSError) as error:
            click.echo(f"nypower: {error}", err=True)
            sys.exit(1)


def _collect(faults: list[str], work: Callable[[], T]) -> T | None:
    try:
        return work()
    except BadSettings as error:
        faults.extend(error.faults)
    return None


def _ports(chosen: UpSettings, faults: list[str]) -> dict[str, int]:
    """The ports to listen on, by their settings' names."""
    ours = ("http", "mqtt", "ws") if chosen.broker in ("embedded", "mosquitto") else ("http",)
    ports: dict[str, int] = {}
    for name in sorted(ours, key=lambda each: getattr(chosen, each) is None):  # named ones first
        named, variable = getattr(chosen, name), f"NYPOWER_{name.upper()}"
        choose = partial(choose_port, chosen.host, variable, named, USUAL_PORTS[name])
        port = _collect(faults, partial(choose, tuple(ports.values())))
        ports[name] = port or 0
    return ports


async def _run(chosen: UpSettings, ports: dict[str, int]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = _broker(chosen)
    supervisor = Supervisor(
        chosen,
        lambda: _surroundings(chosen, ports, broker),
        lambda: _outset(chosen),
        house=_house(chosen, ports, broker) if broker else None,
        address=lambda: _address(chosen, ports),
        say=click.echo,
    )
    await supervisor.run(stop)


def _broker(chosen: UpSettings) -> ChildBroker | None:
    """The broker to bring along; None where one runs already."""
    passwords = {"pump": chosen.pump_password, "archive": chosen.archive_password}
    directory = chosen.data / "broker"
    if chosen.broker == "embedded":
        from ..embedded.rumqttd import EmbeddedBroker

        return EmbeddedBroker(directory, passwords)
    if chosen.broker == "mosquitto":
        from ..embedded.mosquitto import MosquittoBroker

        return MosquittoBroker(directory, passwords)
    return None


def _house(chosen: UpSettings, ports: dict[str, int], broker: ChildBroker) -> House:
    def door() -> Door:
        return Door(DoorSettings(chosen.host, ports["mqtt"], ports["ws"], broker.upstreams))

    def expiry() -> Expiry | None:
        if broker.writer_version == "5":
            return None  # the writers say how long a value lasts, and the broker knows
        return Expiry(broker.writers_url, broker.passwords[Writer.ARCHIVE.value])

    return House(broker, door, expiry)


def _surroundings(
    chosen: UpSettings, ports: dict[str, int], broker: ChildBroker | None
) -> Surroundings:
    # The page is the last to listen: another `up` may have taken the port in the meantime.
    others = [port for name, port in ports.items() if name != "http"]
    ports["http"] = choose_port(chosen.host, "NYPOWER_HTTP", chosen.http, ports["http"], others)
    if broker is not None:
        return Surroundings(
            broker.writers_url,
            broker.writer_version,
            broker.passwords,
            ports["http"],
            ports["ws"],
            chosen.ws_url,
        )
    ws = chosen.ws or USUAL_PORTS["ws"]
    ws_url = chosen.ws_url or f"ws://{_in_url(urlsplit(chosen.broker).hostname or '')}:{ws}/mqtt"
    passwords = {"pump": chosen.pump_password, "archive": chosen.archive_password}
    return Surroundings(chosen.broker, chosen.mqtt_version, passwords, ports["http"], ws, ws_url)


def _outset(chosen: UpSettings) -> Outset:
    """Which data are at hand. A store that does not answer may hold measured ones."""
    origins = []
    for kind in Kind:
        try:
            if origin := _stored(chosen, kind):
                origins.append(origin)
        except StoreAbsent:
            pass
        except StoreUnavailable:
            return Outset(True, tuple(origins))
        except NyPowerError:
            pass  # it is refused: the archive will say so, should it be shown
    return Outset(any(origin.kind is Kind.LIVE for origin in origins), tuple(origins))


def _stored(chosen: UpSettings, kind: Kind) -> Origin | None:
    """The origin of what the store of a kind holds; None where it holds nothing."""
    with closing(
        open_store(chosen.store_for(kind), chosen.store_password, read_only=True)
    ) as store:
        return store.origin() if store.newest(FUEL_MIX.name) is not None else None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address(chosen: UpSettings, ports: dict[str, int]) -> str:
    """The line that says where everything is, and which ports are not the usual ones."""
    host = "127.0.0.1" if chosen.host in ("0.0.0.0", "::") else _in_url(chosen.host)  # noqa: S104
    line = f"ny-power is at http://{host}:{ports['http']}"
    if "mqtt" in ports:
        line += f"  (MQTT {host}:{ports['mqtt']}, by websocket {ports['ws']})"
    moved = [
        f"{USUAL_PORTS[name]} was busy, so {name} is on {port}"
        for name, port in ports.items()
        if getattr(chosen, name) is None and port != USUAL_PORTS[name]
    ]
    return "; ".join([line, *moved])
