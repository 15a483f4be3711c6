"""What the pump says: a step on the live topics, on history, and how fresh the feed is."""

from datetime import datetime

from ..core.catalog import Feed
from ..core.freshness import FeedClock, expected_by, state
from ..core.fuels import topic_level
from ..core.origin import Kind
from ..core.steps import Link, total
from ..messages import (
    FEED_STATUS,
    FUEL,
    HISTORY,
    MEGAWATT,
    SNAPSHOT,
    UPDATED,
    FeedStatus,
    Measurement,
    Publication,
    Snapshot,
    Updated,
    publication,
)


def snapshot(link: Link) -> Snapshot:
    """A step as it travels, whole."""
    fuels = link.step.values
    return Snapshot(link.step.ts, link.prev, MEGAWATT, fuels, total(fuels.values()))


def live_step(feed: Feed, kind: Kind, link: Link) -> list[Publication]:
    """A step as the present: each fuel, then the whole, then its stamp."""
    ts = link.step.ts
    fuels = [
        publication(FUEL, Measurement(ts, mw, MEGAWATT), kind, fuel=topic_level(name))
        for name, mw in link.step.values.items()
    ]
    return [
        *fuels,
        publication(SNAPSHOT, snapshot(link), kind, feed=feed.name),
        publication(UPDATED, Updated(ts), kind, feed=feed.name),
    ]


def late_step(feed: Feed, kind: Kind, link: Link) -> Publication:
    """A step of the past."""
    return publication(HISTORY, snapshot(link), kind, feed=feed.name)


def feed_status(
    feed: Feed,
    kind: Kind,
    last: datetime | None,
    now: datetime,
    clock: FeedClock,
    *,
    readable: bool,
) -> tuple[str, Publication]:
    """The feed's state and the message that says it."""
    word = state(last, now, readable=readable)
    due = expected_by(last) if last else None
    payload = FeedStatus(word.value, kind.value, last, due, now, clock.speed)
    return word.value, publication(FEED_STATUS, payload, kind, feed=feed.name)
