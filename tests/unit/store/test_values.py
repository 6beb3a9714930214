"""Values on their way to and from a store."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import neo4j.time
import pytest

from graph.store.values import from_wire, parameters_to_wire, to_wire

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


def test_every_instant_is_sent_in_the_zone_that_both_stores_keep_alike() -> None:
    sent = to_wire(NOON.astimezone(ZoneInfo("Asia/Shanghai")))

    assert isinstance(sent, datetime)
    assert sent == NOON
    assert sent.tzname() == "Z"
    assert getattr(sent.tzinfo, "key", None) == "Z"


def test_instants_are_found_inside_lists_and_maps() -> None:
    sent = parameters_to_wire({"rows": [{"at": NOON, "tags": ("a", "b")}], "n": 1, "day": date(2024, 5, 6)})

    assert sent == {"rows": [{"at": NOON, "tags": ["a", "b"]}], "n": 1, "day": date(2024, 5, 6)}
    assert sent["rows"][0]["at"].tzname() == "Z"


def test_an_instant_without_a_zone_is_refused_with_its_value() -> None:
    with pytest.raises(ValueError, match="2024-05-06T12:00:00"):
        to_wire([NOON.replace(tzinfo=None)])


def test_instants_come_back_in_utc() -> None:
    shanghai = neo4j.time.DateTime.from_native(NOON.astimezone(ZoneInfo("Asia/Shanghai")))

    came = from_wire([shanghai])

    assert came == [NOON]
    assert isinstance(came, list)
    assert came[0].utcoffset() == timedelta(0)


def test_days_and_durations_come_back_as_python_knows_them() -> None:
    assert from_wire(neo4j.time.Date(2024, 5, 6)) == date(2024, 5, 6)
    assert from_wire(neo4j.time.Duration(days=1, seconds=2)) == "P1DT2S"
