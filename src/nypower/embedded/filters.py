"""The topic filters that strangers subscribe to, which a broker may remember for ever.

rumqttd keeps some 6 kB for each filter that anyone ever subscribed to, and hangs up on one that
begins with ``$``. So the door passes on so many different ones, and knows the contract's from
the start.
"""

from ..core.origin import ROOTS
from ..messages import TOPICS
from .mqtt_packets import SUBSCRIBE, V5, Cursor, Malformed, encode_binary, packet

NOTHING = "~"
"""A topic that nobody publishes."""

LONGEST = 512
QUOTA_EXCEEDED = 0x97


class Filters:
    """The filters that went through a door; ``most`` besides the contract's."""

    def __init__(self, most: int) -> None:
        ours = {
            f"{root}/{each}" for root in ROOTS.values() for row in TOPICS for each in row.filters
        }
        self._known = {"#", "+/#", *(f"{root}/#" for root in ROOTS.values()), *ours}
        self._most = most + len(self._known)

    def tame(self, packet_: bytes, level: int) -> tuple[bytes, int]:
        """A SUBSCRIBE or UNSUBSCRIBE to pass on, and how many filters it has.

        Raises ``Malformed`` where it is none, or has a filter more than there is room for.
        """
        cursor = Cursor(packet_)
        body = cursor.take(2)
        if level == V5:
            start = cursor.at
            cursor.properties()
            body += packet_[start : cursor.at]
        count = 0
        while not cursor.done() or not count:
            body += encode_binary(self._tamed(cursor.text()).encode())
            if packet_[0] == SUBSCRIBE:
                body += cursor.take(1)
            count += 1
        return packet(packet_[0], body), count

    def _tamed(self, topic_filter: str) -> str:
        if not 0 < len(topic_filter) <= LONGEST:
            raise Malformed("a topic filter too long or empty")
        if topic_filter.startswith("$"):
            return NOTHING
        if topic_filter not in self._known:
            if len(self._known) >= self._most:
                raise Malformed(
                    "more different topic filters than there is room for", QUOTA_EXCEEDED
                )
            self._known.add(topic_filter)
        return topic_filter
