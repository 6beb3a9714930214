"""The bars of the first scores on a generated world: planted chains, decoys, true influence."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from graph.algorithms.chains import ChainsRequest, confirmed, find_chains
from graph.algorithms.influence import InfluenceRequest, expected_spread, interval, learn
from graph.jobs.score_read import read_purchases, read_shares
from graph.jobs.score_rows import chain_table
from graph.log.event_log import EventLog
from loaders.letters import DeadLetters
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[(6_000, 20_26), (6_000, 7)], ids=["6,000 customers", "6,000 others"])
def world(request, tmp_path_factory) -> tuple[EventLog, Path]:
    """A world and the log that it was loaded into."""
    customers, seed = request.param
    folder = tmp_path_factory.mktemp("world")
    made = generate(WorldRequest(customers=customers, seed=seed), folder / "world")
    log = EventLog.open(folder / "log")
    letters = DeadLetters.open(folder / "letters")
    summary = load_files(made.event_files, log, letters, LoadOptions(), received_at=datetime(2026, 7, 1, tzinfo=UTC))
    assert summary.accepted == made.events
    return log, made.truth


def told(truth: Path, kind: str) -> list[tuple[str, int, str, int, str]]:
    """First category, its slot's start, second category, its slot's start, gap: of the planted chains or the decoys."""
    chains = json.loads((truth / "truth.json").read_text(encoding="utf-8"))[kind]
    steps = [(chain["first"], chain["second"], chain["gap"]) for chain in chains]
    return [(a["category"], a["slot"][0], b["category"], b["slot"][0], gap) for a, b, gap in steps]


STEPS = ("first_category_id", "first_start_minute", "then_category_id", "then_start_minute", "gap")


def test_the_planted_chains_are_the_top_three_and_no_decoy_is_confirmed(world):
    log, truth = world
    request = ChainsRequest()
    read = read_purchases(log, log.version, request)

    chains = find_chains(request, read.purchases)

    table = chain_table(chains, request, read)
    standing = table.filter(pl.col("stronger") < 0)
    by_q = standing.head(3)
    sure = table.filter(pl.Series(confirmed(chains, request)) & (pl.col("stronger") < 0))
    planted, decoys = told(truth, "chains"), told(truth, "decoys")
    assert len(planted) == 3
    assert set(by_q.select(STEPS).iter_rows()) == set(planted)
    assert set(sure.sort("lift", descending=True).head(3).select(STEPS).iter_rows()) == set(planted)
    named = table.filter(pl.Series([steps in decoys for steps in table.select(STEPS).iter_rows()]))
    assert named.height > 0
    assert named["q_value"].min() >= 0.05


def test_the_lift_is_near_the_planted_one(world):
    log, truth = world
    request = ChainsRequest()
    read = read_purchases(log, log.version, request)
    lifts = {}
    for chain in json.loads((truth / "truth.json").read_text(encoding="utf-8"))["chains"]:
        lifts[chain["first"]["category"], chain["second"]["category"]] = chain["lift"]

    top = chain_table(find_chains(request, read.purchases), request, read).filter(pl.col("stronger") < 0).head(3)

    for row in top.iter_rows(named=True):
        assert row["lift"] == pytest.approx(lifts[row["first_category_id"], row["then_category_id"]], rel=0.25)


def test_the_spread_follows_the_true_influence(world):
    log, truth = world
    request = InfluenceRequest()
    read = read_shares(log, log.version, request)

    _, graph = learn(read.log, request)
    spread = expected_spread(graph.ties, request)

    bounds = interval(spread.moved, spread.moved_variance)
    figures = {"spread": spread.moved, "low": bounds.low, "high": bounds.high, "revenue": spread.revenue}
    scored = pl.DataFrame({"customer": read.customers, **figures})
    known = pl.read_parquet(truth / "customers.parquet").join(scored, on="customer", how="left", validate="1:1")
    shared = known.filter(known["customer"].is_in(read.customers.gather(np.unique(read.log.share_sharer)).implode()))
    assert known["spread"].null_count() == 0
    assert spearmanr(known["influence"], known["spread"]).statistic >= 0.95
    assert spearmanr(known["revenue_influence_cents"], known["revenue"]).statistic >= 0.95
    assert spearmanr(shared["influence"], shared["spread"]).statistic >= 0.7
    # What is left of the bias are the customers who fell asleep: the truth counts them as awake.
    assert shared["spread"].mean() == pytest.approx(shared["influence"].mean(), rel=0.08)
    assert 0.92 <= shared["influence"].is_between(shared["low"], shared["high"]).mean() <= 0.98
