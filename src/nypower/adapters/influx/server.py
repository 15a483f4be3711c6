"""The way to an InfluxDB 1.x server, its answers and its faults in our words.

One attempt a call, with time-outs: when to try again is for the services to decide.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import requests
from influxdb import InfluxDBClient
from influxdb.exceptions import InfluxDBClientError, InfluxDBServerError

from ...core.errors import StoreAbsent, StoreRefused, StoreUnavailable

T = TypeVar("T")

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WRONG_ACCOUNT = frozenset({401, 403})
_NOT_FOR_GOOD = frozenset({None, 408, 425, 429})
"""No code: the server answered a query and says in the answer what is wrong."""


class NoDatabase(Exception):
    """The server is there, the database is not."""


def quoted(identifier: str) -> str:
    """An identifier in InfluxQL."""
    escaped = identifier.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


class Server:
    """A database on a server. Safe to use from several threads."""

    def __init__(
        self,
        host: str,
        port: int,
        database: str,
        *,
        user: str,
        password: str,
        tls: bool,
        may_create: bool,
    ) -> None:
        self._database = database
        self._may_create = may_create
        address = f"[{host}]" if ":" in host else host
        self._name = f"InfluxDB at {address}:{port}"
        self._client = InfluxDBClient(
            address,
            port,
            # As bytes: requests would refuse what is not Latin-1. None: no account at all.
            username=user.encode() or None,
            password=password.encode(),
            database=database,
            ssl=tls,
            verify_ssl=True,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            retries=1,
            # What is on this machine is not reached through a proxy, whatever the environment.
            proxies={"no_proxy": host} if host in LOOPBACK else None,
        )

    def write(self, lines: Iterable[str]) -> None:
        """Write lines of the line protocol, their time in seconds, in one request."""
        batch = list(lines)
        if batch:
            self._with_database(
                lambda: self._client.write_points(batch, time_precision="s", protocol="line")
            )

    def select(self, *statements: str) -> Sequence[Mapping[str, Any]]:
        """The result of each statement, times in seconds, in one request."""
        return self._with_database(lambda: self._query("GET", *statements))

    def delete(self, *statements: str) -> None:
        """Run statements that change something, in one request."""
        self._with_database(lambda: self._query("POST", *statements))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _query(self, method: str, *statements: str) -> Sequence[Mapping[str, Any]]:
        # Not `chunked`: the client reads all of the answer then too, and fails on its pieces.
        answer = self._client.query(
            "; ".join(statements), epoch="s", method=method, raise_errors=False
        )
        results = answer if isinstance(answer, list) else [answer]
        faults = [result.error for result in results if result.error]
        if faults and len(statements) > 1:
            # The server then says "not executed" and no more. One by one, it says why.
            return [self._query(method, statement)[0] for statement in statements]
        if faults:
            raise InfluxDBClientError(faults[0])
        return [result.raw for result in results]

    def _with_database(self, request: Callable[[], T]) -> T:
        """The request's answer, the database made first where it is not there."""
        with self._explained():
            try:
                return self._once(request)
            except NoDatabase:
                if not self._may_create:
                    raise
                self._once(lambda: self._query("POST", f"CREATE DATABASE {self._quoted()}"))
                return self._once(request)

    def _quoted(self) -> str:
        return quoted(self._database)

    @staticmethod
    def _once(request: Callable[[], T]) -> T:
        try:
            return request()
        except InfluxDBClientError as error:
            if error.code in (None, 404) and "database not found" in str(error):
                raise NoDatabase from error
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Every fault as one of ours, in a sentence."""
        try:
            yield
        except NoDatabase as error:
            raise StoreAbsent(f"{self._name} has no {self._database} yet") from error
        except InfluxDBServerError as error:
            raise StoreUnavailable(f"{self._name} is in trouble: {error!s:.200}") from error
        except InfluxDBClientError as error:
            raise self._client_error(error) from error
        except requests.Timeout as error:
            raise StoreUnavailable(f"{self._name} does not answer in time") from error
        except requests.exceptions.SSLError as error:
            raise StoreUnavailable(f"{self._name} speaks no TLS that can be trusted") from error
        except requests.ConnectionError as error:
            raise StoreUnavailable(f"{self._name} cannot be reached") from error
        except (requests.RequestException, ValueError) as error:
            raise StoreUnavailable(f"{self._name} gave an answer that is none") from error

    def _client_error(self, error: InfluxDBClientError) -> StoreRefused | StoreUnavailable:
        if error.code in _WRONG_ACCOUNT:
            return StoreRefused(f"{self._name} refuses the account for {self._database}")
        if error.code in _NOT_FOR_GOOD:
            return StoreUnavailable(f"{self._name} is in trouble: {error!s:.200}")
        return StoreRefused(f"{self._name} will not have it: {error!s:.200}")
