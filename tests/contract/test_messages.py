"""The public contract: what stands on the bus, to the byte. Others build on it."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nypower.codec import decode as decode_as
from nypower.codec import encode
from nypower.core.errors import BadMessage
from nypower.core.origin import Kind
from nypower.messages import (
    ARCHIVE_STATUS,
    FEED_STATUS,
    PUMP_STATUS,
    TOPICS,
    WEBUI,
    Snapshot,
    Topic,
    Writer,
    decode,
    publication,
    row_of,
    writable,
)

GOLDEN = Path(__file__).parent / "golden"

CO2_FIELDS = (
    "ts", "prev", "value", "units", "index", "percentile", "basis", "factors", "estimated",
)  # fmt: skip
SNAPSHOT_FIELDS = ("ts", "prev", "units", "fuels", "total")
# topic: (fields, writer, retained). By hand: a change here is a change for everyone outside.
CONTRACT: dict[str, tuple[tuple[str, ...], str, bool]] = {
    "upstream/fuel-mix/Natural Gas": (("ts", "value", "units"), "pump", True),
    "upstream/snapshot/fuel-mix": (SNAPSHOT_FIELDS, "pump", True),
    "history/fuel-mix": (SNAPSHOT_FIELDS, "pump", False),
    "status/fuel-mix/updated": (("ts",), "pump", True),
    "status/feed/fuel-mix": (
        ("state", "kind", "last", "expected_by", "now", "speed"), "pump", True,
    ),
    "status/pump": ((), "pump", True),
    "status/archive": ((), "archive", True),
    "status/stored/fuel-mix": (("through",), "archive", True),
    "computed/co2": (CO2_FIELDS, "archive", True),
    "computed/co2-by-basis/production/lifecycle": (CO2_FIELDS, "archive", True),
    "history/co2": ((*CO2_FIELDS, "rev"), "archive", False),
    "correction/fuel-mix": (("ts", "rev", "name", "was", "value"), "archive", False),
    "archive/co2/24h": (("units", "through", "ts", "values"), "archive", True),
    "archive/fuel-mix/24h": (("units", "through", "ts", "fuels"), "archive", True),
    "application/webui": ((), "archive", False),
}  # fmt: skip
WITH_JSON = [topic for topic, (fields, _, _) in CONTRACT.items() if fields]


def golden(topic: str) -> bytes:
    """The payload that stands for a topic."""
    name = topic.replace("/", ".").replace(" ", "-")
    return (GOLDEN / f"{name}.json").read_bytes().rstrip(b"\n")


class TestGolden:
    @pytest.mark.parametrize("topic", WITH_JSON)
    def test_there_and_back(self, topic: str) -> None:
        """What is read of a payload is written as the same bytes."""
        assert encode(decode(topic, golden(topic))) == golden(topic)

    @pytest.mark.parametrize("topic", WITH_JSON)
    def test_the_fields(self, topic: str) -> None:
        """Are those of the contract, in its order; numbers are numbers and times UTC."""
        document = json.loads(golden(topic))
        assert tuple(document) == CONTRACT[topic][0]
        for name in ("value", "total", "speed", "rev", "was"):
            assert isinstance(document.get(name, 0), int | float)
        for name in ("ts", "prev", "last", "now", "expected_by", "through"):
            value = document.get(name)
            stamps = value if isinstance(value, list) else [value]
            assert all(each is None or _is_utc(each) for each in stamps)

    @pytest.mark.parametrize("topic", CONTRACT)
    def test_who_writes_it_and_whether_it_stays(self, topic: str) -> None:
        """Writer and retain flag; what is retained expires, so that no edge keeps it for ever."""
        row = row_of(topic)
        _, writer, retained = CONTRACT[topic]
        assert (row.writer.value, row.retain) == (writer, retained)
        assert (row.expiry is not None) == retained

    def test_every_row_is_in_the_contract(self) -> None:
        """A new topic gets its golden payload."""
        assert {row_of(topic).pattern for topic in CONTRACT} == {row.pattern for row in TOPICS}
        assert {path.name for path in GOLDEN.iterdir()} == {
            f"{topic.replace('/', '.').replace(' ', '-')}.json" for topic in WITH_JSON
        }

    def test_texts(self) -> None:
        """Presence and the call to load again are plain words."""
        assert (PUMP_STATUS.payload, ARCHIVE_STATUS.payload) == ((b"online", b"offline"),) * 2
        assert WEBUI.payload == (b"reload",)
        assert decode("status/pump", b"online") == b"online"


def _is_utc(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text))


class TestKinds:
    @pytest.mark.parametrize("topic", WITH_JSON)
    @pytest.mark.parametrize("kind", Kind)
    def test_what_is_not_live_says_so(self, topic: str, kind: Kind) -> None:
        """Each payload but the live ones' carries its kind; the feed's state always does."""
        row, payload = row_of(topic), decode(topic, golden(topic))
        if row is FEED_STATUS:
            payload = type(payload)(*(payload.state, kind.value, *_rest(payload)))
        made = publication(row, payload, kind, **_levels(row, topic))
        assert made.topic == topic
        document = json.loads(made.payload)
        marked = kind is not Kind.LIVE or row is FEED_STATUS
        assert document.get("kind") == (kind.value if marked else None)
        assert decode(topic, made.payload) == payload


def _rest(payload: Any) -> tuple[Any, ...]:
    return payload.last, payload.expected_by, payload.now, payload.speed


def _levels(row: Topic, topic: str) -> dict[str, str]:
    names = re.findall(r"\{(\w+)\}", row.pattern)
    found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", row.pattern), topic)
    assert found
    return dict(zip(names, found.groups(), strict=True))


class TestTopics:
    def test_no_topic_with_a_payload_is_the_parent_of_another(self) -> None:
        """`x/#` matches `x` too, and would surprise whoever subscribes to it."""
        filters = [each.split("/") for row in TOPICS for each in row.filters]
        for one in filters:
            for other in filters:
                if len(other) > len(one):
                    pairs = zip(one, other, strict=False)
                    assert not all("+" in pair or pair[0] == pair[1] for pair in pairs)

    @pytest.mark.parametrize("topic", CONTRACT)
    def test_a_topic_belongs_to_one_row(self, topic: str) -> None:
        """And so to one writer."""
        assert len([row for row in TOPICS if row.matches(topic)]) == 1

    def test_writers_have_their_own_topics(self) -> None:
        """No topic could be written by both."""
        pump, archive = ([each.split("/") for each in writable(who)] for who in Writer)
        assert pump
        assert archive
        for one in pump:
            for other in archive:
                same = zip(one, other, strict=False)
                assert len(one) != len(other) or not all("+" in p or p[0] == p[1] for p in same)

    @pytest.mark.parametrize(
        "topic",
        ["", "upstream", "upstream/fuel-mix", "computed/co2/x", "history/load", "status/feed/x"],
    )
    def test_no_topic_of_ours(self, topic: str) -> None:
        """A name that is not in the table is refused."""
        with pytest.raises(BadMessage):
            decode(topic, b"{}")


SNAPSHOT = "upstream/snapshot/fuel-mix"


def changed(topic: str = SNAPSHOT, **fields: Any) -> bytes:
    return json.dumps({**json.loads(golden(topic)), **fields}).encode()


class TestBadPayloads:
    @pytest.mark.parametrize("topic", WITH_JSON)
    def test_each_field_is_needed(self, topic: str) -> None:
        """Also those that may be null."""
        for name in json.loads(golden(topic)):
            document = json.loads(golden(topic))
            del document[name]
            with pytest.raises(BadMessage, match=name):
                decode(topic, json.dumps(document).encode())

    @pytest.mark.parametrize("topic", WITH_JSON)
    def test_each_field_has_its_type(self, topic: str) -> None:
        """Neither objects nor lists of objects pass anywhere."""
        for name in json.loads(golden(topic)):
            for wrong in ([{}], {"a": {}}, [[1]]):
                with pytest.raises(BadMessage):
                    decode(topic, changed(topic, **{name: wrong}))

    @pytest.mark.parametrize("topic", WITH_JSON)
    def test_fields_may_be_added(self, topic: str) -> None:
        """Unknown ones are passed over."""
        assert decode(topic, changed(topic, new={"a": [1]})) == decode(topic, golden(topic))

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"null",
            b"1",
            b"[]",
            b'"text"',
            b"{",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"ts":NaN}',
            changed(total="4676.0"),
            changed(total=None),
            changed(total=True),
            changed().replace(b'"total": 14314', b'"total": NaN'),
            changed().replace(b'"total": 14314', b'"total": Infinity'),
            changed().replace(b'"total": 14314', b'"total": 1e999'),
            changed(total=10**400),
            changed(ts=None),
            changed(ts=1700000000),
            changed(ts="2026-11-22T05:35:00"),
            changed(ts="2026-11-22"),
            changed(ts="yesterday"),
            changed(ts="9999-12-31T23:59:59-05:00"),
            changed(ts="0001-01-01T00:00:00+05:00"),
            changed(prev="2026-11-22T05:30:00"),
            changed(prev=""),
            changed(units=None),
            changed(units=5),
            changed(fuels=None),
            changed(fuels=[1.0]),
            changed(fuels={"Wind": None}),
            changed(fuels={"Wind": "12"}),
            changed(fuels={"Wind": False}),
        ],
    )
    def test_what_is_refused(self, payload: bytes) -> None:
        """In a short sentence, and never by another error."""
        with pytest.raises(BadMessage) as refusal:
            decode(SNAPSHOT, payload)
        assert len(str(refusal.value)) < 400

    @pytest.mark.parametrize("payload", [b"", b"Online", b"online ", b"reload", b"{}"])
    def test_other_words(self, payload: bytes) -> None:
        """Presence is one of two."""
        with pytest.raises(BadMessage):
            decode("status/pump", payload)

    @given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
    def test_any_bytes(self, payload: bytes) -> None:
        """BadMessage or a payload."""
        for topic in WITH_JSON:
            with suppress(BadMessage):
                decode(topic, payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.data())
def test_any_json_in_a_field(data: st.DataObject) -> None:
    """Whatever stands in a field: BadMessage, or a payload that can be written again."""
    topic = data.draw(st.sampled_from(WITH_JSON))
    name = data.draw(st.sampled_from(list(json.loads(golden(topic)))))
    try:
        payload = decode(topic, changed(topic, **{name: data.draw(JSON)}))
    except BadMessage:
        return
    assert decode(topic, encode(payload)) == payload


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.text(), FINITE), FINITE)
def test_numbers_come_through_exactly(fuels: dict[str, float], total: float) -> None:
    """To the last bit, and names of any letters."""
    try:
        json.dumps(list(fuels)).encode()
    except UnicodeEncodeError:
        return
    ts = datetime(2026, 11, 22, 5, 35, tzinfo=UTC)
    payload = Snapshot(ts, None, "MW", fuels, total)
    assert decode_as(encode(payload), Snapshot) == payload


def test_nothing_that_is_no_number_is_written() -> None:
    """It would be no JSON."""
    ts = datetime(2026, 11, 22, 5, 35, tzinfo=UTC)
    for wrong in (float("nan"), float("inf")):
        with pytest.raises((ValueError, OverflowError)):
            encode(Snapshot(ts, None, "MW", {"Wind": wrong}, 0.0))
