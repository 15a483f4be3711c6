"""Every fault does what it says, as often as it was asked, and then all is well again."""

import http.client
import threading
import time
from contextlib import closing

import pytest

from nypower.twin.faults import Fault, FaultKind, parse_fault
from nypower.twin.standin import Twin
from servers.waiting import wait_until
from twin import conftest
from twin.client import TODAY, YESTERDAY, Got, get
from twin.files import HEADER, rows, text, utc

GOOD = text(conftest.TODAY[:3])


def recovered(twin: Twin) -> None:
    """A plain request is answered as if nothing had been."""
    got = get(twin.port, TODAY)
    assert (got.status, got.body) == (200, GOOD)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_error_status(twin: Twin, status: int) -> None:
    """Twice, with its page, and never again."""
    twin.faults.set(str(status), times=2)
    for _ in range(2):
        got = get(twin.port, TODAY)
        assert got.status == status
        assert got.headers["Content-Type"].startswith("text/html")
    recovered(twin)


def test_a_login_page(twin: Twin) -> None:
    """It says 200 and is no file."""
    twin.faults.set("login")
    for path in (TODAY, YESTERDAY):
        got = get(twin.port, path)
        assert got.status == 200
        assert b"<form" in got.body
    twin.faults.clear()
    recovered(twin)


def test_a_hang_lasts_while_the_client_waits(twin: Twin) -> None:
    """Nothing comes; others are served meanwhile."""
    twin.faults.set("hang", times=1)
    with pytest.raises(TimeoutError):
        get(twin.port, TODAY, timeout=0.5)
    recovered(twin)


def test_a_hang_ends_with_clear_and_with_stop(twin: Twin) -> None:
    """Whoever still waits is let go without an answer."""
    for let_go in (twin.faults.clear, twin.stop):
        twin.faults.set("hang", times=1)
        ended: list[Exception] = []

        def wait(ended: list[Exception] = ended) -> None:
            try:
                get(twin.port, TODAY)
            except (http.client.HTTPException, OSError) as error:
                ended.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_until(lambda: not twin.faults.pending, "the request to hang")
        let_go()
        waiting.join(15)
        assert not waiting.is_alive()
        assert not isinstance(ended[0], TimeoutError)
    twin.start()
    recovered(twin)


def test_a_reset_connection(twin: Twin) -> None:
    """The client is told by the system, not by an empty answer."""
    twin.faults.set("reset", times=1)
    with pytest.raises(ConnectionResetError):
        get(twin.port, TODAY)
    recovered(twin)


def test_a_slow_drip(twin: Twin) -> None:
    """The answer begins at once and takes its time; cleared, it breaks off."""
    twin.faults.set("drip", times=1)
    begun = time.monotonic()
    assert get(twin.port, TODAY, Range="bytes=-40").body == GOOD[-40:]
    assert time.monotonic() - begun > 0.2
    twin.faults.set("drip", times=1)
    with closing(http.client.HTTPConnection("127.0.0.1", twin.port, timeout=15)) as connection:
        connection.request("GET", TODAY)
        response = connection.getresponse()
        assert response.read(16) == GOOD[:16]
        twin.faults.clear()
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    recovered(twin)


def test_a_truncated_file(twin: Twin) -> None:
    """The last row stops half-way, whatever the client has; a validator finds the whole."""
    before = get(twin.port, TODAY)
    twin.clock.jump(300)
    twin.faults.set("truncated", times=2)
    cut = get(twin.port, TODAY, If_None_Match=before.headers["ETag"])
    whole = text(conftest.TODAY[:4])
    last_row = whole[whole.rindex(b"\n") + 1 :]
    assert whole == cut.body + last_row[(len(last_row) + 1) // 2 :]
    part = get(twin.port, TODAY, Range=f"bytes={len(GOOD)}-")
    assert (part.status, GOOD + part.body) == (206, cut.body)
    for name, value in (("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")):
        mended = get(twin.port, TODAY, **{value: cut.headers[name]})
        assert (mended.status, mended.body) == (200, whole)


def altered(twin: Twin, before: Got) -> bytes:
    """The file with a fault, which either validator notices; then the fault is cleared, and
    they notice that too."""
    found = get(twin.port, TODAY, If_None_Match=before.headers["ETag"])
    by_date = get(twin.port, TODAY, If_Modified_Since=before.headers["Last-Modified"])
    assert (found.status, by_date.status) == (200, 200)
    assert found.body == by_date.body
    twin.faults.clear()
    mended = get(twin.port, TODAY, If_Modified_Since=found.headers["Last-Modified"])
    assert (mended.status, mended.body) == (200, GOOD)
    return found.body


LAST = rows(conftest.TODAY[2], 1200.0)
CHANGED = f"{conftest.TODAY[2]},Dual Fuel,1300.0"


@pytest.mark.parametrize(
    ("kind", "arg", "end"),
    [
        ("garbage", "", f"{LAST}\r\n99/99/2017 25:61:00,XYZ,Unobtainium;;,NaN,"),
        ("garbage", "a,b", f"{LAST}\r\na,b"),
        ("repeated", "", f"{LAST}\r\n{LAST}"),
        ("changed", "", f"{LAST}\r\n{CHANGED}"),
        ("rewritten", "", LAST.replace("Dual Fuel,1200.0", "Dual Fuel,1300.0")),
    ],
)
def test_an_altered_file(twin: Twin, kind: str, arg: str, end: str) -> None:
    """The newest stamp is struck; nothing before it."""
    before = get(twin.port, TODAY)
    twin.faults.set(kind, arg=arg)
    assert altered(twin, before) == text(conftest.TODAY[:2]) + f"\r\n{end}".encode()


def test_the_struck_stamp_stays_struck_while_the_file_grows(twin: Twin) -> None:
    """09:55 is repeated, and 10:00 comes after it as it should."""
    twin.faults.set("repeated")
    twin.clock.jump(300)
    last = rows(conftest.TODAY[3], 1300.0)
    struck = f"{GOOD.decode()}\r\n{LAST}\r\n{last}".encode()
    assert get(twin.port, TODAY).body == struck
    assert get(twin.port, YESTERDAY).body == text(conftest.YESTERDAY)


def test_a_stamp_of_yesterday_is_rewritten(twin: Twin) -> None:
    """A stamp can be named, in any file, and the client finds the file changed."""
    before = get(twin.port, YESTERDAY)
    twin.faults.set("rewritten", at=utc("2022-11-07T04:55:00"))
    after = get(twin.port, YESTERDAY, If_Modified_Since=before.headers["Last-Modified"])
    assert after.body == before.body.replace(b"Dual Fuel,1000.0", b"Dual Fuel,1100.0")
    twin.faults.clear()
    assert get(twin.port, YESTERDAY).body == before.body


def test_an_altered_file_for_one_request(twin: Twin) -> None:
    """The second request finds the file mended, by its date too."""
    twin.faults.set("changed", times=1)
    found = get(twin.port, TODAY)
    assert found.body.endswith(CHANGED.encode())
    mended = get(twin.port, TODAY, If_Modified_Since=found.headers["Last-Modified"])
    assert (mended.status, mended.body) == (200, GOOD)


def test_a_gap_is_of_the_stamps_to_come(twin: Twin) -> None:
    """10:00 and 10:05 never come, 10:10 does; cleared, they stand where they belong."""
    twin.faults.set("gap", arg="2")
    twin.clock.jump(600)
    assert get(twin.port, TODAY).body == GOOD
    twin.clock.jump(300)
    last = f"\r\n{rows(conftest.TODAY[5], 1500.0)}".encode()
    assert get(twin.port, TODAY).body == GOOD + last
    twin.faults.clear()
    assert get(twin.port, TODAY).body == text(conftest.TODAY[:6])


def test_a_gap_of_everything_is_no_file(twin: Twin) -> None:
    """With its only stamps missing a file is only its header."""
    twin.faults.set("gap", arg="2", at=utc("2022-11-07T04:55:00"))
    assert get(twin.port, YESTERDAY).body == HEADER.encode()


def test_two_faults_at_once(twin: Twin) -> None:
    """Of one file both are seen."""
    twin.faults.set("rewritten", at=utc("2022-11-07T14:45:00"))
    twin.faults.set("garbage", arg="oops")
    expected = GOOD.replace(b"Dual Fuel,1000.0", b"Dual Fuel,1100.0") + b"\r\noops"
    assert get(twin.port, TODAY).body == expected


def test_a_fault_may_begin_later(twin: Twin) -> None:
    """Not before its moment of the feed's time."""
    twin.faults.add(parse_fault("500:1@2022-11-07T10:02"))
    recovered(twin)
    twin.clock.jump(110)
    assert get(twin.port, TODAY).status == 500
    recovered(twin)


def test_the_control_path(twin: Twin) -> None:
    """A person breaks the running twin and mends it; nonsense is refused in a sentence."""
    assert get(twin.port, "/twin/fault?kind=404&times=1", "POST").status == 200
    assert get(twin.port, TODAY).status == 404
    recovered(twin)
    get(twin.port, "/twin/fault?kind=rewritten&at=2022-11-07T09:45", "POST")
    assert get(twin.port, TODAY).body == GOOD.replace(b"1000.0", b"1100.0", 1)
    get(twin.port, "/twin/fault?kind=login", "POST")
    assert get(twin.port, "/twin/clear", "POST").status == 200
    recovered(twin)
    for wrong in ("kind=none", "", "kind=404&times=-1", "kind=gap&arg=x", "kind=404&at=soon"):
        got = get(twin.port, f"/twin/fault?{wrong}", "POST")
        assert got.status == 400
        assert got.body.count(b"\n") == 1
    assert get(twin.port, "/twin/other", "POST").status == 404
    recovered(twin)


def test_a_web_page_may_not_break_it(twin: Twin) -> None:
    """A page says its origin when it posts; and a plain link breaks nothing."""
    page = get(twin.port, "/twin/fault?kind=404", "POST", Origin="https://example.org")
    assert page.status == 403
    assert get(twin.port, "/twin/fault?kind=404").status == 405
    recovered(twin)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("hang", Fault(FaultKind.HANG)),
        ("500:3", Fault(FaultKind.BROKEN, times=3)),
        ("gap:3", Fault(FaultKind.GAP, arg="3")),
        (
            "rewritten@2017-11-05T01:30",
            Fault(FaultKind.REWRITTEN, at=utc("2017-11-05T05:30:00")),
        ),
        (
            "garbage:a,b@2017-11-05T06:30Z",
            Fault(FaultKind.GARBAGE, at=utc("2017-11-05T06:30:00"), arg="a,b"),
        ),
    ],
)
def test_a_fault_as_one_types_it(typed: str, fault: Fault) -> None:
    """KIND, KIND:ARG, KIND@WHEN or all three."""
    assert parse_fault(typed) == fault


@pytest.mark.parametrize("typed", ["", "none", "500:0", "500:x", "gap:x", "hang@soon"])
def test_a_fault_that_makes_no_sense(typed: str) -> None:
    """ValueError, whatever is wrong."""
    with pytest.raises(ValueError, match=r"."):
        parse_fault(typed)
