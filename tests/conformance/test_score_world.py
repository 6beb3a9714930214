"""The bars of the first scores on a generated world: planted chains, decoys, true influence."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from graph.algorithms.chains import Behaviour, ChainsRequest, Gap
from graph.algorithms.influence import InfluenceRequest, expected_spread, interval, learn
from graph.jobs.publish import RunContext
from graph.jobs.score import CHAINS_TABLE, LONGER_TABLE, SCOPES_TABLE, score_chains
from graph.jobs.score_read import read_shares
from graph.log.event_log import EventLog
from graph.log.scores import ScoreTable
from graph.queries.score_run import UPSERT_CHAINS
from graph.store.statement import Step
from loaders.letters import DeadLetters
from loaders.load import LoadOptions, load_files
from loaders.world import WorldRequest, generate

pytestmark = pytest.mark.slow
RECEIVED = datetime(2026, 7, 1, tzinfo=UTC)
TABLES = (CHAINS_TABLE, LONGER_TABLE, SCOPES_TABLE)


@pytest.fixture(scope="module", params=[(6_000, 20_26), (6_000, 7)], ids=["6,000 customers", "6,000 others"])
def world(request, tmp_path_factory) -> tuple[EventLog, Path]:
    """A world and the log that it was loaded into."""
    customers, seed = request.param
    folder = tmp_path_factory.mktemp("world")
    made = generate(WorldRequest(customers=customers, seed=seed, looks=True), folder / "world")
    log = EventLog.open(folder / "log")
    letters = DeadLetters.open(folder / "letters")
    summary = load_files(made.event_files, log, letters, LoadOptions(), received_at=RECEIVED)
    assert summary.accepted == made.events
    return log, made.truth


Steps = tuple[tuple[tuple[str, int], ...], tuple[str, ...]]
"""Category and start of the slot of every step, and the gaps between them."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One run over everything that is planted, and the truth beside it."""

    truth: dict[str, list[dict[str, Any]]]
    pairs: pl.DataFrame
    longer: pl.DataFrame
    scopes: pl.DataFrame
    nodes: pl.DataFrame

    def planted(self, **conditions: object) -> dict[Steps, dict[str, Any]]:
        """Of the chains of two steps, or as many as given, those everywhere, or of one district."""
        wanted = {"steps": 2, "only_in": None} | conditions
        return {
            steps_of(chain): chain
            for chain in self.truth["chains"]
            if (len(chain["steps"]), chain["only_in"]) == (wanted["steps"], wanted["only_in"])
        }

    def others(self, part: str) -> set[Steps]:
        return {steps_of(chain) for chain in self.truth[part]}


def steps_of(chain: dict[str, Any]) -> Steps:
    return tuple((step["category"], step["slot"][0]) for step in chain["steps"]), tuple(chain["gaps"])


def with_steps(rows: pl.DataFrame) -> dict[Steps, dict[str, Any]]:
    """Rows by their steps: told in full, or as first and then."""

    def told(row: dict[str, Any]) -> Steps:
        if row.get("steps") is None:
            ends = [(row[f"{end}_category_id"], row[f"{end}_start_minute"]) for end in ("first", "then")]
            return tuple(ends), (row["gap"],)
        steps = json.loads(row["steps"])
        return tuple((step["category_id"], step["start_minute"]) for step in steps), tuple(
            step["gap"] for step in steps[:-1]
        )

    return {told(row): row for row in rows.iter_rows(named=True)}


def sure(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter((pl.col("q_value") < 0.05) & (pl.col("lift") > 1) & (pl.col("stronger") < 0))


def holds(row: dict[str, Any], lift: float) -> bool:
    return row["q_value"] < 0.01 and row["lift_low"] <= lift <= row["lift_high"]


class Kept:
    """A store that keeps the chains."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    async def write(self, *steps: Step) -> None:
        for statement, parameters in steps:
            if statement == UPSERT_CHAINS:
                self.rows += parameters["rows"]


@pytest.fixture(scope="module")
def scored(world, tmp_path_factory) -> Scored:
    """`renmai score chains --steps 3 --by district`."""
    log, truth = world
    store, tables = Kept(), tmp_path_factory.mktemp("scores")
    context = RunContext("run", RECEIVED, lambda: RECEIVED)
    asyncio.run(score_chains(log, store, tables, ChainsRequest(max_steps=3, scope_kind="district"), context))
    pairs, longer, scopes = (ScoreTable.open(tables, name).read("run") for name in TABLES)
    assert pairs is not None
    assert longer is not None
    assert scopes is not None
    nodes = pl.DataFrame(store.rows, infer_schema_length=None)
    return Scored(json.loads((truth / "truth.json").read_text(encoding="utf-8")), pairs, longer, scopes, nodes)


def test_the_planted_pairs_are_found_with_their_lifts_and_nothing_else_is(scored):
    found = with_steps(sure(scored.pairs))

    planted = scored.planted()
    assert len(planted) == 5
    for steps, chain in planted.items():
        assert holds(found[steps], chain["lift"]), chain["name"]
    # Parts of the chain of three are as real as the whole; so is, thinly, the chain of one district in all of the town.
    real = set(planted) | scored.others("implied_chains") | set(scored.planted(only_in="滨江区"))
    assert set(found) <= real


def test_the_weekend_chain_is_one_of_weekends(scored):
    [weekend] = [steps for steps, chain in scored.planted().items() if chain["name"] == "周末早午餐链"]

    assert with_steps(sure(scored.pairs))[weekend]["first_day_kind"] == "weekend"
    weekday = scored.pairs.filter(pl.col("first_day_kind") == "weekday")
    assert with_steps(weekday)[weekend]["q_value"] > 0.05


def test_the_chain_of_three_is_found_and_two_chains_in_a_row_say_nothing_new(scored):
    found = with_steps(sure(scored.longer))

    [(steps, chain)] = scored.planted(steps=3).items()
    assert holds(found[steps], chain["lift"])
    assert found[steps]["new"]
    assert {steps for steps, row in found.items() if row["new"]} == {steps}
    in_a_row = steps_of(scored.truth["decoys"][-1])
    assert len(in_a_row[0]) == 3
    assert not found[in_a_row]["new"]


def test_the_chain_of_one_district_is_found_there_and_differs_from_the_rest(scored):
    stands_out = sure(scored.scopes).filter(pl.col("difference_q_value") < 0.01)

    [(steps, chain)] = scored.planted(only_in="滨江区").items()
    there = with_steps(stands_out.filter(pl.col("scope_key") == "滨江区"))
    assert set(there) == {steps}
    assert holds(there[steps], chain["lift_there"])
    assert there[steps]["rest_lift"] == pytest.approx(1.0, abs=0.2)
    assert stands_out["scope_key"].to_list() == ["滨江区"]


def test_no_decoy_is_confirmed_anywhere(scored):
    # The weekday twin of the chain of weekends has its steps; what it comes to is told above.
    decoys = {steps for steps in scored.others("decoys") if len(steps[0]) == 2} - set(scored.planted())

    assert len(decoys & set(with_steps(scored.pairs))) >= 6
    for rows in (scored.pairs, *scored.scopes.partition_by("scope_key")):
        assert not decoys & set(with_steps(sure(rows)))


def test_looks_that_lead_to_purchases_are_told_from_those_that_do_not(world, tmp_path):
    log, truth = world
    request = ChainsRequest(behaviours=(Behaviour.VIEW, Behaviour.PURCHASE), gaps=(Gap.SAME_DAY,))
    context = RunContext("looks", RECEIVED, lambda: RECEIVED)
    asyncio.run(score_chains(log, Kept(), tmp_path, request, context))
    pairs = ScoreTable.open(tmp_path, CHAINS_TABLE).read("looks")
    assert pairs is not None
    bought = pairs.filter(first_behaviour="view", then_behaviour="purchase", first_day_kind="any")
    [[chain], [decoy]] = json.loads((truth / "truth.json").read_text(encoding="utf-8"))["looks"].values()

    assert holds(with_steps(bought)[steps_of(chain)], chain["lift"])
    assert decoy["habit_lift"] > 3
    row = with_steps(bought)[steps_of(decoy)]
    assert row["q_value"] > 0.05
    assert row["lift_low"] <= decoy["lift"] <= row["lift_high"]


def test_the_graph_has_every_confirmed_chain_ranked_together(scored):
    confirmed = scored.nodes.filter((pl.col("q_value") < 0.05) & (pl.col("lift") > 1))

    assert scored.nodes["rank"].to_list() == list(range(1, scored.nodes.height + 1))
    assert confirmed["rank"].to_list() == list(range(1, confirmed.height + 1))
    assert set(confirmed["step_count"]) == {2, 3}
    assert set(confirmed["scope_kind"]) == {"everywhere", "district"}
    assert confirmed["q_value"].is_sorted()


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
