"""The command line: a small file a command, loaded when it is asked for."""

import importlib

import click

from .. import __version__

COMMANDS = ("up", "pump", "archive", "web", "twin", "export", "tail", "probe")


class _Lazy(click.Group):
    """Imports a command's file when it runs, so that none waits for the libraries of all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """The commands in the order of the documentation."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """A command by name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f".{cmd_name}", __package__)
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="nypower")
def main() -> None:
    """The New York power grid as an open event stream."""
