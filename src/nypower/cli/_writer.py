"""A writer's way to the broker: its account, its session, its last will."""

from collections.abc import Sequence

from ..adapters.mqtt import BusOptions, MqttBus, writer_client_id
from ..config import BusSettings
from ..messages import OFFLINE, Topic, Writer, publication


def writer_bus(
    chosen: BusSettings,
    writer: Writer,
    password: str,
    presence: Topic,
    filters: Sequence[str],
    *,
    persistent: bool = False,
) -> MqttBus:
    """The bus of a writer, whose ``presence`` becomes offline when it is lost."""
    return MqttBus(
        BusOptions(
            chosen.broker,
            chosen.kind,
            chosen.mqtt_version,
            client_id=writer_client_id(writer, chosen.kind, password),
            username=writer.value if password else "",
            password=password,
            filters=filters,
            persistent=persistent,
            will=publication(presence, OFFLINE, chosen.kind),
        )
    )
