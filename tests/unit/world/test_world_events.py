"""The events of a generated world keep to the log's schema and to common sense."""

import json
from datetime import timedelta

import polars as pl
import pytest
from generated_world import Generated

from graph.log.schema import EVENTS, GIVEN, REQUIRED, EventKind
from loaders.world.catalogue import PRODUCTS, STORES
from loaders.world.rows import KINDS

EIGHT_HOURS = pl.duration(hours=8)


def test_the_columns_are_those_that_a_source_gives(world: Generated) -> None:
    assert dict(world.events.schema) == {name: EVENTS[name] for name in GIVEN}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_carries_what_it_must(world: Generated, kind: EventKind) -> None:
    events = world.events.filter(pl.col("kind") == kind.value)

    assert events.height > 0
    assert events.select(*REQUIRED[kind], "at", "id", "source").null_count().sum_horizontal().item() == 0


def test_events_are_ordered_and_their_ids_are_their_own(world: Generated) -> None:
    assert world.events["at"].is_sorted()
    assert world.events["id"].n_unique() == world.events.height


def test_all_happens_between_the_first_and_the_last_local_day(world: Generated) -> None:
    days = world.events.select((pl.col("at") + EIGHT_HOURS).dt.date())["at"]

    assert days.min() == world.request.start
    assert days.max() == world.request.end - timedelta(days=1)


def test_nobody_does_anything_before_registering(world: Generated) -> None:
    acted = world.events.join(world.customers.select("customer", "registered_at"), on="customer")

    assert acted.filter(pl.col("at") < pl.col("registered_at")).height == 0
    registers = acted.filter(pl.col("kind") == "register")
    assert (registers["at"] == registers["registered_at"]).all()
    assert registers["customer"].n_unique() == registers.height


def test_half_were_there_before_the_first_day(world: Generated) -> None:
    first = world.events["at"].min()

    before = world.customers.filter(pl.col("registered_at") < first).height

    assert before == pytest.approx(world.request.customers / 2, rel=0.05)
    registers = world.events.filter(pl.col("kind") == "register").height
    assert before + registers == world.request.customers


def test_each_profile_describes_one_thing_and_everything_has_one(world: Generated) -> None:
    profiles = world.events.filter(pl.col("kind") == "profile")
    named = profiles.select(
        pl.sum_horizontal(pl.col("customer", "product", "store", "channel", "campaign").is_not_null())
    ).to_series()

    assert (named == 1).all()
    for column in ("customer", "product", "store", "channel", "campaign"):
        assert set(world.events[column].drop_nulls()) <= set(profiles[column].drop_nulls())
    assert profiles["store"].drop_nulls().len() == 12
    assert profiles["product"].drop_nulls().len() == len(PRODUCTS)


def test_properties_are_json_and_their_chinese_is_whole(world: Generated) -> None:
    for text in world.events["properties"].drop_nulls().unique():
        assert isinstance(json.loads(text), dict)
    stores = world.events.filter((pl.col("kind") == "profile") & pl.col("store").is_not_null())
    told = {row["store"]: json.loads(row["properties"]) for row in stores.iter_rows(named=True)}
    assert told["hz-s01"]["district"] == "西湖区"
    assert {place["district"] for place in told.values()} == {store.district for store in STORES}
    assert {place["time_zone"] for place in told.values()} == {"Asia/Shanghai"}
    person = world.events.filter((pl.col("kind") == "profile") & pl.col("customer").is_not_null())["properties"][0]
    assert all("\u4e00" <= sign <= "\u9fff" for sign in json.loads(person)["name"])


def test_products_are_described_with_category_price_and_attributes(world: Generated) -> None:
    products = world.events.filter((pl.col("kind") == "profile") & (pl.col("product") == "hz-coffee-03"))

    assert json.loads(products["properties"][0]) == {
        "name": "低因燕麦拿铁",
        "category": "植物饮品 > 咖啡",
        "brand": "青禾植饮",
        "price": "23.00",
        "currency": "CNY",
        "attributes": ["low-caffeine", "low-sugar"],
    }


def test_no_key_begins_another(world: Generated) -> None:
    for column in ("customer", "order", "share", "session"):
        assert world.events[column].drop_nulls().str.len_chars().n_unique() == 1


def test_a_line_costs_its_price_less_its_discount(world: Generated) -> None:
    price = {product.sku: product.price_cents for product in PRODUCTS}
    lines = world.events.filter(pl.col("kind") == "purchase").with_columns(
        full=pl.col("product").replace_strict(price, return_dtype=pl.Int64) * pl.col("quantity"),
        paid=((pl.col("amount") + pl.col("discount")) * 100).cast(pl.Int64),
    )

    assert (lines["full"] == lines["paid"]).all()
    assert (lines["discount"] >= 0).all()
    assert (lines["amount"] > 0).all()


def test_an_order_has_one_customer_one_store_one_time_and_one_category(world: Generated) -> None:
    lines = world.events.filter(pl.col("kind") == "purchase").with_columns(pl.col("product").str.slice(0, 6))
    orders = lines.group_by("order").agg(pl.col("customer", "store", "at", "channel", "product").n_unique())

    assert (orders.drop("order") == 1).to_numpy().all()
    assert 1.2 < lines.height / orders.height < 1.4


def test_a_share_is_told_once_before_its_clicks_and_moves(world: Generated) -> None:
    shares = world.events.filter(pl.col("kind") == "share")
    named = world.events.filter((pl.col("kind") != "share") & pl.col("share").is_not_null())
    joined = named.join(shares.select("share", sharer="customer", shared_at="at"), on="share", how="left")

    assert shares["share"].n_unique() == shares.height
    assert shares.select("product", "channel").null_count().sum_horizontal().item() == 0
    assert (joined["sharer"] == joined["referrer"]).all()
    assert (joined["at"] > joined["shared_at"]).all()
    assert (joined["customer"] != joined["sharer"]).all()


def test_whoever_is_moved_clicked_and_followed_within_seven_days(world: Generated) -> None:
    clicks = world.events.filter(pl.col("kind") == "share_click").group_by("customer", "share").agg(pl.col("at").min())
    moved = world.events.filter(pl.col("kind").is_in(["register", "purchase"]) & pl.col("share").is_not_null())
    joined = moved.join(clicks, on=["customer", "share"], how="left", suffix="_click")

    assert moved.height > 1_000
    assert joined["at_click"].null_count() == 0
    assert (joined["at_click"] <= joined["at"]).all()
    assert ((joined["at"] - joined["at_click"]) <= timedelta(days=7)).all()


def test_a_referral_comes_with_each_registration_that_a_share_brought(world: Generated) -> None:
    columns = ["customer", "referrer", "channel", "campaign", "share", "at"]
    brought = world.events.filter((pl.col("kind") == "register") & pl.col("share").is_not_null()).select(columns)
    referrals = world.events.filter(pl.col("kind") == "referral").select(columns)

    assert referrals.height > 100
    assert referrals.sort("customer").equals(brought.sort("customer"))
    assert referrals["campaign"].unique().to_list() == ["hz-k00"]


def test_cascades_go_several_steps_deep(world: Generated) -> None:
    shares = world.events.filter(pl.col("kind") == "share")
    parent = shares["properties"].str.json_path_match("$.parent_share").to_list()
    parents = dict(zip(shares["share"], parent, strict=True))

    def depth(share: str) -> int:
        above = parents[share]
        return 0 if above is None else 1 + depth(above)

    assert max(map(depth, parents)) >= 3


def test_sleepers_buy_nothing_once_asleep(world: Generated) -> None:
    sleepers = world.customers.filter(pl.col("asleep_from").is_not_null())
    last = world.request.end
    bought = world.events.filter(pl.col("kind").is_in(["purchase", "share"])).join(sleepers, on="customer")

    assert sleepers.height == world.truth["sleepers"] > 0
    assert sleepers["asleep_from"].is_between(last - timedelta(days=45), last - timedelta(days=30)).all()
    assert bought.filter((pl.col("at") + EIGHT_HOURS).dt.date() >= pl.col("asleep_from")).height == 0
    assert bought.height > 0


def test_each_channel_costs_something_every_day(world: Generated) -> None:
    costs = world.events.filter(pl.col("kind") == "channel_cost")

    assert costs.height == 7 * world.request.days
    assert (costs["amount"] > 0).all()


def test_personas_buy_as_they_are_called(world: Generated) -> None:
    premium = [product.sku for product in PRODUCTS if product.premium]
    lines = world.events.filter(pl.col("kind") == "purchase").join(world.customers, on="customer")
    by = {
        row["persona"]: row
        for row in lines.group_by("persona")
        .agg((pl.col("discount") > 0).mean().alias("off"), pl.col("product").is_in(premium).mean().alias("premium"))
        .iter_rows(named=True)
    }

    assert by["price-sensitive"]["off"] > 0.7 > 0.1 > by["quality-seeking"]["off"]
    assert by["quality-seeking"]["premium"] > 1.5 * by["ordinary"]["premium"]
    sharers = world.events.filter(pl.col("kind") == "share").join(world.customers, on="customer")
    assert sharers["persona"].unique().to_list() == ["sharing"]


def test_some_withhold_their_consent(world: Generated) -> None:
    consent = world.events.filter(pl.col("kind") == "consent")
    given = consent["properties"].str.json_decode(
        pl.Struct({"analytics": pl.Boolean(), "offers": pl.Boolean(), "sharing": pl.Boolean()})
    )

    assert consent.height == world.request.customers
    for word, share in (("analytics", 0.97), ("offers", 0.85), ("sharing", 0.80)):
        assert given.struct.field(word).mean() == pytest.approx(share, abs=0.02)


def test_one_order_in_a_hundred_is_paid_back(world: Generated) -> None:
    orders = world.events.filter(pl.col("kind") == "purchase")["order"].n_unique()
    refunds = world.events.filter(pl.col("kind") == "refund")

    assert refunds.height / orders == pytest.approx(0.01, rel=0.15)
    assert refunds["order"].is_in(world.events.filter(pl.col("kind") == "purchase")["order"].implode()).all()


def test_coupons_are_redeemed_in_their_campaign_by_those_who_hold_one(world: Generated) -> None:
    issued = world.events.filter(pl.col("kind") == "coupon_issue").select("customer", "campaign")
    redeemed = world.events.filter(pl.col("kind") == "coupon_redeem")

    assert redeemed.height > 500
    assert redeemed.join(issued, on=["customer", "campaign"], how="anti").height == 0
