"""What a broker must do for the stream, whichever it is: Mosquitto with the project's
configuration, the same behind the door, and the embedded one behind the door."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from nypower.embedded.child import program
from nypower.embedded.door import Limits
from nypower.embedded.mosquitto import MosquittoBroker
from nypower.embedded.rumqttd import EmbeddedBroker
from servers.clients import Bare, Client, connect_packet, packet, subscribe_packet, text
from servers.embedded import BehindDoor
from servers.mosquitto import Mosquitto
from servers.waiting import wait_until

WIND = "ny-power/upstream/fuel-mix/Wind"
HYDRO = "ny-power/upstream/fuel-mix/Hydro"
SNAPSHOT = "ny-power/upstream/snapshot/fuel-mix"
STATUS = "ny-power/status/pump"
CO2 = "ny-power/computed/co2"
QUICK = Limits(connect_seconds=3, stall_seconds=2)
PLACES = {
    "mosquitto": Mosquitto,
    "mosquitto behind the door": lambda folder: BehindDoor(MosquittoBroker, folder, QUICK),
    "embedded behind the door": lambda folder: BehindDoor(EmbeddedBroker, folder, QUICK),
}
WITH_ACCESS_LIST = [name for name in PLACES if "mosquitto" in name]
BEHIND_DOOR = [name for name in PLACES if "door" in name]
WAYS = [("3.1.1", "tcp"), ("5", "tcp"), ("3.1.1", "websockets"), ("5", "websockets")]


class Place:
    """A broker, and clients of it that are closed at the end of the test."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.clients: list[Client | Bare] = []
        self.writers: list[Client] = []

    def reader(self, version: str = "5", transport: str = "tcp", **named: Any) -> Client:
        port = self.server.ws_port if transport == "websockets" else self.server.mqtt_port
        client = Client(port, version=version, transport=transport, **named).connect()
        self.clients.append(client)
        return client

    def writer(self, name: str = "pump", **named: Any) -> Client:
        named = {"account": (name, self.server.passwords[name]), **named}
        version = self.server.version
        client = Client(self.writers_port, version=version, **named).connect()
        self.writers.append(client)
        return client

    @property
    def writers_port(self) -> int:
        return int(self.server.url.rpartition(":")[2])

    @property
    def door(self) -> bool:
        return isinstance(self.server, BehindDoor)

    @property
    def mosquitto(self) -> bool:
        return isinstance(self.server, Mosquitto) or isinstance(self.server.broker, MosquittoBroker)

    def bare(self, data: bytes, port: int = 0, receive_buffer: int = 0) -> Bare:
        client = Bare(port or self.server.mqtt_port, receive_buffer)
        self.clients.append(client)
        return client.send(data)

    def listeners(self) -> list[int]:
        """Every port on which MQTT is spoken in the open, by TCP."""
        ports = {self.server.mqtt_port}
        if self.door:
            ports |= {each.port for each in self.server.broker.upstreams.values()}
        return sorted(ports)


@pytest.fixture(params=PLACES, scope="module")
def server(request: Any, tmp_path_factory: Any) -> Iterator[Any]:
    if "mosquitto" in request.param and program("mosquitto") is None:
        pytest.skip("no mosquitto here")
    if "embedded" in request.param:
        pytest.importorskip("iotcore")
    running = PLACES[request.param](tmp_path_factory.mktemp("broker"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def place(server: Any) -> Iterator[Place]:
    here = Place(server)
    yield here
    cleaner = here.writer()
    for topic in (WIND, HYDRO, SNAPSHOT, STATUS):
        cleaner.publish(topic, b"", retain=True)
    for client in here.clients:
        client.close()
    for writer in (*here.writers, cleaner):
        writer.cut()


def test_retained_values_reach_matching_filters_only(place: Place) -> None:
    """Who subscribes gets the retained values of its filter, marked so, and no others."""
    writer = place.writer()
    writer.publish(WIND, b"1", retain=True)
    writer.publish(HYDRO, b"2", retain=True)
    writer.publish(SNAPSHOT, b"3", retain=True)
    reader = place.reader().subscribe("ny-power/upstream/fuel-mix/+")
    assert sorted((each.topic, each.payload) for each in reader.wait_for(2)) == [
        (HYDRO, b"2"),
        (WIND, b"1"),
    ]
    assert all(each.retained for each in reader.got)
    writer.publish(SNAPSHOT, b"4")
    writer.publish(WIND, b"5")
    assert reader.wait_for(3)[2].payload == b"5"
    assert not reader.got[2].retained


def test_a_retained_value_is_replaced_and_deleted(place: Place) -> None:
    """The last retained value counts; an empty one leaves none."""
    writer = place.writer()
    writer.publish(WIND, b"old", retain=True)
    writer.publish(WIND, b"new", retain=True)
    writer.publish(HYDRO, b"there", retain=True)
    first = place.reader().subscribe(WIND)
    assert first.wait_for(1)[0].payload == b"new"
    writer.publish(WIND, b"", retain=True)
    second = place.reader().subscribe(WIND, HYDRO)
    assert second.wait_for(1)[0].payload == b"there"
    writer.publish(WIND, b"again", retain=True)
    assert second.wait_for(2)[1].payload == b"again"
    assert [each for each in second.got if each.topic == WIND and each.retained] == []


def test_every_message_comes_once_and_in_order(place: Place) -> None:
    """300 messages of QoS 1, acknowledged: none twice, none missing, none out of its place."""
    reader = place.reader().subscribe(WIND)
    writer = place.writer()
    sent = [str(number).encode() for number in range(300)]
    for payload in sent[:-1]:
        writer.paho.publish(WIND, payload, qos=1)
    writer.publish(WIND, sent[-1])
    reader.wait_for(300)
    writer.publish(WIND, b"end")
    assert [each.payload for each in reader.wait_for(301)] == [*sent, b"end"]


def test_what_was_not_acknowledged_comes_again_and_the_rest_does_not(place: Place) -> None:
    """A lost connection costs no message, and repeats only what was not acknowledged."""
    named = {"client_id": "ny-power-archive-redelivery", "clean": False, "acks": False}
    first = place.writer("archive", **named).subscribe(WIND)
    writer = place.writer()
    for payload in (b"1", b"2", b"3", b"4"):
        writer.publish(WIND, payload)
    first.wait_for(4)
    first.ack(0)
    first.ack(1)
    probe = place.reader().subscribe(CO2)
    first.publish(CO2, b"acknowledged up to here")
    probe.wait_for(1)
    first.cut()
    second = place.writer("archive", **named)
    assert second.session
    assert [each.payload for each in second.wait_for(2)] == [b"3", b"4"]
    writer.publish(WIND, b"5")
    assert second.wait_for(3)[2].payload == b"5"
    for index in range(3):
        second.ack(index)
    second.publish(CO2, b"acknowledged all")
    probe.wait_for(2)
    second.cut()
    end = place.writer("archive", **{**named, "clean": True, "acks": True}).subscribe(WIND)
    writer.publish(WIND, b"6")
    assert [each.payload for each in end.wait_for(1)] == [b"6"]


def test_a_session_that_was_away_gets_what_it_missed(place: Place) -> None:
    """The archive's session is kept while it is gone, with its queue."""
    named = {"client_id": "ny-power-archive-away", "clean": False}
    first = place.writer("archive", **named).subscribe("ny-power/history/#")
    assert not first.session
    first.cut()
    writer = place.writer()
    sent = [str(number).encode() for number in range(150)]
    for payload in sent:
        writer.publish("ny-power/history/fuel-mix", payload)
    second = place.writer("archive", **named)
    assert second.session
    second.wait_for(150)
    assert second.payloads() == sent
    second.cut()
    assert not place.writer("archive", **{**named, "clean": True}).session


def test_a_client_id_is_taken_over(place: Place) -> None:
    """Who connects with a client id ends its old connection, and gets the stream once."""
    old = place.reader(client_id="same").subscribe(WIND)
    new = place.reader(client_id="same", version="3.1.1").subscribe(WIND)
    assert old.gone.wait(15)
    place.writer().publish(WIND, b"after")
    assert [each.payload for each in new.wait_for(1)] == [b"after"]
    assert old.got == []


@pytest.mark.parametrize(("version", "transport"), WAYS)
def test_everyone_gets_the_stream(place: Place, version: str, transport: str) -> None:
    """Each version by each way, retained values and live ones, large ones too, next to others."""
    large = bytes(range(256)) * 400
    writer = place.writer()
    writer.publish(SNAPSHOT, large, retain=True)
    others = [place.reader(*way).subscribe(WIND) for way in WAYS]
    reader = place.reader(version, transport).subscribe("ny-power/#")
    reader.wait_for(1)
    writer.publish(WIND, b"live")
    assert [each.payload for each in reader.wait_for(2)] == [large, b"live"]
    for other in others:
        assert [each.payload for each in other.wait_for(1)] == [b"live"]


def test_a_writers_last_will(place: Place) -> None:
    """A writer's will is published when its connection is lost, and not when it says goodbye."""
    reader = place.reader().subscribe(STATUS, WIND)
    place.writer(will=STATUS).cut()
    assert reader.wait_for(1)[0].payload == b"offline"
    polite, after = place.writer(will=STATUS), place.writer()
    polite.close()
    after.publish(WIND, b"after the goodbye")
    assert [each.payload for each in reader.wait_for(2)] == [b"offline", b"after the goodbye"]


def test_keep_alive_is_enforced(place: Place) -> None:
    """Who is silent for one and a half times its keep-alive is disconnected; others stay."""
    other = place.reader(keep_alive=2).subscribe(WIND)
    silent = place.bare(connect_packet(client_id="silent", keep_alive=2))
    assert silent.receive(4) == b"\x20\x02\0\0"
    assert silent.rest() == b""
    place.writer().publish(WIND, b"1")
    other.wait_for(1)


def test_a_stalled_reader_does_not_stall_the_rest(place: Place) -> None:
    """20 MB for one who reads nothing: the others get all, and it can come again."""
    hello = connect_packet(client_id="stalled") + subscribe_packet(WIND)
    stalled = place.bare(hello, receive_buffer=4096)
    assert stalled.receive(9) == b"\x20\x02\0\0\x90\x03\0\1\1"
    others = [place.reader(version).subscribe(WIND) for version in ("3.1.1", "5")]
    pages = [place.reader(version, "websockets").subscribe(HYDRO) for version in ("3.1.1", "5")]
    writer, block = place.writer(), bytes(100_000)
    for number in range(200):
        writer.publish(WIND, str(number).encode() + block)
        if number % 20 == 19:
            writer.publish(HYDRO, b"so far")
            for other in others:
                other.wait_for(number + 1)
    for other in others:
        assert [int(each.payload.rstrip(b"\0")) for each in other.got] == list(range(200))
    for page in pages:
        page.wait_for(10)
    if place.door:
        wait_until(lambda: place.server.door.readers == 4, "the stalled one cut off")
    stalled.close()
    again = place.reader(client_id="stalled").subscribe(WIND)
    writer.publish(WIND, b"end")
    assert again.wait_for(1)[0].payload == b"end"


GARBAGE = {
    "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "noise": bytes((7 * number) % 251 for number in range(1, 4000)),
    "a packet before CONNECT": b"\xc0\0",
    "another protocol": packet(0x10, text("AMQP") + b"\4\2\0\x1e" + text("x")),
    "cut CONNECT": packet(0x10, text("MQTT") + b"\4\2\0"),
    "a CONNECT of 200 MB": b"\x10\xff\xff\xff\x5f" + bytes(1000),
    "an endless length": b"\x10\xff\xff\xff\xff\xff",
    "CONNECT twice": connect_packet() * 2,
    "a packet of 200 MB": connect_packet() + b"\x82\xff\xff\xff\x5f" + bytes(1000),
    "a reserved type": connect_packet() + b"\0\0",
    "SUBSCRIBE without a filter": connect_packet() + packet(0x82, b"\0\1"),
    "SUBSCRIBE cut": connect_packet() + packet(0x82, b"\0\1\0\x20abc"),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_disconnected(place: Place, garbage: bytes) -> None:
    """Whoever sends what is no MQTT, or too much of it, is cut off; the rest go on."""
    reader = place.reader().subscribe(WIND)
    bare = place.bare(garbage)
    assert bare.rest() in (b"", b"\x20\x02\0\0")
    place.writer().publish(WIND, b"1")
    assert reader.wait_for(1)[0].payload == b"1"


@pytest.mark.parametrize(("version", "transport"), WAYS)
def test_an_anonymous_publish_reaches_nobody(place: Place, version: str, transport: str) -> None:
    """Neither live nor as a retained value, by any way; the one who tried can read again."""
    reader = place.reader().subscribe("#")
    stranger = place.reader(version, transport)
    stranger.paho.publish(WIND, b"forged", qos=1, retain=True)
    stranger.paho.publish("ny-power/forged", b"forged", qos=0)
    if place.door:
        assert stranger.gone.wait(15)
    place.writer().publish(HYDRO, b"true", retain=True)
    assert [each.payload for each in reader.wait_for(1)] == [b"true"]
    late = place.reader(version, transport).subscribe("ny-power/#")
    assert [each.payload for each in late.wait_for(1)] == [b"true"]


@pytest.mark.parametrize("level", [4, 5])
def test_no_open_listener_takes_a_strangers_publish(place: Place, level: int) -> None:
    """Not the brokers' own ports behind the door either."""
    reader = place.reader().subscribe("#")
    body = text(WIND) + (b"\0" if level == 5 else b"") + b"forged"
    for port in place.listeners():
        place.bare(connect_packet(level, "sly") + packet(0x31, body) + b"\xe0\0", port).rest()
    place.writer().publish(HYDRO, b"true")
    assert [each.payload for each in reader.wait_for(1)] == [b"true"]


@pytest.mark.parametrize("level", [4, 5])
def test_a_strangers_will_reaches_nobody(place: Place, level: int) -> None:
    """On every open listener; the door says that it is not authorised."""
    reader = place.reader().subscribe("#")
    more = (b"\0" if level == 5 else b"") + text(WIND) + text("forged")
    for port in place.listeners():
        bare = place.bare(connect_packet(level, "dying", 0x06, more), port)
        answer = bare.receive(4)
        if place.door and port == place.server.mqtt_port:
            assert answer == (b"\x20\x02\0\x05" if level == 4 else b"\x20\x03\0\x87")
        bare.close()
    place.writer().publish(HYDRO, b"true")
    assert [each.payload for each in reader.wait_for(1)] == [b"true"]


@pytest.mark.parametrize("server", BEHIND_DOOR, indirect=True)
@pytest.mark.parametrize(("version", "transport"), WAYS)
def test_a_writers_client_id_is_refused(place: Place, version: str, transport: str) -> None:
    """Before the door nobody takes a writer's session, even who knows its whole id.

    Mosquitto alone cannot tell: there the secret part of the writers' ids has to do.
    """
    named = {"client_id": "ny-power-archive-taken", "clean": False}
    archive = place.writer("archive", **named).subscribe(WIND)
    stranger = place.reader(version, transport, client_id=named["client_id"])
    assert stranger.code.is_failure
    place.writer().publish(WIND, b"1")
    assert archive.wait_for(1)[0].payload == b"1"
    assert not archive.gone.is_set()
    archive.cut()
    place.writer("archive", **{**named, "clean": True})


def test_a_wrong_password_is_refused(place: Place) -> None:
    """Where the writers come in, and for a reader who names an account."""
    assert place.writer(account=("pump", "wrong")).code != 0
    assert place.reader(account=("pump", "wrong")).code.is_failure
    assert place.writer().code == 0


@pytest.mark.parametrize("server", WITH_ACCESS_LIST, indirect=True)
def test_a_writer_is_kept_out_of_the_others_topics(place: Place) -> None:
    """What a writer may not write reaches nobody. rumqttd cannot tell them apart: there both
    are ours, and come by loopback."""
    reader = place.reader().subscribe("ny-power/#")
    archive, pump = place.writer("archive"), place.writer()
    archive.publish(WIND, b"forged", retain=True)
    pump.publish(CO2, b"forged", retain=True)
    pump.publish("ny-power/elsewhere", b"forged")
    pump.publish(WIND, b"wind")
    reader.wait_for(1)
    archive.publish(CO2, b"co2")
    assert sorted(each.payload for each in reader.wait_for(2)) == [b"co2", b"wind"]


def test_a_killed_broker_comes_back(place: Place) -> None:
    """After kill -9 it starts again where it was, and readers and writers find it."""
    before = place.reader().subscribe(WIND)
    ports = place.listeners()
    place.server.kill()
    assert before.gone.wait(15)
    place.server.start()
    assert place.listeners() == ports
    reader = place.reader().subscribe(WIND)
    place.writer().publish(WIND, str(time.time()).encode())
    reader.wait_for(1)
