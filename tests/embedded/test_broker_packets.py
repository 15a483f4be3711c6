"""The door's reading of MQTT and of websocket frames, byte by byte and without a network."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nypower.embedded import mqtt_packets as mqtt
from nypower.embedded.admission import NotAdmitted, admit, told_connack
from nypower.embedded.filters import Filters
from nypower.embedded.limits import Allowance, Limits
from nypower.embedded.mqtt_packets import Connect, Malformed, Splitter
from nypower.embedded.names import Names
from nypower.embedded.websocket import WebSocketWire, WireError, frame, masked
from servers.clients import connect_packet, packet, subscribe_packet, text


def v5_connect(properties: bytes, client_id: str = "ab", keep_alive: int = 0) -> bytes:
    head = text("MQTT") + b"\x05\x00" + keep_alive.to_bytes(2, "big")
    return packet(0x10, head + bytes([len(properties)]) + properties + text(client_id))


def test_a_connect_as_the_standard_spells_it() -> None:
    """Encoded by hand from MQTT 3.1.1, section 3.1."""
    connect = Connect(4, True, 10, "a", username="u", password=b"p")
    assert connect.encode() == b"\x10\x13\x00\x04MQTT\x04\xc2\x00\x0a\x00\x01a\x00\x01u\x00\x01p"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_packets_come_out_however_they_come_in(size: int) -> None:
    """In pieces of any size."""
    packets = [b"\xc0\0", subscribe_packet("a/#", "b" * 200), b"\x40\2\0\1", b"\xe0\0"]
    splitter, found = Splitter(300, mqtt.READER_PACKETS), []
    stream = b"".join(packets)
    for start in range(0, len(stream), size):
        splitter.feed(stream[start : start + size])
        while (got := splitter.next()) is not None:
            found.append(got)
    assert found == packets


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"\x30", 0x87),
        (b"\x3d", 0x87),
        (b"\x10", 0x82),
        (b"\x62", 0x82),
        (b"\x80", 0x82),
        (b"\xf0", 0x82),
        (b"\x82\xad\x02", 0x95),
        (b"\x82\x80\x80\x80\x80", 0x81),
    ],
)
def test_what_no_reader_sends_is_seen_at_its_first_byte(stream: bytes, reason: int) -> None:
    """A publish, a packet too large (301 bytes of 300), and lengths without an end."""
    splitter = Splitter(300, mqtt.READER_PACKETS)
    splitter.feed(stream)
    with pytest.raises(Malformed) as caught:
        splitter.next()
    assert caught.value.reason == reason


def test_a_stranger_leaves_no_session_behind() -> None:
    """The clean flag is set, the expiry goes, and a client of MQTT 5 is told."""
    kept = admit(connect_packet(4, "ab", flags=0), 8192)
    assert kept.connect == Connect(4, True, 30, "ab")
    told = admit(v5_connect(b"\x11\0\0\0\x3c\x21\0\x05\x26\0\1a\0\1b"), 8192)
    assert told.connect == Connect(5, True, 3600, "ab", ((0x21, b"\0\x05"),))
    assert told.told == ((0x27, b"\0\0\x20\0"), (0x13, b"\x0e\x10"), (0x11, bytes(4)))


@pytest.mark.parametrize(
    ("level", "asked", "given_"),
    [(4, 0, 65535), (4, 60, 60), (4, 40000, 40000), (5, 0, 3600), (5, 60, 60), (5, 40000, 3600)],
)
def test_no_keep_alive_is_endless(level: int, asked: int, given_: int) -> None:
    """0 is replaced; too long a one where the client can be told."""
    assert admit(connect_packet(level, keep_alive=asked), 8192).connect.keep_alive == given_


def test_a_nameless_client_gets_a_name_of_its_own() -> None:
    """Another each time; a client of MQTT 5 learns it."""
    first, second = (admit(v5_connect(b"", ""), 8192) for _ in range(2))
    assert first.connect.client_id != second.connect.client_id
    name = dict(first.told)[0x12][2:].decode()
    assert first.connect.client_id == name
    assert len(name) == 24


@pytest.mark.parametrize(
    ("first", "v311", "v5"),
    [
        ({"flags": 0x06, "more": text("t") + text("m")}, 5, 0x87),
        ({"flags": 0x82, "more": text("pump")}, 4, 0x86),
        ({"flags": 0xC2, "more": text("pump") + text("secret")}, 4, 0x86),
        ({"client_id": "ny-power-archive"}, 2, 0x85),
        ({"client_id": "x" * 257}, 2, 0x85),
    ],
)
def test_refusals_have_the_standards_codes(first: dict[str, object], v311: int, v5: int) -> None:
    """A will, an account, a writer's id, one too long: in the CONNACK of each version."""
    for level, answer in ((4, bytes([0x20, 2, 0, v311])), (5, bytes([0x20, 3, 0, v5, 0]))):
        with pytest.raises(NotAdmitted) as caught:
            admit(connect_packet(level, **first), 8192)  # type: ignore[arg-type]
        assert caught.value.answer == answer


def test_other_versions_are_told_so() -> None:
    """MQTT 3.1, 6, and an authentication of one's own."""
    with pytest.raises(NotAdmitted) as old:
        admit(packet(0x10, text("MQIsdp") + b"\3\2\0\x1e" + text("x")), 99)
    with pytest.raises(NotAdmitted) as new:
        admit(packet(0x10, text("MQTT") + b"\6\2\0\x1e\0" + text("x")), 99)
    with pytest.raises(NotAdmitted) as method:
        admit(v5_connect(b"\x15\0\1x"), 99)
    answers = [caught.value.answer.hex() for caught in (old, new, method)]
    assert answers == ["20020001", "2003008400", "2003008c00"]


@pytest.mark.parametrize(
    "properties", [b"\x11\0\0\0\1\x11\0\0\0\1", b"\x12\0\1x", b"\x7f", b"\x11\0\0"]
)
def test_properties_that_connect_cannot_have(properties: bytes) -> None:
    """Twice the same, another packet's, none at all, one that is cut."""
    with pytest.raises(Malformed):
        admit(v5_connect(properties), 99)


def test_the_connack_tells_what_the_door_changed() -> None:
    """In the place of what the broker says of the same; a refusal stays as it is."""
    brokers = packet(0x20, b"\0\0" + b"\x0b" + b"\x22\0\x0a" + b"\x12\0\2id" + b"\x13\0\x05")
    assert told_connack(brokers, ((0x13, b"\x0e\x10"), (0x11, bytes(4)))) == packet(
        0x20, b"\0\0" + b"\x0b" + b"\x22\0\x0a" + b"\x13\x0e\x10" + b"\x11\0\0\0\0"
    )
    assert told_connack(b"\x20\x03\0\x88\0", ((0x13, b"\0\1"),)) == b"\x20\x03\0\x88\0"


def test_filters_of_the_system_match_nothing() -> None:
    """What is under $ becomes something that nobody publishes; the rest stays."""
    filters = Filters(10)
    assert filters.tame(subscribe_packet("$SYS/#", "a/$b"), 4) == (subscribe_packet("~", "a/$b"), 2)
    unsubscribe = packet(0xA2, b"\0\1\0" + text("$share/g/a"))
    assert filters.tame(unsubscribe, 5) == (packet(0xA2, b"\0\1\0" + text("~")), 1)
    for bad in (packet(0x82, b"\0\1\0\0\1"), subscribe_packet("x" * 513), packet(0x82, b"\0\1")):
        with pytest.raises(Malformed):
            filters.tame(bad, 4)


def test_there_is_room_for_so_many_different_filters() -> None:
    """Strangers cannot make a broker remember filters without end; the contract's stay open."""
    filters = Filters(2)
    for topic_filter in ("a", "b", "a", "$c", "b"):
        filters.tame(subscribe_packet(topic_filter), 4)
    with pytest.raises(Malformed) as caught:
        filters.tame(subscribe_packet("c"), 4)
    assert caught.value.reason == 0x97
    ours = ["#", "ny-power/#", "ny-power-replay/upstream/fuel-mix/+", "ny-power/computed/co2"]
    assert filters.tame(subscribe_packet(*ours, "a"), 4) == (subscribe_packet(*ours, "a"), 5)


@given(st.binary(max_size=60), st.sampled_from([4, 5]))
def test_noise_is_malformed_and_nothing_worse(noise: bytes, level: int) -> None:
    """Whatever stands behind a good beginning."""
    with_head = text("MQTT") + bytes([level]) + noise
    for read in (
        lambda: admit(packet(0x10, with_head), 99),
        lambda: admit(packet(0x10, noise), 99),
        lambda: Filters(99).tame(packet(0x82, noise), level),
        lambda: told_connack(packet(0x20, noise), ()),
    ):
        with contextlib.suppress(Malformed, NotAdmitted):
            read()


def test_requests_are_counted_over_time() -> None:
    """Four at once, one more each half second, none saved beyond the four."""
    allowance = Allowance(Limits(requests_per_second=2, request_burst=4), 0.0)
    assert [allowance.spend(1, 0.0) for _ in range(5)] == [True] * 4 + [False]
    assert allowance.spend(1, 1.0)
    assert allowance.spend(4, 100.0)
    assert not allowance.spend(1, 100.1)


# The websocket ---------------------------------------------------------------------------

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def head(
    path: str = "/mqtt", method: str = "GET", protocol: str | None = "mqtt", **fields: str
) -> bytes:
    lines = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **({"Sec-WebSocket-Protocol": protocol} if protocol else {}),
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    body = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{body}\r\n".encode()


def client_frame(first: int, payload: bytes) -> bytes:
    """A frame as a browser sends it."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + length + b"mask" + masked(payload, b"mask")


def test_the_handshake_of_the_rfc() -> None:
    """RFC 6455, section 1.3: its key and its accept; then MQTT, however it is cut."""
    wire, stream = WebSocketWire(300), b""
    sent = head("/mqtt?x=1", protocol="mqttv3.1, mqtt") + client_frame(0x82, b"a" * 200)
    sent += client_frame(0x02, b"b") + client_frame(0x80, b"c") + client_frame(0x89, b"there?")
    answers = b""
    for place in range(len(sent)):
        more, answer = wire.receive(sent[place : place + 1])
        stream, answers = stream + more, answers + answer
    opened, _, pong = answers.partition(b"\r\n\r\n")
    assert opened.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in opened
    assert b"Sec-WebSocket-Protocol: mqtt\r\n" in opened
    assert stream == b"a" * 200 + b"bc"
    assert pong == b"\x8a\x06there?"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (head("/"), b"404"),
        (head("/mqtt/"), b"404"),
        (head(method="POST"), b"405"),
        (head(Upgrade="h2c"), b"426"),
        (head(Sec_WebSocket_Version="8"), b"426"),
        (head(protocol=None), b"400"),
        (head(protocol="chat"), b"400"),
        (head(Sec_WebSocket_Key="short"), b"400"),
        (b"GET /" + b"a" * 9000, b"431"),
        (head(Cookie="a" * 9000), b"431"),
    ],
)
def test_what_is_no_websocket_for_mqtt_is_told_so(request_: bytes, status: bytes) -> None:
    """By the HTTP status for it."""
    with pytest.raises(WireError) as caught:
        WebSocketWire(300).receive(request_)
    assert caught.value.answer.startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (client_frame(0x81, b"text"), 1003),
        (b"\x82\x01a", 1002),
        (client_frame(0xC2, b"rsv"), 1002),
        (client_frame(0x89, b"p" * 126), 1002),
        (client_frame(0x82, b"a" * 301), 1009),
        (b"\x82\xff" + b"\xff" * 8, 1009),
        (client_frame(0x88, (1001).to_bytes(2, "big")), 1001),
    ],
)
def test_frames_against_the_rules_close_it(sent: bytes, code: int) -> None:
    """With the close code for it; a close is answered with its own."""
    wire = WebSocketWire(300)
    wire.receive(head())
    with pytest.raises(WireError) as caught:
        wire.receive(sent)
    assert caught.value.answer == b"\x88\x02" + code.to_bytes(2, "big")


@pytest.mark.parametrize(
    ("size", "start"),
    [(125, b"\x82\x7d"), (126, b"\x82\x7e\0\x7e"), (65536, b"\x82\x7f" + bytes(5) + b"\x01\0\0")],
)
def test_frames_to_the_client(size: int, start: bytes) -> None:
    """Unmasked, with the shortest length."""
    assert frame(0x2, bytes(size)) == start + bytes(size)


@given(st.binary(max_size=100))
def test_noise_on_a_websocket_is_an_error_and_nothing_worse(noise: bytes) -> None:
    """Before the handshake and after it."""
    for before in (b"", head()):
        with contextlib.suppress(WireError):
            WebSocketWire(50).receive(before + noise)


def test_the_accept_is_the_rfcs_formula() -> None:
    """For another key than the RFC's example, worked out here."""
    key = base64.b64encode(bytes(range(16))).decode()
    wanted = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    _, answer = WebSocketWire(50).receive(head(Sec_WebSocket_Key=key))
    assert base64.b64encode(wanted) in answer


class Guest:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def reproach(self, reason: int) -> None:
        self.told.append(reason)


def test_names_are_few_and_no_writers() -> None:
    """Used again in turn, the longest unused first; an id's new client ends its old one."""
    names, old, new = Names(3), Guest(), Guest()
    assert names.enter("ny-power-archive", old) == "reader-0"
    assert names.enter("ny-power-archive", new) == "reader-1"
    assert (old.told, new.told) == ([0x8E], [])
    names.leave("ny-power-archive", old, "reader-0")
    assert names.enter("other", Guest()) == "reader-2"
    assert names.enter("ny-power-archive", old) == "reader-0"
    assert new.told == [0x8E]
