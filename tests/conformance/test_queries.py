"""What we ask the graph is answered alike, and right, by both stores: a tiny shop, worked out by hand."""

from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from shop_graph import fill_shop, utc

from graph.queries import (
    chain,
    channel,
    customer,
    influence,
    order,
    product,
    referral,
    referral_review,
    run,
    search,
    share,
)
from graph.queries import store as stores
from graph.queries.inside import Wanted, count_insiders, insiders
from graph.queries.open_chain import open_chains
from graph.queries.paging import Position, Slice, turned
from graph.queries.recent_orders import recent_of_customers
from graph.queries.statements import samples
from graph.store import Statement, Store
from graph.store.statement import cypher

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEN = Slice(limit=10)


@pytest.fixture
async def shop(store: Store) -> Store:
    return await fill_shop(store)


@pytest.mark.slow
async def test_every_statement_runs(shop: Store):
    asked = list(samples())

    for sample in asked:
        try:
            await shop.read(sample.statement, sample.parameters)
        except Exception as error:
            raise AssertionError(f"{sample.name}: {error}\n{sample.statement.text}") from error

    assert len(asked) > 300


async def test_rows_come_in_the_order_of_the_keys(shop: Store):
    found = await customer.customers_by_key(shop, ["蔡", "nobody", "ann", "蔡"])

    assert [row and row.key for row in found] == ["蔡", None, "ann", "蔡"]
    assert found[2] == customer.CustomerRow(
        key="ann", name="Ann 安", gender=None, birth_year=None, age_band=None, income_band=None, household_size=None,
        city="Hangzhou", district="Xihu", registered_at=utc(2026, 1, 1), consent_analytics=None, consent_offers=None,
        consent_sharing=None, order_count=2, revenue_cents=5_200, first_order_at=utc(2026, 3, 2, 4),
        last_order_at=None, last_login_at=None, source="shop",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({}, ["ann", "bob", "dan", "蔡"]),
        ({"city_eq": "Hangzhou"}, ["ann", "bob"]),
        ({"district_in": ["Xihu", "Haishu"]}, ["ann", "dan"]),
        ({"key_starts_with": "b"}, ["bob"]),
        ({"name_contains": "AN"}, ["ann", "dan"]),
        ({"registered_at_gte": utc(2026, 1, 2)}, ["bob", "dan"]),
        ({"registered_at_lt": utc(2026, 1, 2)}, ["ann"]),
        ({"order_count_lte": 0}, ["dan", "蔡"]),
        ({"revenue_cents_gt": 1_850, "source_eq": "shop"}, ["ann"]),
    ],
)
async def test_customers_are_filtered(shop: Store, filters: dict[str, object], keys: list[str]):
    page = await customer.customers(shop, filters, customer.ORDERINGS["key"], TEN)

    assert [entry.row.key for entry in page.entries] == keys
    assert await customer.count_customers(shop, filters) == len(keys)


async def test_an_order_comes_with_its_lines_its_place_and_its_buyer(shop: Store):
    [page, none] = await order.orders_of_customers(shop, ["ann", "dan"], TEN)
    [lines] = await order.lines_of_orders(shop, ["o1"], TEN)

    assert [(entry.row.key, entry.row.at) for entry in page.entries] == [
        ("o2", utc(2026, 3, 3, 10, 30)),
        ("o1", utc(2026, 3, 2, 4)),
    ]
    assert not list(none.entries)
    assert [entry.row for entry in lines.entries] == [
        order.OrderLineRow("latte", 1.0, 1_850, 0),
        order.OrderLineRow("peach", 1.0, 1_850, 150),
    ]
    assert [row and row.key for row in await stores.stores_of_orders(shop, ["o1", "o3"])] == ["west", None]
    assert [row and row.key for row in await channel.channels_of_orders(shop, ["o1", "o3"])] == ["app", None]
    assert [row and row.key for row in await order.buyers_of_orders(shop, ["o3", "o1"])] == ["bob", "ann"]
    assert await order.count_orders_of_customers(shop, ["bob", "nobody", "ann"]) == [1, 0, 2]


async def test_a_page_of_every_parent_has_its_own_end(shop: Store):
    [ann, bob] = await order.orders_of_customers(shop, ["ann", "bob"], Slice(limit=1))
    [after] = await order.orders_of_customers(shop, ["ann"], Slice(limit=1, after=ann.entries[0].position))
    [last] = await order.orders_of_customers(shop, ["ann"], Slice(limit=1, backward=True))

    assert (ann.entries[0].row.key, ann.has_next, ann.has_previous) == ("o2", True, False)
    assert (bob.entries[0].row.key, bob.has_next) == ("o3", False)
    assert (after.entries[0].row.key, after.has_next, after.has_previous) == ("o1", False, True)
    assert (last.entries[0].row.key, last.has_next, last.has_previous) == ("o1", False, True)


async def test_products_and_stores_know_their_traits_and_places(shop: Store):
    light = await product.products(shop, {"attribute_eq": "low-sugar"}, product.ORDERINGS["key"], TEN)
    teas = await product.products(shop, {"category_starts_with": "tea"}, product.ORDERINGS["key"], TEN)
    west = await stores.stores(shop, {"name_contains": "西湖"}, stores.ORDERINGS["key"], TEN)
    online = await channel.channels(shop, {"online_eq": True}, channel.ORDERINGS["key"], TEN)

    assert [entry.row.attributes for entry in light.entries] == [["low-caffeine", "low-sugar"]]
    assert [entry.row.key for entry in teas.entries] == ["peach"]
    assert [entry.row.key for entry in west.entries] == ["west"]
    assert [(entry.row.key, entry.row.cost_cents) for entry in online.entries] == [("app", 90_000)]


async def test_shares_tell_who_what_and_through_which_channel(shop: Store):
    [page] = await share.shares_of_customers(shop, ["ann"], TEN)

    assert [(entry.row.key, entry.row.click_count) for entry in page.entries] == [("s2", 0), ("s1", 3)]
    assert [row and row.key for row in await share.sharers_of_shares(shop, ["s1"])] == ["ann"]
    assert [row and row.key for row in await product.products_of_shares(shop, ["s1", "s2"])] == ["latte", None]
    assert [row and row.key for row in await channel.channels_of_shares(shop, ["s1"])] == ["app"]


async def test_referrals_lead_up_and_down(shop: Store):
    [up, none] = await referral.referrals_to(shop, ["bob", "ann"])
    [page] = await referral.referrals_from(shop, ["ann"], TEN)

    assert up == referral.ReferralRow("ann", "bob", utc(2026, 1, 2), "app", None, "s1")
    assert none is None
    assert [entry.row.referred for entry in page.entries] == ["dan", "bob"]
    assert await referral.count_referrals_from(shop, ["ann", "蔡"]) == [2, 0]


@pytest.mark.parametrize(
    ("depth", "expected"), [(1, [("bob", 1), ("dan", 1)]), (6, [("bob", 1), ("dan", 1), ("蔡", 2)])]
)
async def test_a_tree_is_as_deep_as_asked(shop: Store, depth: int, expected: list[tuple[str, int]]):
    found = await referral.referral_tree(shop, "ann", depth, 10)

    assert [(row.referral.referred, row.depth) for row in found] == expected
    assert len(await referral.referral_tree(shop, "ann", depth, 1)) == 1


async def test_the_current_run_is_read_unless_another_is_named(shop: Store):
    current = await influence.influence_of(shop, ["bob", "dan", "ann"], None)
    older = await influence.influence_of(shop, ["bob", "ann"], "influence-0")

    assert [row and (row.run_id, row.spread) for row in current] == [
        ("influence-1", 1.5), None, ("influence-1", 2.5)
    ]  # fmt: skip
    assert [row and row.spread for row in older] == [None, 9.0]


async def test_figures_are_told_out_of_their_text_as_out_of_a_run_that_has_none(shop: Store):
    text, one_by_one = await influence.influence_of(shop, ["bob", "ann"], None)

    assert text == influence.InfluenceRow(
        "influence-1", "bob", 1.5, 1.0, 2.0, 15.0, 13.5, 16.5, 9_000, 0, 1, 0, 2, 50.0, None
    )
    assert one_by_one is not None
    assert astuple(one_by_one)[:-1] == (
        "influence-1", "ann", 2.5, 2.0, 3.0, 25.0, 22.5, 27.5, 1_850, 50, 2, 1, 1, 50.0
    )  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "audience", "keys"),
    [
        ("spread", {}, ["ann", "bob", "蔡"]),
        ("credited_revenue", {}, ["bob", "ann", "蔡"]),
        ("revenue", {"city_eq": "Ningbo"}, ["蔡"]),
        ("downstream", {"district_in": ["Xihu", "Gongshu"]}, ["ann", "bob"]),
        ("direct_referrals", {"source_eq": "other"}, []),
    ],
)
async def test_influencers_are_compared_within_their_audience(
    shop: Store, metric: str, audience: dict[str, object], keys: list[str]
):
    page = await influence.top_influencers(shop, audience, influence.METRICS[metric], None, TEN)

    assert [entry.row.customer_id for entry in page.entries] == keys
    assert await influence.count_influencers(shop, audience, None) == len(keys)


async def test_without_a_run_of_the_whole_every_data_set_has_its_own(shop: Store):
    from shop_graph import score

    from graph.model.score import CURRENT_RUN, INFLUENCE_SCORE
    from graph.model.statements import upsert_node
    from graph.store import cypher, generated

    pointer = {"pointer_id": "influence|other", "kind": "influence", "scope": "other", "run_id": "influence-2"}
    names = [given.name for given in INFLUENCE_SCORE.all_properties()]
    row = dict.fromkeys(names) | score("influence-2", "dan", 4.0, 1)
    await shop.write(
        (generated(upsert_node(CURRENT_RUN)), {"rows": [pointer]}),
        (generated(upsert_node(INFLUENCE_SCORE)), {"rows": [row]}),
    )

    assert await influence.influence_of(shop, ["dan"], None) == [None]
    await shop.write((cypher("MATCH (p:CurrentRun {pointer_id: 'influence|*'}) DETACH DELETE p"), {}))
    [dan, ann] = await influence.influence_of(shop, ["dan", "ann"], None)
    top = await influence.top_influencers(shop, {}, influence.METRICS["spread"], None, TEN)

    assert dan is not None
    assert (dan.spread, ann) == (4.0, None)
    assert [entry.row.customer_id for entry in top.entries] == ["dan"]


async def test_chains_are_those_of_the_current_runs(shop: Store):
    page = await chain.chains(shop, {}, chain.ORDERINGS["rank"], None, TEN)
    strong = await chain.chains(shop, {"lift_gte": 1.5}, turned(chain.ORDERINGS["lift"]), None, TEN)
    older = await chain.chains(shop, {}, chain.ORDERINGS["rank"], "chains-0", TEN)

    assert [entry.row.rank for entry in page.entries] == [1, 2, 3, 4, 5]
    assert [entry.row.rank for entry in strong.entries] == [3, 1, 2]
    assert [entry.row.key for entry in older.entries] == ["chains-0|1", "chains-0|2"]
    assert await chain.count_chains(shop, {"category_eq": "coffee", "source_eq": "*"}, None) == 5


async def test_a_run_of_everything_is_read_alone_and_a_data_sets_own_where_it_is_named(shop: Store):
    from graph.model.score import CURRENT_RUN
    from graph.model.statements import upsert_node
    from graph.store import cypher, generated

    pointer = {"pointer_id": "chains|other", "kind": "chains", "scope": "other", "run_id": "chains-0"}
    await shop.write((generated(upsert_node(CURRENT_RUN)), {"rows": [pointer]}))

    async def read(filters: dict[str, object]) -> set[str]:
        page = await chain.chains(shop, filters, chain.ORDERINGS["rank"], None, TEN)
        assert await chain.count_chains(shop, filters, None) == len(page.entries)
        return {entry.row.run_id for entry in page.entries}

    assert await read({}) == {"chains-1"}
    assert await read({"source_eq": "other"}) == {"chains-0"}
    assert await read({"source_in": ["other", "*"], "q_value_lte": 1.0}) == {"chains-0", "chains-1"}
    assert await read({"source_in": ["other", "*"], "source_starts_with": "o"}) == {"chains-0"}
    await shop.write((cypher("MATCH (p:CurrentRun {pointer_id: 'chains|*'}) DETACH DELETE p"), {}))
    assert await read({}) == {"chains-0"}


async def test_a_chain_of_three_steps_is_read_step_by_step(shop: Store):
    [found] = (await chain.chains(shop, {"steps_eq": 3}, chain.ORDERINGS["rank"], "chains-0", TEN)).entries
    by_length = await chain.chains(shop, {}, turned(chain.ORDERINGS["steps"]), "chains-0", TEN)

    row = found.row
    assert [(step.category_id, step.start_minute, step.gap) for step in row.steps] == [
        ("coffee", 660, "same_day"),
        ("tea", 840, "next_day"),
        ("cake", 540, None),
    ]
    assert (row.new, row.held, row.suffix_lift, row.lift_low, row.lift_high) == (False, True, 1.5, 1.2, 3.0)
    assert [entry.row.key for entry in by_length.entries] == ["chains-0|2", "chains-0|1"]
    assert await chain.chains_by_key(shop, ["chains-0|2"]) == [row]
    for filters, count in (
        ({"category_eq": "tea", "steps_gte": 3}, 1),
        ({"category_eq": "rice"}, 0),
        ({"new_eq": True}, 1),
        ({"new_eq": False, "held_eq": True}, 1),
        ({"held_eq": False}, 0),
    ):
        assert await chain.count_chains(shop, filters, "chains-0") == count, filters


async def test_a_pair_of_a_release_that_knew_no_longer_chains_has_its_two_steps(shop: Store):
    [found] = (await chain.chains(shop, {"steps_eq": 2}, chain.ORDERINGS["rank"], "chains-0", TEN)).entries

    assert [(step.category_id, step.gap) for step in found.row.steps] == [("coffee", "next_day"), ("tea", None)]
    assert (found.row.new, found.row.held, found.row.suffix_lift) == (True, None, None)


@pytest.mark.parametrize(
    ("customer_key", "at", "expected"),
    [
        # Before the coffee nothing is open.
        ("ann", utc(2026, 3, 2, 3, 59), []),
        # The tea of the next day; in Xihu also at ten. The unconfirmed chain and the one of week-ends stay away.
        ("ann", utc(2026, 3, 2, 6), [("chains-1|4", "o1"), ("chains-1|1", "o1")]),
        # Bob's order names no store and he lives in Gongshu.
        ("bob", utc(2026, 3, 2, 6), [("chains-1|1", "o3")]),
        # Within the window it is still open, at its end no more.
        ("bob", utc(2026, 3, 3, 11, 59), [("chains-1|1", "o3")]),
        ("bob", utc(2026, 3, 3, 12), []),
        # Ann's fruit tea ends the chain from coffee to tea and opens that of all teas on the same evening.
        ("ann", utc(2026, 3, 3, 10, 29), [("chains-1|1", "o1")]),
        ("ann", utc(2026, 3, 3, 10, 40), [("chains-1|2", "o2")]),
        ("nobody", utc(2026, 3, 2, 6), []),
    ],
)
async def test_open_chains_have_their_next_slot_ahead(
    shop: Store, customer_key: str, at: datetime, expected: list[tuple[str, str]]
):
    [found] = await open_chains(shop, [customer_key], at, SHANGHAI)

    assert [(row.chain.key, row.last.order) for row in found] == expected


LOOKED_AT_TEA = (
    '[{"behaviour": "view", "category_id": "tea", "start_minute": 0, "end_minute": 1440, "day_kind": "any",'
    ' "gap": "next_day"}, {"category_id": "coffee", "start_minute": 660, "end_minute": 780, "day_kind": "any",'
    ' "gap": null}]'
)
VIEW_CHAIN = cypher(
    "MATCH (n:Chain {chain_id: 'chains-1|5'}) SET n.first_behaviour = 'view', n.first_category_id = 'tea',"
    " n.steps = $steps"
)
VIEW = cypher(
    "MATCH (c:Customer {customer_id: '蔡'}) MATCH (p:Product {sku: 'peach'}) MATCH (s:Store {store_id: 'west'})"
    " CREATE (c)-[:VIEWED {last_at: $at}]->(p) CREATE (c)-[:FAVOURITED {at: $at}]->(p)"
    " CREATE (c)-[:ADDED_TO_CART {last_at: $at}]->(p) CREATE (c)-[:VISITED {last_at: $at}]->(s)"
    " CREATE (c)-[:SHARED]->(:Share {share_id: 'of-peach', at: $at})-[:OF]->(p)"
)


class Recording:
    """The store, and what it was asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: list[Statement] = []

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        self.asked.append(statement)
        return await self.store.read(statement, parameters)


async def test_what_was_done_beside_buying_counts_in_the_same_statement_where_a_chain_speaks_of_it(shop: Store):
    reader, at = Recording(shop), utc(2026, 3, 2, 6)
    await shop.write((VIEW, {"at": utc(2026, 3, 2, 3)}))

    before = await open_chains(reader, ["ann", "蔡"], at, SHANGHAI)
    await shop.write((VIEW_CHAIN, {"steps": LOOKED_AT_TEA}))
    after = await open_chains(reader, ["ann", "蔡"], at, SHANGHAI)

    assert len(reader.asked) == 2
    assert (before[1], after[0]) == ([], before[0])
    # Peach is a fruit tea, and so a tea; it was looked at by no store's clock, at eleven in Shanghai.
    assert [(row.chain.key, row.last.behaviour, row.last.product, row.last.local_minute) for row in after[1]] == [
        ("chains-1|5", "view", "peach", 660)
    ]
    assert (after[1][0].window_start, after[1][0].window_end) == (utc(2026, 3, 3, 3), utc(2026, 3, 3, 5))
    acts = (await recent_of_customers(shop, ["蔡"], [date(2026, 3, 2)], SHANGHAI)).orders["蔡"]
    assert [(act.behaviour, act.product, act.store, act.at) for act in acts] == [
        (behaviour, product, store, utc(2026, 3, 2, 3))
        for behaviour, product, store in (
            ("cart_add", "peach", None),
            ("favourite", "peach", None),
            ("share", "peach", None),
            ("view", "peach", None),
            ("visit", None, "west"),
        )
    ]
    assert await recent_of_customers(shop, ["蔡"], [date(2026, 3, 3)], SHANGHAI) == replace(
        await recent_of_customers(shop, [], [date(2026, 3, 3)], SHANGHAI), orders={}
    )


NEWEST = cypher("MATCH (c:Customer)-[:PLACED]->(o:Order) WITH c, max(o.at) AS newest SET c.last_order_at = newest")


async def test_customers_inside_of_a_chain_are_paged_by_key(shop: Store):
    await shop.write((NEWEST, {}))
    at = utc(2026, 3, 2, 6)
    wanted = Wanted(at, at + timedelta(hours=28), SHANGHAI)
    ann, bob = Position("ann", "ann"), Position("bob", "bob")
    slices = [Slice(1), Slice(1, after=ann), Slice(1, after=bob), Slice(1, backward=True)]
    slices += [Slice(9, backward=True, before=bob), Slice(9, after=ann, before=bob)]
    told = [await insiders(shop, wanted, one) for one in slices]

    found = [[(one.row.customer, len(one.row.open)) for one in page.entries] for page in told]
    assert found == [[("ann", 2)], [("bob", 1)], [], [("bob", 1)], [("ann", 2)], []]
    ends = [(page.has_previous, page.has_next) for page in told]
    assert ends == [(False, True), (True, False), (True, False), (True, False), (False, True), (True, False)]
    assert await count_insiders(shop, wanted) == 2


@pytest.mark.parametrize(
    ("audience", "hours", "category", "expected"),
    [
        ({}, 28, None, ["ann", "bob"]),
        ({}, 21, None, ["ann"]),  # in Xihu the tea of ten o'clock begins after 20 hours, the evening's after 28
        ({}, 30, "tea", ["ann", "bob"]),
        ({}, 30, "coffee", []),
        ({}, 30, "cheese", []),
        ({"district_eq": "Gongshu"}, 30, None, ["bob"]),
        ({"consent_offers": True}, 30, None, []),
    ],
)
async def test_who_is_inside_follows_audience_window_and_category(
    shop: Store, audience: dict[str, object], hours: int, category: str | None, expected: list[str]
):
    await shop.write((NEWEST, {}))
    at = utc(2026, 3, 2, 6)
    wanted = Wanted(at, at + timedelta(hours=hours), SHANGHAI, category, audience)

    page = await insiders(shop, wanted, Slice(10))

    assert [one.row.customer for one in page.entries] == expected
    assert await count_insiders(shop, wanted) == len(expected)


async def test_the_window_of_an_open_chain_is_on_the_stores_clock(shop: Store):
    [found] = await open_chains(shop, ["bob"], utc(2026, 3, 2, 6), SHANGHAI)

    assert (found[0].window_start, found[0].window_end) == (utc(2026, 3, 3, 10), utc(2026, 3, 3, 12))


async def test_runs_say_which_of_them_is_current(shop: Store):
    page = await run.runs(shop, {"kind_eq": "influence"}, TEN)

    assert [(entry.row.key, entry.row.is_current) for entry in page.entries] == [
        ("influence-1", True),
        ("influence-0", False),
    ]
    [older] = await run.runs_by_key(shop, ["influence-0"])
    assert older is not None
    assert (older.parameters, older.log_version) == ('{"seed": 1}', 3)
    assert await run.count_runs(shop, {}) == 4


EVERYWHERE = search.LABELS


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("ann", EVERYWHERE, [("Customer", "ann", 5)]),
        ("AN", EVERYWHERE, [("Customer", "ann", 2)]),  # no word of Dan's name begins so
        ("安", EVERYWHERE, [("Customer", "ann", 1)]),
        ("安 ann", EVERYWHERE, [("Customer", "ann", 1)]),
        ("茶", EVERYWHERE, [("Product", "peach", 1)]),
        ("桃茶", EVERYWHERE, [("Product", "peach", 1)]),
        ("茶桃", EVERYWHERE, []),
        ("拿铁 LATTE", EVERYWHERE, [("Product", "latte", 4)]),
        ("蔡", ("Customer",), [("Customer", "蔡", 5)]),
        ("w", EVERYWHERE, [("Store", "west", 3)]),
        ("new yor", EVERYWHERE, [("Store", "york", 2)]),
        ("ap", EVERYWHERE, [("Channel", "app", 3)]),
        ("app", ("Customer",), []),
        ("app", (), []),
        ("  ", EVERYWHERE, []),
        ("' OR 1=1 //", EVERYWHERE, []),
        ('+latte* -"x', EVERYWHERE, []),
    ],
)
async def test_search_finds_keys_and_words_of_names(
    shop: Store, text: str, labels: tuple[str, ...], expected: list[tuple[str, str, int]]
):
    page = await search.search(shop, search.Sought(text, labels), TEN)

    assert [(entry.row.label, entry.row.key, entry.row.fit) for entry in page.entries] == expected
    assert await search.count_hits(shop, search.Sought(text, labels)) == len(expected)


NAMED = cypher("UNWIND $rows AS row MERGE (c:Customer {customer_id: row.key}) SET c.name = row.name")


async def test_search_finds_the_present_names_and_pages_both_ways(shop: Store):
    names = ["王芳", "王小芳", "芳王", "Wang 芳", "wangari", None, "王芳 Wang"]
    await shop.write((NAMED, {"rows": [{"key": f"c{n}", "name": name} for n, name in enumerate(names)]}))
    await shop.write((NAMED, {"rows": [{"key": "c4", "name": "Ann Wang"}, {"key": "c3", "name": None}]}))

    async def found(text: str) -> list[tuple[str, int]]:
        page = await search.search(shop, search.Sought(text, EVERYWHERE), TEN)
        return [(entry.row.key, entry.row.fit) for entry in page.entries]

    assert await found("王芳") == [("c0", 4), ("c6", 2)]
    assert await found("wang") == [("c4", 1), ("c6", 1)]
    assert await found("c") == [(f"c{n}", 3) for n in range(7)]
    sought = search.Sought("c", ("Customer",))
    page = await search.search(shop, sought, Slice(2))
    met = [entry.row.key for entry in page.entries]
    while page.has_next:
        page = await search.search(shop, sought, Slice(2, after=page.entries[-1].position))
        met += [entry.row.key for entry in page.entries]
    assert met == [f"c{n}" for n in range(7)]
    back = await search.search(shop, sought, Slice(2, backward=True, before=page.entries[-1].position))
    assert [entry.row.key for entry in back.entries] == ["c4", "c5"]


async def test_a_place_between_equals_is_found_again(shop: Store):
    ordering = customer.ORDERINGS["registered_at"]
    first = await customer.customers(shop, {}, ordering, Slice(limit=3))
    rest = await customer.customers(shop, {}, ordering, Slice(limit=3, after=first.entries[-2].position))

    assert [entry.row.key for entry in first.entries] == ["ann", "bob", "dan"]
    assert [entry.row.key for entry in rest.entries] == ["dan", "蔡"]
    assert first.entries[1].position == Position(utc(2026, 1, 2), "bob")
    assert rest.entries[1].position == Position(None, "蔡")


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({}, ["bob", "dan"]),
        ({"state_in": ["pending"]}, ["bob"]),
        ({"sign_eq": "same_phone"}, ["dan"]),
        ({"suspicion_gte": 0.6, "referrer_eq": "ann"}, ["bob"]),
        ({"decided_at_gte": utc(2026, 3, 4), "decided_by_eq": "li"}, ["dan"]),
        ({"raised_at_lt": utc(2026, 3, 2)}, ["dan"]),
        ({"customer_eq": "ann"}, []),
    ],
)
async def test_reviews_are_filtered_and_come_by_suspicion(shop: Store, filters: dict[str, object], keys: list[str]):
    page = await referral_review.reviews(shop, filters, referral_review.ORDERINGS["suspicion"], TEN)

    assert [entry.row.key for entry in page.entries] == keys
    assert await referral_review.count_reviews(shop, filters) == len(keys)


async def test_a_review_stands_where_it_was_left(shop: Store):
    found = await referral_review.standings(shop, ["bob", "dan", "蔡", "ann", "nobody"])

    assert [row and (row.referrer, row.state) for row in found] == [
        ("ann", "pending"), ("ann", "voided"), ("bob", None), (None, None), None
    ]  # fmt: skip
    [bob, nobody] = await referral_review.reviews_by_key(shop, ["bob", "蔡"])
    assert nobody is None
    assert bob is not None
    assert (bob.referrer, bob.raised_at, bob.reward_cents) == ("ann", utc(2026, 3, 3), 850)
