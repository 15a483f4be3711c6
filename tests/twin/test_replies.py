"""Validators and ranges as RFC 9110 has them."""

import pytest

from nypower.twin.growth import Document
from nypower.twin.replies import Habits, Reply, reply_with
from twin.files import utc

DOCUMENT = Document(b"0123456789", utc("2017-11-05T04:10:10"))
MODIFIED = "Sun, 05 Nov 2017 04:10:10 GMT"
ALL = Habits()
ETAG = '"a684c7c6-a"'  # CRC-32 of the ten digits, and their number


def ask(habits: Habits = ALL, **headers: str) -> Reply:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply_with(DOCUMENT, "text/csv", asked, habits)


def test_a_plain_request_gets_everything() -> None:
    """200 with both validators and the word that ranges are welcome."""
    reply = ask()
    assert (reply.status, reply.body) == (200, b"0123456789")
    assert reply.headers == {
        "Content-Type": "text/csv",
        "Last-Modified": MODIFIED,
        "ETag": ETAG,
        "Accept-Ranges": "bytes",
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": ETAG}, 304),
        ({"if_none_match": f'"x", W/{ETAG}'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_none_match": '"other"', "if_modified_since": MODIFIED}, 200),
        ({"if_modified_since": MODIFIED}, 304),
        ({"if_modified_since": "Sun, 05 Nov 2017 04:10:11 GMT"}, 304),
        ({"if_modified_since": "Sun, 05 Nov 2017 04:10:09 GMT"}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_none_match": ETAG, "range": "bytes=5-"}, 304),
    ],
)
def test_validators(headers: dict[str, str], status: int) -> None:
    """The tag goes before the date; a date that is none counts for nothing."""
    reply = ask(**headers)
    assert reply.status == status
    assert reply.body == (b"" if status == 304 else b"0123456789")
    assert reply.headers["ETag"] == ETAG


@pytest.mark.parametrize(
    ("asked", "status", "body", "span"),
    [
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=9-", 206, b"9", "bytes 9-9/10"),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=2-400", 206, b"23456789", "bytes 2-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-300", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=1-2,4-5", 200, b"0123456789", None),
        ("rows=1-", 200, b"0123456789", None),
    ],
)
def test_ranges(asked: str, status: int, body: bytes, span: str | None) -> None:
    """A part, or word that there is none; what is no range of bytes gets everything."""
    reply = ask(range=asked)
    assert (reply.status, reply.body, reply.headers.get("Content-Range")) == (status, body, span)


def test_if_range_needs_the_file_unchanged() -> None:
    """With the tag or date of the file a part, with any other everything."""
    assert ask(range="bytes=4-", if_range=ETAG).status == 206
    assert ask(range="bytes=4-", if_range=MODIFIED).status == 206
    assert ask(range="bytes=4-", if_range='"other"').status == 200


def test_a_server_that_honours_neither() -> None:
    """It answers as if it had been asked for the file alone."""
    deaf = Habits(ranges=False, validators=False)
    reply = ask(deaf, range="bytes=4-", if_none_match=ETAG, if_modified_since=MODIFIED)
    assert (reply.status, reply.body) == (200, b"0123456789")
    assert reply.headers == {"Content-Type": "text/csv", "Last-Modified": MODIFIED}


def test_a_server_that_honours_one() -> None:
    """Each habit is its own."""
    assert ask(Habits(ranges=False), range="bytes=4-", if_none_match='"x"').status == 200
    assert ask(Habits(ranges=False), if_none_match=ETAG).status == 304
    ranged = ask(Habits(validators=False), range="bytes=4-", if_none_match=ETAG, if_range='"x"')
    assert ranged.status == 206
