"""The fuel-mix file, in all its eras and with every mistake, read exactly."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nypower.adapters.nyiso.fuel_mix import Fault, parse
from nypower.core.errors import BadFile
from nypower.core.fuels import KNOWN
from servers.nyiso_data import nyiso_data

NEW_HEADER = "Time Stamp,Time Zone,Fuel Category,Gen MW"
OLD_HEADER = "Time Stamp,Time Zone,Fuel Category,Gen MWh"
DAY = date(2017, 11, 1)
STAMP, TS = "11/01/2017 00:05:00", datetime(2017, 11, 1, 4, 5, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
JUDGE = ZoneInfo("America/New_York")

Values = dict[tuple[datetime, str], float]


def block(
    stamp: str, zone: str = "EDT", first: float = 100.0, order: tuple[str, ...] = KNOWN
) -> str:
    """A stamp's seven rows; each value is one more than the last."""
    return "\r\n".join(f"{stamp},{zone},{name},{first + n:.1f}" for n, name in enumerate(order))


def file_of(*pieces: str, header: str = NEW_HEADER) -> str:
    """A file as NYISO writes it: CRLF between the rows, none after the last."""
    return "\r\n".join([header, *pieces])


def values_of(text: str, day: date = DAY) -> Values:
    """What the parser finds, flat."""
    return {
        (step.ts, name): megawatts
        for step in parse(text, day).steps
        for name, megawatts in step.values.items()
    }


class Reader:
    """Reads a file on its own: the csv module, and zoneinfo with the fold that the zone
    column names."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], datetime] = {}

    def read(self, text: str) -> Values:
        """Value by instant and name."""
        steps = self.steps(text).items()
        return {(ts, name): mw for ts, values in steps for name, mw in values.items()}

    def steps(self, text: str) -> dict[datetime, dict[str, float]]:
        """Values by name, by instant."""
        found: dict[tuple[str, str], dict[str, float]] = {}
        for stamp, zone, name, megawatts in islice(csv.reader(io.StringIO(text)), 1, None):
            found.setdefault((stamp, zone), {})[name] = float(megawatts)
        return {self.instant(*key): values for key, values in found.items()}

    def instant(self, stamp: str, zone: str) -> datetime:
        key = (stamp, zone)
        if key not in self._known:
            form = "%m/%d/%Y %H:%M:%S" if stamp.count(":") == 2 else "%m/%d/%Y %H:%M"
            wall = datetime.strptime(stamp, form)  # noqa: DTZ007 - the zone comes next
            folds = [wall.replace(tzinfo=JUDGE, fold=fold) for fold in (0, 1)]
            (instant,) = {each.astimezone(UTC) for each in folds if each.tzname() == zone}
            self._known[key] = instant
        return self._known[key]


class TestEras:
    def test_since_november_2017(self) -> None:
        """Seconds, NYISO's order, `Gen MW`."""
        parsed = parse(file_of(block(STAMP), block("11/01/2017 00:10:00", first=200)), DAY)
        assert [step.ts for step in parsed.steps] == [TS, TS + 5 * MINUTES]
        assert parsed.steps[0].values == {name: 100.0 + n for n, name in enumerate(KNOWN)}
        assert parsed.steps[1].values == {name: 200.0 + n for n, name in enumerate(KNOWN)}
        assert not parsed.faults

    def test_until_october_2017(self) -> None:
        """The same with the header `Gen MWh`: the values were MW all along."""
        day = date(2017, 10, 31)
        parsed = parse(file_of(block("10/31/2017 12:00:00"), header=OLD_HEADER), day)
        assert [step.ts for step in parsed.steps] == [datetime(2017, 10, 31, 16, tzinfo=UTC)]
        assert parsed.steps[0].values["Hydro"] == 106.0

    def test_until_january_2016(self) -> None:
        """No seconds, the fuels in alphabetical order."""
        day, order = date(2016, 1, 19), tuple(sorted(KNOWN))
        text = file_of(block("01/19/2016 00:05", "EST", 2678, order), header=OLD_HEADER)
        parsed = parse(text, day)
        assert [step.ts for step in parsed.steps] == [datetime(2016, 1, 19, 5, 5, tzinfo=UTC)]
        assert parsed.steps[0].values == {name: 2678.0 + n for n, name in enumerate(order)}
        assert order[1] == "Hydro"

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("last", ["", "\n", "\r\n"])
    def test_any_line_ends(self, end: str, last: str) -> None:
        """LF or CRLF, with or without one after the last row, and empty lines count nothing."""
        text = file_of(block(STAMP), "", block("11/01/2017 00:10:00")).replace("\r\n", end) + last
        assert values_of(text) == values_of(file_of(block(STAMP), block("11/01/2017 00:10:00")))
        assert not parse(text, DAY).faults

    def test_stamps_off_the_grid_are_kept_to_the_second(self) -> None:
        """`12/24/2022 00:31:14` is 05:31:14 UTC."""
        parsed = parse(file_of(block("12/24/2022 00:31:14", "EST")), date(2022, 12, 24))
        assert [step.ts for step in parsed.steps] == [datetime(2022, 12, 24, 5, 31, 14, tzinfo=UTC)]

    def test_midnight_is_in_the_old_days_file(self) -> None:
        """`11/07/2022 00:00:00,EST` ends the file of the 6th."""
        pieces = (block("11/06/2022 23:55:00", "EST"), block("11/07/2022 00:00:00", "EST"))
        parsed = parse(file_of(*pieces), date(2022, 11, 6))
        assert parsed.steps[-1].ts == datetime(2022, 11, 7, 5, tzinfo=UTC)
        assert not parsed.faults

    def test_a_header_alone_is_an_empty_file(self) -> None:
        """No steps, and nothing wrong."""
        for text in (NEW_HEADER, OLD_HEADER + "\r\n"):
            parsed = parse(text, DAY)
            assert (parsed.steps, dict(parsed.faults)) == ([], {})


class TestDstDays:
    def test_fall_back(self) -> None:
        """The hour that occurs twice is two hours, told apart by the zone column."""
        rows = [
            ("11/05/2017 00:55:00", "EDT"),
            ("11/05/2017 01:00:00", "EDT"),
            ("11/05/2017 01:55:00", "EDT"),
            ("11/05/2017 01:00:00", "EST"),
            ("11/05/2017 01:55:00", "EST"),
            ("11/05/2017 02:00:00", "EST"),
            ("11/06/2017 00:00:00", "EST"),
        ]
        pieces = [block(*row, first=100.0 * n) for n, row in enumerate(rows)]
        parsed = parse(file_of(*pieces), date(2017, 11, 5))
        instants = [f"{step.ts:%dT%H:%M}" for step in parsed.steps]
        assert instants == [
            "05T04:55", "05T05:00", "05T05:55", "05T06:00", "05T06:55", "05T07:00", "06T05:00",
        ]  # fmt: skip
        assert [step.values["Dual Fuel"] for step in parsed.steps] == [100.0 * n for n in range(7)]
        assert not parsed.faults

    def test_spring_forward(self) -> None:
        """02:00 to 02:55 do not exist; 03:00 EDT is five minutes after 01:55 EST."""
        stamps = [("03/12/2017 01:55:00", "EST"), ("03/12/2017 03:00:00", "EDT")]
        pieces = [block(*stamp) for stamp in stamps]
        parsed = parse(file_of(*pieces, header=OLD_HEADER), date(2017, 3, 12))
        assert [f"{step.ts:%H:%M}" for step in parsed.steps] == ["06:55", "07:00"]
        wrong = [block("03/12/2017 02:30:00", zone) for zone in ("EST", "EDT")]
        text = file_of(pieces[0], *wrong, pieces[1], header=OLD_HEADER)
        parsed_again = parse(text, date(2017, 3, 12))
        assert parsed_again.steps == parsed.steps
        assert parsed_again.faults == {Fault.TIME: 14}


BAD_ROWS = [
    (f"{STAMP},EDT,Wind", Fault.FIELDS),
    (f"{STAMP},EDT,Wind,1.0,2.0", Fault.FIELDS),
    ("garbage", Fault.FIELDS),
    ('"11/01/2017 00:05:00","EDT","Wind, and more","1.0"', Fault.FIELDS),
    ("13/01/2017 00:05:00,EDT,Wind,1.0", Fault.TIME),
    ("11/01/2017 24:05:00,EDT,Wind,1.0", Fault.TIME),
    ("11/01/2017 00:60:00,EDT,Wind,1.0", Fault.TIME),
    ("11/01/2017 00:05:60,EDT,Wind,1.0", Fault.TIME),
    ("11/01/2017,EDT,Wind,1.0", Fault.TIME),
    ("2017-11-01 00:05:00,EDT,Wind,1.0", Fault.TIME),
    ("11/31/2017 00:05:00,EDT,Wind,1.0", Fault.TIME),
    ("١١/01/2017 00:05:00,EDT,Wind,1.0", Fault.TIME),
    (f"{STAMP},EST,Wind,1.0", Fault.TIME),
    ("99/99/9999 00:05:00,EDT,Wind,1.0", Fault.TIME),
    ("12/31/9999 23:59:59,EST,Wind,1.0", Fault.TIME),
    (f"{STAMP},PST,Wind,1.0", Fault.ZONE),
    (f"{STAMP},,Wind,1.0", Fault.ZONE),
    (f"{STAMP},edt,Wind,1.0", Fault.ZONE),
    ("10/31/2017 23:55:00,EDT,Wind,1.0", Fault.DAY),
    ("11/02/2017 00:05:00,EDT,Wind,1.0", Fault.DAY),
    ("11/01/2016 00:05:00,EDT,Wind,1.0", Fault.DAY),
    (f"{STAMP},EDT,Wind,", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,n/a", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,NaN", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,inf", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,-Infinity", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,1e400", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,1_0.0", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,١٢.0", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,0x10", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,1 000.0", Fault.NUMBER),
    (f"{STAMP},EDT,Wind,100000.1", Fault.ABSURD),
    (f"{STAMP},EDT,Wind,1e9", Fault.ABSURD),
    (f"{STAMP},EDT,Energy Storage,-100000.1", Fault.ABSURD),
    *((f"{STAMP},EDT,{name},-0.1", Fault.NEGATIVE) for name in KNOWN),
    (f"{STAMP},EDT,,1.0", Fault.NAME),
    (f"{STAMP},EDT,  ,1.0", Fault.NAME),
]


class TestBadRows:
    @pytest.mark.parametrize(("row", "fault"), BAD_ROWS)
    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_it_costs_that_row_alone(self, row: str, fault: Fault, place: int) -> None:
        """Wherever it stands; it is counted by its kind, and everything else goes on."""
        good = [block("11/01/2017 00:10:00"), block("11/01/2017 00:15:00", first=50)]
        pieces = [*good[:place], row, *good[place:]]
        parsed = parse(file_of(*pieces) + "\r\n", DAY)
        assert parsed.faults == {fault: 1}
        assert parsed.examples[fault] == row[:120]
        assert parsed.steps == parse(file_of(*good), DAY).steps

    def test_within_a_step(self) -> None:
        """The other six fuels of its stamp are kept."""
        text = file_of(block(STAMP).replace("Nuclear,102.0", "Nuclear,oops"))
        parsed = parse(text, DAY)
        assert parsed.faults == {Fault.NUMBER: 1}
        assert [len(step.values) for step in parsed.steps] == [6]
        assert "Nuclear" not in parsed.steps[0].values
        assert parsed.steps[0].values["Other Fossil Fuels"] == 103.0

    def test_each_kind_is_counted_apart(self) -> None:
        """All the bad rows at once, and the first of a kind as its example."""
        rows = [row for row, _ in BAD_ROWS]
        parsed = parse(file_of(*rows, block("11/01/2017 00:10:00")), DAY)
        assert len(parsed.steps) == 1
        assert sum(parsed.faults.values()) == len(BAD_ROWS)
        for fault in {fault for _, fault in BAD_ROWS}:
            expected = [row for row, kind in BAD_ROWS if kind is fault]
            assert parsed.faults[fault] == len(expected)
            assert parsed.examples[fault] == expected[0]

    def test_an_example_is_short(self) -> None:
        """However long the row."""
        parsed = parse(file_of("x" * 10_000, block(STAMP)), DAY)
        assert len(parsed.examples[Fault.FIELDS]) == 120

    def test_storage_may_be_negative(self) -> None:
        """It charges; only the seven may not be."""
        parsed = parse(file_of(block(STAMP), f"{STAMP},EDT,Energy Storage,-120.5"), DAY)
        assert parsed.steps[0].values["Energy Storage"] == -120.5
        assert not parsed.faults

    def test_the_bounds_themselves_are_possible(self) -> None:
        """Zero, and as much as is not yet absurd."""
        for number in (0.0, 99999.9, 100000.0):
            parsed = parse(file_of(f"{STAMP},EDT,Wind,{number}"), DAY)
            assert parsed.steps[0].values == {"Wind": number}

    def test_an_unknown_fuel_is_a_fuel(self) -> None:
        """Kept under its name, beside the seven."""
        parsed = parse(file_of(block(STAMP), f"{STAMP},EDT,Solar/Battery +,12.5"), DAY)
        assert parsed.steps[0].values["Solar/Battery +"] == 12.5
        assert len(parsed.steps[0].values) == 8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "<!DOCTYPE html><html><body>Please log in</body></html>",
        '"Time Stamp","Time Zone","Name","PTID","Load"\r\n"11/01/2017 00:00:00","EDT",1,2',
        f"{STAMP},EDT,Wind,1.0",
        NEW_HEADER[:-1],
        "\x00" * 100,
        "PK\x03\x04",
    ],
)
def test_what_is_no_file_of_the_feed(text: str) -> None:
    """A login page, another feed's file, a header cut off: BadFile, in one short sentence."""
    with pytest.raises(BadFile) as bad:
        parse(text, DAY)
    assert "2017-11-01" in str(bad.value)
    assert len(str(bad.value)) < 320


class TestRepeatedStamps:
    def test_the_later_value_counts_and_is_counted(self) -> None:
        """Each value that was replaced by another."""
        again = block(STAMP, first=100.0).replace("Wind,105.0", "Wind,55.0")
        parsed = parse(file_of(block(STAMP), block("11/01/2017 00:10:00"), again), DAY)
        assert [step.ts for step in parsed.steps] == [TS, TS + 5 * MINUTES]
        assert parsed.steps[0].values == {**dict(zip(KNOWN, range(100, 107))), "Wind": 55.0}  # noqa: B905
        assert parsed.faults == {Fault.REPEATED: 1}

    def test_the_same_values_again_are_no_fault(self) -> None:
        """Two stamps that agree are one."""
        parsed = parse(file_of(block(STAMP), block(STAMP)), DAY)
        assert len(parsed.steps) == 1
        assert not parsed.faults

    def test_a_single_row_again(self) -> None:
        """Of three values of one fuel the last counts."""
        rows = [f"{STAMP},EDT,Wind,{number}" for number in (1.0, 2.0, 3.0)]
        parsed = parse(file_of(block(STAMP), *rows), DAY)
        assert parsed.steps[0].values["Wind"] == 3.0
        assert parsed.faults == {Fault.REPEATED: 3}

    def test_a_bad_repetition_replaces_nothing(self) -> None:
        """The good value stays."""
        parsed = parse(file_of(block(STAMP), f"{STAMP},EDT,Wind,-5.0"), DAY)
        assert parsed.steps[0].values["Wind"] == 105.0
        assert parsed.faults == {Fault.NEGATIVE: 1}


class TestCut:
    FALL = file_of(
        block("11/05/2017 01:55:00", "EDT", 9.5),
        block("11/05/2017 01:00:00", "EST", 1095.5),
        f"{'11/05/2017 01:00:00'},EST,Energy Storage,-12.5",
        block("11/06/2017 00:00:00", "EST", 10_095.0),
    )
    OLD = file_of(
        block("01/19/2016 00:05", "EST", 99.9, tuple(sorted(KNOWN))),
        block("01/19/2016 00:10", "EST", 999.9, tuple(sorted(KNOWN))),
        header=OLD_HEADER,
    )

    @pytest.mark.parametrize(
        ("text", "day"), [(FALL, date(2017, 11, 5)), (OLD, date(2016, 1, 19))], ids=["new", "old"]
    )
    def test_at_any_byte(self, text: str, day: date) -> None:
        """A file cut off anywhere has fewer values, never a wrong one."""
        whole = values_of(text, day)
        assert whole == Reader().read(text)
        header = text.index("\r\n")
        counts = []
        for size in range(header, len(text) + 1):
            found = values_of(text[:size], day)
            assert found.items() <= whole.items(), text[size - 60 : size]
            rows = text[:size].count("\r\n") - 1  # whole for sure: a line end stands behind them
            assert rows <= len(found) <= rows + 1
            counts.append(len(found))
        assert counts == sorted(counts)
        assert counts[-1] == len(whole)

    def test_a_header_cut_off_is_no_file(self) -> None:
        """Until it is whole."""
        for size in range(len(NEW_HEADER)):
            with pytest.raises(BadFile):
                parse(NEW_HEADER[:size], DAY)

    def test_a_last_row_that_is_whole_counts(self) -> None:
        """Though no line end follows, as in NYISO's closed files."""
        assert len(values_of(file_of(block(STAMP)))) == 7

    @pytest.mark.parametrize("end", ["1", "1.", "", "12"])
    def test_a_number_without_its_decimal_is_not_believed(self, end: str) -> None:
        """1234.5 cut to 12 is no value; it is not counted as a fault either."""
        parsed = parse(file_of(block(STAMP), f"11/01/2017 00:10:00,EDT,Wind,{end}"), DAY)
        assert [step.ts for step in parsed.steps] == [TS]
        assert not parsed.faults


NUMBERS = st.integers(0, 999_999).map(lambda tenths: tenths / 10)
ROWS = st.tuples(st.integers(0, 300), st.sampled_from([*KNOWN, "Energy Storage", "Solar"]), NUMBERS)


@given(st.lists(ROWS | st.just(None), max_size=40), st.booleans())
def test_against_another_reader(rows: list[tuple[int, str, float] | None], seconds: bool) -> None:
    """Whole steps and single rows in any order, on a day that changes its zone: the same
    values at the same instants as the csv module and zoneinfo make of them."""
    lines: list[str] = []
    start = datetime(2017, 11, 5, 4, 5, tzinfo=UTC)
    for n, row in enumerate(rows):
        local = (start + (row[0] if row else n) * 5 * MINUTES).astimezone(JUDGE)
        stamp = f"{local:%m/%d/%Y %H:%M:%S}" if seconds else f"{local:%m/%d/%Y %H:%M}"
        if row is None:
            lines += block(stamp, local.tzname() or "", float(n)).split("\r\n")
        elif local < datetime(2017, 11, 6, tzinfo=JUDGE):
            lines.append(f"{stamp},{local.tzname()},{row[1]},{row[2]:.1f}")
    text = file_of(*lines)
    assert values_of(text, date(2017, 11, 5)) == Reader().read(text)


# --- NYISO's own files, where they are present --------------------------------------------------


def real_file(day: date) -> str:
    """A day's file out of its month's archive."""
    archive = nyiso_data() / "rtfuelmix" / f"{day:%Y%m}01rtfuelmix_csv.zip"
    if not archive.is_file():
        pytest.skip(f"no {archive.name} among the real files")
    with zipfile.ZipFile(archive) as opened:
        return opened.read(f"{day:%Y%m%d}rtfuelmix.csv").decode()


# The grid stamps of a whole day and the hours UTC of its first and last ones.
REAL_DAYS = [
    (date(2016, 1, 24), 288, "05:05"),
    (date(2016, 1, 25), 288, "05:05"),
    (date(2016, 3, 13), 276, "05:05"),
    (date(2016, 11, 6), 300, "04:05"),
    (date(2017, 3, 12), 276, "05:05"),
    (date(2017, 10, 31), 288, "04:05"),
    (date(2017, 11, 1), 288, "04:05"),
    (date(2017, 11, 5), 300, "04:05"),
]


@pytest.mark.parametrize(("day", "most", "first"), REAL_DAYS, ids=lambda each: str(each))
def test_a_real_day(day: date, most: int, first: str) -> None:
    """Every stamp and value of the days that change their zone, and of the eras' borders."""
    text = real_file(day)
    expected = Reader().read(text)
    assert values_of(text, day) == expected
    stamps = sorted({ts for ts, _ in expected})
    grid = [ts for ts in stamps if ts.second == 0 and ts.minute % 5 == 0]
    assert f"{stamps[0]:%H:%M}" == first
    assert most - 1 <= len(grid) <= most  # many closed days lack their midnight
    gaps = {after - before for before, after in pairwise(grid)}
    assert gaps == {5 * MINUTES}


def test_both_hours_of_a_real_fall_back_day() -> None:
    """Twelve stamps of 01:00 to 01:55 EDT, twelve of EST, each at its own instant."""
    text = real_file(date(2017, 11, 5))
    found = values_of(text, date(2017, 11, 5))
    grid = [datetime(2017, 11, 5, 5, tzinfo=UTC) + n * 5 * MINUTES for n in range(24)]
    for ts, zone in zip(grid, ["EDT"] * 12 + ["EST"] * 12, strict=True):
        row = f"11/05/2017 01:{ts.minute:02}:00,{zone},Nuclear,"
        (line,) = [line for line in text.split("\r\n") if line.startswith(row)]
        assert found[ts, "Nuclear"] == float(line.removeprefix(row))


def months() -> Iterator[Path]:
    yield from sorted((nyiso_data() / "rtfuelmix").glob("*rtfuelmix_csv.zip"))


def test_all_real_files() -> None:
    """Every value of every day of every archive at hand, at its instant; the only mistakes
    are stamps given twice in the era without seconds."""
    reader, days, stamps = Reader(), 0, 0
    repeated: set[str] = set()
    for archive in months():
        with zipfile.ZipFile(archive) as opened:
            for name in sorted(opened.namelist()):
                day = datetime.strptime(name[:8], "%Y%m%d").date()  # noqa: DTZ007
                text = opened.read(name).decode()
                parsed = parse(text, day)
                found = {step.ts: step.values for step in parsed.steps}
                assert found == reader.steps(text), name
                assert set(parsed.faults) <= {Fault.REPEATED}, name
                assert all(set(step.values) == set(KNOWN) for step in parsed.steps), name
                if parsed.faults:
                    repeated.add(name[:8])
                days, stamps = days + 1, stamps + len(parsed.steps)
    assert days > 700
    assert stamps > 280 * days
    assert repeated <= {f"{each:%Y%m%d}" for each in _first_era()}


def _first_era() -> list[date]:
    return [date(2015, 12, 9) + timedelta(days=n) for n in range(47)]
