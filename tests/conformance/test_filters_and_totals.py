"""And, or and not, and figures over a filtered list, on both stores: the tiny shop, by hand."""

from typing import Any

import pytest
from shop_graph import fill_shop, utc

from graph.queries import channel, customer, product
from graph.queries.grouping import Group
from graph.queries.paging import Slice
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
    cities = await customer.group_customers(shop, "city", {}, 100)
    districts = await customer.group_customers(shop, "district", {"registered_at_gte": utc(2026, 1, 1)}, 2)
    nobody = await customer.group_customers(shop, "source", {"key_eq": "nobody"}, 100)
    brands = await product.group_products(shop, "brand", {}, 100)
    categories = await product.group_products(shop, "category", {}, 1)

    hangzhou = customer.CustomerTotals(2, 7_050, 1_850, 5_200, 3, 1, 2, utc(2026, 1, 1), utc(2026, 1, 2))
    ningbo = customer.CustomerTotals(2, 0, 0, 0, 0, 0, 0, utc(2026, 1, 2), utc(2026, 1, 2))
    assert cities == [Group("Hangzhou", hangzhou), Group("Ningbo", ningbo)]
    assert [(one.value, one.row.count) for one in districts] == [("Gongshu", 1), ("Haishu", 1)]
    assert nobody == []
    assert brands == [Group(None, product.ProductTotals(2, 2, 3_350, 1_500, 1_850))]
    assert categories == [Group("coffee", product.ProductTotals(1, 1, 1_850, 1_850, 1_850))]


async def test_figures_of_nothing_are_nothing(shop: Store):
    none = await customer.total_customers(shop, {"key_eq": "nobody"})

    assert none == customer.CustomerTotals(0, 0, None, None, 0, None, None, None, None)
    assert await product.total_products(shop, {"key_eq": "none"}) == product.ProductTotals(0, 0, 0, None, None)
