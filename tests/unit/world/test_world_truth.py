"""What is planted can be found again in the events by counting."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from generated_world import Generated

from loaders.world.network import Network
from loaders.world.spread import true_influence
from loaders.world.taste import LOW, PRICE_CENTS

CHAINS = ["职场能量链", "周末下午茶链", "早餐轮换链", "早餐配咖链", "轻食一日链", "周末早午餐链", "滨江加班链"]
IMPLIED = ["轻食一日链之后两步", "轻食一日链之首尾", "轻食一日链之前两步", "早餐轮换再配咖之首尾"]
DECOYS = [
    "午咖与下午果茶",
    "上午植物奶与次日下午咖啡",
    "周末沙拉与下午果茶",
    "早酸奶与午沙拉",
    "下午奶茶与次日下午烘焙",
    "夜茶与次日早豆浆",
    "午咖与次日午咖",
    "工作日早午餐",
    "余杭午酸奶与晚烘焙",
    "早餐轮换再配咖",
]


def told(world: Generated, name: str) -> dict[str, Any]:
    return next(c for part in ("chains", "implied_chains", "decoys") for c in world.truth[part] if c["name"] == name)


def counted(world: Generated, name: str, where: pl.Expr | None = None) -> tuple[float, int]:
    """Risk ratio of the last step, stratified by customer (Mantel and Haenszel), and how often all steps happened.

    Only days count on which the customer was registered and awake and on which all of the chain's days are of its kind.
    """
    chain = told(world, name)
    days, gaps = world.request.days, chain["gap_days"]
    epoch = date(1970, 1, 1).toordinal()
    begins = world.request.start.toordinal() - epoch
    people = world.customers.sort("customer")
    born = (people["registered_at"].dt.offset_by("8h").dt.date().to_physical() - begins).to_numpy()[:, None]
    asleep = people["asleep_from"].to_physical().fill_null(10**6).to_numpy()[:, None] - begins
    day = np.arange(days)[None, :]
    weekend = np.asarray([(world.request.start + timedelta(days=d)).weekday() >= 5 for d in range(days)])
    there = (day > born) & (day < asleep) & (weekend == (chain["steps"][0]["day_kind"] == "weekend"))
    fits, led_up = there, there & step_days(world, chain["steps"][0])
    for gap, step in zip(gaps, chain["steps"][1:], strict=True):
        if gap:
            fits, led_up = fits[:, :-1] & there[:, 1:], led_up[:, :-1]
        happened = step_days(world, step)[:, -fits.shape[1] :]
        led_up, came = led_up & fits, happened & fits
        if step is not chain["steps"][-1]:
            led_up &= came
    if where is not None:
        fits = fits & people.select(where).to_series().to_numpy()[:, None]
        led_up, came = led_up & fits, came & fits
    with_first, without = led_up.sum(axis=1), (fits & ~led_up).sum(axis=1)
    both, alone = (led_up & came).sum(axis=1), (came & ~led_up).sum(axis=1)
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


@pytest.mark.parametrize("name", CHAINS + IMPLIED)
def test_a_planted_lift_is_found_by_counting(world: Generated, name: str) -> None:
    truth = told(world, name)
    at_home = pl.col("district") == truth["only_in"] if truth["only_in"] else None

    lift, occurrences = counted(world, name, at_home)

    assert occurrences > 100
    # What follows from a chain of three is stronger for some of its members than for others, who count by their days.
    near = 0.15 if name in IMPLIED else max(0.08, 3 / occurrences**0.5)
    assert lift == pytest.approx(truth["lift_there"] or truth["lift"], rel=near)


@pytest.mark.parametrize("name", DECOYS[:-1])
def test_a_decoy_leads_to_nothing_though_habits_make_it_look_so(world: Generated, name: str) -> None:
    truth = told(world, name)

    lift, occurrences = counted(world, name)

    assert truth["lift"] == 1.0
    assert truth["habit_lift"] > 2
    assert abs(lift - 1.0) < 4.0 / np.sqrt(occurrences) + 0.02


def test_two_chains_in_a_row_are_not_a_chain_of_three(world: Generated) -> None:
    truth = told(world, "早餐轮换再配咖")

    lift, _ = counted(world, "早餐轮换再配咖")

    assert lift == pytest.approx(truth["lift"], rel=0.15)
    assert 1 < truth["lift"] < truth["suffix_lift"] == told(world, "早餐配咖链")["lift"]


def test_the_first_of_three_steps_makes_the_last_likelier_than_the_second_alone(world: Generated) -> None:
    truth = told(world, "轻食一日链")

    assert truth["lift"] == pytest.approx(3.5, rel=0.02)
    assert truth["lift"] > 1.5 * truth["suffix_lift"]


def test_the_chain_of_one_district_works_nowhere_else(world: Generated) -> None:
    truth = told(world, "滨江加班链")

    lift, occurrences = counted(world, "滨江加班链", pl.col("district") != "滨江区")

    assert truth["lift_elsewhere"] == 1.0
    assert truth["lift_there"] == pytest.approx(3.2, rel=0.02)
    assert 1 < truth["lift"] < 1.6
    assert abs(lift - 1.0) < 4.0 / np.sqrt(occurrences) + 0.02


def test_the_weekend_chain_and_its_weekday_twin_have_the_same_people(world: Generated) -> None:
    weekend, weekday = told(world, "周末早午餐链"), told(world, "工作日早午餐")

    assert [step["category"] for step in weekend["steps"]] == [step["category"] for step in weekday["steps"]]
    assert [step["slot"] for step in weekend["steps"]] == [step["slot"] for step in weekday["steps"]]
    assert {step["day_kind"] for step in weekend["steps"]} == {"weekend"}
    assert {step["day_kind"] for step in weekday["steps"]} == {"weekday"}
    assert weekday["habit_lift"] > 5


def test_the_truth_tells_of_every_chain_and_decoy(world: Generated) -> None:
    for part, names in (("chains", CHAINS), ("implied_chains", IMPLIED), ("decoys", DECOYS)):
        assert [chain["name"] for chain in world.truth[part]] == names
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
