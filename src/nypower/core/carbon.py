"""Grams of CO2-equivalent per kWh of New York's generation.

    intensity = sum(MW of fuel * factor of fuel) / sum(MW)

An *average* intensity of what is generated inside the state. A fuel without a factor
(one that NYISO has added since) counts with the mean of the others, that is, it is left
out of both sums; what is computed then says ``estimated``. docs/method.md has the sources
at length.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from .fuels import KNOWN_SET

UNITS = "g / kWh"
DIRECT, LIFECYCLE = "production/direct", "production/lifecycle"
BASES = (DIRECT, LIFECYCLE)
"""What is counted: the stack alone, or fuel supply and construction too."""
DEFAULT_BASIS = DIRECT
DEFAULT_FACTORS = "egrid-2023"


@dataclass(frozen=True, slots=True)
class FactorSet:
    """Emission factors, gCO2eq per kWh generated: by basis, by NYISO's fuel category."""

    name: str
    source: str
    factors: Mapping[str, Mapping[str, float]]


def _set(
    name: str, source: str, direct: Mapping[str, float], lifecycle: Mapping[str, float]
) -> FactorSet:
    return FactorSet(name, source, MappingProxyType({DIRECT: direct, LIFECYCLE: lifecycle}))


_NO_STACK = {"Nuclear": 0.0, "Hydro": 0.0, "Wind": 0.0, "Other Renewables": 0.0}

_IPCC_LIFECYCLE = {"Nuclear": 12.0, "Hydro": 24.0, "Wind": 11.0, "Other Renewables": 100.0}
"""IPCC AR5 WG3 annex III (2014), medians. Other Renewables is our weighing: New York's are
waste and wood (up to 230) by night and more and more solar (28 to 45) by day."""

_UPSTREAM_GAS, _UPSTREAM_OIL = 120.0, 244.0
"""IPCC 2014: supply of the fuel, gCO2eq per kWh generated from it."""

# EIA, state electricity profile of New York, 2016: tonnes of CO2 over MWh.
_EIA_GAS_T, _EIA_GAS_MWH = 26_865_277, 56_793_336
_EIA_OIL_T, _EIA_OIL_MWH = 623_836, 642_952
_DUAL_FUEL_GAS_SHARE = 0.3
"""The original ny-power's assumption: dual-fuel units burn all of the state's petroleum and
30 % of its gas."""

_EIA_DIRECT = {
    **_NO_STACK,
    "Natural Gas": 1000 * _EIA_GAS_T / _EIA_GAS_MWH,
    "Dual Fuel": 1000
    * (_EIA_OIL_T + _DUAL_FUEL_GAS_SHARE * _EIA_GAS_T)
    / (_EIA_OIL_MWH + _DUAL_FUEL_GAS_SHARE * _EIA_GAS_MWH),
    "Other Fossil Fuels": 1000 * _EIA_OIL_T / _EIA_OIL_MWH,
}

FACTOR_SETS: Mapping[str, FactorSet] = MappingProxyType(
    {
        factor_set.name: factor_set
        for factor_set in (
            _set(
                "egrid-2023",
                "US EPA eGRID 2023, New York; dual fuel scaled by EIA 2024; IPCC 2014 upstream",
                {
                    **_NO_STACK,
                    "Natural Gas": 417.0,
                    "Dual Fuel": 424.0,
                    "Other Fossil Fuels": 970.0,
                },
                {
                    **_IPCC_LIFECYCLE,
                    "Natural Gas": 537.0,
                    "Dual Fuel": 545.0,
                    "Other Fossil Fuels": 1214.0,
                },
            ),
            _set(
                "eia-2016",
                "US EIA, New York 2016, as the original ny-power; IPCC 2014 upstream",
                _EIA_DIRECT,
                {
                    **_IPCC_LIFECYCLE,
                    "Natural Gas": _EIA_DIRECT["Natural Gas"] + _UPSTREAM_GAS,
                    "Dual Fuel": _EIA_DIRECT["Dual Fuel"] + _UPSTREAM_GAS,
                    "Other Fossil Fuels": _EIA_DIRECT["Other Fossil Fuels"] + _UPSTREAM_OIL,
                },
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Intensity:
    """gCO2eq/kWh by basis; ``estimated`` when the fuels were not exactly the seven."""

    grams: Mapping[str, float]
    estimated: bool


def intensity(megawatts: Mapping[str, float], factor_set: FactorSet) -> Intensity | None:
    """The intensity of a mix, one decimal, or None where nothing with a factor generates.

    >>> mix = {"Natural Gas": 300.0, "Nuclear": 700.0}
    >>> intensity(mix, FACTOR_SETS["egrid-2023"]).grams["production/direct"]
    125.1
    """
    counted = {name: mw for name, mw in megawatts.items() if name in KNOWN_SET}
    generation = sum(counted.values())
    if generation <= 0:
        return None
    grams = {
        basis: round(sum(mw * by_fuel[name] for name, mw in counted.items()) / generation, 1)
        for basis, by_fuel in factor_set.factors.items()
    }
    return Intensity(grams, estimated=megawatts.keys() != KNOWN_SET)


INDEX_BANDS: Sequence[tuple[float, str]] = (
    (120.0, "very low"),
    (180.0, "low"),
    (240.0, "moderate"),
    (300.0, "high"),
)
"""Upper bounds in g/kWh, direct, of the UK API's five words; 300 and above is very high.
Bands of 60 g around New York's yearly means since Indian Point closed."""


def index(grams: float) -> str:
    """The word for a direct intensity.

    >>> index(119.9), index(120.0), index(300.0)
    ('very low', 'low', 'very high')
    """
    return next((word for bound, word in INDEX_BANDS if grams < bound), "very high")
