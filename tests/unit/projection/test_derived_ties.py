"""What a few events make of each tie, worked out by hand."""

from datetime import timedelta

from event_rows import START, event
from tiny_graph import TinyGraph, TinyLog

from graph.jobs.project import project


async def ties_of(type: str, *events: dict[str, object]) -> dict[tuple[str, str], dict[str, object]]:
    log, graph = TinyLog(), TinyGraph()
    log.append(events)
    await project(log, graph)
    return graph.tied(type)


def minute(count: int):
    return START + timedelta(minutes=count)


def line(at: int = 0, **more: object):
    usual = {"order": "o", "product": "tea", "customer": "ann", "quantity": 1, "amount": "1"}
    return event("purchase", at, **usual | more)


async def test_a_customer_was_won_by_the_channel_of_the_earliest_word_that_names_one():
    ties = await ties_of(
        "ACQUIRED_VIA",
        event("register", 5, customer="ann", channel="app"),
        event("referral", 3, customer="ann", referrer="bob", channel="wechat"),
        event("register", 1, customer="ann"),
        event("purchase", 0, customer="ann", order="o", product="p", quantity=1, amount=1, channel="mall"),
    )

    assert ties == {("ann", "wechat"): {}}


async def test_the_earliest_referral_that_names_the_customer_wins():
    ties = await ties_of(
        "REFERRED",
        event("referral", 5, customer="bob", referrer="cat", channel="app"),
        event("register", 3, customer="bob", referrer="ann", share="s", campaign="c", channel="wechat"),
        event("register", 1, customer="bob", channel="mall"),
    )

    assert ties == {("ann", "bob"): {"at": minute(3), "channel": "wechat", "campaign": "c", "share": "s"}}


async def test_nobody_brings_himself():
    assert await ties_of("REFERRED", event("referral", customer="bob", referrer="bob")) == {}


async def test_an_order_hangs_by_its_first_line():
    lines = [
        line(2, customer="bob", store="s2", channel="c2", campaign="m2"),
        line(1, customer="ann", store="s1", channel="c1"),
    ]

    assert await ties_of("PLACED", *lines) == {("ann", "o"): {}}
    assert await ties_of("AT", *lines) == {("o", "s1"): {}}
    assert await ties_of("VIA", *lines) == {("o", "c1"): {}}
    assert await ties_of("UNDER", *lines) == {("o", "m2"): {}}


async def test_lines_of_one_product_are_one_tie():
    ties = await ties_of(
        "CONTAINS",
        line(1, quantity=0.1, amount="18.50", discount="1.00"),
        line(2, quantity=0.2, amount="18.49"),
        line(3, product="cake", amount="5"),
    )

    assert ties == {
        ("o", "tea"): {"quantity": 0.3, "amount_cents": 3699, "discount_cents": 100},
        ("o", "cake"): {"quantity": 1.0, "amount_cents": 500, "discount_cents": 0},
    }


async def test_a_share_has_one_sharer_one_product_and_one_channel():
    told = [
        event("share", 2, customer="bob", share="s", product="cake", channel="app"),
        event("share", 1, customer="ann", share="s", product="tea", channel="moments"),
    ]

    assert await ties_of("SHARED", *told) == {("ann", "s"): {}}
    assert await ties_of("OF", *told) == {("s", "tea"): {}}
    assert await ties_of("THROUGH", *told) == {("s", "moments"): {}}


async def test_clicks_on_a_share_are_counted_for_each_who_clicked():
    ties = await ties_of(
        "CLICKED",
        event("share_click", 9, customer="bob", share="s"),
        event("share_click", 2, customer="bob", share="s"),
        event("share_click", 5, customer="cat", share="s"),
    )

    assert ties == {
        ("bob", "s"): {"count": 2, "first_at": minute(2), "last_at": minute(9)},
        ("cat", "s"): {"count": 1, "first_at": minute(5), "last_at": minute(5)},
    }


async def test_views_and_visits_sum_up_their_dwell():
    ties = await ties_of(
        "VIEWED",
        event("view", 1, customer="ann", product="tea", properties={"dwell_seconds": 0.1}),
        event("view", 2, customer="ann", product="tea", properties={"dwell_seconds": 0.2}),
        event("view", 3, customer="ann", product="tea"),
    )
    assert ties == {("ann", "tea"): {"count": 3, "dwell_seconds": 0.3, "first_at": minute(1), "last_at": minute(3)}}

    ties = await ties_of("VISITED", event("visit", 1, customer="ann", store="s", properties={"dwell_seconds": 60}))
    assert ties == {("ann", "s"): {"count": 1, "dwell_seconds": 60.0, "first_at": minute(1), "last_at": minute(1)}}


async def test_a_sum_is_the_same_beside_others_as_alone():
    """Polars divides one row exactly and many by a reciprocal: 0.1 must not become 0.09999999999999999."""
    views = [event("view", customer="ann", product=f"p{i}", properties={"dwell_seconds": i / 10}) for i in range(1, 50)]

    ties = await ties_of("VIEWED", *views)

    assert {ends[1]: tie["dwell_seconds"] for ends, tie in ties.items()} == {f"p{i}": i / 10 for i in range(1, 50)}


async def test_a_favourite_stands_since_the_first_word_that_was_not_taken_back():
    def word(kind: str, at: int, product: str = "tea"):
        return event(kind, at, customer="ann", product=product)

    ties = await ties_of(
        "FAVOURITED",
        word("favourite", 1),
        word("unfavourite", 2),
        word("favourite", 3),
        word("favourite", 4),
        word("favourite", 1, "cake"),
        word("unfavourite", 5, "cake"),
        word("unfavourite", 5, "juice"),
    )

    assert ties == {("ann", "tea"): {"at": minute(3)}}


async def test_the_cart_holds_what_was_neither_taken_out_nor_paid_for():
    def word(kind: str, at: int, product: str):
        return event(kind, at, customer="ann", product=product)

    ties = await ties_of(
        "ADDED_TO_CART",
        word("cart_add", 1, "tea"),
        word("cart_remove", 2, "tea"),
        word("cart_add", 3, "tea"),
        word("cart_add", 4, "tea"),
        word("cart_add", 1, "cake"),
        word("cart_remove", 2, "cake"),
        word("cart_add", 1, "juice"),
        line(2, product="juice"),
        word("cart_add", 5, "bun"),
        line(2, product="bun"),
    )

    assert ties == {
        ("ann", "tea"): {"count": 2, "last_at": minute(4)},
        ("ann", "bun"): {"count": 1, "last_at": minute(5)},
    }


async def test_coupons_tie_campaigns_to_whom_they_reached_and_who_answered():
    told = [
        event("coupon_issue", 1, customer="ann", campaign="c"),
        event("coupon_issue", 2, customer="ann", campaign="c"),
        event("coupon_redeem", 3, customer="ann", campaign="c"),
    ]

    assert await ties_of("TARGETED", *told) == {("c", "ann"): {"count": 2, "first_at": minute(1)}}
    assert await ties_of("REDEEMED", *told) == {("ann", "c"): {"count": 1, "last_at": minute(3)}}
