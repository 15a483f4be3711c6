"""The bus over a real Mosquitto: order, acknowledgements, sessions, and every kind of loss."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nypower.adapters.mqtt import BusOptions, MqttBus, writer_client_id
from nypower.core.errors import BusRefused
from nypower.core.origin import Kind
from nypower.embedded.child import program
from nypower.messages import Publication, Writer
from nypower.ports import Connected, Disconnected, Message
from servers.clients import Client
from servers.mosquitto import Mosquitto
from servers.mosquitto import mosquitto as server
from servers.waiting import free_port, wait_until

__all__ = ["server"]

HISTORY, STATUS, SNAPSHOT = "history/fuel-mix", "status/archive", "upstream/snapshot/fuel-mix"
WILL = Publication(STATUS, b"offline", False, None)
Make = Callable[..., MqttBus]
pytestmark = pytest.mark.skipif(program("mosquitto") is None, reason="no mosquitto here")


@pytest.fixture
def bus(server: Mosquitto) -> Iterator[Make]:
    """``bus("archive", HISTORY)``: a writer's bus, not started; all are closed at the end."""
    made: list[MqttBus] = []

    def make(who: str = "archive", *filters: str, **named: Any) -> MqttBus:
        password = server.passwords[who]
        options = {
            "client_id": writer_client_id(Writer(who), Kind.LIVE, password),
            "username": who,
            "password": password,
            "filters": filters,
            "persistent": who == "archive",
            **named,
        }
        made.append(MqttBus(BusOptions(server.url, Kind.LIVE, **options)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def event(one: MqttBus, kind: type, seconds: float = 15) -> Any:
    """The next event that is of a kind."""
    return wait_until(
        lambda: isinstance(found := one.next(0.2), kind) and found, str(kind), seconds
    )


def connected(one: MqttBus) -> MqttBus:
    one.start()
    event(one, Connected)
    return one


def messages(one: MqttBus, count: int, *, acknowledge: bool = True) -> list[Message]:
    """The next so many messages."""
    found = []
    for _ in range(count):
        found.append(event(one, Message))
        if acknowledge:
            one.acknowledge(found[-1])
    return found


def ready(one: MqttBus, server: Mosquitto) -> MqttBus:
    """Connected, and known to be subscribed to history."""
    connected(one)
    with_pump = server_pump(server)
    with_pump.publish("ny-power/history/fuel-mix", b"ready")
    with_pump.close()
    wait_until(lambda: messages(one, 1)[0].payload == b"ready", "the subscription")
    return one


def server_pump(server: Mosquitto) -> Client:
    """A plain client with the pump's account."""
    return Client(server.mqtt_port, account=("pump", server.passwords["pump"])).connect()


def cut(one: MqttBus) -> None:
    """Lose the connection without a word."""
    client = one._client
    assert client
    sock = client.socket()
    assert sock
    sock.shutdown(socket.SHUT_RDWR)


def settle(one: MqttBus, server: Mosquitto) -> None:
    """All that ``one`` has acknowledged has arrived: what it says after it has."""
    reader = Client(server.mqtt_port).connect().subscribe(f"ny-power/{STATUS}")
    one.publish(said(b"settled", STATUS))
    reader.wait_for(1)
    reader.close()


def said(payload: bytes, topic: str = HISTORY, **named: Any) -> Publication:
    return Publication(topic, payload, **{"retain": False, "expiry": None, **named})


def payloads(found: list[Message]) -> list[bytes]:
    return [each.payload for each in found]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_everything_in_order(server: Mosquitto, bus: Make, version: str) -> None:
    """1,500 messages, fifteen windows, each once, whatever the version; topics are relative."""
    archive = ready(bus("archive", HISTORY, version=version), server)
    pump = connected(bus("pump", version=version))
    expected = [b"%d" % n for n in range(1500)]
    for payload in expected[:700]:
        pump.publish(said(payload))
    found = messages(archive, 700)
    for payload in expected[700:]:
        pump.publish(said(payload))
    found += messages(archive, 800)
    assert payloads(found) == expected
    assert {each.topic for each in found} == {HISTORY}
    assert not any(each.retained or each.redelivered for each in found)


def test_no_more_than_a_window_without_acknowledgement(server: Mosquitto, bus: Make) -> None:
    """The broker waits; after the first acknowledgement the next comes."""
    archive = ready(bus("archive", HISTORY), server)
    pump = server_pump(server)
    for n in range(archive.window + 50):
        pump.publish("ny-power/history/fuel-mix", b"%d" % n)
    held = messages(archive, archive.window, acknowledge=False)
    assert archive.next(0.3) is None
    for each in held:
        archive.acknowledge(each)
    assert payloads(messages(archive, 50)) == [b"%d" % n for n in range(100, 150)]
    pump.close()


def test_retained_values_come_at_each_connection(server: Mosquitto, bus: Make) -> None:
    """Marked as such, and with the expiry they were published with."""
    pump = connected(bus("pump"))
    pump.publish(said(b"1", SNAPSHOT, retain=True, expiry=604_800))
    reader = Client(server.mqtt_port).connect().subscribe("ny-power/#")
    reader.wait_for(1)
    assert 604_700 < reader.raw[0].properties.MessageExpiryInterval <= 604_800
    reader.close()
    archive = connected(bus("archive", SNAPSHOT))
    for _ in range(2):
        (found,) = messages(archive, 1)
        assert (found.topic, found.payload, found.retained) == (SNAPSHOT, b"1", True)
        cut(archive)
        event(archive, Connected)


def test_what_was_not_acknowledged_comes_again(server: Mosquitto, bus: Make) -> None:
    """First, in order and marked; what was acknowledged does not; the session was kept."""
    archive = ready(bus("archive", HISTORY), server)
    pump = server_pump(server)
    for n in range(5):
        pump.publish("ny-power/history/fuel-mix", b"%d" % n)
    before = messages(archive, 5, acknowledge=False)
    for each in before[:2]:
        archive.acknowledge(each)
    settle(archive, server)
    cut(archive)
    event(archive, Disconnected)
    pump.publish("ny-power/history/fuel-mix", b"away")
    assert event(archive, Connected).session
    again = messages(archive, 4)
    assert payloads(again) == [b"2", b"3", b"4", b"away"]
    assert [each.redelivered for each in again] == [True] * 3 + [False]
    pump.close()


def test_an_acknowledgement_of_an_earlier_connection_does_nothing(
    server: Mosquitto, bus: Make
) -> None:
    """It must not acknowledge what another number means there."""
    archive = ready(bus("archive", HISTORY), server)
    pump = server_pump(server)
    for n in range(3):
        pump.publish("ny-power/history/fuel-mix", b"%d" % n)
    before = messages(archive, 3, acknowledge=False)
    for _ in range(2):
        cut(archive)
        event(archive, Connected)
        for each in before:
            archive.acknowledge(each)
    assert payloads(messages(archive, 3)) == [b"0", b"1", b"2"]
    settle(archive, server)
    cut(archive)
    event(archive, Connected)
    assert archive.next(0.3) is None
    pump.close()


def test_nothing_of_before_a_disconnection_is_sent_after_it(server: Mosquitto, bus: Make) -> None:
    """Neither what was on its way when the broker died nor what was said while it was away."""
    pump = connected(bus("pump"))
    os.kill(server.pid, signal.SIGSTOP)
    pump.publish(said(b"on its way"))
    server.kill()
    event(pump, Disconnected)
    pump.publish(said(b"while away"))
    server.start()
    archive = ready(bus("archive", HISTORY), server)
    event(pump, Connected, 40)
    pump.publish(said(b"now"))
    assert payloads(messages(archive, 1)) == [b"now"]
    assert archive.next(0.3) is None


def test_a_broker_killed_and_come_back(server: Mosquitto, bus: Make) -> None:
    """kill -9, twice: the bus says so, connects again, is subscribed and delivers."""
    archive = ready(bus("archive", HISTORY), server)
    for n in range(2):
        server.kill(forget=n == 1)
        event(archive, Disconnected)
        server.start()
        event(archive, Connected, 40)
        pump = server_pump(server)
        pump.publish("ny-power/history/fuel-mix", b"again")
        assert payloads(messages(archive, 1)) == [b"again"]
        pump.close()


def test_a_broker_that_is_not_there_yet(server: Mosquitto, bus: Make) -> None:
    """Starting raises nothing; every failed try is an event; once it is there it connects."""
    server.stop()
    archive = bus("archive", HISTORY)
    archive.start()
    for _ in range(2):
        assert "refused" in event(archive, Disconnected).reason
    archive.publish(said(b"nobody hears", STATUS))
    server.start()
    event(archive, Connected, 40)
    pump = server_pump(server)
    pump.publish("ny-power/history/fuel-mix", b"hello")
    assert payloads(messages(archive, 1)) == [b"hello"]
    pump.close()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_wrong_password_is_refused(server: Mosquitto, bus: Make, version: str) -> None:
    """BusRefused out of `next`, with the account's name and without its password."""
    archive = bus("archive", HISTORY, version=version, password="wrong-secret")
    archive.start()
    with pytest.raises(BusRefused) as refusal:
        event(archive, Message)
    assert "archive" in str(refusal.value)
    assert "wrong-secret" not in str(refusal.value)
    ready(bus("archive", HISTORY, version=version), server)


def test_the_will(server: Mosquitto, bus: Make) -> None:
    """Sent when the connection is lost, and not after a proper end; what was published just
    before that end arrives."""
    reader = Client(server.mqtt_port).connect().subscribe(f"ny-power/{STATUS}")
    archive = connected(bus("archive", HISTORY, will=WILL))
    cut(archive)
    assert reader.wait_for(1)[0].payload == b"offline"
    event(archive, Connected)
    for n in range(10):
        archive.publish(said(b"%d" % n, STATUS))
    archive.close()
    reader.wait_for(11)
    pump = server_pump(server)
    pump.close()
    assert reader.payloads()[1:] == [b"%d" % n for n in range(10)]
    reader.close()


def test_a_kind_has_its_root(server: Mosquitto, bus: Make) -> None:
    """A replay is published under its own; without a kind topics are whole."""
    options = BusOptions(server.url, None, filters=("ny-power/#", "ny-power-replay/#"))
    listener = connected(MqttBus(options))
    pump = server_pump(server)
    pump.publish(f"ny-power/{SNAPSHOT}", b"ready", retain=True)
    messages(listener, 1)
    options = BusOptions(
        server.url, Kind.REPLAY, username="pump", password=server.passwords["pump"]
    )
    replay = connected(MqttBus(options))
    replay.publish(said(b"old", SNAPSHOT))
    (found,) = messages(listener, 1)
    assert (found.topic, found.payload) == (f"ny-power-replay/{SNAPSHOT}", b"old")
    for each in (listener, replay):
        each.close()
    pump.close()


def test_closing_what_never_connected() -> None:
    """Is nothing."""
    never = MqttBus(BusOptions(f"mqtt://127.0.0.1:{free_port()}", Kind.LIVE))
    never.close()
    never.start()
    assert isinstance(event(never, Disconnected), Disconnected)
    never.close()


def test_a_client_id_holds_a_part_of_the_secret() -> None:
    """Each writer, kind and password has its own, always the same, and none shows the secret."""
    ids = [
        writer_client_id(writer, kind, password)
        for writer in Writer
        for kind in Kind
        for password in ("hunter2", "hunter3")
    ]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("ny-power-") and "hunter" not in each for each in ids)
    assert ids[0] == writer_client_id(Writer.PUMP, Kind.LIVE, "hunter2")
