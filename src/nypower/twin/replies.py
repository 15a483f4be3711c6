"""What an HTTP server answers to a request for a file: validators and ranges (RFC 9110)."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

from .growth import Document


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer but for the headers that all answers share."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Habits:
    """What the server honours. One that does not goes on as if it had not been asked."""

    ranges: bool = True
    validators: bool = True


def http_date(instant: datetime) -> str:
    """An aware UTC instant as headers carry it.

    >>> http_date(datetime(2017, 11, 5, 4, tzinfo=UTC))
    'Sun, 05 Nov 2017 04:00:00 GMT'
    """
    return format_datetime(instant, usegmt=True)


def page(status: int, title: str, text: str) -> Reply:
    """An HTML page such as servers give with an error."""
    html = (
        '<!DOCTYPE html PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
        f"<title>{title}</title>\n</head><body>\n<h1>{title}</h1>\n{text}\n</body></html>\n"
    )
    return Reply(status, html.encode(), {"Content-Type": "text/html; charset=iso-8859-1"})


def error(status: int) -> Reply:
    """The page of an error status."""
    known = HTTPStatus(status)
    return page(status, f"{status} {known.phrase}", f"<p>{known.description}.</p>")


def login_page() -> Reply:
    """What a network gives that wants to know who one is."""
    form = '<form method="post"><input name="user"><input type="password" name="pw"></form>'
    return page(200, "Please log in", form)


def reply_with(
    document: Document, content_type: str, asked: Mapping[str, str], habits: Habits
) -> Reply:
    """The whole file, a part of it, or that it is as the client has it.

    ``asked`` are the request's headers, names in lower case.
    """
    etag = f'"{zlib.crc32(document.body):08x}-{len(document.body):x}"'
    modified = http_date(document.modified)
    headers = {"Content-Type": content_type, "Last-Modified": modified}
    if habits.validators:
        headers["ETag"] = etag
        if _has_it(asked, etag, document.modified):
            return Reply(304, headers=headers)
    if not habits.ranges:
        return Reply(200, document.body, headers)
    headers["Accept-Ranges"] = "bytes"
    if habits.validators and asked.get("if-range", etag) not in (etag, modified):
        return Reply(200, document.body, headers)
    return _part(document.body, asked.get("range", ""), headers)


def _has_it(asked: Mapping[str, str], etag: str, modified: datetime) -> bool:
    if (tags := asked.get("if-none-match")) is not None:
        return tags.strip() == "*" or etag in re.findall(r'"[^"]*"', tags)
    try:
        since = parsedate_to_datetime(asked["if-modified-since"])
    except (KeyError, ValueError):
        return False
    return modified <= since.replace(tzinfo=since.tzinfo or UTC)


def _part(body: bytes, wanted: str, headers: Mapping[str, str]) -> Reply:
    match = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", wanted.strip())
    if match is None or not (match[1] or match[2]):
        return Reply(200, body, headers)
    first, last, size = match[1], match[2], len(body)
    if first:
        start, end = int(first), min(int(last or size), size - 1)
        if last and int(last) < int(first):
            return Reply(200, body, headers)
    else:
        start, end = max(0, size - int(last)), size - 1
    if start > end:
        return Reply(416, headers={**headers, "Content-Range": f"bytes */{size}"})
    span = f"bytes {start}-{end}/{size}"
    return Reply(206, body[start : end + 1], {**headers, "Content-Range": span})
