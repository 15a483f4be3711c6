"""``nypower web``."""

import click

from ..config import WebSettings
from ..core.errors import BadSettings
from ._run import die, options_of, settings, start_logging


@click.command()
@options_of(WebSettings)
def web(**options: str | None) -> None:
    """Serve the page and the console."""
    from ..web.server import serve

    chosen = settings(WebSettings, options)
    start_logging(chosen.log)
    try:
        serve(chosen)
    except BadSettings as error:
        die(*error.faults)
