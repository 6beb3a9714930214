"""What a few events make of each noun, worked out by hand."""

from datetime import date, timedelta

import pytest
from event_rows import START, event
from tiny_graph import TinyGraph, TinyLog

from graph.jobs.project import project


async def graph_of(*events: dict[str, object]) -> TinyGraph:
    log, graph = TinyLog(), TinyGraph()
    log.append(events)
    await project(log, graph)
    return graph


def minute(count: int):
    return START + timedelta(minutes=count)


async def test_a_customer_is_described_by_the_newest_profile_that_says_something():
    graph = await graph_of(
        event("profile", 5, customer="ann", properties={"name": "王小明", "city": "杭州", "birth_year": 1990}),
        event("profile", 9, customer="ann", properties={"city": "宁波", "gender": None}),
        event("profile", 1, customer="ann", properties={"name": "老王", "gender": "male"}),
    )

    assert graph.told("Customer", "ann") == {
        "name": "王小明",
        "city": "宁波",
        "birth_year": 1990,
        "gender": "male",
        "order_count": 0,
        "revenue_cents": 0,
        "source": "test",
    }


async def test_of_two_profiles_at_one_instant_the_one_with_the_greater_id_counts():
    graph = await graph_of(
        event("profile", id="b", customer="ann", properties={"city": "宁波"}),
        event("profile", id="a", customer="ann", properties={"city": "杭州"}),
    )

    assert graph.told("Customer", "ann")["city"] == "宁波"


async def test_a_customers_orders_revenue_and_dates_come_out_of_events():
    graph = await graph_of(
        event("register", 3, customer="ann"),
        event("register", 1, customer="ann"),
        event("login", 20, customer="ann"),
        event("login", 10, customer="ann"),
        event("purchase", 30, customer="ann", order="o1", product="tea", quantity=1, amount="18.50"),
        event("purchase", 30, customer="ann", order="o1", product="cake", quantity=1, amount="9.99"),
        event("purchase", 90, customer="ann", order="o2", product="tea", quantity=1, amount="0.01", source="till"),
        event("refund", 95, customer="ann", order="o2", amount="0.01", source="desk"),
    )

    assert graph.told("Customer", "ann") == {
        "registered_at": minute(1),
        "last_login_at": minute(20),
        "order_count": 2,
        "revenue_cents": 2850,
        "first_order_at": minute(30),
        "last_order_at": minute(90),
        "source": "desk",
    }


async def test_a_registration_that_no_event_tells_is_taken_from_the_profile():
    told = {"registered_at": "2025-01-02T08:00:00+08:00"}
    graph = await graph_of(
        event("profile", customer="ann", properties=told),
        event("profile", customer="bob", properties=told),
        event("register", 7, customer="bob"),
    )

    assert graph.told("Customer", "ann")["registered_at"].isoformat() == "2025-01-02T00:00:00+00:00"
    assert graph.told("Customer", "bob")["registered_at"] == minute(7)


async def test_consent_is_the_newest_word_for_each_purpose():
    graph = await graph_of(
        event("consent", 1, customer="ann", properties={"purpose": "offers", "granted": True}),
        event("consent", 2, customer="ann", properties={"purpose": "offers", "granted": False}),
        event("consent", 1, customer="ann", properties={"purpose": "analytics", "granted": True}),
        event("consent", 3, customer="bob", properties={"analytics": False, "sharing": True}),
    )

    ann, bob = graph.told("Customer", "ann"), graph.told("Customer", "bob")
    assert (ann["consent_offers"], ann["consent_analytics"]) == (False, True)
    assert "consent_sharing" not in ann
    assert (bob["consent_analytics"], bob["consent_sharing"]) == (False, True)


async def test_a_bringer_who_never_acted_is_a_customer_all_the_same():
    graph = await graph_of(event("referral", customer="bob", referrer="ann"))

    assert graph.told("Customer", "ann") == {"order_count": 0, "revenue_cents": 0}


async def test_a_product_is_described_with_its_price_in_cents_and_its_category_as_a_path():
    said = {"name": "奶绿", "category": ["饮品", "奶茶"], "price": 18.5, "attributes": ["low-sugar", "hot"]}
    graph = await graph_of(event("profile", product="tea", currency="CNY", properties=said))

    assert graph.told("Product", "tea") == {
        "name": "奶绿",
        "category_id": "饮品 > 奶茶",
        "price_cents": 1850,
        "currency": "CNY",
        "attributes": ["low-sugar", "hot"],
        "source": "test",
    }


@pytest.mark.parametrize(
    "category", ["GROCERY > FRZN ICE", ["GROCERY", "FRZN ICE"], "GROCERY>FRZN ICE > ", [" GROCERY > FRZN ICE"]]
)
async def test_categories_form_a_tree_however_the_path_is_written(category: object):
    graph = await graph_of(event("profile", product="ice", properties={"category": category}))

    assert graph.nodes["Category"] == {
        "GROCERY": {"name": "GROCERY", "level": 1},
        "GROCERY > FRZN ICE": {"name": "FRZN ICE", "level": 2},
    }
    assert graph.tied("PART_OF") == {("GROCERY > FRZN ICE", "GROCERY"): {}}
    assert graph.tied("IN") == {("ice", "GROCERY > FRZN ICE"): {}}


async def test_a_product_that_changes_its_category_leaves_the_old_one():
    graph = await graph_of(
        event("profile", 1, product="tea", properties={"category": "奶茶"}),
        event("profile", 2, product="tea", properties={"category": "果茶"}),
        event("profile", 3, product="tea", properties={"name": "果"}),
    )

    assert graph.tied("IN") == {("tea", "果茶"): {}}
    assert set(graph.nodes["Category"]) == {"奶茶", "果茶"}


@pytest.mark.parametrize("category", ["", " > ", [], None, [1, 2]])
async def test_a_category_without_a_name_is_none(category: object):
    graph = await graph_of(event("profile", product="tea", properties={"category": category}))

    assert graph.nodes["Category"] == {}
    assert "category_id" not in graph.told("Product", "tea")


async def test_what_no_profile_describes_has_its_key_alone():
    graph = await graph_of(
        event(
            "purchase",
            customer="ann",
            order="o",
            product="tea",
            quantity=1,
            amount=1,
            store="s",
            channel="c",
            campaign="m",
        )
    )

    for label, key in (("Product", "tea"), ("Store", "s"), ("Channel", "c"), ("Campaign", "m")):
        assert graph.told(label, key) == {}


async def test_a_value_of_another_type_counts_as_not_given():
    said = {"birth_year": "unknown", "city": "杭州", "registered_at": "yesterday", "consent_offers": "perhaps"}
    graph = await graph_of(event("profile", customer="ann", properties=said))

    assert graph.told("Customer", "ann") == {"city": "杭州", "order_count": 0, "revenue_cents": 0, "source": "test"}


async def test_a_store_is_described_with_its_place_and_clock():
    said = {"name": "西湖店", "district": "西湖区", "latitude": 30.25, "longitude": 120, "time_zone": "Asia/Shanghai"}
    graph = await graph_of(event("profile", store="hz1", properties=said))

    assert graph.told("Store", "hz1") == {**said, "longitude": 120.0, "source": "test"}


async def test_a_channels_cost_is_the_sum_of_its_days():
    graph = await graph_of(
        event("profile", channel="app", properties={"online": True}),
        event("channel_cost", 1, channel="app", amount="100.10", currency="CNY"),
        event("channel_cost", 2, channel="app", amount="0.05", currency="CNY"),
    )

    assert graph.told("Channel", "app") == {"online": True, "cost_cents": 10015, "currency": "CNY", "source": "test"}


async def test_a_campaign_has_its_days():
    said = {"name": "春季", "type": "TypeA", "starts_on": "2026-03-01", "ends_on": "2026-03-31"}
    graph = await graph_of(event("profile", campaign="c1", properties=said))

    days = {"starts_on": date(2026, 3, 1), "ends_on": date(2026, 3, 31)}
    assert graph.told("Campaign", "c1") == {**said, **days, "source": "test"}


async def test_an_order_sums_its_lines_and_keeps_the_clock_of_the_first():
    line = {"customer": "ann", "order": "o", "product": "tea", "currency": "CNY"}
    graph = await graph_of(
        event("purchase", 2, **line, quantity=0.1, amount="18.50", discount="1.50"),
        event("purchase", 1, **line, quantity=0.2, amount="0.10"),
        event("refund", 60, customer="ann", order="o", amount="10.00"),
        event("refund", 70, customer="ann", order="o", amount="8.50"),
    )

    assert graph.told("Order", "o") == {
        "at": minute(1),
        "local_date": date(2026, 3, 2),
        "local_minute": 12 * 60 + 1,
        "line_count": 2,
        "quantity": 0.3,
        "amount_cents": 1860,
        "discount_cents": 150,
        "refunded_cents": 1850,
        "currency": "CNY",
        "source": "test",
    }


async def test_an_order_known_by_its_refund_alone_says_no_more_than_that():
    graph = await graph_of(event("refund", customer="ann", order="o", amount="10.00"))

    assert graph.told("Order", "o") == {"refunded_cents": 1000, "source": "test"}
    assert graph.tied("PLACED") == {}


async def test_a_share_counts_what_named_it_and_an_order_once():
    graph = await graph_of(
        event("share", 1, customer="ann", share="s"),
        event("share_click", 2, customer="bob", share="s"),
        event("share_click", 3, customer="bob", share="s"),
        event("register", 4, customer="bob", share="s"),
        event("purchase", 5, customer="bob", order="o", product="tea", quantity=1, amount="18.50", share="s"),
        event("purchase", 5, customer="bob", order="o", product="cake", quantity=1, amount="1.50", share="s"),
    )

    assert graph.told("Share", "s") == {
        "at": minute(1),
        "click_count": 2,
        "registration_count": 1,
        "order_count": 1,
        "revenue_cents": 2000,
        "source": "test",
    }
