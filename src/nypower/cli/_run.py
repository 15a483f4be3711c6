"""What every command shares: settings from options and environment, logging, signals."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import click

from ..config import build, settings_of
from ..core.errors import GAVE_UP, BadSettings, NyPowerError, Refused

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def options_of(kind: type) -> Callable[[F], F]:
    """An option for each setting of a class; secrets have their variables alone."""

    def decorate(command: F) -> F:
        for name, meta in reversed(settings_of(kind).items()):
            if "password" in name:
                continue
            flag = "--" + name.replace("_", "-")
            shown = f"{meta['help']} [{meta['variable']}]"
            command = click.option(flag, name, help=shown)(command)
        return command

    return decorate


def settings(kind: type[T], options: Mapping[str, str | None]) -> T:
    """The settings of a command: its options laid over the environment.

    Settings that make no sense end the program: a sentence each, exit status 2.
    """
    chosen, faults = settings_and_faults(kind, options)
    if faults:
        die(*faults)
    return chosen


def settings_and_faults(kind: type[T], options: Mapping[str, str | None]) -> tuple[T, list[str]]:
    """The same for a command that has more to look at before it complains: with faults, the
    settings have their defaults in the place of what could not be read."""
    environ = dict(os.environ)
    for name, meta in settings_of(kind).items():
        if options.get(name) is not None:
            environ[meta["variable"]] = str(options[name])
    try:
        return build(kind, environ), []
    except BadSettings as error:
        readable = {name: text for name, text in environ.items() if name not in error.variables}
        return build(kind, readable), list(error.faults)


def die(*faults: str) -> NoReturn:
    """End with a sentence for each fault and exit status 2."""
    for fault in faults:
        click.echo(f"nypower: {fault}", err=True)
    sys.exit(2)


def start_logging(level: str) -> None:
    """Log to standard error, the time in UTC."""
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=level.upper(),
        stream=sys.stderr,
        format="%(asctime)sZ %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def run_service(service: Callable[[threading.Event], None]) -> None:
    """Run until SIGTERM or SIGINT.

    What ny-power can explain ends in one sentence and exit status 1, or ``GAVE_UP`` where
    starting again would not help.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        service(stop)
    except NyPowerError as error:
        click.echo(f"nypower: {error}", err=True)
        sys.exit(GAVE_UP if isinstance(error, Refused) else 1)
