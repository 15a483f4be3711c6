"""A plausible grid of New York: made up, but of the right size, shape and rhythm.

Every value is a pure function of the seed and the instant, so that the past is there from
the start, and is the same tomorrow. Sizes are rounded from what the state has in the 2020s:
four reactors, 2.9 GW of wind, 0.9 GW of solar in front of the meter, hydro at Niagara and on
the St. Lawrence. Hours are Eastern *standard* time, since the sun does not know of DST and a
curve must not jump when the clocks do.
"""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from ..core.catalog import FUEL_MIX
from ..core.clock import day_end, day_start, eastern
from ..core.fuels import KNOWN
from ..core.origin import Kind

HEADER = "Time Stamp,Time Zone,Fuel Category,Gen MW"
_HOUR = timedelta(hours=1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EST = timedelta(hours=5)

# Demand by hour of the day, a day's mean about 1: one high afternoon in summer, a morning
# and an evening peak in winter.
_SUMMER = (
    0.83, 0.80, 0.78, 0.77, 0.79, 0.83, 0.89, 0.95, 1.00, 1.04, 1.07, 1.10,
    1.12, 1.14, 1.16, 1.18, 1.18, 1.16, 1.13, 1.11, 1.07, 1.00, 0.93, 0.87,
)  # fmt: skip
_WINTER = (
    0.86, 0.84, 0.83, 0.83, 0.85, 0.91, 1.00, 1.05, 1.05, 1.04, 1.03, 1.02,
    1.01, 1.01, 1.01, 1.03, 1.08, 1.14, 1.14, 1.12, 1.08, 1.02, 0.96, 0.90,
)  # fmt: skip

_REACTORS = ((620, 1, 3, 15), (1290, 0, 3, 28), (580, 1, 10, 2), (840, 0, 9, 8))
"""MW, and the refuelling every other year: in odd (1) or even years, from month and day."""
_REFUELLING_DAYS = 25

_LEAST_THERMAL_MW = 1300.0
"""Gas that must run in the city; wind is curtailed before it."""


class SimulatedGrid:
    """A source of fuel-mix files of any day. The same ``seed`` gives the same grid."""

    kind = Kind.SIMULATED

    def __init__(self, seed: int = 0) -> None:
        self._noise = Noise(seed)

    def day(self, file: str, day: date) -> bytes | None:
        """A closed day's file, every five minutes from 00:05 to midnight."""
        if file != FUEL_MIX.file:
            return None
        lines, ts, end = [HEADER], day_start(day), day_end(day)
        while ts < end:
            ts += FUEL_MIX.interval
            stamp = f"{eastern(ts):%m/%d/%Y %H:%M:%S,%Z}"
            lines += [
                f"{stamp},{fuel},{megawatts:.1f}"
                for fuel, megawatts in zip(KNOWN, self.mix(ts), strict=True)
            ]
        return "\r\n".join(lines).encode()

    def month(self, file: str, first: date) -> bytes | None:  # noqa: ARG002 - the Source's
        """None: archives are made of the days."""
        return None

    def mix(self, ts: datetime) -> tuple[float, ...]:
        """MW at an instant, whole as NYISO's are, in the order of ``fuels.KNOWN``."""
        sky = _Sky(ts)
        noise, hours = self._noise, sky.hours
        weather = noise.wave(1, hours, 80)
        demand = _demand(sky, weather) * (
            1 + 0.02 * noise.wave(2, hours, 7) + 0.006 * noise.wave(3, hours, 0.7)
        )
        nuclear = _nuclear(ts) * (1 + 0.002 * noise.wave(4, hours, 3))
        hydro = _hydro(sky) * (1 + 0.07 * noise.wave(5, hours, 30))
        renewables = _renewables(sky, noise)
        oil = _oil(sky, weather)
        thermal = demand - nuclear - hydro - renewables - oil
        wind = max(0.0, min(_wind(sky, noise), thermal - _LEAST_THERMAL_MW))
        thermal = max(_LEAST_THERMAL_MW, thermal - wind)
        share = 0.51 + 0.06 * noise.wave(6, hours, 26) + 0.02 * noise.wave(7, hours, 2)
        values = (thermal * share, thermal * (1 - share), nuclear, oil, renewables, wind, hydro)
        return tuple(float(round(value)) for value in values)


class _Sky:
    """Season and hour of an instant: what sun and calendar say of it."""

    def __init__(self, ts: datetime) -> None:
        self.hours = (ts - _EPOCH) / _HOUR
        local = ts - _EST
        self.hour = local.hour + local.minute / 60 + local.second / 3600
        # 0 on a workday, 1 on a weekend, from one to the other within five hours of midnight.
        off_sunday = abs((local.weekday() + self.hour / 24 - 6 + 3.5) % 7 - 3.5)
        self.weekend = min(1.0, max(0.0, (1.1 - off_sunday) / 0.2))
        turn = 2 * math.pi * (local.timetuple().tm_yday + self.hour / 24) / 365.25
        self.summer = max(0.0, math.cos(turn - 3.5)) ** 2  # warmest about 22 July
        self.winter = max(0.0, math.cos(turn - 0.4)) ** 2  # coldest about 23 January
        self.spring = max(0.0, math.cos(turn - 2.0))  # snow melt, late April
        self.daylight = 12.1 + 3.1 * math.cos(turn - 2.96)  # hours, at 43 degrees north
        self.daily = self.summer * _at_hour(_SUMMER, self.hour) + (1 - self.summer) * _at_hour(
            _WINTER, self.hour
        )


def _at_hour(curve: Sequence[float], hour: float) -> float:
    first, part = int(hour), hour % 1
    return curve[first] * (1 - part) + curve[(first + 1) % 24] * part


def _demand(sky: _Sky, weather: float) -> float:
    """MW generated in the state, where imports have their share already."""
    level = 14_700 + 3_900 * sky.summer + 1_700 * sky.winter
    swing = 0.05 + 0.12 * sky.summer * (weather > 0) + 0.04 * sky.winter
    return level * sky.daily * (1.01 - 0.06 * sky.weekend) * (1 + swing * weather)


def _nuclear(ts: datetime) -> float:
    return sum(
        megawatts * _running(ts, datetime(ts.year, month, day, tzinfo=UTC))
        if ts.year % 2 == odd
        else megawatts
        for megawatts, odd, month, day in _REACTORS
    )


def _running(ts: datetime, outage: datetime) -> float:
    """The share of its power a reactor gives: a day down, the refuelling, two days up."""
    days = (ts - outage) / timedelta(days=1)
    return min(1.0, max(0.0, -days, (days - _REFUELLING_DAYS) / 2))


def _hydro(sky: _Sky) -> float:
    return 2_500 + 400 * sky.spring + 1_400 * (sky.daily - 1)


def _oil(sky: _Sky, weather: float) -> float:
    """Burned by day in the cold spells of midwinter, when gas is short."""
    return 4_000 * max(0.0, sky.winter - 0.3) * max(0.0, weather - 0.4) * max(0.0, sky.daily - 0.9)


def _renewables(sky: _Sky, noise: "Noise") -> float:
    """Waste, wood and landfill gas, steady, and the sun. Noon is at 12:00 on 75 degrees west."""
    height = math.cos(math.pi * (sky.hour - 12) / sky.daylight)
    if abs(sky.hour - 12) >= sky.daylight / 2:
        height = 0.0
    clear = 0.5 + 0.35 * noise.wave(8, sky.hours, 22) + 0.15 * noise.wave(9, sky.hours, 1.5)
    sun = 900 * math.pow(height, 1.3) * (0.45 + 0.55 * clear) * (sky.daylight / 15.2)
    return 275 + 12 * noise.wave(10, sky.hours, 9) + sun


def _wind(sky: _Sky, noise: "Noise") -> float:
    force = sum(
        weight * noise.wave(channel, sky.hours, scale)
        for channel, weight, scale in (
            (11, 3.0, 60.0), (12, 2.0, 17.0), (13, 0.7, 4.0), (14, 0.15, 0.5),
        )
    )  # fmt: skip
    calm = 1.2 - force - 0.7 * sky.winter + 0.6 * sky.summer
    return 2_900 / (1 + math.exp(calm))


class Noise:
    """Smooth noise between -1 and 1: even between fixed points that a hash gives."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._point = lru_cache(maxsize=2048)(self._hashed)

    def wave(self, channel: int, hours: float, scale: float) -> float:
        """The noise of a channel, changing over some ``scale`` hours."""
        place = hours / scale
        index = math.floor(place)
        part = place - index
        part = part * part * (3 - 2 * part)
        return self._point(channel, index) * (1 - part) + self._point(channel, index + 1) * part

    def _hashed(self, channel: int, index: int) -> float:
        """splitmix64 (Steele, Lea, Flood 2014) of the three numbers."""
        mask = (1 << 64) - 1
        mixed = (self._seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03 + index) & mask
        for _ in range(2):
            mixed = (mixed + 0x9E3779B97F4A7C15) & mask
            mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
            mixed ^= mixed >> 31
        return mixed / (1 << 63) - 1
