"""The web as a Flask application: two pages and the files they need.

It knows nothing of the data: the pages take them from the broker themselves.
"""

import gzip
from collections.abc import Container

from flask import Flask, Response, abort, render_template, request
from werkzeug.exceptions import NotFound

from ..config import WebSettings
from .bundle import ENCODINGS, Bundle, NotBuilt
from .headers import secure
from .page_config import fuel_rows, page_config

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


def create_app(settings: WebSettings, bundle: Bundle | None = None) -> Flask:
    """The application. ``bundle`` is the installed one unless a test brings its own."""
    files = bundle or Bundle()
    app = Flask("nypower.web", static_folder=None)
    app.add_template_global(lambda name: f"/static/{files.hashed(name)}", "asset")

    @app.get("/")
    def page() -> str:
        return render_template("page.html", **_context(settings), fuels=fuel_rows())

    @app.get("/console")
    def console() -> str:
        return render_template("console.html", **_context(settings))

    @app.get("/static/<name>")
    def static(name: str) -> Response:
        return _asset(files, name)

    @app.errorhandler(404)
    def not_found(error: NotFound) -> tuple[str, int] | NotFound:
        try:
            return render_template("not-found.html", **_context(settings)), 404
        except NotBuilt:
            return error

    @app.errorhandler(NotBuilt)
    def not_built(_: Exception) -> tuple[str, int]:
        return render_template("not-built.html"), 503

    @app.after_request
    def finish(response: Response) -> Response:
        return secure(_compressed(response), request, settings)

    return app


def _context(settings: WebSettings) -> dict[str, object]:
    return {"kind": settings.kind.value, "config": page_config(settings)}


def _asset(files: Bundle, name: str) -> Response:
    asset = files.asset(name)
    if asset is None:
        abort(404)
    encoding = _accepted(asset.bodies)
    response = Response(asset.bodies[encoding], content_type=asset.content_type)
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = FOR_EVER
    return response


def _accepted(available: Container[str]) -> str:
    """The best encoding the browser takes, of those ``available``."""
    taken = (each for each in ENCODINGS if request.accept_encodings.quality(each) > 0)
    return next((each for each in taken if each in available), "identity")


def _compressed(response: Response) -> Response:
    """Pages, gzipped for who takes it; files of the bundle came compressed."""
    if "Cache-Control" in response.headers:
        return response
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(response.get_data(), mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
