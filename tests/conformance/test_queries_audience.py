"""Audiences on both stores: who fits, out of the tiny shop."""

import pytest
from shop_graph import fill_shop, utc

from graph.queries.audience import audience_keys, grouped_keys, known_category
from graph.queries.run import current_runs
from graph.store import Store, cypher


@pytest.fixture
async def shop(store: Store) -> Store:
    return await fill_shop(store)


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"district_eq": "Xihu"}, ["ann"]),
        ({"category": "tea"}, ["ann"]),
        ({"category": "coffee", "city_eq": "Hangzhou"}, ["ann", "bob"]),
        ({"category": "te"}, []),
        ({"registered_at_gte": utc(2026, 1, 2), "source_eq": "shop"}, ["bob"]),
        ({"order_count_gte": 1, "revenue_cents_lt": 5_000}, ["bob"]),
        ({"key_in": ["dan", "蔡", "nobody"]}, ["dan", "蔡"]),
        ({"consent_offers": True}, ["dan"]),
    ],
)
async def test_an_audience_is_who_fits_every_condition(shop: Store, filters: dict[str, object], keys: list[str]):
    agreed = cypher("MATCH (c:Customer {customer_id: 'dan'}) SET c.consent_offers = true")
    await shop.write((agreed, {}))

    assert sorted(await audience_keys(shop, filters)) == keys


async def test_a_category_is_known_or_others_are_named(shop: Store):
    assert await known_category(shop, "tea > fruit tea") == (True, ["coffee", "tea"])
    assert await known_category(shop, "milk") == (False, ["coffee", "tea"])


async def test_the_current_runs_of_a_kind_are_told_by_scope(shop: Store):
    assert await current_runs(shop, "influence") == {"*": "influence-1"}


async def test_customers_are_grouped_and_who_has_no_group_is_left_out(shop: Store):
    groups = await grouped_keys(shop, "district")

    assert sorted(groups) == [["ann"], ["bob"], ["dan"]]
    assert sorted(map(sorted, await grouped_keys(shop, "city"))) == [["ann", "bob"], ["dan", "蔡"]]
