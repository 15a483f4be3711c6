"""Breaking a running twin, and mending it, over HTTP."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import parse_qsl

from ..core.clock import parse_moment
from .faults import Fault, FaultKind, Faults
from .replies import Reply, error
from .server import Request


def control(faults: Faults, request: Request) -> Reply:
    """``POST /twin/fault?kind=…&times=…&arg=…&at=…`` and ``POST /twin/clear``.

    For a person at this machine: neither others nor a web page (which says its origin) may.
    """
    if not ip_address(request.client).is_loopback or "origin" in request.headers:
        return error(403)
    if request.method != "POST":
        return error(405)
    try:
        if request.path == "/twin/clear":
            faults.clear()
        elif request.path == "/twin/fault":
            faults.add(_asked(dict(parse_qsl(request.query))))
        else:
            return error(404)
    except ValueError as wrong:
        return Reply(400, f"{wrong}\n".encode(), {"Content-Type": "text/plain"})
    return Reply(200, b"done\n", {"Content-Type": "text/plain"})


def _asked(query: Mapping[str, str]) -> Fault:
    times, at = query.get("times"), query.get("at")
    return Fault(
        FaultKind(query.get("kind", "")),
        parse_moment(at) if at else None,
        int(times) if times else None,
        query.get("arg", ""),
    )
