"""Calendars as files: CSV, JSONL, the one of China, and what is wrong with others."""

from datetime import date

import pytest

from graph.errors import BadInput
from graph.jobs.calendar import read_calendar


def test_csv_and_jsonl_say_the_same(tmp_path):
    (tmp_path / "days.csv").write_text("date,kind,name\n2026-10-01,holiday,国庆节\n2026-10-10,workday,\n", "utf-8")
    lines = '{"date": "2026-10-10", "kind": "workday"}\n\n{"date": "2026-10-01", "kind": "holiday", "name": "国庆节"}\n'
    (tmp_path / "days.jsonl").write_text(lines, "utf-8")

    assert read_calendar(tmp_path / "days.csv") == read_calendar(tmp_path / "days.jsonl")


def test_china_has_the_days_of_the_notices():
    calendar = read_calendar("china")

    # 2025: 1 + 8 + 3 + 5 + 3 + 8 days off; 2026: 3 + 9 + 3 + 5 + 3 + 3 + 7.
    assert [sum(day.startswith(year) for day in calendar.holidays) for year in ("2025", "2026")] == [28, 33]
    assert [sum(day.startswith(year) for day in calendar.workdays) for year in ("2025", "2026")] == [5, 6]
    assert all(date.fromisoformat(day).weekday() >= 5 for day in calendar.workdays)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("day,what\n2026-10-01,holiday\n", "needs the columns date and kind, not day, what"),
        ("date,kind\n2026-10-01,off\n", "line 2 needs a date such as 2026-10-01 and a kind, holiday or workday"),
        ("date,kind\n1.10.2026,holiday\n", "dates such as 2026-10-01, not '1.10.2026'"),
    ],
)
def test_what_is_no_calendar_is_refused_with_its_line(tmp_path, text, told):
    (tmp_path / "days.csv").write_text(text, "utf-8")

    with pytest.raises(BadInput, match=told):
        read_calendar(tmp_path / "days.csv")


def test_a_file_that_is_not_there_is_said_with_the_calendars_that_are_known(tmp_path):
    with pytest.raises(BadInput, match="give a file or china"):
        read_calendar(tmp_path / "none.csv")
