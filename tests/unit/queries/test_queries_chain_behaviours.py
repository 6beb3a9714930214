"""What names a step alike in the log and in the graph."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from graph.queries.chain_behaviours import Did, did
from graph.queries.recent_orders import RecentOrder

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def act(**given: str | None) -> RecentOrder:
    places = {"order": None, "product": None, "store": None} | given
    return RecentOrder(
        customer="ann", at=NOON, local_date=date(2026, 3, 2), local_minute=720, source=None, time_zone=None,
        district=None, channel=None, categories=frozenset(), **places,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("behaviour", "places", "named"),
    [
        ("purchase", {"order": "o1", "product": "latte", "store": "west"}, ("ann", "purchase", "o1", None)),
        ("view", {"product": "latte", "store": "west"}, ("ann", "view", "latte", NOON)),
        ("share", {"product": "latte"}, ("ann", "share", "latte", NOON)),
        ("visit", {"store": "west"}, ("ann", "visit", "west", NOON)),
        ("purchase", {"product": "latte"}, None),
        ("visit", {"product": "latte"}, None),
        ("login", {}, None),
    ],
)
def test_a_step_is_named_by_its_order_or_by_what_was_done_when(
    behaviour: str, places: dict[str, str], named: Did | None
):
    assert did(behaviour, act(**places)) == named


def test_an_older_view_of_a_product_is_another_act():
    look = act(product="latte")

    assert did("view", replace(look, at=NOON - timedelta(minutes=5))) != did("view", look)
