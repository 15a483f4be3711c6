"""What can go wrong, by what the outer loop of a service does about it."""

from collections.abc import Collection, Sequence


class NyPowerError(Exception):
    """Anything ny-power can explain in one sentence."""


class Unavailable(NyPowerError):
    """Something outside does not answer now: wait and try again."""


class FeedUnavailable(Unavailable):
    """The feed gave no usable file. ``reason`` is one sentence for a person."""


class StoreUnavailable(Unavailable):
    """The store does not answer, or answers with a fault that may pass."""


class StoreAbsent(StoreUnavailable):
    """There is no such store yet to read from, and whatever would hold it says so."""


class BusUnavailable(Unavailable):
    """The broker does not answer."""


GAVE_UP = 3
"""The exit status of a part that was refused: starting it again would not help."""


class Refused(NyPowerError):
    """Trying again would not help: stop and say why."""


class StoreRefused(Refused):
    """The store will not have it: wrong account, or data of another origin."""


class BusRefused(Refused):
    """The broker will not have this client: wrong password or not authorised."""


class BadFile(NyPowerError):
    """What came is no file of the feed: a login page, say, or another file's header."""


class BadMessage(NyPowerError):
    """A payload on the bus that is not what its topic promises."""


class BadSettings(NyPowerError):
    """Settings that make no sense: ``faults`` holds a sentence for each, ``variables`` the
    names of those that could not even be read."""

    def __init__(self, faults: Sequence[str], variables: Collection[str] = ()) -> None:
        super().__init__("\n".join(faults))
        self.faults, self.variables = tuple(faults), frozenset(variables)
