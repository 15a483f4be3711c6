"""The feed over HTTP: exact with every habit of the server, right again after every fault."""

import gzip
import http.server
import io
import logging
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from nypower.adapters.nyiso import fetch
from nypower.adapters.nyiso.fuel_mix import parse
from nypower.adapters.nyiso.http import HttpSource
from nypower.core.catalog import FUEL_MIX
from nypower.core.errors import BadFile, FeedUnavailable
from nypower.core.origin import Kind
from nypower.core.steps import Step
from nypower.ports import DayFile
from nypower.twin.library import Library
from nypower.twin.replies import Habits
from nypower.twin.standin import Twin
from servers.waiting import free_port
from twin.files import text, utc, write

DAY = date(2022, 11, 7)
BEGIN = utc("2022-11-07T15:00:10")  # 10:00:10 EST: 09:45, 09:50 and 09:55 are published
STAMPS = [f"11/07/2022 {n // 12:02}:{n % 12 * 5:02}:00,EST" for n in range(117, 150)]
HABITS = {
    "ranges and validators": Habits(),
    "ranges": Habits(validators=False),
    "validators": Habits(ranges=False),
    "neither": Habits(ranges=False, validators=False),
}


@pytest.fixture(params=HABITS)
def habits(request: pytest.FixtureRequest) -> Habits:
    return HABITS[request.param]


def started(folder: Path, habits: Habits = HABITS["ranges and validators"]) -> Twin:
    write(folder, "20221106", text(["11/06/2022 23:55:00,EST", "11/07/2022 00:00:00,EST"]))
    write(folder, "20221107", text(STAMPS))
    return Twin(Library(folder), BEGIN, speed=0, habits=habits)


@pytest.fixture
def twin(tmp_path: Path, habits: Habits) -> Iterator[Twin]:
    with started(tmp_path, habits) as running:
        yield running


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Twin]:
    with started(tmp_path) as running:
        yield running


def expected(count: int) -> list[Step]:
    """The first ``count`` steps of the day."""
    return parse(text(STAMPS[:count]).decode(), DAY).steps


def read(source: HttpSource, *, anew: bool = False) -> DayFile:
    return source.read(FUEL_MIX, DAY, anew=anew)


class TestReading:
    def test_a_file(self, twin: Twin) -> None:
        """Its steps, the feed's clock by the server's `Date`, and where it is from."""
        file = read(HttpSource(twin.url))
        assert (file.day, list(file.steps)) == (DAY, expected(3))
        assert (file.exists, file.changed) == (True, True)
        assert file.clock.date == BEGIN
        assert (file.origin.kind, file.origin.span) == (Kind.REPLAY, "2022-11-07T15:00:10Z")

    def test_as_it_grows(self, twin: Twin) -> None:
        """Read at every step, or over several, it is always what the whole file is."""
        source = HttpSource(twin.url)
        published = 3
        for steps in (0, 1, 1, 0, 2, 1, 5, 0, 0, 1, 12):
            twin.clock.jump(300 * steps)
            published += steps
            file = read(source)
            assert list(file.steps) == expected(published)
            assert file.clock.date == twin.clock.now()
        assert read(source).changed is False

    def test_what_is_not_there_yet(self, twin: Twin) -> None:
        """A 404 is no failure, and of today's file no archive is asked for."""
        source = HttpSource(twin.url)
        file = source.read(FUEL_MIX, DAY + timedelta(days=1))
        assert (file.exists, list(file.steps)) == (False, [])
        assert twin.requests[404] == 1

    def test_anew_reads_every_byte(self, twin: Twin) -> None:
        """What changed behind the end shows then, if not before."""
        source = HttpSource(twin.url)
        read(source)
        twin.faults.set("rewritten", at=utc("2022-11-07T14:45:00"))
        file = read(source, anew=True)
        assert file.changed
        assert file.steps[0].values["Dual Fuel"] == 1100.0
        assert list(file.steps)[1:] == expected(3)[1:]
        assert read(source).steps[0].values["Dual Fuel"] == 1100.0

    def test_a_file_that_shrinks(self, twin: Twin) -> None:
        """A stamp is taken away: the file is read anew, and again when it is back."""
        source = HttpSource(twin.url)
        twin.clock.jump(3600)
        read(source)
        twin.faults.set("gap", arg="6", at=utc("2022-11-07T15:00:00"))
        assert list(read(source).steps) == [*expected(3), *expected(15)[9:]]
        twin.faults.clear()
        assert list(read(source).steps) == expected(15)

    def test_days_side_by_side(self, twin: Twin) -> None:
        """Each has its own state; the midnight row is the old day's."""
        source = HttpSource(twin.url)
        for _ in range(3):
            assert list(read(source).steps) == expected(3)
            old = source.read(FUEL_MIX, date(2022, 11, 6))
            assert [step.ts for step in old.steps][-1] == utc("2022-11-07T05:00:00")


class TestBytes:
    def test_with_ranges_only_the_end_comes(self, plain: Twin) -> None:
        """206 for each step, and a few hundred bytes."""
        source = HttpSource(plain.url)
        read(source)
        for _ in range(10):
            plain.clock.jump(300)
            read(source)
        assert (plain.requests[200], plain.requests[206]) == (1, 10)
        assert plain.bytes_sent[206] < 10 * 1000

    def test_with_validators_nothing_comes_twice(self, plain: Twin) -> None:
        """304 while nothing has changed."""
        source = HttpSource(plain.url)
        for _ in range(5):
            read(source)
        assert (plain.requests[200], plain.requests[304]) == (1, 4)


LOST = ("403", "500", "reset", "hang")


class TestFaults:
    @pytest.mark.parametrize("fault", LOST)
    @pytest.mark.parametrize("held", [True, False])
    def test_no_answer(
        self, twin: Twin, fault: str, held: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """FeedUnavailable in a sentence a person understands; then all is well."""
        monkeypatch.setattr(fetch, "READ_SECONDS", 0.3)
        source = HttpSource(twin.url)
        if held:
            read(source)
        # A request with conditions is repeated without; one that hangs is not.
        twin.faults.set(fault, times=2 if held and fault != "hang" else 1)
        with pytest.raises(FeedUnavailable) as failure:
            read(source)
        sentence(str(failure.value), twin.url)
        twin.clock.jump(300)
        assert list(read(source).steps) == expected(4)

    @pytest.mark.parametrize("held", [True, False])
    def test_a_login_page(self, twin: Twin, held: bool) -> None:
        """BadFile, and what was known is not forgotten."""
        source = HttpSource(twin.url)
        if held:
            read(source)
        twin.faults.set("login", times=1)
        with pytest.raises(BadFile, match="2022-11-07"):
            read(source)
        assert list(read(source).steps) == expected(3)

    def test_a_slow_drip_is_bounded(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        """However slowly it goes on: the whole has its time, and no more."""
        monkeypatch.setattr(fetch, "TOTAL_SECONDS", 0.5)
        monkeypatch.setattr(fetch, "CHUNK", 16)
        source = HttpSource(twin.url)
        twin.faults.set("drip", times=1)
        begun = time.monotonic()
        with pytest.raises(FeedUnavailable, match="not finished") as failure:
            read(source)
        assert time.monotonic() - begun < 5
        sentence(str(failure.value), twin.url)
        assert list(read(source).steps) == expected(3)

    @pytest.mark.parametrize("held", [True, False])
    def test_a_truncated_file(self, twin: Twin, held: bool) -> None:
        """What is there is right, what is not is missing; the next reading has all."""
        source = HttpSource(twin.url)
        if held:
            read(source)
        twin.clock.jump(300)
        twin.faults.set("truncated", times=1)
        found = list(read(source).steps)
        assert found[:3] == expected(3)
        assert len(found) == 4
        assert found[3].values.items() < expected(4)[3].values.items()
        assert list(read(source).steps) == expected(4)

    def test_a_garbage_row(self, twin: Twin, caplog: pytest.LogCaptureFixture) -> None:
        """Left out and logged once, however often the file is read."""
        twin.faults.set("garbage")
        source = HttpSource(twin.url)
        with caplog.at_level(logging.WARNING):
            for n in range(4):
                assert list(read(source).steps) == expected(3 + n)
                twin.clock.jump(300)
        assert caplog.text.count("wrong number of fields") == 1
        twin.faults.clear()
        assert list(read(source, anew=True).steps) == expected(7)

    def test_a_repeated_row(self, twin: Twin) -> None:
        """Is the same row."""
        twin.faults.set("repeated")
        source = HttpSource(twin.url)
        assert list(read(source).steps) == expected(3)

    def test_a_stamp_twice_with_another_value(
        self, twin: Twin, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The later one counts, and it is counted."""
        twin.faults.set("changed")
        source = HttpSource(twin.url)
        with caplog.at_level(logging.WARNING):
            file = read(source)
        before = expected(3)[2].values["Dual Fuel"]
        assert file.steps[2].values["Dual Fuel"] == before + 100
        assert "1 rows with a stamp repeated with another value" in caplog.text

    def test_a_gap(self, twin: Twin) -> None:
        """The stamps that are there come, and the others once they are."""
        source = HttpSource(twin.url)
        read(source)
        twin.faults.set("gap", arg="2")
        twin.clock.jump(900)
        assert list(read(source).steps) == [*expected(3), expected(6)[5]]
        twin.faults.clear()
        assert list(read(source, anew=True).steps) == expected(6)

    def test_nobody_listens(self) -> None:
        """Said in a sentence; when somebody does, it is read."""
        port = free_port()
        source = HttpSource(f"http://127.0.0.1:{port}")
        with pytest.raises(FeedUnavailable, match="refused") as failure:
            read(source)
        sentence(str(failure.value), f"http://127.0.0.1:{port}")

    def test_it_stops_and_comes_back(self, twin: Twin) -> None:
        """The kept connection is gone; a new one is made."""
        source = HttpSource(twin.url)
        read(source)
        twin.stop()
        with pytest.raises(FeedUnavailable):
            read(source)
        twin.start()
        assert list(read(source).steps) == expected(3)


def sentence(said: str, url: str) -> None:
    """It names the server, and no object of Python's."""
    assert url in said
    assert not re.search(r"0x[0-9a-f]+|Pool|<|\(\)|Traceback|\n", said), said
    assert len(said) < 300


class TestMonthlyArchive:
    def test_days_whose_files_are_gone(self, tmp_path: Path) -> None:
        """After ten days they are read from the month's archive, fetched once."""
        days = [date(2022, 11, n) for n in (1, 2, 3)]
        for day in days:
            stamps = [f"{day:%m/%d/%Y} {hour:02}:00:00,EDT" for hour in range(1, 5)]
            write(tmp_path, f"{day:%Y%m%d}", text(stamps))
        with Twin(Library(tmp_path), utc("2022-11-20T15:00:10"), speed=0) as twin:
            source = HttpSource(twin.url)
            for day in days:
                file = source.read(FUEL_MIX, day)
                assert file.exists
                hours = [step.ts.astimezone(UTC).hour for step in file.steps]
                assert hours == [5, 6, 7, 8]
            assert (twin.requests[404], twin.requests[200]) == (3, 1)
            missing = source.read(FUEL_MIX, date(2022, 11, 4))
            assert (missing.exists, list(missing.steps)) == (False, [])
            older = source.read(FUEL_MIX, date(2022, 10, 4))
            assert (older.exists, list(older.steps)) == (False, [])


HANGS_UP = 0
"""A status of no answer at all."""


@dataclass
class Canned:
    """A server that answers what it is told, and notes what it is asked."""

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    before_body: Callable[[], object] = lambda: None

    def say(self, body: bytes, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, {"Content-Length": str(len(body)), **named}, body))


@pytest.fixture
def canned() -> Iterator[Canned]:
    told = Canned()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = told.answers.pop(0)
            if status == HANGS_UP:
                return
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            told.before_body()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


GOOD = text(STAMPS[:3])


class TestHeaders:
    def test_it_says_who_it_is(self, canned: Canned) -> None:
        """Name, version, and where to complain."""
        canned.say(GOOD)
        read(HttpSource(canned.url))
        path, headers = canned.asked[0]
        assert path == "/public/csv/rtfuelmix/20221107rtfuelmix.csv"
        assert re.fullmatch(r"ny-power/\S+ \(\+https://\S+\)", headers["user-agent"])

    def test_it_asks_for_what_follows(self, canned: Canned) -> None:
        """A range of plain bytes, and both validators that were given."""
        canned.say(GOOD, ETag='"a"', Last_Modified="Mon, 07 Nov 2022 15:00:10 GMT")
        canned.say(b"", 304)
        source = HttpSource(canned.url)
        read(source)
        assert read(source).changed is False
        first, second = (headers for _, headers in canned.asked)
        assert "range" not in first
        assert second["range"] == f"bytes={len(GOOD) - 64}-"
        assert second["accept-encoding"] == "identity"
        assert second["if-none-match"] == '"a"'
        assert second["if-modified-since"] == "Mon, 07 Nov 2022 15:00:10 GMT"

    def test_without_a_header_it_is_the_live_feed(self, canned: Canned) -> None:
        """NYISO sends none."""
        canned.say(GOOD, Date="Mon, 07 Nov 2022 15:00:10 GMT", Age="20")
        file = read(HttpSource(canned.url))
        assert file.origin.kind is Kind.LIVE
        assert file.clock.date == utc("2022-11-07T15:00:30")
        assert file.clock.speed == 1.0

    @pytest.mark.parametrize("said", ["", "nonsense", "Mon, 99 Nov 2022 15:00:10 GMT"])
    def test_without_a_date_our_own_clock_counts(self, canned: Canned, said: str) -> None:
        """Or with one that is none."""
        canned.say(GOOD, **({"Date": said} if said else {}))
        now = datetime(2022, 11, 7, 15, 1, tzinfo=UTC)
        file = read(HttpSource(canned.url, now=lambda: now, monotonic=lambda: 7.0))
        assert (file.clock.date, file.clock.read_at) == (now, 7.0)

    @pytest.mark.parametrize(
        "tag", ["kind=measured", "replay", "", "kind=replay; speed=nan", "kind=live; speed=-1"]
    )
    def test_a_header_that_makes_no_sense(self, canned: Canned, tag: str) -> None:
        """No data, better than simulated ones taken for measured; a good answer then counts."""
        canned.say(GOOD, Nypower_Twin=tag)
        canned.say(GOOD)
        source = HttpSource(canned.url)
        with pytest.raises(FeedUnavailable, match="Nypower-Twin"):
            read(source)
        assert list(read(source).steps) == expected(3)

    def test_a_proxy_is_for_the_outside(
        self, canned: Canned, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The environment's proxy is asked for another host's files, and never for loopback's."""
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        canned.say(GOOD)
        assert list(read(HttpSource(canned.url)).steps) == expected(3)
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, canned.url)
        canned.say(GOOD)
        assert list(read(HttpSource("http://feed.example")).steps) == expected(3)
        assert canned.asked[-1][0].startswith("http://feed.example/public/csv/")


class TestOddAnswers:
    def test_a_body_cut_off(self, canned: Canned) -> None:
        """Fewer bytes than promised are no file."""
        canned.say(GOOD[:-100], Content_Length=str(len(GOOD)))
        canned.say(GOOD)
        source = HttpSource(canned.url)
        with pytest.raises(FeedUnavailable) as failure:
            read(source)
        assert "object at" not in str(failure.value)
        assert list(read(source).steps) == expected(3)

    @pytest.mark.parametrize(
        ("body", "content_range"),
        [
            (GOOD[-10:], f"bytes {len(GOOD) - 10}-{len(GOOD) - 1}/{len(GOOD)}"),
            (b"x" * 64, f"bytes {len(GOOD) - 64}-{len(GOOD) - 1}/{len(GOOD)}"),
            (GOOD[-64:], ""),
            (GOOD[-64:], "nonsense"),
        ],
    )
    def test_a_part_that_does_not_fit(
        self, canned: Canned, body: bytes, content_range: str
    ) -> None:
        """Another part than was asked for, or a seam that does not match: the whole is read."""
        canned.say(GOOD)
        canned.say(body, 206, **({"Content_Range": content_range} if content_range else {}))
        canned.say(text(STAMPS[:4]))
        source = HttpSource(canned.url)
        read(source)
        assert list(read(source).steps) == expected(4)
        assert "range" not in canned.asked[-1][1]

    def test_too_much(self, canned: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file without an end is not read into memory."""
        monkeypatch.setattr(fetch, "MOST_BYTES", 500)
        canned.say(GOOD)
        with pytest.raises(FeedUnavailable, match="500 bytes"):
            read(HttpSource(canned.url))

    def test_a_byte_order_mark_and_other_bytes(self, canned: Canned) -> None:
        """Neither is in the way."""
        canned.say(b"\xef\xbb\xbf" + GOOD + b"\r\n\xff\xfe\r\n")
        assert list(read(HttpSource(canned.url)).steps) == expected(3)

    def test_a_damaged_archive(self, canned: Canned) -> None:
        """FeedUnavailable; and a good one is read afterwards."""
        good = io.BytesIO()
        with zipfile.ZipFile(good, "w") as archive:
            archive.writestr("20221107rtfuelmix.csv", GOOD)
        date_header = {"Date": "Sun, 20 Nov 2022 15:00:10 GMT"}
        canned.say(b"", 404, **date_header)
        canned.say(b"PK no zip")
        for body in (b"", good.getvalue()):
            canned.say(body, 404 if not body else 200, **date_header)
        source = HttpSource(canned.url)
        with pytest.raises(FeedUnavailable, match="damaged"):
            read(source)
        assert list(read(source).steps) == expected(3)

    @pytest.mark.parametrize("method", [0, 99])
    def test_an_archive_damaged_inside(self, canned: Canned, method: int) -> None:
        """A member whose bytes are not what its checksum says, or packed in no known way."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("20221107rtfuelmix.csv", GOOD)
        body = bytearray(packed.getvalue())
        if method:
            for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
                body[body.index(mark) + place] = method
        else:
            body[body.index(b"09:45")] = 0x31
        canned.say(b"", 404, Date="Sun, 20 Nov 2022 15:00:10 GMT")
        canned.say(bytes(body))
        with pytest.raises(FeedUnavailable, match="damaged"):
            read(HttpSource(canned.url))


class TestMonthGoingOn:
    def test_a_month_that_was_going_on(self, canned: Canned) -> None:
        """An archive fetched before a day was over is fetched again for it, and then kept."""
        day = date(2022, 11, 6)
        whole = text([f"11/06/2022 {hour:02}:00:00,EST" for hour in range(3, 8)])
        part = text([f"11/06/2022 {hour:02}:00:00,EST" for hour in range(3, 5)])
        gone = {"Date": "Mon, 07 Nov 2022 05:10:00 GMT"}  # ten minutes after midnight
        source = HttpSource(canned.url)
        for days, steps in ((part, 2), (whole, 5)):
            canned.say(b"", 404, **gone)
            canned.say(archived(day, days))
            assert len(source.read(FUEL_MIX, day).steps) == steps
            gone = {"Date": "Mon, 07 Nov 2022 05:16:00 GMT"}
        canned.say(b"", 404, **gone)
        assert len(source.read(FUEL_MIX, day).steps) == 5
        assert [path.endswith(".zip") for path, _ in canned.asked] == [False, True] * 2 + [False]


def archived(day: date, file: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{day:%Y%m%d}rtfuelmix.csv", file)
    return packed.getvalue()


def ranges(canned: Canned) -> list[bool]:
    """Which of the requests asked for a range."""
    return ["range" in headers for _, headers in canned.asked]


class TestConditionsRefused:
    @pytest.mark.parametrize("status", [400, 403, 500, 501, HANGS_UP])
    def test_it_is_soon_asked_plainly(self, canned: Canned, status: int) -> None:
        """Each reading is right, and after two refusals each is one request."""
        source = HttpSource(canned.url)
        canned.say(GOOD)
        assert list(read(source).steps) == expected(3)
        for count in (4, 5):
            canned.say(b"", status)
            canned.say(text(STAMPS[:count]))
            assert list(read(source).steps) == expected(count)
        for count in (6, 7):
            canned.say(text(STAMPS[:count]))
            assert list(read(source).steps) == expected(count)
        assert ranges(canned) == [False, True, False, True, False, False, False]

    def test_one_refusal_may_be_chance(self, canned: Canned) -> None:
        """After conditions that were understood, it takes two again."""
        source = HttpSource(canned.url)
        canned.say(GOOD)
        read(source)
        for _ in range(3):
            canned.say(b"", 500)
            canned.say(GOOD)
            assert read(source).changed is False
            canned.say(b"", 304)
            assert read(source).changed is False
        assert ranges(canned) == [False, *[True, False, True] * 3]

    def test_a_feed_that_is_down_is_no_refusal(self, canned: Canned) -> None:
        """One more request each time, and conditions again once it is back."""
        source = HttpSource(canned.url)
        canned.say(GOOD)
        read(source)
        for _ in range(3):
            canned.say(b"", 503)
            canned.say(b"", 503)
            with pytest.raises(FeedUnavailable, match="503"):
                read(source)
        canned.say(b"", 304)
        assert list(read(source).steps) == expected(3)
        assert ranges(canned) == [False, *[True, False] * 3, True]


class TestBounds:
    def test_a_slow_drip_of_less_than_a_chunk(
        self, plain: Twin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The whole has its time, though a file dripped for 50 s is less than one chunk."""
        monkeypatch.setattr(fetch, "TOTAL_SECONDS", 0.5)
        source = HttpSource(plain.url)
        plain.clock.jump(2 * 3600)
        plain.faults.set("drip", times=1)
        begun = time.monotonic()
        with pytest.raises(FeedUnavailable, match="not finished"):
            read(source)
        assert time.monotonic() - begun < 10
        monkeypatch.undo()
        assert list(read(source).steps) == expected(27)

    def test_a_compressed_body(self, canned: Canned) -> None:
        """Is read to its end, and one that is damaged is said to be."""
        packed = gzip.compress(GOOD)
        canned.say(packed, Content_Encoding="gzip")
        canned.say(b"no gzip", Content_Encoding="gzip")
        canned.say(packed, Content_Encoding="gzip")
        source = HttpSource(canned.url)
        assert list(read(source).steps) == expected(3)
        with pytest.raises(FeedUnavailable) as failure:
            read(source, anew=True)
        sentence(str(failure.value), canned.url)
        assert list(read(source, anew=True).steps) == expected(3)

    @pytest.mark.parametrize("dated", [True, False])
    def test_the_clock_is_of_when_the_headers_came(self, canned: Canned, dated: bool) -> None:
        """However long the body takes after them."""
        looked = threading.Event()
        now = datetime(2022, 11, 7, 15, 1, 40, tzinfo=UTC)

        def monotonic() -> float:
            late = looked.is_set()
            looked.set()
            return 107.0 if late else 7.0

        waited: list[bool] = []
        canned.before_body = lambda: waited.append(looked.wait(10))
        canned.say(GOOD, **({"Date": "Mon, 07 Nov 2022 15:00:00 GMT"} if dated else {}))
        clock = read(HttpSource(canned.url, now=lambda: now, monotonic=monotonic)).clock
        assert waited == [True]
        assert (clock.date, clock.read_at) == (utc("2022-11-07T15:00:00"), 7.0)


class TestOddHeaders:
    def test_a_new_validator_of_the_same_bytes(self, canned: Canned) -> None:
        """Is the one asked with from then on."""
        canned.say(GOOD, ETag='"a"')
        canned.say(GOOD, ETag='"b"')
        canned.say(b"", 304)
        canned.say(b"", 304)
        source = HttpSource(canned.url)
        assert [read(source).changed for _ in range(4)] == [True, False, False, False]
        asked = [headers.get("if-none-match") for _, headers in canned.asked]
        assert asked == [None, '"a"', '"b"', '"b"']

    def test_an_age_beyond_all_time(self, canned: Canned) -> None:
        """Our own clock counts."""
        canned.say(GOOD, Date="Mon, 07 Nov 2022 15:00:10 GMT", Age="99999999999999")
        now = datetime(2022, 11, 7, 15, 1, tzinfo=UTC)
        file = read(HttpSource(canned.url, now=lambda: now, monotonic=lambda: 7.0))
        assert (list(file.steps), file.clock.date) == (expected(3), now)

    @pytest.mark.parametrize("location", ["http://[", "http://.", "http://a:99999999/", "ftp://x"])
    def test_a_redirect_to_no_address(self, canned: Canned, location: str) -> None:
        """FeedUnavailable in a sentence; a good answer then counts."""
        canned.say(b"", 302, Location=location)
        canned.say(GOOD)
        source = HttpSource(canned.url)
        with pytest.raises(FeedUnavailable) as failure:
            read(source)
        sentence(str(failure.value), canned.url)
        assert list(read(source).steps) == expected(3)
