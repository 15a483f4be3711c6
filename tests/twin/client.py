"""HTTP by the standard library's own client: one request, or a connection kept."""

import http.client
from contextlib import closing
from dataclasses import dataclass

TODAY = "/public/csv/rtfuelmix/20221107rtfuelmix.csv"
YESTERDAY = "/public/csv/rtfuelmix/20221106rtfuelmix.csv"


@dataclass
class Got:
    """An answer, read to its end."""

    status: int
    body: bytes
    headers: http.client.HTTPMessage


def over(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> Got:
    """A request on a connection that stays open."""
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=asked)
    response = connection.getresponse()
    return Got(response.status, response.read(), response.headers)


def get(port: int, path: str, method: str = "GET", *, timeout: float = 15, **headers: str) -> Got:
    """A request on a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        return over(connection, path, method, **headers)
