"""The seven fuels of NYISO's real-time fuel mix, and how their names enter a topic."""

import re

KNOWN = (
    "Dual Fuel",
    "Natural Gas",
    "Nuclear",
    "Other Fossil Fuels",
    "Other Renewables",
    "Wind",
    "Hydro",
)
"""In the order of the files since 2016-01-25, which is also the order of the page."""

KNOWN_SET = frozenset(KNOWN)


def slug(name: str) -> str:
    """A name as a topic level: lower case, every run outside a-z0-9 a hyphen.

    >>> slug("SCH - HQ/CHPE +")
    'sch-hq-chpe'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unnamed"


def topic_level(fuel: str) -> str:
    """A fuel's level in ``upstream/fuel-mix/{fuel}``: the seven keep NYISO's spelling."""
    return fuel if fuel in KNOWN_SET else slug(fuel)
