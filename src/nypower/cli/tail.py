"""``nypower tail``: the stream as it comes."""

import json
import sys
import threading
from collections.abc import Callable, Mapping

import click

from ..adapters.mqtt import BusOptions, MqttBus
from ..config import TailSettings
from ..core.clock import rfc3339
from ..core.errors import BadMessage
from ..core.origin import ROOTS
from ..messages import Co2, Co2Series, Correction, FuelSeries, Measurement, Snapshot, decode
from ..ports import Connected, Disconnected, Message
from ._run import options_of, run_service, settings


@click.command()
@click.argument("filters", metavar="[FILTER]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for a program.")
@options_of(TailSettings)
def tail(filters: tuple[str, ...], *, as_json: bool, **options: str | None) -> None:
    """Print the stream. Each FILTER is an MQTT topic filter, with or without the root."""
    chosen = settings(TailSettings, options)
    whole = tuple(topic for each in filters or ("#",) for topic in _under_roots(each))
    bus = MqttBus(BusOptions(chosen.broker, None, filters=whole))
    write = _json_line if as_json else _line
    try:
        run_service(lambda stop: _tail(bus, write, stop))
    except BrokenPipeError:  # whoever reads has enough
        sys.stdout = None  # nothing is left to flush to


def _under_roots(topic_filter: str) -> tuple[str, ...]:
    if topic_filter.split("/")[0] in ROOTS.values():
        return (topic_filter,)
    return tuple(f"{root}/{topic_filter}" for root in ROOTS.values())


def _tail(bus: MqttBus, write: Callable[[Message], str], stop: threading.Event) -> None:
    bus.start()
    said = ""
    while not stop.is_set():
        match bus.next(0.5):
            case Message() as message:
                click.echo(write(message))
                bus.acknowledge(message)
            case Connected():
                said = ""
            case Disconnected(reason) if reason != said:
                said = reason
                click.echo(f"nypower: no broker: {reason}; trying again", err=True)
    bus.close()


def _json_line(message: Message) -> str:
    text = message.payload.decode(errors="replace")
    try:
        payload = json.loads(text)
    except ValueError:
        payload = text
    return json.dumps({"topic": message.topic, "retained": message.retained, "payload": payload})


def _line(message: Message) -> str:
    root, _, topic = message.topic.partition("/")
    try:
        payload = decode(topic, message.payload)
    except BadMessage:
        payload = message.payload
    return f"{root}/{topic}  {_readable(payload)}"


def _readable(payload: object) -> str:
    """A payload for a person."""
    match payload:
        case Measurement(ts, value, units):
            return f"{rfc3339(ts)}  {value} {units}"
        case Snapshot(ts=ts, units=units, total=whole, fuels=fuels):
            return f"{rfc3339(ts)}  {whole} {units}: {_listed(fuels)}"
        case Co2(ts=ts, value=grams, units=units, index=word):
            return f"{rfc3339(ts)}  {grams} {units}, {word}"
        case Correction(ts=ts, name=name, was=was, value=now):
            return f"{rfc3339(ts)}  {name}: {was} became {now}"
        case Co2Series(ts=stamps) | FuelSeries(ts=stamps):
            return f"{len(stamps)} steps" + (f" from {rfc3339(stamps[0])}" if stamps else "")
        case bytes():
            return payload.decode(errors="replace")
    fields = {name: getattr(payload, name) for name in getattr(payload, "__slots__", ())}
    return ", ".join(f"{name} {value}" for name, value in fields.items())


def _listed(fuels: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {megawatts:g}" for name, megawatts in fuels.items())
