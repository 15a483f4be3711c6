"""What the archive says: intensities, corrections, the recent series, its position."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from ..core.carbon import BASES, DEFAULT_BASIS, UNITS, FactorSet, index
from ..core.fuels import KNOWN
from ..core.origin import Kind
from ..messages import (
    CO2,
    CO2_BY_BASIS,
    CO2_SERIES,
    CORRECTION,
    FUEL_SERIES,
    LATE_CO2,
    MEGAWATT,
    STORED,
    Co2,
    Co2Series,
    FuelSeries,
    LateCo2,
    Publication,
    Stored,
    publication,
)
from ..ports import Record
from .ledger import Entry


class Results:
    """Publications of one feed's results, of one kind, by one factor set."""

    def __init__(self, feed: str, kind: Kind, factor_set: FactorSet) -> None:
        self._feed, self._kind, self._factor_set = feed, kind, factor_set

    def live(self, entry: Entry, percentile: int | None) -> list[Publication]:
        """The intensity now, and on each basis. Empty for a step without one."""
        if entry.record.intensity is None:
            return []
        headline = self._co2(entry, DEFAULT_BASIS, percentile)
        by_basis = [
            publication(
                CO2_BY_BASIS,
                self._co2(entry, basis, percentile if basis == DEFAULT_BASIS else None),
                self._kind,
                **dict(zip(("scope", "boundary"), basis.split("/"), strict=True)),
            )
            for basis in BASES
        ]
        return [publication(CO2, headline, self._kind), *by_basis]

    def late(self, entry: Entry) -> list[Publication]:
        """A step's intensity that came late or changed, and the corrections it brings."""
        said = [self.correction(each) for each in entry.corrections]
        if entry.record.intensity is not None:
            co2 = self._co2(entry, DEFAULT_BASIS, None)
            said_of_it = {each.name: getattr(co2, each.name) for each in fields(co2)}
            payload = LateCo2(**said_of_it, rev=entry.record.rev)
            said.append(publication(LATE_CO2, payload, self._kind))
        return said

    def correction(self, correction: object) -> Publication:
        """One changed value."""
        return publication(CORRECTION, correction, self._kind, feed=self._feed)

    def position(self, through: datetime | None) -> Publication:
        """Up to where everything is stored."""
        return publication(STORED, Stored(through), self._kind, feed=self._feed)

    def series(self, records: Sequence[Record], through: datetime | None) -> list[Publication]:
        """The recent series of intensity and of the fuel mix."""
        known = [record for record in records if record.intensity]
        co2 = Co2Series(
            UNITS,
            through,
            tuple(record.step.ts for record in known),
            tuple(r.intensity.grams[DEFAULT_BASIS] for r in known if r.intensity),
        )
        names = dict.fromkeys((*KNOWN, *(name for r in records for name in r.step.values)))
        fuels = FuelSeries(
            MEGAWATT,
            through,
            tuple(record.step.ts for record in records),
            {name: tuple(r.step.values.get(name) for r in records) for name in names},
        )
        return [
            publication(CO2_SERIES, co2, self._kind),
            publication(FUEL_SERIES, fuels, self._kind, feed=self._feed),
        ]

    def _co2(self, entry: Entry, basis: str, percentile: int | None) -> Co2:
        intensity = entry.record.intensity
        if intensity is None:
            raise ValueError("a step without an intensity has nothing to say")
        return Co2(
            ts=entry.record.step.ts,
            prev=entry.co2_prev,
            value=intensity.grams[basis],
            units=UNITS,
            index=index(intensity.grams[DEFAULT_BASIS]),
            percentile=percentile,
            basis=basis,
            factors=self._factor_set.name,
            estimated=intensity.estimated,
        )
