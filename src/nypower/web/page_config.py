"""What the pages are told: the topic root, the broker's address, the contract's topics.

It travels as JSON in a data block of the page, so that the browser's sources repeat nothing
that ``messages`` and ``core`` know.
"""

from typing import Any

from .. import messages
from ..config import WebSettings
from ..core import carbon, freshness, fuels
from ..core.catalog import FUEL_MIX
from ..core.origin import ROOTS, Kind, Origin

PAGE_TOPICS = {
    "co2": messages.CO2,
    "series": messages.CO2_SERIES,
    "mix": messages.SNAPSHOT,
    "feed": messages.FEED_STATUS,
    "pump": messages.PUMP_STATUS,
    "archive": messages.ARCHIVE_STATUS,
    "correction": messages.CORRECTION,
    "webui": messages.WEBUI,
}
"""What the page listens to, by the name its sources use."""


def page_config(settings: WebSettings) -> dict[str, Any]:
    """The configuration of every page."""
    root = Origin(settings.kind).root
    live_pump = f"{ROOTS[Kind.LIVE]}/{messages.PUMP_STATUS.pattern}"
    return {
        "kind": settings.kind.value,
        "root": root,
        "topics": {
            name: f"{root}/{row.pattern.format(feed=FUEL_MIX.name)}"
            for name, row in PAGE_TOPICS.items()
        },
        "follow": live_pump if settings.follow_live and settings.kind is not Kind.LIVE else None,
        "ws": {"url": settings.ws_url, "port": settings.ws},
        "bands": carbon.INDEX_BANDS,
        "lateAfter": freshness.EXPECTED_WITHIN.total_seconds(),
        "staleAfter": freshness.STALE_AGE.total_seconds(),
    }


def fuel_rows() -> list[dict[str, str]]:
    """The known fuels in the order of the page, each with its slug."""
    return [{"name": name, "slug": fuels.slug(name)} for name in fuels.KNOWN]
