# ruff: noqa: DTZ001 - times without a zone are what is tested
"""Times are read in every usual spelling; the store's own clock makes slot and day, daylight saving included."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.log.clocks import ZONE, on_the_clock, to_utc
from loaders.load import LoadOptions
from loaders.steps.complete import Defaults
from loaders.steps.times import read_times

NOON = datetime(2024, 5, 1, 4, 30, tzinfo=UTC)


def read(*values: object) -> list[tuple[datetime | None, datetime | None]]:
    return read_times(pl.DataFrame({"at": values})).select("_instant", "_local").rows()


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01T04:30:00Z",
        "2024-05-01T12:30:00+08:00",
        "2024-05-01T12:30:00+0800",
        "2024-05-01T12:30:00+08",
        "2024-05-01 12:30:00+08:00",
        "2024-05-01T12:30+08:00",
        "20240501T123000+0800",
        "2024-05-01T04:30:00.000000Z",
        "1714537800000",
    ],
)
def test_every_spelling_of_an_instant_is_that_instant(text: str):
    assert read(text) == [(NOON, None)]


@pytest.mark.parametrize("text", ["2024-05-01T12:30:00", "2024-05-01 12:30:00", "2024-05-01T12:30", "20240501T1230"])
def test_a_time_without_an_offset_is_a_clocks_reading(text: str):
    assert read(text) == [(None, datetime(2024, 5, 1, 12, 30))]


@pytest.mark.parametrize("text", ["", "soon", "2024-13-01T00:00:00Z", "99999999999999999", "0001-01-01T00:00+23:00"])
def test_what_is_no_time_is_neither(text: str):
    assert read(text) == [(None, None)]


def test_typed_columns_are_read_as_what_they_are():
    local, shanghai = datetime(2024, 5, 1, 12, 30), ZoneInfo("Asia/Shanghai")

    assert read(local) == [(None, local)]
    assert read(local.replace(tzinfo=shanghai)) == [(NOON, None)]
    assert read(1714537800000) == [(NOON, None)]
    assert read(date(2024, 5, 1)) == [(None, datetime(2024, 5, 1))]


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), min_size=1), st.integers(-840, 840))
def test_iso_texts_are_read_as_python_reads_them(times: list[datetime], minutes: int):
    zoned = [time.replace(tzinfo=timezone(timedelta(minutes=minutes))) for time in times]

    assert read(*(time.isoformat() for time in zoned)) == [(time.astimezone(UTC), None) for time in zoned]


@given(
    st.lists(st.datetimes(datetime(2017, 1, 1), datetime(2024, 1, 1)), min_size=1),
    st.sampled_from(["America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Europe/London", "Asia/Kathmandu"]),
)
def test_clocks_are_read_as_python_reads_them_with_fold_nought(times: list[datetime], zone: str):
    frame = pl.DataFrame({"at": times, ZONE: [zone] * len(times)}, schema_overrides={"at": pl.Datetime("us")})
    expected = [time.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for time in times]

    instants = to_utc(frame, "at")

    assert instants.to_list() == expected
    shown = on_the_clock(frame.with_columns(instants.alias("utc")), "utc")
    assert shown.to_list() == [time.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for time in expected]


NEW_YORK = LoadOptions(defaults=Defaults(time_zone="America/New_York"))


def test_the_night_the_clock_skips_an_hour_in_new_york(place):
    texts = ["2017-03-12T01:59:59", "2017-03-12T02:30:00", "2017-03-12T03:00:00", "2017-03-12T07:30:00Z"]
    records = [{"kind": "login", "customer": f"c{row}", "at": text} for row, text in enumerate(texts)]

    place.load(place.jsonl("night.jsonl", records), options=NEW_YORK)

    half_past_three = datetime(2017, 3, 12, 7, 30, tzinfo=UTC)
    assert {row[0]: row[1:] for row in place.events("customer", "at", "local_at", "slot")} == {
        "c0": (datetime(2017, 3, 12, 6, 59, 59, tzinfo=UTC), datetime(2017, 3, 12, 1, 59, 59), 1),
        "c1": (half_past_three, datetime(2017, 3, 12, 2, 30), 2),  # a reading stays as it was told
        "c2": (datetime(2017, 3, 12, 7, 0, tzinfo=UTC), datetime(2017, 3, 12, 3, 0), 3),
        "c3": (half_past_three, datetime(2017, 3, 12, 3, 30), 3),
    }


def test_the_night_new_york_has_one_oclock_twice(place):
    texts = ["2017-11-05T01:30:00", "2017-11-05T05:30:00Z", "2017-11-05T06:30:00Z"]
    records = [{"id": f"{row}", "kind": "login", "customer": "c", "at": text} for row, text in enumerate(texts)]

    place.load(place.jsonl("night.jsonl", records), options=NEW_YORK)

    assert place.events("id", "at", "slot") == [
        ("0", datetime(2017, 11, 5, 5, 30, tzinfo=UTC), 1),
        ("1", datetime(2017, 11, 5, 5, 30, tzinfo=UTC), 1),
        ("2", datetime(2017, 11, 5, 6, 30, tzinfo=UTC), 1),
    ]


def test_a_store_keeps_its_own_clock_and_its_profile_may_come_last(place):
    at, zone = "2024-05-01T23:30:00Z", {"time_zone": "America/New_York"}
    records = [
        {"id": "sh", "kind": "visit", "customer": "c", "store": "西湖店", "at": at},
        {"id": "ny", "kind": "visit", "customer": "c", "store": "纽约店", "at": at},
        {"id": "local", "kind": "visit", "customer": "c", "store": "纽约店", "at": "2024-05-01T19:30:00"},
        {"kind": "profile", "store": "纽约店", "at": "2024-05-02T00:00:00Z", "properties": zone},
    ]

    place.load(place.jsonl("day.jsonl", records), options=LoadOptions(batch_rows=1))

    rows = {row[0]: row[1:] for row in place.events("id", "at", "slot", "day")}
    instant = datetime(2024, 5, 1, 23, 30, tzinfo=UTC)
    assert rows["sh"] == (instant, 7, date(2024, 5, 2))
    assert rows["ny"] == rows["local"] == (instant, 19, date(2024, 5, 1))


def test_a_zone_that_an_earlier_load_brought_still_counts(place):
    zone = {"kind": "profile", "store": "s", "at": "2024-05-02T00:00:00Z", "properties": {"time_zone": "Europe/London"}}
    place.load(place.jsonl("stores.jsonl", [zone]))

    visit = {"id": "v", "kind": "visit", "customer": "c", "store": "s", "at": "2024-05-01T12:00:00"}
    place.load(place.jsonl("visits.jsonl", [visit]))

    assert place.log.read(["at"], where=pl.col("id") == "v").item() == datetime(2024, 5, 1, 11, tzinfo=UTC)
