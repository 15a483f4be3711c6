"""What the server sends: pages, files, headers, and how big they are."""

import gzip
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from nypower import messages
from nypower.config import WebSettings
from nypower.core.origin import Kind
from nypower.web.app import create_app
from nypower.web.bundle import MANIFEST, STATIC, Bundle
from nypower.web.headers import content_security_policy

BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}
NAMES = ("page.js", "console.js", "style.css", "favicon.svg", "licences.txt")


@pytest.fixture
def small_bundle(tmp_path: Path) -> Bundle:
    """A bundle of a few bytes: what is tested here does not need the real one."""
    for name in NAMES:
        (tmp_path / f"h-{name}").write_bytes(b"plain " + name.encode())
        (tmp_path / f"h-{name}.gz").write_bytes(b"gzipped")
        (tmp_path / f"h-{name}.br").write_bytes(b"brotli")
    manifest = {"files": {name: f"h-{name}" for name in NAMES}}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    return Bundle(tmp_path)


def client(bundle: Bundle, **settings: object) -> FlaskClient:
    """A client of the application."""
    return create_app(WebSettings(**settings), bundle).test_client()  # type: ignore[arg-type]


def config_in(html: str) -> dict[str, object]:
    """The data block of a page."""
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', html)
    assert found
    config = json.loads(found[1])
    assert isinstance(config, dict)
    return config


def test_config(small_bundle: Bundle) -> None:
    """Both pages carry the root, the topics of messages.py and the broker's address."""
    for path in ("/", "/console"):
        config = config_in(client(small_bundle, ws=9101).get(path).text)
        assert config["root"] == "ny-power"
        assert config["kind"] == "live"
        assert config["follow"] is None
        assert config["ws"] == {"url": "", "port": 9101}
        topics = config["topics"]
        assert isinstance(topics, dict)
        assert topics["series"] == "ny-power/archive/co2/24h"
        assert topics["mix"] == "ny-power/upstream/snapshot/fuel-mix"
        for topic in topics.values():
            messages.row_of(topic.removeprefix("ny-power/"))


def test_follows_live(small_bundle: Bundle) -> None:
    """Only a page that is not live can change over to live."""
    page = client(small_bundle, kind=Kind.SIMULATED, follow_live=True).get("/").text
    assert config_in(page)["follow"] == "ny-power/status/pump"
    assert config_in(page)["root"] == "ny-power-simulated"
    assert config_in(client(small_bundle, follow_live=True).get("/").text)["follow"] is None


def test_mark_without_script(small_bundle: Bundle) -> None:
    """The mark of data that are not live is in the page as it is sent."""
    for path in ("/", "/console"):
        assert "made-up grid" in client(small_bundle, kind=Kind.SIMULATED).get(path).text
        assert "played again" in client(small_bundle, kind=Kind.REPLAY).get(path).text
        live = client(small_bundle).get(path).text
        assert re.search(r'id="origin"[^>]* hidden>', live)


def test_security_headers(small_bundle: Bundle) -> None:
    """Every answer has them, and no page has a script or style of its own in it."""
    for path in ("/", "/console", "/static/h-page.js", "/nowhere"):
        answer = client(small_bundle).get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self';" in policy
        assert "unsafe" not in policy
        assert "connect-src 'self' ws://localhost:9001 wss://localhost:9001;" in policy
        assert not re.search(r"<script(?![^>]*(src=|application/json))|<style|\bstyle=|\bon\w+=",
                             answer.text)  # fmt: skip


@pytest.mark.parametrize(
    ("ws_url", "host", "sources"),
    [
        ("", "grid.local:8080", "ws://grid.local:9001 wss://grid.local:9001"),
        ("", "192.168.1.7", "ws://192.168.1.7:9001 wss://192.168.1.7:9001"),
        ("wss://mqtt.example/ws", "grid.local", "wss://mqtt.example"),
        ("ws://mqtt.example:81", "grid.local", "ws://mqtt.example:81"),
        ("", "[::1]:8080", "ws: wss:"),
        ("", "a;script-src *", ""),
    ],
)
def test_connect_sources(ws_url: str, host: str, sources: str) -> None:
    """The policy names the broker and nothing else; a made-up Host cannot add to it."""
    policy = content_security_policy(WebSettings(ws_url=ws_url), host)
    assert f"; connect-src 'self' {sources}".rstrip() + "; base-uri" in policy
    assert "script-src" not in policy


def test_files(small_bundle: Bundle) -> None:
    """Files come in the best encoding the browser takes, to be kept for ever."""
    web = client(small_bundle)
    for accepted, encoding, body in (
        ("gzip, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzipped"),
        ("br;q=0, gzip;q=0", None, b"plain page.js"),
        ("", None, b"plain page.js"),
    ):
        answer = web.get("/static/h-page.js", headers={"Accept-Encoding": accepted})
        assert answer.data == body
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.content_type == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", ["/static/manifest.json", "/static/../app.py", "/static/x", "/y"])
def test_unknown(small_bundle: Bundle, path: str) -> None:
    """What is not there is a 404 in the pages' own style, and not kept."""
    answer = client(small_bundle).get(path)
    assert answer.status_code == 404
    assert "nothing flows here" in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"


def test_pages_compressed(small_bundle: Bundle) -> None:
    """Pages are gzipped for who takes it and asked for again each time."""
    web = client(small_bundle)
    packed = web.get("/", headers=BROWSER)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Cache-Control"] == "no-cache"
    assert gzip.decompress(packed.data) == web.get("/").data


def test_not_built(tmp_path: Path) -> None:
    """Without a bundle the page says so and how to build it; later it is found at once."""
    bundle = Bundle(tmp_path)
    web = client(bundle)
    for path in ("/", "/console"):
        answer = web.get(path)
        assert answer.status_code == 503
        assert "python setup.py bundle" in answer.text
    assert web.get("/static/page.js").status_code == 404
    assert web.get("/nowhere").status_code == 404
    for name in NAMES:
        (tmp_path / name).write_text("")
    (tmp_path / MANIFEST).write_text(json.dumps({"files": {name: name for name in NAMES}}))
    assert web.get("/").status_code == 200


def test_first_view_is_light() -> None:
    """Page, style, script and icon of the real bundle, as sent: 60 kB of the 100 at most."""
    if not (STATIC / MANIFEST).is_file():
        pytest.skip("needs the browser bundle: python setup.py bundle")
    web = client(Bundle())
    html = web.get("/").text
    files = re.findall(r'(?:src|href)="(/static/[^"]+(?:js|css|svg))"', html)
    assert len(files) == 3
    sizes = [len(web.get(path, headers={"Accept-Encoding": "gzip"}).data) for path in ["/", *files]]
    assert sum(sizes) < 60_000
