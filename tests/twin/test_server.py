"""The twin over HTTP: paths, headers, its clock, and connections that stay open."""

import http.client
import socket
import zipfile
from contextlib import closing
from io import BytesIO

import pytest

from nypower.core.origin import Kind, parse_twin_header
from nypower.twin.replies import Habits
from nypower.twin.simulate import SimulatedGrid
from nypower.twin.standin import Twin
from servers.waiting import listens, wait_until
from twin import conftest
from twin.client import TODAY, YESTERDAY, get, over
from twin.files import text, utc


def test_todays_file_with_its_headers(twin: Twin) -> None:
    """The bytes published so far, the feed's time, the last writing, and what serves them."""
    got = get(twin.port, TODAY)
    assert (got.status, got.body) == (200, text(conftest.TODAY[:3]))
    assert got.headers["Date"] == "Mon, 07 Nov 2022 15:00:10 GMT"
    assert got.headers["Last-Modified"] == "Mon, 07 Nov 2022 15:00:10 GMT"
    assert got.headers["Content-Length"] == str(len(got.body))
    assert got.headers["Content-Type"] == "text/csv"
    assert got.headers["Nypower-Twin"] == "kind=replay; speed=0; span=2022-11-07T15:00:10Z"


def test_the_clock_moves_and_the_file_grows(twin: Twin) -> None:
    """A jump of five minutes brings one stamp; a range then fetches its rows alone."""
    before = get(twin.port, TODAY)
    twin.clock.jump(300)
    after = get(twin.port, TODAY, Range=f"bytes={len(before.body)}-")
    assert after.status == 206
    assert before.body + after.body == text(conftest.TODAY[:4])
    assert after.headers["Date"] == "Mon, 07 Nov 2022 15:05:10 GMT"
    twin.clock.set(utc("2022-11-07T15:25:10"))
    assert get(twin.port, TODAY).body == text(conftest.TODAY)


def test_the_file_is_not_sent_twice_to_who_has_it(twin: Twin) -> None:
    """304 without a body by tag and by date, until the file has grown."""
    got = get(twin.port, TODAY)
    for _ in range(2):
        headers = {"If_None_Match": got.headers["ETag"]}
        assert get(twin.port, TODAY, **headers).status == 304
        by_date = get(twin.port, TODAY, If_Modified_Since=got.headers["Last-Modified"])
        assert (by_date.status, by_date.body) == (304, b"")
        twin.clock.jump(299)
        assert get(twin.port, TODAY, **headers).status == 304
        twin.clock.jump(1)
        got = get(twin.port, TODAY, **headers)
        assert got.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/public/csv/rtfuelmix/20221108rtfuelmix.csv",
        "/public/csv/rtfuelmix/20221001rtfuelmix_csv.zip",
        "/public/csv/rtfuelmix/20221102rtfuelmix_csv.zip",
        "/public/csv/other/20221107rtfuelmix.csv",
        "/public/csv/rtfuelmix/20221341rtfuelmix.csv",
        "/public/csv/rtfuelmix/00010101rtfuelmix_csv.zip",
        "/public/csv/rtfuelmix/99991231rtfuelmix.csv",
        "/public/csv/rtfuelmix/../rtfuelmix/20221107rtfuelmix.csv",
    ],
)
def test_what_is_not_there(twin: Twin, path: str) -> None:
    """404 with a page, as of a real server, and its time and kind."""
    got = get(twin.port, path)
    assert got.status == 404
    assert b"<h1>404 Not Found</h1>" in got.body
    assert got.headers["Content-Type"].startswith("text/html")
    assert got.headers["Date"] == "Mon, 07 Nov 2022 15:00:10 GMT"
    assert parse_twin_header(got.headers["Nypower-Twin"]).origin.kind is Kind.REPLAY


def test_the_months_archive(twin: Twin) -> None:
    """It has both days, today's as far as it is."""
    got = get(twin.port, "/public/csv/rtfuelmix/20221101rtfuelmix_csv.zip")
    assert got.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(BytesIO(got.body)) as archive:
        assert archive.read("20221106rtfuelmix.csv") == text(conftest.YESTERDAY)
        assert archive.read("20221107rtfuelmix.csv") == text(conftest.TODAY[:3])


def test_other_methods(twin: Twin) -> None:
    """HEAD gives the headers of GET and no body, and the rest is refused."""
    with closing(http.client.HTTPConnection("127.0.0.1", twin.port, timeout=15)) as connection:
        head = over(connection, TODAY, "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Length"] == str(len(text(conftest.TODAY[:3])))
        assert over(connection, TODAY, "DELETE").status == 405
        assert over(connection, TODAY).status == 200


def test_a_connection_is_kept_and_counted(twin: Twin) -> None:
    """Many requests over one connection; bytes are counted with their headers, by status."""
    with socket.create_connection(("127.0.0.1", twin.port), timeout=15) as connection:
        request = f"GET {TODAY} HTTP/1.1\r\nHost: x\r\n\r\nGET /no HTTP/1.1\r\n\r\n"
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert dict(twin.requests) == {200: 1, 404: 1}
    assert sum(twin.bytes_sent.values()) == len(answer)
    assert twin.bytes_sent[404] == len(answer) - answer.index(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    "request_line",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET /",
        b"GET http://[ HTTP/1.1",
        b"GET / HTTP/1.1\r\nContent-Length: many",
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1",
    ],
    ids=["TLS", "two words", "no URL", "no length", "too long"],
)
def test_what_is_no_http_is_refused(twin: Twin, request_line: bytes) -> None:
    """400 and the end of the connection; the next one is served."""
    with socket.create_connection(("127.0.0.1", twin.port), timeout=15) as connection:
        connection.sendall(request_line + b"\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert get(twin.port, TODAY).status == 200


def test_http_1_0_ends_the_connection(twin: Twin) -> None:
    """An old client reads until the end."""
    with socket.create_connection(("127.0.0.1", twin.port), timeout=15) as connection:
        connection.sendall(f"GET {TODAY} HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.endswith(text(conftest.TODAY[:3]))


def test_stop_ends_all_and_start_begins_again(twin: Twin) -> None:
    """Open connections end at once; the port is the same afterwards, the counts go on."""
    port = twin.port
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=15)) as connection:
        assert over(connection, TODAY).status == 200
        twin.stop()
        assert not listens(port)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            over(connection, TODAY)
    twin.start()
    assert twin.port == port
    assert get(port, TODAY).status == 200
    assert twin.requests[200] == 2


def test_a_port_in_use_is_said(twin: Twin) -> None:
    """Two twins do not share a port."""
    with pytest.raises(OSError, match="in use"):
        Twin(SimulatedGrid(), conftest.BEGIN, port=twin.port).start()


def test_a_simulated_feed_at_speed() -> None:
    """Feed time runs as the injected clock does, sped up; the past is there from the start."""
    seconds = [1000.0]
    begin = utc("2026-11-22T12:00:00")
    with Twin(SimulatedGrid(), begin, speed=600, monotonic=lambda: seconds[0]) as simulated:
        path = "/public/csv/rtfuelmix/20261122rtfuelmix.csv"
        got = get(simulated.port, path)
        assert got.headers["Nypower-Twin"] == "kind=simulated; speed=600"
        assert got.body.decode().splitlines()[-1].startswith("11/22/2026 06:50:00,EST,Hydro,")
        seconds[0] += 0.5
        later = get(simulated.port, path)
        assert later.headers["Date"] == "Sun, 22 Nov 2026 12:05:00 GMT"
        assert later.body.decode().splitlines()[-1].startswith("11/22/2026 06:55:00,EST,Hydro,")
        for day in (12, 21):
            old = get(simulated.port, f"/public/csv/rtfuelmix/202611{day}rtfuelmix.csv")
            assert old.body.count(b"\r\n") == 288 * 7
        zipped = get(simulated.port, "/public/csv/rtfuelmix/20200201rtfuelmix_csv.zip")
        with zipfile.ZipFile(BytesIO(zipped.body)) as archive:
            assert len(archive.namelist()) == 29


def test_a_server_without_help() -> None:
    """Neither ranges nor validators: always the whole file."""
    habits = Habits(ranges=False, validators=False)
    with Twin(SimulatedGrid(), utc("2026-11-22T12:00:00"), habits=habits) as simulated:
        path = "/public/csv/rtfuelmix/20261121rtfuelmix.csv"
        got = get(simulated.port, path)
        assert "ETag" not in got.headers
        since = got.headers["Last-Modified"]
        again = get(simulated.port, path, Range="bytes=10-", If_Modified_Since=since)
        assert (again.status, again.body) == (200, got.body)


def test_yesterday_is_there(twin: Twin) -> None:
    """With the midnight that ended it."""
    assert wait_until(lambda: get(twin.port, YESTERDAY), "an answer").body == text(
        conftest.YESTERDAY
    )
