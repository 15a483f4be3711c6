"""The security headers of every answer."""

import re
from urllib.parse import urlsplit

from flask import Request, Response

from ..config import WebSettings

HOSTNAME = re.compile(r"[A-Za-z0-9._-]+")

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def websocket_sources(settings: WebSettings, host: str) -> str:
    """Where the policy lets a page of ``host`` (as in the Host header) open websockets.

    Source expressions have no form for an IPv6 address; a page served from one may
    connect to any websocket.

    >>> websocket_sources(WebSettings(), "grid.example:8080")
    'ws://grid.example:9001 wss://grid.example:9001'
    """
    if settings.ws_url:
        parts = urlsplit(settings.ws_url)
        host, sources = parts.netloc, f"{parts.scheme}://{parts.netloc}"
    else:
        host = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        sources = f"ws://{host}:{settings.ws} wss://{host}:{settings.ws}"
    if "[" in host:
        return "ws: wss:"
    return sources if HOSTNAME.fullmatch(host.split(":")[0]) else ""


def content_security_policy(settings: WebSettings, host: str) -> str:
    """Everything from the page's own host, no inline script or style, one broker."""
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src 'self' {websocket_sources(settings, host)}".rstrip(),
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "object-src 'none'",
        )
    )


def secure(response: Response, request: Request, settings: WebSettings) -> Response:
    """``response`` with all of them."""
    response.headers.extend(FIXED)
    response.headers["Content-Security-Policy"] = content_security_policy(settings, request.host)
    return response
