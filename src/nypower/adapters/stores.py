"""The store that an address names."""

from urllib.parse import unquote, urlsplit

from ..ports import Store
from .sqlite import SqliteStore

INFLUXDB_PORT = 8086


def open_store(url: str, password: str = "", *, read_only: bool = False) -> Store:
    """The store at ``url``: ``sqlite:PATH`` or ``influxdb[s]://[user@]host[:port]/database``.

    No I/O happens before the store's first call. A store opened ``read_only`` creates nothing
    and raises ``StoreUnavailable`` for as long as there is nothing to read from. Raises
    ``ValueError`` where the address is none.
    """
    if url.startswith("sqlite:"):
        return SqliteStore(url.removeprefix("sqlite:"), read_only=read_only)
    parts = urlsplit(url)
    database = unquote(parts.path.strip("/"))
    if parts.scheme not in ("influxdb", "influxdbs") or not parts.hostname or not database:
        raise ValueError(f"{url!r} is no store: write sqlite:PATH or influxdb://host/database")
    # Only who uses the client pays for it: 13 MB, 58 where it finds pandas to import.
    from .influx import InfluxStore

    return InfluxStore(
        parts.hostname,
        parts.port or INFLUXDB_PORT,
        database,
        user=unquote(parts.username or ""),
        password=password,
        tls=parts.scheme == "influxdbs",
        read_only=read_only,
    )
