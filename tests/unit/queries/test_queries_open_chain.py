"""Which next steps lie ahead, worked out by hand."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from graph.queries.chain import ChainRow
from graph.queries.open_chain import OpenChainRow, is_day, still_open
from graph.queries.recent_orders import CurrentChain, RecentOrder

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY, FRIDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 6), date(2026, 3, 7)
CHAIN = ChainRow(
    key="r|1", run_id="r", rank=1, first_category_id="coffee", first_start_minute=660, first_end_minute=780,
    first_day_kind="any", then_category_id="tea", then_start_minute=1080, then_end_minute=1200, then_day_kind="any",
    gap="next_day", customers=9, occurrences=9, support=0.1, confidence=0.4, lift=2.0, p_value=0.01, q_value=0.01,
    scope_kind="everywhere", scope_key=None,
)  # fmt: skip
NOON = RecentOrder(
    customer="ann", order="o1", at=datetime(2026, 3, 2, 4, tzinfo=UTC), local_date=MONDAY, local_minute=720,
    source="shop", time_zone=None, district="Xihu", store="west", channel="app", categories=frozenset({"coffee"}),
)  # fmt: skip
EVENING = datetime(2026, 3, 2, 12, tzinfo=UTC)


Step = tuple[RecentOrder, CurrentChain]


def step(**given: object) -> Step:
    """The noon coffee and the chain it opens, with other properties."""
    chain = {name: value for name, value in given.items() if name in ChainRow.__dataclass_fields__}
    own = {name: value for name, value in given.items() if name not in chain}
    return replace(NOON, **own), CurrentChain(replace(CHAIN, **chain), "*")  # type: ignore[arg-type]


def rows(*steps: Step, at: datetime = EVENING) -> list[OpenChainRow]:
    chains = {one.chain.key: one for _, one in steps}
    orders = sorted({order for order, _ in steps}, key=lambda order: order.at)
    return still_open(orders, list(chains.values()), at, SHANGHAI)


def opened(*steps: Step, at: datetime = EVENING) -> list[str]:
    return [row.last.order for row in rows(*steps, at=at)]


def test_the_window_is_the_slot_of_the_next_day_in_the_stores_zone():
    [row] = rows(step())

    assert row.window_start == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert row.window_end == datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_a_store_elsewhere_has_its_own_window():
    [row] = rows(step(time_zone="America/New_York"))

    assert row.window_start == datetime(2026, 3, 3, 23, tzinfo=UTC)


def test_the_clock_change_moves_the_window():
    # In New York clocks go forward in the night to Sunday 8 March 2026: 18:00 is then four hours behind UTC.
    saturday = step(time_zone="America/New_York", local_date=SATURDAY, at=datetime(2026, 3, 7, 17, tzinfo=UTC))

    [row] = rows(saturday, at=datetime(2026, 3, 7, 18, tzinfo=UTC))

    assert row.window_start == datetime(2026, 3, 8, 22, tzinfo=UTC)


def test_a_slot_to_midnight_ends_with_the_day():
    [row] = rows(step(then_end_minute=1440))

    assert row.window_end == datetime(2026, 3, 3, 16, tzinfo=UTC)


def test_a_step_of_the_same_day_is_over_with_its_slot():
    today = step(gap="same_day")

    assert opened(today, at=datetime(2026, 3, 2, 11, 59, 59, tzinfo=UTC)) == ["o1"]
    assert opened(today, at=datetime(2026, 3, 2, 12, tzinfo=UTC)) == []


def test_an_order_of_later_opens_nothing_yet():
    assert opened(step(), at=datetime(2026, 3, 2, 3, tzinfo=UTC)) == []


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

    assert opened(later, step()) == ["o2"]


def test_the_nearest_window_comes_first_then_the_likelier_chain():
    chains = [
        step(key="r|2", gap="same_day", then_end_minute=1320),
        step(key="r|3", confidence=0.9),
        step(),
    ]

    assert [row.chain.key for row in rows(*chains)] == ["r|2", "r|3", "r|1"]


TEA = replace(
    NOON, order="tea", at=datetime(2026, 3, 3, 10, 30, tzinfo=UTC), local_date=date(2026, 3, 3), local_minute=1110,
    categories=frozenset({"drinks", "tea"}),
)  # fmt: skip


def test_a_chain_closes_when_its_last_step_is_done_or_its_window_has_ended():
    tea = TEA, step()[1]

    assert opened(step(), tea, at=TEA.at - timedelta(minutes=1)) == ["o1"]
    assert opened(step(), tea, at=TEA.at) == []
    assert opened(step(), at=datetime(2026, 3, 3, 12, tzinfo=UTC)) == []


def test_a_step_of_several_days_closes_all_its_windows_when_it_is_done():
    week = step(gap="within_week")

    assert len(opened(week, at=TEA.at)) == 7
    assert opened(week, (TEA, week[1]), at=TEA.at) == []


def longer(*gaps: str) -> CurrentChain:
    """Coffee at noon, tea in the evening, cake at any time; the gaps are given."""
    steps = [("coffee", 660, 780), ("tea", 1080, 1200), ("cake", 0, 1440)]
    told = [
        {"category_id": category, "start_minute": start, "end_minute": end, "day_kind": "any", "gap": gap}
        for (category, start, end), gap in zip(steps, [*gaps, None], strict=True)
    ]
    return CurrentChain(replace(CHAIN, key="r|9", told_steps=json.dumps(told)), "*")


def test_a_longer_chain_is_open_when_all_steps_but_the_last_are_done():
    chain = longer("next_day", "within_3_days")

    assert rows((NOON, chain), at=TEA.at) == []
    found = rows((NOON, chain), (TEA, chain), at=TEA.at)

    assert [order.order for order in found[0].done] == ["o1", "tea"]
    assert [row.window_start.astimezone(SHANGHAI).day for row in found] == [4, 5, 6]


def test_steps_at_another_gap_lead_to_nothing():
    chain = longer("same_day", "next_day")

    assert rows((NOON, chain), (TEA, chain), at=TEA.at) == []


def test_hours_are_counted_from_the_minute_of_the_order():
    [row] = rows(step(gap="5-7_hours"), at=NOON.at)

    assert row.window_start == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert row.window_end == NOON.at + timedelta(hours=7)
    assert opened(step(gap="1-4_hours")) == []


def test_chains_of_another_data_set_say_nothing_here():
    order, one = step()

    assert still_open([order], [CurrentChain(one.chain, "shop")], EVENING, SHANGHAI) != []
    assert still_open([order], [CurrentChain(one.chain, "elsewhere")], EVENING, SHANGHAI) == []


def test_weekdays_are_monday_to_friday():
    assert [is_day(day, "weekday") for day in (MONDAY, FRIDAY, SATURDAY)] == [True, True, False]
    assert [is_day(day, "weekend") for day in (MONDAY, FRIDAY, SATURDAY)] == [False, False, True]
    assert is_day(SATURDAY, "any")
