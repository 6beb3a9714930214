"""Which next steps lie ahead, worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from graph.queries.chain import ChainRow, FirstStepRow
from graph.queries.open_chain import is_day, still_open

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY, FRIDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 6), date(2026, 3, 7)
CHAIN = ChainRow(
    key="r|1", run_id="r", rank=1, first_category_id="coffee", first_start_minute=660, first_end_minute=780,
    first_day_kind="any", then_category_id="tea", then_start_minute=1080, then_end_minute=1200, then_day_kind="any",
    gap="next_day", customers=9, occurrences=9, support=0.1, confidence=0.4, lift=2.0, p_value=0.01, q_value=0.01,
    scope_kind="everywhere", scope_key=None,
)  # fmt: skip
NOON = FirstStepRow(
    customer="ann", order="o1", at=datetime(2026, 3, 2, 4, tzinfo=UTC), local_date=MONDAY, local_minute=720,
    time_zone=None, district="Xihu", store="west", channel="app", chain=CHAIN,
)  # fmt: skip
EVENING = datetime(2026, 3, 2, 12, tzinfo=UTC)


def step(**given: object) -> FirstStepRow:
    """The noon coffee with other properties of the order or of the chain."""
    chain = {name: value for name, value in given.items() if name in ChainRow.__dataclass_fields__}
    own = {name: value for name, value in given.items() if name not in chain}
    return replace(NOON, chain=replace(CHAIN, **chain), **own)  # type: ignore[arg-type]


def opened(*steps: FirstStepRow, at: datetime = EVENING) -> list[str]:
    return [row.order for row in still_open(steps, at, SHANGHAI)]


def test_the_window_is_the_slot_of_the_next_day_in_the_stores_zone():
    [row] = still_open([NOON], EVENING, SHANGHAI)

    assert row.window_start == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert row.window_end == datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_a_store_elsewhere_has_its_own_window():
    [row] = still_open([step(time_zone="America/New_York")], EVENING, SHANGHAI)

    assert row.window_start == datetime(2026, 3, 3, 23, tzinfo=UTC)


def test_the_clock_change_moves_the_window():
    # In New York clocks go forward in the night to Sunday 8 March 2026: 18:00 is then four hours behind UTC.
    saturday = step(time_zone="America/New_York", local_date=SATURDAY, at=datetime(2026, 3, 7, 17, tzinfo=UTC))

    [row] = still_open([saturday], datetime(2026, 3, 7, 18, tzinfo=UTC), SHANGHAI)

    assert row.window_start == datetime(2026, 3, 8, 22, tzinfo=UTC)


def test_a_slot_to_midnight_ends_with_the_day():
    [row] = still_open([step(then_end_minute=1440)], EVENING, SHANGHAI)

    assert row.window_end == datetime(2026, 3, 3, 16, tzinfo=UTC)


def test_a_step_of_the_same_day_is_over_with_its_slot():
    today = step(gap="same_day")

    assert opened(today, at=datetime(2026, 3, 2, 11, 59, 59, tzinfo=UTC)) == ["o1"]
    assert opened(today, at=datetime(2026, 3, 2, 12, tzinfo=UTC)) == []


def test_an_order_of_later_opens_nothing_yet():
    assert opened(NOON, at=datetime(2026, 3, 2, 3, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("given", "is_open"),
    [
        ({"first_day_kind": "weekday"}, True),
        ({"first_day_kind": "weekend"}, False),
        ({"then_day_kind": "weekday"}, True),
        ({"then_day_kind": "weekday", "local_date": FRIDAY, "at": EVENING}, False),
        ({"then_day_kind": "weekend", "local_date": FRIDAY, "at": EVENING}, True),
        ({"scope_kind": "district", "scope_key": "Xihu"}, True),
        ({"scope_kind": "district", "scope_key": "Gongshu"}, False),
        ({"scope_kind": "store", "scope_key": "west"}, True),
        ({"scope_kind": "channel", "scope_key": "mall"}, False),
        ({"scope_kind": "district", "scope_key": None, "district": None}, False),
        ({"scope_kind": "segment", "scope_key": "students"}, False),
    ],
)
def test_days_and_scopes_must_fit(given: dict[str, object], is_open: bool):
    assert bool(opened(step(**given))) is is_open


def test_of_two_orders_that_open_one_window_the_later_is_told():
    later = step(order="o2", at=datetime(2026, 3, 2, 4, 30, tzinfo=UTC))

    assert opened(later, NOON) == ["o2"]


def test_the_nearest_window_comes_first_then_the_likelier_chain():
    today = step(order="today", key="r|2", gap="same_day", then_end_minute=1320)
    likelier = step(order="likelier", key="r|3", confidence=0.9)

    assert opened(NOON, likelier, today) == ["today", "likelier", "o1"]


def test_weekdays_are_monday_to_friday():
    assert [is_day(day, "weekday") for day in (MONDAY, FRIDAY, SATURDAY)] == [True, True, False]
    assert [is_day(day, "weekend") for day in (MONDAY, FRIDAY, SATURDAY)] == [False, False, True]
    assert is_day(SATURDAY, "any")
