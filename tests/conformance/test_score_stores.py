"""Score runs on both stores: what is published is what readers find, whole or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from graph.algorithms.influence import InfluenceRequest
from graph.jobs.publish import RunContext, make_current, recorded, write_rows
from graph.jobs.run_ties import chosen_run
from graph.jobs.score import score_influence
from graph.log.event_log import EventLog
from graph.queries.chain import ORDERINGS, chains
from graph.queries.influence import METRICS, influence_of, top_influencers
from graph.queries.paging import Slice
from graph.queries.run import runs_by_key
from graph.queries.score_run import ABANDONED, OF_CATEGORY, UPSERT_CHAINS, UPSERT_INFLUENCE, RunKind, ScoreRunRow
from graph.store import Store

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEN = Slice(limit=10)


def run(run_id: str, kind: RunKind = RunKind.INFLUENCE, scope: str = "*") -> ScoreRunRow:
    return ScoreRunRow(
        run_id, kind, scope, "test", 1, "local", '{"seed": 3}', 3, 12, NOW, as_of=NOW - timedelta(days=1)
    )


def later() -> datetime:
    return NOW + timedelta(minutes=1)


def score(run_id: str, customer: str, spread: float) -> dict[str, object]:
    numbers = dict.fromkeys(("spread_low", "spread_high", "revenue", "revenue_low", "revenue_high"), 0.0)
    cents = {"credited_direct_cents": 2000, "credited_downstream_cents": 300, "direct_referrals": 1, "downstream": 2}
    key = {"score_id": f"{run_id}|{customer}", "run_id": run_id, "customer_id": customer}
    return {**key, **numbers, **cents, "spread": spread, "rank": 1, "percentile": 50.0, "paths": "[]"}


def chain(run_id: str, rank: int) -> dict[str, object]:
    steps = {
        "first_category_id": "咖啡",
        "first_start_minute": 660,
        "first_end_minute": 780,
        "first_day_kind": "weekday",
    }
    then = {"then_category_id": "鲜果茶", "then_start_minute": 1080, "then_end_minute": 1200, "then_day_kind": "any"}
    figures = {"customers": 40, "occurrences": 60, "support": 0.1, "confidence": 0.2, "lift": 3.0}
    p = {"p_value": 0.0, "q_value": 1e-300, "gap": "next_day", "scope_kind": "everywhere", "scope_key": None}
    return {"chain_id": f"{run_id}|{rank}", "run_id": run_id, "rank": rank, **steps, **then, **figures, **p}


async def published(store: Store, row: ScoreRunRow, spread: float) -> None:
    async with recorded(store, row, later):
        await write_rows(store, UPSERT_INFLUENCE, [score(row.run_id, "ann", spread)], lambda _: None)
        await make_current(store, row, later)


async def test_a_published_run_comes_back_with_its_provenance(store: Store):
    await published(store, run("r1"), 1.5)

    [found] = await runs_by_key(store, ["r1"])

    assert found is not None
    assert (found.kind, found.scope, found.state, found.is_current) == ("influence", "*", "succeeded", True)
    assert (found.algorithm, found.algorithm_version, found.engine, found.seed) == ("test", 1, "local", 3)
    assert (found.parameters, found.log_version) == ('{"seed": 3}', 12)
    assert (found.as_of, found.started_at, found.finished_at) == (NOW - timedelta(days=1), NOW, later())
    assert found.failure is None


async def test_a_newer_run_takes_over_and_the_older_stays_readable(store: Store):
    await published(store, run("r1"), 1.5)
    await published(store, run("r2"), 2.5)

    [now], [before] = await influence_of(store, ["ann"], None), await influence_of(store, ["ann"], "r1")

    assert now is not None
    assert before is not None
    assert (now.run_id, now.spread) == ("r2", 2.5)
    assert (before.run_id, before.spread) == ("r1", 1.5)
    assert [row is not None and row.is_current for row in await runs_by_key(store, ["r1", "r2"])] == [False, True]


async def test_a_run_that_breaks_before_it_is_published_leaves_the_current_one(store: Store):
    await published(store, run("r1"), 1.5)

    async def break_off() -> None:
        async with recorded(store, run("r2"), later):
            await write_rows(store, UPSERT_INFLUENCE, [score("r2", "ann", 9.9)], lambda _: None)
            raise ValueError("no such luck")

    with pytest.raises(ValueError, match="no such luck"):
        await break_off()

    [now] = await influence_of(store, ["ann"], None)
    [broken] = await runs_by_key(store, ["r2"])
    assert now is not None
    assert broken is not None
    assert now.run_id == "r1"
    assert (broken.state, broken.is_current, broken.failure) == ("failed", False, "ValueError: no such luck")
    assert broken.finished_at == later()


async def test_a_killed_run_stays_running_until_a_later_one_finds_it(store: Store):
    killed = recorded(store, run("killed"), later)
    await killed.__aenter__()  # and nothing more: the process is gone
    [left] = await runs_by_key(store, ["killed"])

    await published(store, replace(run("next"), started_at=NOW + timedelta(hours=1)), 1.0)
    await published(store, run("elsewhere", scope="other"), 1.0)

    [found] = await runs_by_key(store, ["killed"])
    assert left is not None
    assert found is not None
    assert (left.state, left.is_current) == ("running", False)
    assert (found.state, found.failure, found.finished_at) == ("failed", ABANDONED, NOW + timedelta(hours=1))


async def test_a_chain_is_found_with_all_its_properties(store: Store):
    row = run("c1", RunKind.CHAINS)
    async with recorded(store, row, later):
        await write_rows(store, UPSERT_CHAINS, [chain("c1", rank) for rank in (1, 2)], lambda _: None)
        await make_current(store, row, later)

    found = await chains(store, {}, ORDERINGS["rank"], None, TEN)

    assert [entry.row.key for entry in found.entries] == ["c1|1", "c1|2"]
    first = found.entries[0].row
    assert (first.first_category_id, first.gap, first.lift, first.q_value) == ("咖啡", "next_day", 3.0, 1e-300)


async def test_an_empty_log_gives_a_current_run_without_scores(store: Store, tmp_path):
    context = RunContext("empty", NOW, later)

    await score_influence(EventLog.open(tmp_path / "log"), store, tmp_path / "scores", InfluenceRequest(), context)

    [found] = await runs_by_key(store, ["empty"])
    assert found is not None
    assert (found.state, found.is_current, found.customer_count, found.as_of) == ("succeeded", True, 0, None)
    assert not list((await top_influencers(store, {}, METRICS["spread"], None, TEN)).entries)


async def test_the_run_of_a_category_stands_beside_the_one_of_everything(store: Store):
    await published(store, run("all"), 1.5)
    of_tea = replace(run("tea", scope="*/饮品 > 茶"), pointer_kind=OF_CATEGORY)

    await published(store, of_tea, 0.5)

    [ann] = await influence_of(store, ["ann"], None)
    [there] = await influence_of(store, ["ann"], "tea")
    [read] = await runs_by_key(store, ["tea"])
    assert ann is not None
    assert ann.spread == 1.5
    assert there is not None
    assert there.spread == 0.5
    assert read is not None
    assert read.is_current
    assert await chosen_run(store, None) == "all"
    assert await chosen_run(store, None, "饮品 > 茶") == "tea"
