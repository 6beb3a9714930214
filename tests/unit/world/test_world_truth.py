"""What is planted can be found again in the events by counting."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from generated_world import Generated

from loaders.world.network import Network
from loaders.world.spread import true_influence
from loaders.world.taste import LOW, PRICE_CENTS

CHAINS = ["职场能量链", "周末下午茶链", "早餐轮换链"]
DECOYS = [
    "午咖与下午果茶",
    "上午植物奶与次日下午咖啡",
    "周末沙拉与下午果茶",
    "早酸奶与午沙拉",
    "下午奶茶与次日下午烘焙",
    "夜茶与次日早豆浆",
    "午咖与次日午咖",
]


def counted(world: Generated, name: str) -> tuple[float, int]:
    """Risk ratio of the second step, stratified by customer (Mantel and Haenszel), and how often both steps happened.

    Only days count on which the customer was registered and awake and on which the pair of days is of the right kinds.
    """
    chain = next(c for c in world.truth["chains"] + world.truth["decoys"] if c["name"] == name)
    size, days, gap = world.request.customers, world.request.days, chain["gap_days"]
    did = [step_days(world, chain[step]) for step in ("first", "second")]
    epoch = date(1970, 1, 1).toordinal()
    begins = world.request.start.toordinal() - epoch
    people = world.customers.sort("customer")
    born = (people["registered_at"].dt.offset_by("8h").dt.date().to_physical() - begins).to_numpy()[:, None]
    asleep = people["asleep_from"].to_physical().fill_null(10**6).to_numpy()[:, None] - begins
    day = np.arange(days)[None, :]
    weekend = np.asarray([(world.request.start + timedelta(days=d)).weekday() >= 5 for d in range(days)])
    fits = (weekend == (chain["first"]["day_kind"] == "weekend"))[: days - gap] & (
        weekend == (chain["second"]["day_kind"] == "weekend")
    )[gap:]
    there = ((day > born) & (day < asleep))[:, : days - gap] & ((day > born) & (day < asleep))[:, gap:] & fits
    first, second = did[0][:, : days - gap] & there, did[1][:, gap:] & there
    assert first.shape == (size, days - gap)
    with_first, without = first.sum(axis=1), (there & ~first).sum(axis=1)
    both, alone = (first & second).sum(axis=1), (second & ~first).sum(axis=1)
    weight = 1.0 / np.maximum(with_first + without, 1)
    return float((both * without * weight).sum() / (alone * with_first * weight).sum()), int(both.sum())


def step_days(world: Generated, step: dict[str, object]) -> np.ndarray:
    """Who did the step on which day, shape (customers, days)."""
    lines = world.events.filter(pl.col("kind") == "purchase").with_columns(at=pl.col("at").dt.offset_by("8h"))
    categories = {p["product"]: p["category"] for p in product_categories(world).iter_rows(named=True)}
    minute = pl.col("at").dt.hour().cast(pl.Int64) * 60 + pl.col("at").dt.minute()
    start, end = step["slot"]  # pyright: ignore
    chosen = lines.filter(
        (pl.col("product").replace_strict(categories) == step["category"]) & (minute >= start) & (minute < end)
    )
    answer = np.zeros((world.request.customers, world.request.days), dtype=bool)
    rows = chosen["customer"].str.slice(4).cast(pl.Int64).to_numpy()
    begins = world.request.start.toordinal() - date(1970, 1, 1).toordinal()
    answer[rows, (chosen["at"].dt.date().to_physical() - begins).to_numpy()] = True
    return answer


def product_categories(world: Generated) -> pl.DataFrame:
    profiles = world.events.filter((pl.col("kind") == "profile") & pl.col("product").is_not_null())
    return profiles.select("product", category=pl.col("properties").str.json_path_match("$.category"))


@pytest.mark.parametrize("name", CHAINS)
def test_a_planted_lift_is_found_by_counting(world: Generated, name: str) -> None:
    truth = next(chain for chain in world.truth["chains"] if chain["name"] == name)

    lift, occurrences = counted(world, name)

    assert truth["lift"] >= 2
    assert lift == pytest.approx(truth["lift"], rel=0.08)
    assert occurrences > 1_000


@pytest.mark.parametrize("name", DECOYS)
def test_a_decoy_leads_to_nothing_though_habits_make_it_look_so(world: Generated, name: str) -> None:
    truth = next(chain for chain in world.truth["decoys"] if chain["name"] == name)

    lift, occurrences = counted(world, name)

    assert truth["lift"] == 1.0
    assert truth["habit_lift"] > 2
    assert abs(lift - 1.0) < 4.0 / np.sqrt(occurrences) + 0.02


def test_the_truth_tells_of_every_chain_and_decoy(world: Generated) -> None:
    assert [chain["name"] for chain in world.truth["chains"]] == CHAINS
    assert [chain["name"] for chain in world.truth["decoys"]] == DECOYS
    for chain in world.truth["chains"]:
        assert chain["occurrences"] == pytest.approx(chain["lift"] * chain["expected_without"], rel=0.08)


def test_the_district_prefers_low_caffeine_by_so_much_more_than_the_city(world: Generated) -> None:
    skus = product_categories(world)["product"].to_numpy()[LOW]
    lines = world.events.filter(pl.col("kind") == "purchase").join(world.customers, on="customer")
    low = lines["product"].is_in(skus.tolist())
    told = world.truth["district"]

    inside = lines["district"] == told["district"]
    ratio = low.filter(inside).mean() / low.mean()  # pyright: ignore

    assert ratio == pytest.approx(told["came_out_as"], abs=1e-4)
    assert ratio == pytest.approx(1.23, abs=0.06)


def test_success_by_trial_gives_back_the_probability_of_well_tried_ties(world: Generated) -> None:
    last = pl.lit(world.events["at"].max()) - pl.duration(days=7)
    shares = world.events.filter((pl.col("kind") == "share") & (pl.col("at") < last)).select(
        "share", influencer="customer"
    )
    moved = (
        world.events.filter(pl.col("kind").is_in(["register", "purchase"]) & pl.col("share").is_not_null())
        .select("share", influenced="customer", moved=pl.lit(1))
        .unique()
    )
    awake = world.customers.filter(pl.col("asleep_from").is_null())["customer"]
    trials = (
        shares.join(world.ties, on="influencer")
        .filter(pl.col("influenced").is_in(awake.implode()))
        .join(moved, on=["share", "influenced"], how="left")
        .group_by("influencer", "influenced")
        .agg(pl.len().alias("tried"), pl.col("moved").sum().alias("moved"), pl.col("probability").first())
        .filter(pl.col("tried") >= 20)
    )

    expected = (trials["tried"] * trials["probability"]).sum()
    spread = np.sqrt((trials["tried"] * trials["probability"] * (1 - trials["probability"])).sum())

    assert trials.height > 300
    # Whom a cascade has reached already cannot be moved again: a few successes fewer than trials promise.
    assert -4 * spread - 0.03 * expected < trials["moved"].sum() - expected < 3 * spread
    assert np.corrcoef(trials["moved"] / trials["tried"], trials["probability"])[0, 1] > 0.6


def test_nobody_is_moved_without_a_tie(world: Generated) -> None:
    moved = world.events.filter(pl.col("kind").is_in(["register", "purchase"]) & pl.col("share").is_not_null())
    pairs = moved.select(influencer="referrer", influenced="customer").unique()

    assert pairs.join(world.ties, on=["influencer", "influenced"], how="anti").height == 0


def test_only_sharers_have_influence_and_a_few_have_most(world: Generated) -> None:
    influencers = set(world.ties["influencer"])
    positive = world.customers.filter(pl.col("influence") > 0)

    assert set(positive["customer"]) <= influencers
    assert 0.24 < len(influencers) / world.request.customers < 0.30
    top = world.customers["influence"].top_k(world.request.customers // 50).sum()
    assert top > 0.25 * world.customers["influence"].sum()
    assert world.truth["influence"]["reproduction"] < 0.5


def test_the_truth_orders_sharers_as_the_events_do(world: Generated) -> None:
    """Moves for each share, counted plainly, rise with the truth; the correlation is bounded by the few shares."""
    shares = world.events.filter(pl.col("kind") == "share").group_by("customer").len("shares")
    moved = world.events.filter(pl.col("kind").is_in(["register", "purchase"]) & pl.col("share").is_not_null())
    counts = moved.unique(["customer", "share"]).group_by("referrer").len("moves").rename({"referrer": "customer"})
    joined = world.customers.join(shares, on="customer", how="left").join(counts, on="customer", how="left")
    ranked = joined.fill_null(0).select(
        (pl.col("moves") / (pl.col("shares") + 2)).rank(), pl.col("influence").rank().alias("truth")
    )

    assert np.corrcoef(ranked["moves"], ranked["truth"])[0, 1] > 0.75


def line_network(pass_on: float) -> Network:
    """0 → 1 → 2 and 0 → 2, with probabilities 0.5, 0.4 and 0.2."""
    return Network(
        pointer=np.asarray([0, 2, 3, 3]),
        contact=np.asarray([1, 2, 2]),
        probability=np.asarray([0.5, 0.2, 0.4]),
        share_rate=np.zeros(3),
        pass_on=np.asarray([0.0, pass_on, 0.0]),
        star=np.zeros(3, dtype=np.bool_),
    )


def test_true_influence_equals_the_answer_worked_out_by_hand() -> None:
    # 1 is moved with 0.5. 2 is moved with 0.2 directly, else, where 1 was moved and passes on (1/2), with 0.4:
    # 0.2 + 0.8 · 0.5 · 0.5 · 0.4 = 0.28.
    worth = np.asarray([0.0, 100.0, 1_000.0])

    truth = true_influence(line_network(0.5), worth, 200_000, 3)

    assert truth.spread[0] == pytest.approx(0.78, abs=5 * truth.spread_error[0])
    assert truth.spread_error[0] < 0.003
    assert truth.spread[1] == pytest.approx(0.4, abs=0.006)
    assert truth.spread[2] == 0.0
    assert truth.revenue_cents[0] == pytest.approx(0.5 * 100 + 0.28 * 1_000, rel=0.02)


def test_without_passing_on_only_direct_ties_count() -> None:
    truth = true_influence(line_network(0.0), np.full(3, 10.0), 200_000, 4)

    assert truth.spread[0] == pytest.approx(0.7, abs=0.01)


def test_revenue_moved_is_the_price_of_what_is_bought(world: Generated) -> None:
    brought = world.events.filter((pl.col("kind") == "purchase") & pl.col("share").is_not_null())
    paid = float(brought["amount"].cast(pl.Float64).mean()) * 100  # pyright: ignore
    sharers = world.customers.filter(pl.col("influence") > 0)

    told = sharers["revenue_influence_cents"].sum() / sharers["influence"].sum()

    assert told == pytest.approx(paid, rel=0.05)
    assert PRICE_CENTS.min() < told < PRICE_CENTS.max()
