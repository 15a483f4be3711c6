"""The door's bounds, with a real broker behind it."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import websockets.sync.client as ws
from websockets.exceptions import ConnectionClosed

from nypower.embedded.door import Door, DoorSettings, Limits
from nypower.embedded.rumqttd import EmbeddedBroker
from servers.clients import Bare, Client, connect_packet, subscribe_packet
from servers.embedded import BehindDoor
from servers.waiting import listens, wait_until

WIND = "ny-power/upstream/fuel-mix/Wind"
HELLO = b"\x20\x02\0\0"
Open = Callable[[Limits], BehindDoor]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a door with the limits wanted, before an embedded broker."""
    pytest.importorskip("iotcore")
    running: list[BehindDoor] = []

    def open_(limits: Limits) -> BehindDoor:
        place = BehindDoor(EmbeddedBroker, tmp_path, limits)
        running.append(place)
        place.start()
        return place

    yield open_
    for place in running:
        place.stop()


def publish(place: BehindDoor, payload: bytes) -> None:
    """By the pump, on WIND."""
    account = ("pump", place.passwords["pump"])
    port = int(place.url.rpartition(":")[2])
    pump = Client(port, version="3.1.1", account=account).connect()
    pump.publish(WIND, payload)
    pump.cut()


def reads(place: BehindDoor) -> None:
    """A new reader gets what is published."""
    reader = Client(place.mqtt_port).connect().subscribe(WIND)
    publish(place, b"read")
    assert reader.wait_for(1)[0].payload == b"read"
    reader.close()


def test_a_silent_connection_is_cut_off(opened: Open) -> None:
    """Who does not say who it is in time, by TCP or before its websocket is open."""
    place = opened(Limits(connect_seconds=0.5))
    silent = [Bare(place.mqtt_port), Bare(place.ws_port)]
    drip = Bare(place.mqtt_port).send(connect_packet()[:-1])
    reader = Client(place.mqtt_port).connect().subscribe(WIND)
    for bare in (*silent, drip):
        assert bare.rest() == b""
        bare.close()
    publish(place, b"1")
    reader.wait_for(1)
    reader.close()


def test_there_is_room_for_so_many(opened: Open) -> None:
    """One more is turned away, until one leaves."""
    place = opened(Limits(connections=3))
    inside = [Bare(place.mqtt_port).send(connect_packet(client_id=str(n))) for n in range(3)]
    assert [each.receive(4) for each in inside] == [HELLO] * 3
    outside = Bare(place.ws_port)
    assert outside.rest() == b""
    outside.close()
    for each in inside:
        each.close()
    wait_until(lambda: place.door and place.door.readers == 0, "the three to be gone")
    reads(place)


def test_too_many_requests_end_it(opened: Open) -> None:
    """Subscribing over and over makes a broker send over and over; a client of 5 hears why."""
    place = opened(Limits(requests_per_second=1, request_burst=10))
    bare = Bare(place.mqtt_port).send(connect_packet(5))
    assert bare.packet()[3] == 0
    bare.send(subscribe_packet(*"abcdef", level=5) * 2)
    assert bare.rest().endswith(b"\xe0\x02\x96\0")
    bare.close()
    reads(place)


def test_a_large_packet_ends_it(opened: Open) -> None:
    """Larger than a reader needs; one as large as allowed passes."""
    place = opened(Limits(packet_bytes=1000))
    filters = [letter * 240 for letter in "abcd"]
    fits = Client(place.mqtt_port).connect().subscribe(*filters)
    fits.close()
    large = Bare(place.mqtt_port).send(connect_packet(5))
    assert large.packet()[3] == 0
    large.send(subscribe_packet(*filters, "x" * 60, level=5))
    assert large.rest().endswith(b"\xe0\x02\x95\0")
    large.close()
    reads(place)


def test_a_stalled_reader_holds_little_and_is_cut_off(opened: Open) -> None:
    """What waits for it in the door stays below its bound and one reading of the broker."""
    place = opened(Limits(stall_seconds=1, buffer_bytes=65_536))
    stalled = Bare(place.mqtt_port, receive_buffer=4096)
    stalled.send(connect_packet() + subscribe_packet(WIND))
    assert stalled.receive(9)[:4] == HELLO
    assert place.door
    [session] = place.door._sessions
    waiting = []
    for _ in range(12):
        publish(place, bytes(900_000))
        if session._client:
            waiting.append(session._client.get_write_buffer_size())
    wait_until(lambda: place.door and place.door.readers == 0, "it to be cut off")
    assert 65_536 < max(waiting) < 2 * 65_536 + 16
    stalled.close()
    reads(place)


def test_a_stranger_leaves_no_session(opened: Open) -> None:
    """Nothing is kept for one who is away, whatever it asked for."""
    place = opened(Limits())
    for version in ("3.1.1", "5"):
        named = {"version": version, "client_id": "stays", "clean": False}
        Client(place.mqtt_port, **named).connect().subscribe(WIND).close()
        publish(place, b"missed")
        back = Client(place.mqtt_port, **named).connect()
        assert not back.session
        back.subscribe(WIND)
        publish(place, b"now")
        assert [each.payload for each in back.wait_for(1)] == [b"now"]
        back.close()


def test_a_client_of_5_is_told_what_became_of_its_wishes(opened: Open) -> None:
    """Its name, its keep-alive, its session and the largest packet, in the CONNACK."""
    place = opened(Limits())
    client = Client(place.mqtt_port, clean=False, keep_alive=0)
    told = []
    client.paho.on_connect = lambda _, __, flags, code, properties: (
        told.append(properties),
        setattr(client, "code", code),
    )
    client.connect()
    assert len(told[0].AssignedClientIdentifier) == 24
    assert told[0].ServerKeepAlive == 3600
    assert told[0].SessionExpiryInterval == 0
    assert told[0].MaximumPacketSize == 8192
    client.close()


def test_any_client_id_will_do(opened: Open) -> None:
    """With the signs of topic filters too, on which rumqttd by itself hangs up."""
    place = opened(Limits())
    for client_id in ("a/b", "a+#", "é", "x" * 256):
        reader = Client(place.mqtt_port, client_id=client_id).connect().subscribe(WIND)
        publish(place, b"1")
        reader.wait_for(1)
        reader.close()


def test_who_is_taken_over_hears_so(opened: Open) -> None:
    """In the words of MQTT 5; whether it left without a word or is still there."""
    place = opened(Limits())
    old = Bare(place.mqtt_port).send(connect_packet(5, "same"))
    assert old.packet()[3] == 0
    new = Client(place.ws_port, transport="websockets", client_id="same").connect()
    assert old.rest() == b"\xe0\x02\x8e\0"
    old.close()
    new.subscribe(WIND)
    publish(place, b"1")
    new.wait_for(1)
    new.close()


def test_nobody_is_cut_off_by_anothers_goodbye(opened: Open) -> None:
    """rumqttd by itself ends, now and then, whoever connects between a DISCONNECT and its end."""
    place = opened(Limits(request_burst=10_000))
    for number in range(600):
        bare = Bare(place.mqtt_port).send(connect_packet(client_id=f"{number % 2}"))
        assert bare.receive(4) == HELLO
        bare.send(subscribe_packet(WIND))
        assert bare.receive(5) == b"\x90\x03\0\1\1"
        bare.send(b"\xe0\0")
        bare.close()
    reads(place)


def test_explorers_may_ask_for_the_system_topics(opened: Open) -> None:
    """A subscription under $ is granted and stays empty, as with an access list."""
    place = opened(Limits())
    reader = Client(place.mqtt_port).connect().subscribe("$SYS/#", "#")
    publish(place, b"1")
    assert reader.wait_for(1)[0].payload == b"1"
    reader.close()


def test_without_its_broker_the_door_says_so(opened: Open) -> None:
    """Server unavailable, in both versions' words; when it is back, all is well."""
    place = opened(Limits())
    place.kill()
    for level, answer in ((4, b"\x20\x02\0\x03"), (5, b"\x20\x03\0\x88\0")):
        bare = Bare(place.mqtt_port).send(connect_packet(level))
        assert bare.rest() == answer
        bare.close()
    place.start()
    reads(place)


def test_another_websocket_library(opened: Open) -> None:
    """Fragments, pings and a proper close, with a client that is not paho's."""
    place = opened(Limits())
    with ws.connect(f"ws://127.0.0.1:{place.ws_port}/mqtt", subprotocols=["mqtt"]) as page:
        assert page.subprotocol == "mqtt"
        packet = connect_packet(client_id="page") + subscribe_packet(WIND)
        page.send([packet[:3], packet[3:20], packet[20:]])
        got = b""
        while len(got) < 9:
            got += page.recv(10)
        assert got == HELLO + b"\x90\x03\0\1\1"
        assert page.ping().wait(10)
        publish(place, b"to the page")
        assert page.recv(10).endswith(b"to the page")
        page.send(b"\x30\x03\0\1a")
        with pytest.raises(ConnectionClosed):
            page.recv(10)
    reads(place)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It raises, and leaves the other port closed."""

    async def try_to_open() -> int:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            door = Door(DoorSettings("127.0.0.1", 0, taken.getsockname()[1], {}))
            with pytest.raises(OSError, match="in use"):
                await door.start()
            return door.mqtt_port

    port = asyncio.run(try_to_open())
    assert port > 0
    assert not listens(port)


def test_stopping_cuts_everyone_off(opened: Open) -> None:
    """Readers and ports are gone when it returns."""
    place = opened(Limits())
    reader = Client(place.mqtt_port).connect().subscribe(WIND)
    place.stop()
    assert reader.gone.wait(15)
    reader.close()
    assert not listens(place.mqtt_port)
    assert not listens(place.ws_port)
