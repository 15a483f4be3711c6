"""What the door allows: bounds a reader never meets and a nuisance does."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the door. Each connection may cost three open files here and at the broker."""

    connections: int = 2000
    packet_bytes: int = 8192
    """The largest packet from a reader: it sends subscriptions and acknowledgements."""
    connect_seconds: float = 10.0
    """From the connection to a whole CONNECT, and for a last word to be taken."""
    stall_seconds: float = 30.0
    """How long a reader may leave what it is sent lying."""
    buffer_bytes: int = 65_536
    """What waits here for a slow reader; beyond it waits at the broker."""
    requests_per_second: int = 50
    request_burst: int = 400
    """Topic filters and pings."""
    different_filters: int = 2000
    """All readers' together, besides the contract's own."""
    acknowledgements_per_request: int = 100
    """How many acknowledgements count as much as one request."""


@dataclass(slots=True)
class Allowance:
    """A bucket that fills at a rate and may not run dry."""

    limits: Limits
    filled_at: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = float(self.limits.request_burst)

    def spend(self, cost: float, now: float) -> bool:
        """Take ``cost`` requests at ``now``, in seconds; False if there are not as many."""
        gained = (now - self.filled_at) * self.limits.requests_per_second
        self.left = min(self.left + gained, float(self.limits.request_burst)) - cost
        self.filled_at = now
        return self.left >= 0
