"""What only the InfluxDB store has: a server, accounts, and points that merge."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from influxdb import InfluxDBClient

from nypower.adapters.influx import InfluxStore, points, server
from nypower.adapters.influx.server import Server
from nypower.adapters.stores import open_store
from nypower.core.carbon import Intensity
from nypower.core.errors import StoreRefused, StoreUnavailable
from nypower.core.origin import Kind, Origin
from nypower.core.steps import Step
from nypower.ports import Record
from servers.influx import InfluxServer, influx_server, locked_influx_server
from servers.waiting import free_port

__all__ = ["influx_server", "locked_influx_server"]

FEED = "fuel-mix"
START = datetime(2017, 11, 5, 5, 30, tzinfo=UTC)
"""1509859800 seconds after the epoch."""
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
GRAMS = {"production/direct": 187.0, "production/lifecycle": 241.5}
COUNTS = {"rev": 0, "names": 2, "bases": 2}
SECRET = "pässword-風-0123456789"


def record(number: int, values: dict[str, float], rev: int = 0) -> Record:
    step = Step(START + timedelta(minutes=5 * number), values)
    return Record(step, rev, Intensity(GRAMS, estimated=False))


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """A name of the test's own, with what a name may hold."""
    return f'{request.node.name}-"a b"'


@pytest.fixture
def store(influx_server: InfluxServer, database: str) -> Iterator[InfluxStore]:
    made = InfluxStore("127.0.0.1", influx_server.port, database)
    yield made
    made.close()


class TestPoints:
    def test_lines(self) -> None:
        """A point a step, whole numbers as floating point, then one for its intensity."""
        mix = {"Natural Gas": 3310.0, "Other, new=1": -0.1}
        assert list(points.lines(FEED, [record(0, mix, rev=2)])) == [
            "fuel-mix Natural\\ Gas=3310.0,Other%2C\\ new%3D1=-0.1,rev=2i,names=2i,bases=2i"
            " 1509859800",
            "co2 production/direct=187.0,production/lifecycle=241.5,estimated=false 1509859800",
        ]

    def test_other_programs_can_query_it(
        self, store: InfluxStore, influx_server: InfluxServer, database: str
    ) -> None:
        """Measurements and fields have the names that the documentation gives."""
        store.claim(Origin(Kind.LIVE))
        store.write(FEED, [record(0, {"Natural Gas": 3310.0, "Wind": 258.0})], START)
        query = influx_server.query
        assert query('SELECT * FROM "fuel-mix"', database) == [
            {"time": 1509859800, "Natural Gas": 3310.0, "Wind": 258.0, **COUNTS}
        ]
        assert query("SELECT * FROM co2", database) == [
            {
                "time": 1509859800,
                "estimated": False,
                "production/direct": 187.0,
                "production/lifecycle": 241.5,
            }
        ]
        types = query('SHOW FIELD KEYS FROM "fuel-mix"', database)
        assert {each["fieldKey"]: each["fieldType"] for each in types} == {
            "Natural Gas": "float",
            "Wind": "float",
            "rev": "integer",
            "names": "integer",
            "bases": "integer",
        }

    def test_a_raw_reader_sees_no_dropped_name(
        self, store: InfluxStore, influx_server: InfluxServer, database: str
    ) -> None:
        """The server merges fields; what a corrected step lacks is gone all the same."""
        store.write(FEED, [record(0, {"Solar": 1.0, "Wind": 2.0})], START)
        store.write(FEED, [record(0, {"Wind": 3.0}, rev=1)], None)
        assert influx_server.query('SELECT * FROM "fuel-mix"', database) == [
            {"time": 1509859800, "Solar": None, "Wind": 3.0, "rev": 1, "names": 1, "bases": 2}
        ]
        assert store.position(FEED) == START

    @pytest.mark.parametrize(
        "part",
        [
            ["fuel-mix Wind=2.0 1509859800"],
            ["fuel-mix rev=0i,names=2i,bases=0i 1509859800"],
            ["fuel-mix Wind=2.0,rev=0i,names=2i,bases=0i 1509859800"],
            ["fuel-mix Wind=2.0,Hydro=1.0,rev=0i,names=2i,bases=2i 1509859800"],
            [
                "fuel-mix Wind=2.0,Hydro=1.0,rev=0i,names=2i,bases=2i 1509859800",
                "co2 production/direct=187.0,estimated=false 1509859800",
            ],
            [
                "fuel-mix Wind=2.0,Hydro=1.0,rev=0i,names=2i,bases=2i 1509859800",
                "co2 production/direct=187.0,production/lifecycle=241.5 1509859800",
            ],
        ],
    )
    def test_half_a_step_is_not_there_yet(
        self, store: InfluxStore, influx_server: InfluxServer, database: str, part: list[str]
    ) -> None:
        """The server shows a reader a point's fields one by one as they are written. He gets
        the step when it is whole."""
        before, after = record(-1, {"Wind": 1.0}), record(1, {"Wind": 3.0})
        store.write(FEED, [before, after], None)
        client = InfluxDBClient("127.0.0.1", influx_server.port, None, None, database)
        with closing(client):
            client.write_points(part, time_precision="s", protocol="line")
        assert list(store.read(FEED, *EVER)) == [before, after]
        whole = record(0, {"Wind": 2.0, "Hydro": 1.0})
        store.write(FEED, [whole], None)
        assert list(store.read(FEED, *EVER)) == [before, whole, after]

    def test_nothing_is_deleted_without_need(
        self, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """New values and new names are written over the old point, in one request."""
        monkeypatch.setattr(Server, "delete", lambda self, *statements: pytest.fail("deleted"))
        store.write(FEED, [record(0, {"Wind": 2.0})], START)
        store.write(FEED, [record(0, {"Wind": 3.0, "Solar": 1.0}, rev=1)], START)
        assert list(store.read(FEED, *EVER)) == [record(0, {"Wind": 3.0, "Solar": 1.0}, rev=1)]

    def test_a_crash_between_deleting_and_writing(
        self, store: InfluxStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Leaves the position before the hole, so that the feed is asked for it again; the
        same write, done again, fills the hole."""
        both = {"Solar": 1.0, "Wind": 2.0}
        store.write(FEED, [record(n, both) for n in range(4)], record(3, both).step.ts)
        corrected = record(2, {"Wind": 3.0}, rev=1)
        with monkeypatch.context() as patch:
            patch.setattr("nypower.adapters.influx.store.lines", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.write(FEED, [corrected], None)
        position = store.position(FEED)
        assert position is not None
        assert record(1, both).step.ts <= position < corrected.step.ts
        store.write(FEED, [corrected], record(3, both).step.ts)
        assert list(store.read(FEED, *EVER)) == [
            record(0, both),
            record(1, both),
            corrected,
            record(3, both),
        ]
        assert store.position(FEED) == record(3, both).step.ts

    def test_a_batch_beside_more_points_than_a_page(self, store: InfluxStore) -> None:
        """Every tenth of 3,000 steps replaced: all of them are."""
        both = {"Solar": 1.0, "Wind": 2.0}
        store.write(FEED, [record(n, both) for n in range(3000)], None)
        store.write(FEED, [record(n, {"Wind": 3.0}) for n in range(0, 3000, 10)], None)
        found = list(store.read(FEED, *EVER))
        assert [each.step.values for each in found] == [
            both if n % 10 else {"Wind": 3.0} for n in range(3000)
        ]


class TestFaults:
    def test_nothing_there(self) -> None:
        """No I/O when it is built; then a sentence with the address and no more."""
        port = free_port()
        store = open_store(f"influxdb://anna@127.0.0.1:{port}/x", SECRET)
        with pytest.raises(StoreUnavailable, match=f"^InfluxDB at 127.0.0.1:{port} cannot be"):
            store.newest(FEED)

    def test_it_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that accepts and says nothing costs the time-out, not for ever."""
        monkeypatch.setattr(server, "ANSWER_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            store = InfluxStore("127.0.0.1", silent.getsockname()[1], "x")
            with pytest.raises(StoreUnavailable, match="in time"):
                store.newest(FEED)
            store.close()

    @pytest.mark.parametrize(
        ("answer", "fault"),
        [
            (b"500 Oops\r\nContent-Length: 0", StoreUnavailable),
            (b"503 Busy\r\nContent-Length: 0", StoreUnavailable),
            (b"429 Slowly\r\nContent-Length: 0", StoreUnavailable),
            (b"400 Bad\r\nContent-Length: 0", StoreRefused),
            (b"401 Who\r\nContent-Length: 0", StoreRefused),
            (b"403 No\r\nContent-Length: 0", StoreRefused),
            (b"404 What\r\nContent-Length: 0", StoreRefused),
            (b"200 OK\r\nContent-Length: 14\r\n\r\n<html>Log in!!", StoreUnavailable),
            (
                b"200 OK\r\nContent-Type: application/x-msgpack\r\nContent-Length: 3\r\n\r\n"
                b"\x81\xa7r",
                StoreUnavailable,
            ),
            (b"200 OK\r\nContent-Length: 99\r\n\r\n{", StoreUnavailable),
        ],
        ids=lambda value: value[:24] if isinstance(value, bytes) else value.__name__,
    )
    def test_what_it_answers(self, answer: bytes, fault: type[Exception]) -> None:
        """Waiting may help with the server's own troubles, not with what it refuses."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            store = InfluxStore("127.0.0.1", listener.getsockname()[1], "x", user="u")
            helper = Thread(target=_answer_once, args=(listener, answer))
            helper.start()
            with pytest.raises(fault):
                store.newest(FEED)
            helper.join()
            store.close()

    def test_a_proxy_is_not_asked_for_loopback(
        self, influx_server: InfluxServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever the environment says; nothing listens at the proxy's address."""
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        with closing(open_store(influx_server.url())) as store:
            store.claim(Origin(Kind.LIVE))
            assert store.origin() == Origin(Kind.LIVE)

    def test_read_only_makes_no_database(
        self, influx_server: InfluxServer, store: InfluxStore, database: str
    ) -> None:
        """Unavailable until the writer has made it."""
        reader = InfluxStore("127.0.0.1", influx_server.port, database, read_only=True)
        with closing(reader):
            for call in (lambda: reader.newest(FEED), lambda: list(reader.read(FEED, *EVER))):
                with pytest.raises(StoreUnavailable, match="yet"):
                    call()
            names = [each["name"] for each in influx_server.query("SHOW DATABASES")]
            assert database not in names
            store.write(FEED, [record(0, {"Wind": 1.0})], START)
            assert list(reader.read(FEED, *EVER)) == [record(0, {"Wind": 1.0})]
            with pytest.raises(StoreRefused, match="reading only"):
                reader.write(FEED, [record(1, {"Wind": 1.0})], None)
            with pytest.raises(StoreRefused, match="reading only"):
                reader.claim(Origin(Kind.LIVE))

    def test_a_field_of_another_type_is_refused(
        self, store: InfluxStore, influx_server: InfluxServer, database: str
    ) -> None:
        """A partial write is no write: it is said, and the position stays."""
        store.claim(Origin(Kind.LIVE))
        client = InfluxDBClient("127.0.0.1", influx_server.port, None, None, database)
        with closing(client):
            client.write_points(
                ['fuel-mix Wind="much" 1509859801'], time_precision="s", protocol="line"
            )
        with pytest.raises(StoreRefused, match="partial write"):
            store.write(FEED, [record(0, {"Wind": 1.0})], START)
        assert store.position(FEED) is None


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 " + answer + (b"" if b"\r\n\r\n" in answer else b"\r\n\r\n"))


class TestAccounts:
    def test_the_right_one_works_the_wrong_one_is_refused(
        self,
        locked_influx_server: InfluxServer,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The password is in no log and no message; an account without rights is refused."""
        caplog.set_level(logging.DEBUG)
        client = InfluxDBClient("127.0.0.1", locked_influx_server.port, None, None)
        with closing(client):
            quoted = SECRET.replace("'", "\\'")
            client.query(
                f"CREATE USER \"anna\" WITH PASSWORD '{quoted}' WITH ALL PRIVILEGES", method="POST"
            )
            client._username, client._password = b"anna", SECRET.encode()
            client.query(f"CREATE USER \"otto\" WITH PASSWORD '{quoted}'", method="POST")
        port = locked_influx_server.port
        with closing(open_store(f"influxdb://anna@127.0.0.1:{port}/x", SECRET)) as anna:
            anna.claim(Origin(Kind.LIVE))
            anna.write(FEED, [record(0, {"Wind": 1.0})], START)
            for user, password in (
                ("anna", SECRET + "!"),
                ("otto", SECRET),
                ("eve", SECRET),
                ("", ""),
            ):
                url = f"influxdb://{user}@127.0.0.1:{port}/x"
                with closing(open_store(url, password)) as other:
                    for call in (
                        lambda other=other: other.write(FEED, [record(1, {"Wind": 1.0})], START),
                        other.origin,
                    ):
                        with pytest.raises(StoreRefused, match="refuses the account") as refusal:
                            call()
                        assert SECRET not in str(refusal.value)
            assert list(anna.read(FEED, *EVER)) == [record(0, {"Wind": 1.0})]
        assert SECRET not in caplog.text


class TestAddresses:
    @pytest.mark.parametrize(
        "url", ["influxdb://host", "influxdb:///x", "mysql://host/x", "sqlite", ""]
    )
    def test_what_is_no_store(self, url: str) -> None:
        """A sentence that says how to write one."""
        with pytest.raises(ValueError, match="is no store: write sqlite:PATH or"):
            open_store(url)

    def test_tls_is_verified(self) -> None:
        """Against something that speaks none: unavailable, and nothing is sent in clear."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"influxdbs://anna@127.0.0.1:{listener.getsockname()[1]}/x"
            helper = Thread(target=_answer_once, args=(listener, b"200 OK"))
            helper.start()
            with (
                closing(open_store(address, SECRET)) as store,
                pytest.raises(StoreUnavailable, match="TLS"),
            ):
                store.newest(FEED)
            helper.join()
