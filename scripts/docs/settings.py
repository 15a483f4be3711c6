"""docs/settings.md, made from ``nypower.config`` and the commands themselves."""

import inspect
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import click

from nypower import config
from nypower.cli import main

HEAD = """\
# Commands and settings

<!-- Made from src/nypower/config.py and src/nypower/cli/ by `make docs`; change it there. -->

A setting is an option of its command, or a variable in the environment; the option wins. A
variable that is empty counts as not set. Secrets have variables alone, since an option would show
in the list of processes. Every setting that makes no sense is listed at once, in a sentence each.

Lengths of time are written `90s`, `30m`, `24h` or `7d`. Addresses of brokers are
`mqtt://host[:port]` or `mqtts://host[:port]`, of stores `sqlite:PATH` or
`influxdb://[user@]host[:port]/database` (`influxdbs://` with TLS), and hold no password.

The variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` count for the way to the feed, but never
for one on this machine.

| exit status | what it means |
|---|---|
| 0 | all went well, or it was asked to stop (Ctrl-C, SIGTERM) |
| 1 | it could not do what was asked; a sentence says why |
| 2 | the command or its settings make no sense; a sentence for each fault |
| 3 | a `pump` or `archive` was refused by store, broker or feed: do not start it again as it is |
"""

SETTINGS: Mapping[str, type] = {
    "up": config.UpSettings,
    "pump": config.PumpSettings,
    "archive": config.ArchiveSettings,
    "web": config.WebSettings,
    "export": config.ExportSettings,
    "tail": config.TailSettings,
}
"""The settings of the commands that have any."""


def settings_page() -> str:
    """The page."""
    context = click.Context(main, info_name="nypower")
    parts = [HEAD]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if command is not None and not command.hidden:
            parts += _command(name, command, context)
    return "\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


def _command(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"## nypower {name}\n"
    yield f"{command.get_short_help_str(500).rstrip('.')}.\n"
    yield f"    nypower {name} {pieces}\n"
    settings = _settings(SETTINGS[name]) if name in SETTINGS else {}
    yield from _own(command, settings, context)
    if settings:
        yield from _shared(settings)


def _settings(kind: type) -> dict[str, Mapping[str, Any]]:
    """A command's settings: its own, those it shares, and at last the secrets."""

    def place(name: str) -> tuple[bool, bool, bool]:
        return ("password" in name, name == "log", name not in inspect.get_annotations(kind))

    known = config.settings_of(kind)
    return {name: known[name] for name in sorted(known, key=place)}


def _own(
    command: click.Command, settings: Mapping[str, Any], context: click.Context
) -> Iterator[str]:
    """The options that are no settings, and so have no variable."""
    own = [
        each
        for each in command.params
        if isinstance(each, click.Option) and each.name not in settings
    ]
    if not own:
        return
    yield "| option | default | what it is |"
    yield "|---|---|---|"
    for option in own:
        yield f"| {_flags(option, context)} | {_of_click(option)} | {option.help or ''} |"
    yield ""


def _flags(option: click.Option, context: click.Context) -> str:
    names = " / ".join(f"`{each}`" for each in (*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    metavar = option.make_metavar(context).split(" RANGE")[0].replace("|", "\\|")
    return f"{names} {metavar}"


def _of_click(option: click.Option) -> str:
    if option.is_flag:
        return f"`{option.opts[0] if option.default else option.secondary_opts[0]}`" * bool(
            option.secondary_opts
        )
    return _default(option.default) if option.show_default else ""


def _shared(settings: Mapping[str, Any]) -> Iterator[str]:
    yield "| option | variable | default | what it is |"
    yield "|---|---|---|---|"
    for name, meta in settings.items():
        flag = "" if "password" in name else f"`--{name.replace('_', '-')}`"
        default = _default(meta["default"])
        yield f"| {flag} | `{meta['variable']}` | {default} | {meta['help']} |"
    yield ""


def _default(value: Any) -> str:
    """A default as one would type it; nothing where there is none."""
    match value:
        case None | "":
            return ""
        case bool():
            return "`yes`" if value else "`no`"
        case timedelta():
            return f"`{_length(value)}`"
        case float() if value.is_integer():
            return f"`{int(value)}`"
    return f"`{value}`"


def _length(value: timedelta) -> str:
    for seconds, unit in ((3600, "h"), (60, "m")):
        if value.total_seconds() % seconds == 0:
            return f"{value.total_seconds() / seconds:g}{unit}"
    return f"{value.total_seconds():g}s"
