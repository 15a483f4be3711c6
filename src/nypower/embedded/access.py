"""Mosquitto's access list, made from the contract: who may read and write what.

Readers need no account and may read everything under the roots. Each writer may write its own
topics, and read as everyone.
"""

from ..core.origin import ROOTS
from ..messages import Writer, writable

_HEAD = "# Made from src/nypower/messages.py by nypower.embedded.access; change it there."


def access_list() -> str:
    """The text of Mosquitto's ``acl_file``."""
    readers = [_HEAD, "", "# Everyone without an account", *_reads()]
    return "\n".join([*readers, *(line for writer in Writer for line in _account(writer)), ""])


def _reads() -> list[str]:
    return [f"topic read {root}/#" for root in ROOTS.values()]


def _account(writer: Writer) -> list[str]:
    writes = [
        f"topic write {root}/{topic_filter}"
        for root in ROOTS.values()
        for topic_filter in writable(writer)
    ]
    return ["", f"user {writer}", *_reads(), *writes]
