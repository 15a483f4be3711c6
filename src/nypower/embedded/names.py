"""Who is at the door, and under which name the broker knows them.

A broker never sees a stranger's client id: it gets one of so many names, used again in turn. So no
stranger's id is ever a writer's, none has signs that a broker hangs up on, and rumqttd, which
remembers every id it ever saw, has not many to remember. A client that comes again under its id
takes the place of the one before, as the standard says; that is seen to here.
"""

from collections import deque
from typing import Protocol

PREFIX = "reader-"
TAKEN_OVER = 0x8E


class Guest(Protocol):
    """A session, as far as this needs it."""

    def reproach(self, reason: int) -> None:
        """Tell the client why, where its version has a word for it, and hang up."""


class Names:
    """``count`` names: twice as many as may be here at once, so that one is not used again
    before the broker has seen its last user go."""

    def __init__(self, count: int) -> None:
        self._free = deque(f"{PREFIX}{number}" for number in range(count))
        self._here: dict[str, Guest] = {}

    def enter(self, client_id: str, guest: Guest) -> str:
        """The name for a new client, whose predecessor of the same id has to go."""
        predecessor = self._here.get(client_id)
        self._here[client_id] = guest
        if predecessor:
            predecessor.reproach(TAKEN_OVER)
        return self._free.popleft()

    def leave(self, client_id: str, guest: Guest, name: str) -> None:
        """A client is gone."""
        if self._here.get(client_id) is guest:
            del self._here[client_id]
        self._free.append(name)
