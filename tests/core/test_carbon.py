"""Grams per kWh, computed here once more from the sources' own figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nypower.core.carbon import (
    BASES,
    DEFAULT_BASIS,
    DIRECT,
    FACTOR_SETS,
    LIFECYCLE,
    index,
    intensity,
)
from nypower.core.fuels import KNOWN

EGRID, EIA = FACTOR_SETS["egrid-2023"], FACTOR_SETS["eia-2016"]
READING = {
    "Dual Fuel": 2282.0,
    "Natural Gas": 3310.0,
    "Nuclear": 5413.0,
    "Other Fossil Fuels": 0.0,
    "Other Renewables": 237.0,
    "Wind": 258.0,
    "Hydro": 2814.0,
}
"""The original's own, of 02/09/2018 06:05 EST."""


def direct(mix: dict[str, float], factors: object = EGRID) -> float:
    found = intensity(mix, factors)  # type: ignore[arg-type]
    assert found is not None
    return found.grams[DIRECT]


def test_the_originals_reading() -> None:
    """187 g/kWh when cut to whole grams as the original did, from EIA's tonnes and MWh."""
    gas_t, gas_mwh, oil_t, oil_mwh = 26_865_277, 56_793_336, 623_836, 642_952
    gas = gas_t / gas_mwh * 1000
    dual = (oil_t + 0.3 * gas_t) / (oil_mwh + 0.3 * gas_mwh) * 1000
    grams = (3310 * gas + 2282 * dual) / (2282 + 3310 + 5413 + 237 + 258 + 2814)
    assert int(grams) == 187
    found = intensity(READING, EIA)
    assert found is not None
    assert found.grams[DIRECT] == round(grams, 1)
    assert int(found.grams[DIRECT]) == 187
    assert not found.estimated


def test_the_same_reading_by_todays_factors() -> None:
    """(2282 * 424 + 3310 * 417) / 14314 MW, and its fuel's supply and construction with it."""
    found = intensity(READING, EGRID)
    assert found is not None
    assert found.grams[DIRECT] == round((2282 * 424 + 3310 * 417) / 14314, 1) == 164.0
    lifecycle = 2282 * 545 + 3310 * 537 + 5413 * 12 + 237 * 100 + 258 * 11 + 2814 * 24
    assert found.grams[LIFECYCLE] == round(lifecycle / 14314, 1)


@pytest.mark.parametrize(
    ("fuel", "stack", "lifecycle"),
    [
        ("Natural Gas", 417.0, 537.0),
        ("Dual Fuel", 424.0, 545.0),
        ("Other Fossil Fuels", 970.0, 1214.0),
        ("Nuclear", 0.0, 12.0),
        ("Hydro", 0.0, 24.0),
        ("Wind", 0.0, 11.0),
    ],
)
def test_one_fuel_alone_gives_its_factor(fuel: str, stack: float, lifecycle: float) -> None:
    """As docs/method.md has them."""
    found = intensity({**dict.fromkeys(KNOWN, 0.0), fuel: 500.0}, EGRID)
    assert found is not None
    assert (found.grams[DIRECT], found.grams[LIFECYCLE]) == (stack, lifecycle)


def test_a_fuel_without_a_factor_is_left_out_of_both_sums() -> None:
    """Storage, charging or not, and the unknown count as the rest, which is then an estimate."""
    for name, megawatts in (("Energy Storage", -120.0), ("Energy Storage", 80.0), ("New", 5e3)):
        found = intensity({**READING, name: megawatts}, EGRID)
        assert found is not None
        assert found.grams[DIRECT] == direct(READING)
        assert found.estimated


def test_a_fuel_that_is_gone_makes_an_estimate() -> None:
    """Not exactly the seven."""
    mix = {name: mw for name, mw in READING.items() if name != "Wind"}
    found = intensity(mix, EGRID)
    assert found is not None
    assert found.estimated


@pytest.mark.parametrize(
    "mix",
    [{}, dict.fromkeys(KNOWN, 0.0), {"Energy Storage": 100.0}, {"Nuclear": 0.0, "Solar": 9.0}],
)
def test_where_nothing_generates_there_is_none(mix: dict[str, float]) -> None:
    """None, never zero and never a division by it."""
    assert intensity(mix, EGRID) is None
    assert intensity(mix, EIA) is None


def test_each_set_has_every_fuel_on_every_basis() -> None:
    """And says where it is from."""
    assert DEFAULT_BASIS == DIRECT
    for name, factor_set in FACTOR_SETS.items():
        assert factor_set.name == name
        assert "EIA" in factor_set.source
        assert set(factor_set.factors) == set(BASES)
        for by_fuel in factor_set.factors.values():
            assert set(by_fuel) == set(KNOWN)
            assert all(0 <= grams < 1500 for grams in by_fuel.values())
        for fuel in KNOWN:
            assert factor_set.factors[LIFECYCLE][fuel] >= factor_set.factors[DIRECT][fuel]


@given(
    st.fixed_dictionaries({fuel: st.floats(0, 1e5) for fuel in KNOWN}),
    st.floats(1e-3, 1e3),
)
def test_it_is_a_mean_of_the_factors(mix: dict[str, float], scale: float) -> None:
    """Between the least and the greatest, and the same for half the grid."""
    found = intensity(mix, EGRID)
    if found is None:
        assert sum(mix.values()) == 0
        return
    assert 0 <= found.grams[DIRECT] <= 970
    assert 11 <= found.grams[LIFECYCLE] <= 1214
    if min(each for each in mix.values() if each) > 1e-3:
        scaled = direct({name: mw * scale for name, mw in mix.items()})
        assert scaled == pytest.approx(found.grams[DIRECT], abs=0.11)


@pytest.mark.parametrize(
    ("grams", "word"),
    [
        (0.0, "very low"),
        (119.9, "very low"),
        (120.0, "low"),
        (179.9, "low"),
        (180.0, "moderate"),
        (240.0, "high"),
        (299.9, "high"),
        (300.0, "very high"),
        (2000.0, "very high"),
    ],
)
def test_five_words(grams: float, word: str) -> None:
    """The UK API's, in bands of 60 g around 210."""
    assert index(grams) == word
