"""``nypower web``: serve the page."""

import os

import click

from ..config import WebSettings, build
from ..web.server import serve


@click.command()
def web() -> None:
    """Serve the page and the console."""
    serve(build(WebSettings, os.environ))
