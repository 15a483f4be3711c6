"""One GET, with a bound on everything: connecting, each read, the whole, the size."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ProtocolError

from ... import __version__
from ...core.errors import FeedUnavailable

USER_AGENT = f"ny-power/{__version__} (+https://github.com/IBM/ny-power)"
CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 60.0
MOST_BYTES = 64 * 1024 * 1024
CHUNK = 64 * 1024


class ConnectionLost(FeedUnavailable):
    """The server took the request and hung up."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; ``received_at`` is when its headers came, in monotonic seconds."""

    url: str
    status: int
    reason: str
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes
    received_at: float

    def header(self, name: str) -> str | None:
        """A header's value, by its name in any case."""
        return self.headers.get(name)


class Fetcher:
    """GETs from one server over one kept connection."""

    def __init__(self, base_url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._base_url, self._monotonic = base_url, monotonic
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        # A proxy of the environment is for the outside; it cannot reach our loopback.
        self._session.trust_env = not _is_loopback(base_url)

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        """The answer, whatever its status. Raises ``FeedUnavailable`` where none came, and
        ``ConnectionLost`` where the server hung up over it."""
        url = self._base_url + path
        deadline = time.monotonic() + TOTAL_SECONDS
        try:
            with self._session.get(
                url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)
            ) as response:
                received_at = self._monotonic()
                body = _read(response, deadline)
            status, reason = response.status_code, response.reason
            return Answer(url, status, reason, response.headers, body, received_at)
        # A redirect to an address that is none gets past requests' own errors.
        except (requests.RequestException, HTTPError, ValueError) as error:
            kind = ConnectionLost if _hung_up(error) else FeedUnavailable
            raise kind(f"{self._base_url} cannot be read: {_why(error)}") from None


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body, by what each read of the socket gives: a full chunk may be long in coming."""
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        body += chunk
        if time.monotonic() > deadline:
            raise requests.Timeout(f"not finished after {TOTAL_SECONDS:.0f} s")
        if len(body) > MOST_BYTES:
            raise requests.RequestException(f"more than {MOST_BYTES} bytes")
    return bytes(body)


def _hung_up(error: Exception) -> bool:
    return isinstance(error, ProtocolError) or isinstance(_reason(error), ProtocolError)


def _why(error: Exception) -> str:
    """The innermost cause, without the addresses of objects."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__ or _reason(cause)) is not None:
        cause = inner
    return str(cause).split(": ", 1)[-1] if "object at 0x" in str(cause) else str(cause)


def _reason(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return reason if isinstance(reason, BaseException) else None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
