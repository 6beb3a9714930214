"""And, or and not, and figures over a filtered list, on both stores: the tiny shop, by hand."""

from datetime import date
from typing import Any

import pytest
from shop_graph import fill_shop, utc

from graph.queries import channel, customer, order, product
from graph.queries.grouping import Group, groups
from graph.queries.paging import Ordering, Slice, turned
from graph.store import Store

ANN, BOB, DAN, CAI = "ann", "bob", "dan", "蔡"


@pytest.fixture
async def shop(store: Store) -> Store:
    return await fill_shop(store)


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"or": [{"district_eq": "Xihu"}, {"city_eq": "Ningbo"}]}, [ANN, DAN, CAI]),
        ({"not": {"district_eq": "Xihu"}}, [BOB, DAN, CAI]),
        ({"not": {"registered_at_gte": utc(2026, 1, 2)}}, [ANN, CAI]),
        ({"city_eq": "Hangzhou", "not": {"name_contains": "b"}}, [ANN]),
        ({"and": [{"order_count_in": [1, 2]}, {"or": [{"key_eq": BOB}, {"key_eq": DAN}]}]}, [BOB]),
        ({"not": {"or": [{"city_eq": "Hangzhou"}, {"source_eq": "other"}]}}, [CAI]),
        ({"or": []}, []),
        ({"and": []}, [ANN, BOB, DAN, CAI]),
        ({"registered_at_eq": utc(2026, 1, 2)}, [BOB, DAN]),
        ({"revenue_cents_in": [5_200, 1_850]}, [ANN, BOB]),
        ({"revenue_cents_eq": None}, []),
        ({"not": {"revenue_cents_eq": None}}, [ANN, BOB, DAN, CAI]),
    ],
)
async def test_conditions_are_put_together(shop: Store, filters: dict[str, Any], keys: list[str]):
    page = await customer.customers(shop, filters, customer.ORDERINGS["key"], Slice(limit=10))

    assert [entry.row.key for entry in page.entries] == keys
    assert await customer.count_customers(shop, filters) == len(keys)
    assert (await customer.total_customers(shop, filters)).count == len(keys)


async def test_figures_are_of_the_whole_list(shop: Store):
    assert await customer.total_customers(shop, {"source_eq": "shop"}) == customer.CustomerTotals(
        3, 7_050, 0, 5_200, 3, 0, 2, utc(2026, 1, 1), utc(2026, 1, 2)
    )
    assert await product.total_products(shop, {}) == product.ProductTotals(2, 2, 3_350, 1_500, 1_850)
    assert await channel.total_channels(shop, {}) == channel.ChannelTotals(2, 1, 90_000, 90_000, 90_000)


async def test_figures_are_told_group_by_group(shop: Store):
    cities = await groups(shop, customer.GROUPING, "city", {})
    districts = await groups(shop, customer.GROUPING, "district", {"registered_at_gte": utc(2026, 1, 1)}, 2)
    nobody = await groups(shop, customer.GROUPING, "source", {"key_eq": "nobody"})
    brands = await groups(shop, product.GROUPING, "brand", {})
    categories = await groups(shop, product.GROUPING, "category", {}, 1)

    hangzhou = customer.CustomerTotals(2, 7_050, 1_850, 5_200, 3, 1, 2, utc(2026, 1, 1), utc(2026, 1, 2))
    ningbo = customer.CustomerTotals(2, 0, 0, 0, 0, 0, 0, utc(2026, 1, 2), utc(2026, 1, 2))
    assert cities == [Group("Hangzhou", hangzhou), Group("Ningbo", ningbo)]
    assert [(one.value, one.row.count) for one in districts] == [("Gongshu", 1), ("Haishu", 1)]
    assert nobody == []
    assert brands == [Group(None, product.ProductTotals(2, 2, 3_350, 1_500, 1_850))]
    assert categories == [Group("coffee", product.ProductTotals(1, 1, 1_850, 1_850, 1_850))]


NEWEST, OLDEST = turned(order.ORDERINGS["at"]), order.ORDERINGS["at"]


@pytest.mark.parametrize(
    ("filters", "ordering", "keys"),
    [
        ({}, NEWEST, ["o2", "o3", "o1"]),
        ({}, OLDEST, ["o1", "o3", "o2"]),
        ({}, order.ORDERINGS["amount"], ["o2", "o3", "o1"]),
        ({"at_gte": utc(2026, 3, 2, 4, 30)}, OLDEST, ["o3", "o2"]),
        ({"local_date_eq": date(2026, 3, 2)}, OLDEST, ["o1", "o3"]),
        ({"local_date_gt": date(2026, 3, 2)}, OLDEST, ["o2"]),
        ({"local_date_in": [date(2026, 3, 3)]}, OLDEST, ["o2"]),
        ({"local_date_eq": date(2026, 3, 2), "source_eq": "shop"}, OLDEST, ["o1", "o3"]),
        ({"local_date_in": [date(2026, 3, 3), date(2026, 3, 2), date(2026, 3, 3)]}, NEWEST, ["o2", "o3", "o1"]),
        ({"customer_eq": "ann"}, NEWEST, ["o2", "o1"]),
        ({"customer_eq": "ann", "amount_cents_gt": 1_500}, NEWEST, ["o1"]),
        ({"customer_in": ["bob", "ann", "bob"], "store_in": ["west"]}, order.ORDERINGS["key"], ["o1", "o2"]),
        ({"product_eq": "peach"}, NEWEST, ["o2", "o1"]),
        ({"product_in": ["latte", "peach"]}, OLDEST, ["o1", "o3", "o2"]),
        ({"store_eq": "west"}, OLDEST, ["o1", "o2"]),
        ({"channel_eq": "app"}, OLDEST, ["o1"]),
        ({"not": {"channel_eq": "app"}}, OLDEST, ["o3", "o2"]),
        ({"or": [{"customer_eq": "bob"}, {"channel_eq": "app"}]}, NEWEST, ["o3", "o1"]),
        ({"currency_eq": "CNY", "source_eq": "shop"}, OLDEST, ["o1"]),
        ({"customer_eq": "nobody"}, OLDEST, []),
    ],
)
async def test_orders_are_found_by_what_they_are_and_by_what_they_hang_on(
    shop: Store, filters: dict[str, Any], ordering: Ordering, keys: list[str]
):
    forth = await order.orders(shop, filters, ordering, Slice(limit=10))
    back = await order.orders(shop, filters, ordering, Slice(limit=10, backward=True))

    assert [entry.row.key for entry in forth.entries] == [entry.row.key for entry in back.entries] == keys
    assert await order.count_orders(shop, filters) == len(keys)
    assert (await order.total_orders(shop, filters)).count == len(keys)


async def test_figures_of_orders_are_told_by_store_and_by_time(shop: Store):
    west = order.OrderTotals(2, 5_200, 1_500, 3_700, 0, 0, 3.0, utc(2026, 3, 2, 4), utc(2026, 3, 3, 10, 30))
    nowhere = order.OrderTotals(1, 1_850, 1_850, 1_850, 0, 350, 1.0, utc(2026, 3, 2, 4, 30), utc(2026, 3, 2, 4, 30))

    assert await groups(shop, order.GROUPING, "store", {}) == [Group("west", west), Group(None, nowhere)]
    assert await order.total_orders(shop, {"customer_eq": "ann"}) == west
    for by, in_order, values in (
        ("channel", False, [(None, 2), ("app", 1)]),
        ("channel", True, [("app", 1), (None, 2)]),
        ("day", False, [("2026-03-02", 2), ("2026-03-03", 1)]),
        ("month", True, [("2026-03", 3)]),
        ("hour", True, [("12", 2), ("18", 1)]),
        ("currency", True, [("CNY", 1), (None, 2)]),
        ("source", False, [("shop", 3)]),
    ):
        told = await groups(shop, order.GROUPING, by, {}, in_order=in_order)
        assert [(one.value, one.row.count) for one in told] == values, by
    assert [one.value for one in await groups(shop, order.GROUPING, "day", {}, 1, in_order=True)] == ["2026-03-02"]


async def test_figures_of_nothing_are_nothing(shop: Store):
    none = await customer.total_customers(shop, {"key_eq": "nobody"})

    assert none == customer.CustomerTotals(0, 0, None, None, 0, None, None, None, None)
    assert await product.total_products(shop, {"key_eq": "none"}) == product.ProductTotals(0, 0, 0, None, None)
