"""One GET, with a bound on everything: connecting, each read, the whole, the size."""

import time
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests

from ... import __version__
from ...core.errors import FeedUnavailable

USER_AGENT = f"ny-power/{__version__} (+https://github.com/IBM/ny-power)"
CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 20.0, 60.0
MOST_BYTES = 64 * 1024 * 1024
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    url: str
    status: int
    reason: str
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value, by its name in any case."""
        return self.headers.get(name)


class Fetcher:
    """GETs from one server over one kept connection."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        # A proxy of the environment is for the outside; it cannot reach our loopback.
        self._session.trust_env = not _is_loopback(base_url)

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        """The answer, whatever its status. Raises ``FeedUnavailable`` where none came."""
        url = self._base_url + path
        try:
            with self._session.get(
                url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)
            ) as response:
                body = _read(response)
                return Answer(url, response.status_code, response.reason, response.headers, body)
        except requests.RequestException as error:
            raise FeedUnavailable(f"{self._base_url} cannot be read: {_why(error)}") from None


def _read(response: requests.Response) -> bytes:
    deadline = time.monotonic() + TOTAL_SECONDS
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if time.monotonic() > deadline:
            raise requests.Timeout(f"not finished after {TOTAL_SECONDS:.0f} s")
        if len(body) > MOST_BYTES:
            raise requests.RequestException(f"more than {MOST_BYTES} bytes")
    return bytes(body)


def _why(error: requests.RequestException) -> str:
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
