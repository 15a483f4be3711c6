"""A file is, at every instant, what NYISO would have published of it, byte for byte."""

import zipfile
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from nypower.twin.growth import Growth
from nypower.twin.library import Library
from twin.files import HEADER, OLD_HEADER, rows, text, utc, write

FILE = "rtfuelmix"


def at(growth: Growth, day: date, moment: str) -> bytes | None:
    document = growth.file_at(FILE, day, utc(moment))
    return None if document is None else document.body


def test_a_stamp_appears_five_minutes_and_ten_seconds_later(tmp_path: Path) -> None:
    """The file written at 14:00:10 ends with 13:55, all seven rows of it."""
    stamps = [f"11/22/2022 13:{minute}:00,EST" for minute in (50, 55)]
    write(tmp_path, "20221122", text([*stamps, "11/22/2022 14:00:00,EST"]))
    growth = Growth(Library(tmp_path))
    day = date(2022, 11, 22)
    assert at(growth, day, "2022-11-22T19:00:09") == text(stamps[:1])
    assert at(growth, day, "2022-11-22T19:00:10") == text(stamps)
    assert at(growth, day, "2022-11-22T19:05:09") == text(stamps)
    written = growth.file_at(FILE, day, utc("2022-11-22T19:04:00"))
    assert written is not None
    assert written.modified == utc("2022-11-22T19:00:10")


def test_the_delay_can_be_said(tmp_path: Path) -> None:
    """With no delay a stamp is there ten seconds after its time."""
    write(tmp_path, "20221122", text(["11/22/2022 13:50:00,EST"]))
    growth = Growth(Library(tmp_path), timedelta(0))
    assert at(growth, date(2022, 11, 22), "2022-11-22T18:50:09") is None
    assert at(growth, date(2022, 11, 22), "2022-11-22T18:50:10") is not None


def test_a_stamp_off_the_grid_comes_with_the_next_writing(tmp_path: Path) -> None:
    """13:51:14 can first be in the file of 14:00:10, since 13:55:10's ends with 13:50."""
    stamps = ["11/22/2022 13:50:00,EST", "11/22/2022 13:51:14,EST"]
    write(tmp_path, "20221122", text(stamps))
    growth = Growth(Library(tmp_path))
    day = date(2022, 11, 22)
    assert at(growth, day, "2022-11-22T19:00:09") == text(stamps[:1])
    assert at(growth, day, "2022-11-22T19:00:10") == text(stamps)


def test_midnight_ends_the_old_day_and_the_new_file_comes_after_it(tmp_path: Path) -> None:
    """Midnight's rows enter the old day's file at 00:05:10; the new file begins at 00:10:10."""
    old = ["11/06/2022 23:55:00,EST", "11/07/2022 00:00:00,EST"]
    write(tmp_path, "20221106", text(old))
    write(tmp_path, "20221107", text(["11/07/2022 00:05:00,EST"]))
    growth = Growth(Library(tmp_path))
    first, second = date(2022, 11, 6), date(2022, 11, 7)
    assert at(growth, first, "2022-11-07T05:05:09") == text(old[:1])
    assert at(growth, first, "2022-11-07T05:05:10") == text(old)
    assert at(growth, second, "2022-11-07T05:10:09") is None
    assert at(growth, second, "2022-11-07T05:10:10") == text(["11/07/2022 00:05:00,EST"])


@pytest.mark.parametrize(
    ("header", "stamps", "fuels"),
    [
        (OLD_HEADER, ["01/19/2016 00:05,EST", "01/19/2016 00:10,EST"], ["Dual Fuel", "Hydro"]),
        (OLD_HEADER, ["01/25/2016 00:05:00,EST", "01/25/2016 00:10:00,EST"], ["Wind", "Hydro"]),
        (HEADER, ["12/01/2017 00:05:00,EST", "12/01/2017 00:10:00,EST"], ["Wind", "Hydro"]),
    ],
    ids=["no seconds", "seconds", "Gen MW"],
)
def test_all_three_eras(tmp_path: Path, header: str, stamps: list[str], fuels: list[str]) -> None:
    """Whatever the header and the stamps look like, 00:05 EST is out at 05:10:10 UTC."""
    day = date(int(stamps[0][6:10]), int(stamps[0][:2]), int(stamps[0][3:5]))
    write(tmp_path, f"{day:%Y%m%d}", text(stamps, header, fuels))
    growth = Growth(Library(tmp_path))
    assert at(growth, day, f"{day}T05:10:09") is None
    assert at(growth, day, f"{day}T05:10:10") == text(stamps[:1], header, fuels)
    assert at(growth, day, f"{day}T05:15:10") == text(stamps, header, fuels)


def test_fall_back_goes_through_both_hours(tmp_path: Path) -> None:
    """01:55 EDT is 05:55 UTC, the 01:00 EST that follows is 06:00 UTC."""
    stamps = [
        "11/05/2017 01:00:00,EDT",
        "11/05/2017 01:55:00,EDT",
        "11/05/2017 01:00:00,EST",
        "11/05/2017 01:55:00,EST",
        "11/05/2017 02:00:00,EST",
    ]
    write(tmp_path, "20171105", text(stamps))
    growth = Growth(Library(tmp_path))
    published = ("05:05:10", "06:00:10", "06:05:10", "07:00:10", "07:05:10")
    for count, moment in enumerate(published, 1):
        assert at(growth, date(2017, 11, 5), f"2017-11-05T{moment}") == text(stamps[:count])
        before = utc(f"2017-11-05T{moment}") - timedelta(seconds=1)
        document = growth.file_at(FILE, date(2017, 11, 5), before)
        assert (document.body if document else HEADER.encode()) == text(stamps[: count - 1])


def test_spring_skips_an_hour(tmp_path: Path) -> None:
    """01:55 EST is 06:55 UTC, the 03:00 EDT that follows is 07:00 UTC."""
    stamps = ["03/12/2017 01:55:00,EST", "03/12/2017 03:00:00,EDT"]
    write(tmp_path, "20170312", text(stamps))
    growth = Growth(Library(tmp_path))
    assert at(growth, date(2017, 3, 12), "2017-03-12T07:05:09") == text(stamps[:1])
    assert at(growth, date(2017, 3, 12), "2017-03-12T07:05:10") == text(stamps)


def test_a_stamp_that_stands_there_twice_comes_at_once(tmp_path: Path) -> None:
    """Both of 03:20's readings, as NYISO had them in 2016, and nothing of 03:25."""
    twice = rows("01/05/2016 03:20,EST") + "\r\n" + rows("01/05/2016 03:20,EST", 1500.0)
    whole = "\r\n".join([OLD_HEADER, twice, rows("01/05/2016 03:25,EST")]).encode()
    write(tmp_path, "20160105", whole)
    growth = Growth(Library(tmp_path))
    expected = f"{OLD_HEADER}\r\n{twice}".encode()
    assert at(growth, date(2016, 1, 5), "2016-01-05T08:25:10") == expected
    assert at(growth, date(2016, 1, 5), "2016-01-05T08:30:10") == whole


def test_rows_that_say_no_time_or_step_back_come_with_the_rows_before(tmp_path: Path) -> None:
    """The file is always a beginning of the whole one."""
    lines = [
        HEADER,
        "11/22/2022 13:50:00,EST,Wind,1.0",
        "garbage",
        "13/45/2022 13:50:00,EST,Wind,2.0",
        "11/22/2022 13:40:00,EST,Wind,3.0",
        "11/22/2022 13:55:00,EST,Wind,4.0",
    ]
    write(tmp_path, "20221122", "\r\n".join(lines).encode())
    growth = Growth(Library(tmp_path))
    assert at(growth, date(2022, 11, 22), "2022-11-22T18:54:00") is None
    expected = "\r\n".join(lines[:5]).encode()
    assert at(growth, date(2022, 11, 22), "2022-11-22T18:56:00") == expected


def test_newlines_at_the_end_stay_as_they_were(tmp_path: Path) -> None:
    """Some of NYISO's files end in a newline, and so does every state of them."""
    whole = b'"Time Stamp","Time Zone"\n"01/01/2017 00:00:00","EST"\n"01/01/2017 00:05:00","EST"\n'
    (tmp_path / "20170101pal.csv").write_bytes(whole)
    growth = Growth(Library(tmp_path))
    first = growth.file_at("pal", date(2017, 1, 1), utc("2017-01-01T05:06:00"))
    assert first is not None
    assert first.body == whole[: whole.index(b'"01/01/2017 00:05')]
    both = growth.file_at("pal", date(2017, 1, 1), utc("2017-01-01T05:11:00"))
    assert both is not None
    assert both.body == whole


def test_a_file_without_a_zone_column_is_never_there(tmp_path: Path) -> None:
    """When its rows were published cannot be known, so that nothing of the future leaks."""
    (tmp_path / "20170101rtfuelmix.csv").write_bytes(b"Time Stamp,Name\r\n01/01/2017 00:05,WEST")
    growth = Growth(Library(tmp_path))
    assert at(growth, date(2017, 1, 1), "2017-01-05T00:00:00") is None


def test_a_daily_file_is_kept_for_ten_days(tmp_path: Path) -> None:
    """The file of 1 December EST ends on the 2nd at 05:00 UTC, and is gone on the 12th."""
    write(tmp_path, "20171201", text(["12/01/2017 00:05:00,EST"]))
    growth = Growth(Library(tmp_path))
    assert at(growth, date(2017, 12, 1), "2017-12-12T05:00:00") is not None
    assert at(growth, date(2017, 12, 1), "2017-12-12T05:00:01") is None


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_months_archive_holds_the_running_day(tmp_path: Path) -> None:
    """Closed days whole, today as far as it is, tomorrow not at all; the same bytes again."""
    days = {
        f"2017120{day}": [f"12/0{day}/2017 00:{m}:00,EST" for m in (10, 15)] for day in (1, 2, 3)
    }
    for day, stamps in days.items():
        write(tmp_path / "deep" / "er", day, text(stamps))
    growth = Growth(Library(tmp_path))
    now = utc("2017-12-02T05:16:00")
    document = growth.archive_at(FILE, date(2017, 12, 1), now, {})
    assert document is not None
    assert members(document.body) == {
        "20171201rtfuelmix.csv": text(days["20171201"]),
        "20171202rtfuelmix.csv": text(days["20171202"][:1]),
    }
    again = Growth(Library(tmp_path)).archive_at(FILE, date(2017, 12, 1), now, {})
    assert again == document
    assert growth.archive_at(FILE, date(2018, 1, 1), now, {}) is None


def test_a_closed_month_is_the_archive_as_it_was(tmp_path: Path) -> None:
    """Its days can be had out of it while it runs; a daily file of one's own goes before."""
    first, second = text(["12/01/2017 00:05:00,EST"]), text(["12/02/2017 00:05:00,EST"])
    with zipfile.ZipFile(tmp_path / "20171201rtfuelmix_csv.zip", "w") as archive:
        archive.writestr("20171202rtfuelmix.csv", second)
        archive.writestr("20171201rtfuelmix.csv", b"not this one")
    write(tmp_path, "20171201", first)
    growth = Growth(Library(tmp_path))
    assert at(growth, date(2017, 12, 1), "2017-12-02T12:00:00") == first
    assert at(growth, date(2017, 12, 2), "2017-12-02T12:00:00") == second
    assert at(growth, date(2017, 12, 3), "2017-12-04T12:00:00") is None
    running = growth.archive_at(FILE, date(2017, 12, 1), utc("2018-01-01T05:05:09"), {})
    assert running is not None
    assert list(members(running.body)) == ["20171201rtfuelmix.csv", "20171202rtfuelmix.csv"]
    closed = growth.archive_at(FILE, date(2017, 12, 1), utc("2018-01-01T05:05:10"), {})
    assert closed is not None
    assert closed.body == (tmp_path / "20171201rtfuelmix_csv.zip").read_bytes()


def test_a_library_reads_nothing_until_it_is_asked(tmp_path: Path) -> None:
    """A directory may come into being after the library."""
    library = Library(tmp_path / "later")
    write(tmp_path / "later", "20171201", b"there")
    assert library.files == {"rtfuelmix"}
    assert library.day(FILE, date(2017, 12, 1)) == b"there"
