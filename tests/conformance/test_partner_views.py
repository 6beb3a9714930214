"""What a partner sees, on both stores: of its audience, who agreed, under its own ids, whatever is asked."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from shop_graph import fill_shop, utc

from api.access.virtual_ids import PartnerIds
from graph.algorithms.chains import Calendar
from graph.errors import BadInput, Forbidden
from graph.queries import channel, customer, influence, inside, order, referral, run, search, share
from graph.queries import store as stores
from graph.queries.export import ExportQuery
from graph.queries.open_chain import open_chains
from graph.queries.paging import Page, Slice, turned
from graph.queries.reader import Reader
from graph.queries.statements import samples
from graph.queries.view import PartnerReader, View
from graph.store import Statement, Store, cypher
from graph.store.statement import PATHS

SHANGHAI = ZoneInfo("Asia/Shanghai")
IDS = PartnerIds(bytes(32), "acme")
TEN = Slice(limit=10)
OWN = {"Customer": {"ann"}, "Order": {"o1", "o2"}, "Share": {"s1", "s2"}}
ALL = {"Customer": ["ann", "bob", "dan", "蔡"], "Order": ["o1", "o2", "o3"], "Share": ["s1", "s2"]}
REAL = {key for keys in ALL.values() for key in keys} | {f"influence-1|{key}" for key in ALL["Customer"]}
OFFERS = cypher("UNWIND $rows AS row MATCH (c:Customer {customer_id: row.key}) SET c.consent_offers = row.consent")
ACTIVE = cypher(
    "UNWIND $keys AS key MATCH (c:Customer {customer_id: key}) SET c.consent_offers = true, c.last_order_at = $at"
)
WEEKS = Calendar()
CONSENT = cypher("UNWIND $rows AS row MATCH (c:Customer {customer_id: row.key}) SET c.consent_sharing = row.consent")
TOLD_TO_NO_PARTNER = {
    "customers by city", "customers by community", "customers by district", "keys of an audience",
    "overview: all", "projected version", "reviews by key", "standing of referrals",
}  # fmt: skip


@pytest.fixture
async def shop(store: Store) -> Store:
    """Ann and Bob agreed to be shown to partners, Dan did not, 蔡 was never asked."""
    await fill_shop(store)
    rows = [{"key": "ann", "consent": True}, {"key": "bob", "consent": True}, {"key": "dan", "consent": False}]
    await store.write((CONSENT, {"rows": rows}))
    return store


def seen_by(shop: Store, **only: tuple[str, ...]) -> PartnerReader:
    return PartnerReader(shop, View("acme", only), IDS)


def v(key: str, noun: str = "Customer") -> str:
    return IDS.shown(noun, key)


def virtual(statement: Statement, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that name everybody, under the partner's ids."""
    nouns = dict(statement.keys)

    def one(noun: str | None, value: object) -> object:
        if noun not in ALL:
            return value
        return [v(key, noun) for key in ALL[noun]] if isinstance(value, list) else v(ALL[noun][0], noun)

    return {name: one(nouns.get(name), value) for name, value in parameters.items()}


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


async def test_every_statement_tells_a_partner_its_own_rows_under_its_own_ids_or_nothing(shop: Store):
    reader, met, refused = seen_by(shop, district=("Xihu",)), {noun: set[str]() for noun in OWN}, set[str]()
    for sample in samples():
        try:
            rows = await reader.read(sample.statement, virtual(sample.statement, sample.parameters))
        except Forbidden:
            refused.add(sample.name.split(" (")[0])
            continue
        except BadInput:
            assert "starts_with" in sample.statement.text, sample.name
            continue
        nouns = {name: noun for name, noun in sample.statement.keys if noun != PATHS}
        for row in rows:
            assert not REAL & set(texts(row)), (sample.name, row)
            if row.get("count") == 0:
                # Nothing is counted for a parent that is not seen, as for one that is not there.
                continue
            for name, noun in nouns.items():
                told = row.get(name)
                met.get(noun, set()).update(str(IDS.meant(noun, one)) for one in texts(told))
    assert met == OWN
    assert {name for name in refused if "reviews" not in name} == TOLD_TO_NO_PARTNER - {"reviews by key"}


async def test_customers_are_those_of_the_audience_who_agreed(shop: Store):
    everywhere, xihu = seen_by(shop), seen_by(shop, district=("Xihu",))

    by_key = await customer.customers_by_key(everywhere, [v("dan"), v("ann"), v("蔡"), "ann", v("bob")])
    listed = await customer.customers(xihu, {}, customer.ORDERINGS["key"], TEN)
    totals = await customer.total_customers(everywhere, {})

    assert [row and row.key for row in by_key] == [None, v("ann"), None, None, v("bob")]
    assert [entry.row.key for entry in listed.entries] == [v("ann")]
    assert (totals.count, totals.revenue_sum) == (2, 7_050)
    assert await customer.count_customers(everywhere, {}) == 2


@pytest.mark.parametrize(
    ("only", "keys"),
    [
        ({}, {"ann", "bob"}),
        ({"city": ("Hangzhou",)}, {"ann", "bob"}),
        ({"district": ("Gongshu", "Haishu")}, {"bob"}),
        ({"channel": ("app",)}, {"ann"}),
        ({"store": ("west",)}, {"ann"}),
        ({"source": ("shop",), "district": ("Gongshu",)}, {"bob"}),
        ({"city": ("Ningbo",)}, set()),
    ],
)
async def test_each_rule_narrows(shop: Store, only: dict[str, tuple[str, ...]], keys: set[str]):
    page = await customer.customers(seen_by(shop, **only), {}, customer.ORDERINGS["name"], TEN)

    assert {IDS.meant("Customer", entry.row.key) for entry in page.entries} == keys


async def test_pages_go_on_where_a_partner_s_cursor_stands(shop: Store):
    reader, ordering = seen_by(shop), turned(customer.ORDERINGS["key"])
    first = await customer.customers(reader, {}, ordering, Slice(limit=1))
    rest = await customer.customers(reader, {}, ordering, Slice(limit=1, after=first.entries[0].position))

    assert [entry.row.key for entry in (*first.entries, *rest.entries)] == [v("bob"), v("ann")]
    assert first.entries[0].position.key == first.entries[0].position.value == v("bob")


async def test_filters_take_the_partner_s_ids_and_tell_nothing_of_ours(shop: Store):
    reader, ordering = seen_by(shop), customer.ORDERINGS["key"]

    async def found(filters: dict[str, object]) -> list[str]:
        return [entry.row.key for entry in (await customer.customers(reader, filters, ordering, TEN)).entries]

    assert await found({"key_eq": v("ann")}) == await found({"or": [{"key_in": [v("ann"), v("dan")]}]}) == [v("ann")]
    assert await found({"key_eq": "ann"}) == await found({"key_in": ["ann", "bob"]}) == []
    with pytest.raises(BadInput, match="no meaningful beginning"):
        await found({"not": {"key_starts_with": "a"}})


async def test_orders_and_shares_belong_to_who_is_seen(shop: Store):
    west, gongshu = seen_by(shop, store=("west",)), seen_by(shop, district=("Gongshu",))

    [ann, bob] = await order.orders_of_customers(west, [v("ann"), v("bob")], TEN)
    by_key = await order.orders_by_key(gongshu, [v("o1", "Order"), v("o3", "Order"), "o3"])
    buyers = await order.buyers_of_orders(gongshu, [v("o1", "Order"), v("o3", "Order")])
    lines = await order.lines_of_orders(gongshu, [v("o1", "Order"), v("o3", "Order")], TEN)

    assert [entry.row.key for entry in ann.entries] == [v("o2", "Order"), v("o1", "Order")]
    assert not list(bob.entries)
    assert [row and row.key for row in by_key] == [None, v("o3", "Order"), None]
    assert [row and row.key for row in buyers] == [None, v("bob")]
    assert [len(page.entries) for page in lines] == [0, 1]
    assert await order.count_orders_of_customers(gongshu, [v("ann"), v("bob")]) == [0, 1]
    assert await share.shares_by_key(gongshu, [v("s1", "Share")]) == [None]
    assert await channel.channels_of_customers(gongshu, [v("ann")]) == [None]
    assert await stores.stores_of_orders(gongshu, [v("o1", "Order")]) == [None]


async def test_referrals_need_both_ends(shop: Store):
    everywhere, xihu = seen_by(shop), seen_by(shop, district=("Xihu",))

    [up] = await referral.referrals_to(everywhere, [v("bob")])
    [down] = await referral.referrals_from(everywhere, [v("ann")], TEN)
    tree = await referral.referral_tree(everywhere, v("ann"), 6, 10)

    assert up is not None
    assert (up.referrer, up.referred, up.share) == (v("ann"), v("bob"), v("s1", "Share"))
    assert [entry.row.referred for entry in down.entries] == [v("bob")]
    assert [row.referral.referred for row in tree] == [v("bob")]
    assert await referral.referral_tree(xihu, v("ann"), 6, 10) == []
    assert await referral.referrals_to(xihu, [v("bob")]) == [None]


async def test_nothing_hangs_on_somebody_who_is_not_seen(shop: Store):
    """蔡 agrees, Bob between Ann and 蔡 no more."""
    await shop.write(
        (CONSENT, {"rows": [{"key": "蔡", "consent": True}, {"key": "bob", "consent": False}]}),
    )

    assert await referral.referral_tree(seen_by(shop), v("ann"), 6, 10) == []


async def test_scores_are_of_who_is_seen_and_their_paths_meet_nobody_else(shop: Store):
    everywhere, xihu = seen_by(shop), seen_by(shop, district=("Xihu",))
    keys = [v("bob"), v("ann"), v("蔡"), "ann"]

    wide, narrow = await influence.influence_of(everywhere, keys, None), await influence.influence_of(xihu, keys, None)
    top = await influence.top_influencers(everywhere, {}, influence.METRICS["spread"], None, Slice(limit=1))
    rest = await influence.top_influencers(
        everywhere, {"city_eq": "Hangzhou"}, influence.METRICS["spread"], None, TEN
    )  # fmt: skip

    assert [row and row.customer_id for row in wide] == [v("bob"), v("ann"), None, None]
    assert [row and row.customer_id for row in narrow] == [None, v("ann"), None, None]
    assert wide[1] is not None
    assert narrow[1] is not None
    assert (v("bob") in str(wide[1].paths), narrow[1].paths) == (True, "[]")
    assert [entry.row.customer_id for entry in top.entries] == [v("ann")]
    assert [entry.row.customer_id for entry in rest.entries] == [v("ann"), v("bob")]
    assert await influence.count_influencers(xihu, {}, None) == 1


async def test_open_chains_are_told_of_who_is_seen(shop: Store):
    [ann, bob] = await open_chains(
        seen_by(shop, district=("Gongshu",)), [v("ann"), v("bob")], utc(2026, 3, 2, 6), SHANGHAI
    )

    assert (ann, [row.last.order for row in bob]) == ([], [v("o3", "Order")])


async def test_who_said_no_to_offers_is_inside_of_no_chain(shop: Store):
    at = utc(2026, 3, 2, 6)
    asked = await open_chains(shop, ["ann", "bob"], at, SHANGHAI)
    await shop.write((OFFERS, {"rows": [{"key": "ann", "consent": False}, {"key": "bob", "consent": True}]}))

    told = await open_chains(shop, ["ann", "bob"], at, SHANGHAI)

    assert all(asked)
    assert told == [[], asked[1]]


async def test_who_is_inside_of_a_chain_is_told_of_who_is_seen(shop: Store):
    at = utc(2026, 3, 2, 6)
    await shop.write((ACTIVE, {"keys": ["ann", "bob", "dan", "蔡"], "at": at}))
    wanted = inside.Wanted(at, at + timedelta(days=2), SHANGHAI, None, {"consent_offers": True}, WEEKS)

    async def found(reader: Reader, slice_: Slice) -> Page[inside.Insider]:
        return await inside.insiders(reader, wanted, slice_)

    ours, wide = await found(shop, TEN), await found(seen_by(shop), TEN)
    narrow = await found(seen_by(shop, district=("Gongshu",)), TEN)
    page = await found(seen_by(shop), Slice(1))
    rest = await found(seen_by(shop), Slice(1, after=page.entries[-1].position))
    back = await found(seen_by(shop), Slice(1, backward=True, before=rest.entries[0].position))

    assert [entry.row.customer for entry in ours.entries] == ["ann", "bob"]
    assert [entry.row.customer for entry in wide.entries] == [v("ann"), v("bob")]
    assert (
        [entry.row.customer for entry in narrow.entries] == [entry.row.customer for entry in rest.entries] == [v("bob")]
    )
    assert (
        [entry.row.customer for entry in page.entries] == [entry.row.customer for entry in back.entries] == [v("ann")]
    )
    assert await inside.count_insiders(seen_by(shop), wanted) == 2
    assert [row.last.order for row in narrow.entries[0].row.open] == [v("o3", "Order")]


async def test_what_a_run_was_asked_for_may_name_anybody_and_is_told_to_no_partner(shop: Store):
    everywhere = seen_by(shop)

    [ours], [told] = [await run.runs_by_key(reader, ["influence-0"]) for reader in (shop, everywhere)]
    listed = await run.runs(everywhere, {}, TEN)

    assert ours is not None
    assert told is not None
    assert (ours.parameters, told.parameters, told.seed) == ('{"seed": 1}', None, 1)
    assert {entry.row.parameters for entry in listed.entries} == {None}


@pytest.mark.parametrize(
    ("query", "column", "expected"),
    [
        (ExportQuery("customers"), "customer_id", {v("bob")}),
        (ExportQuery("orders"), "order_id", {v("o3", "Order")}),
        (ExportQuery("shares"), "share_id", set[str]()),
        (ExportQuery("influence_scores", "influence-1"), "score_id", {v("influence-1|bob", "InfluenceScore")}),
        (ExportQuery("influence_scores", "influence-1", {"city_eq": "Hangzhou"}), "customer_id", {v("bob")}),
        (ExportQuery("stores"), "store_id", {"west", "york"}),
    ],
)
async def test_an_export_holds_the_same(shop: Store, query: ExportQuery, column: str, expected: set[str]):
    reader = seen_by(shop, district=("Gongshu",))

    rows = [row async for row in reader.stream(query.statement(), query.parameters())]

    assert {row[column] for row in rows} == expected
    assert not REAL & set(texts(rows))


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        (v("ann"), True, [(v("ann"), 5)]),
        (v("dan"), True, []),  # did not agree
        ("ann", True, [(v("ann"), 2)]),  # by the name; that it is the key too is told to nobody
        ("ann", False, []),
        ("an", False, []),
    ],
)
async def test_search_finds_whom_a_partner_sees_by_its_own_ids_and_by_name(
    shop: Store, text: str, names: bool, expected: list[tuple[str, int]]
):
    sought = search.Sought(text, ("Customer",), names_of_people=names, own_ids=True)

    page = await search.search(seen_by(shop), sought, TEN)

    assert [(entry.row.key, entry.row.fit) for entry in page.entries] == expected
    assert await search.count_hits(seen_by(shop), sought) == len(expected)
