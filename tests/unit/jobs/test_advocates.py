"""Choosing advocates as a whole: which run, which audience, whom, and what is said where it cannot be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graph.errors import BadInput
from graph.jobs.advocates import AdvocateChoice, AdvocatesRequest, Metric
from graph.jobs.run_ties import CannotSelect, Wrong
from graph.jobs.score import RATES_TABLE, TIES_TABLE
from graph.log.scores import ScoreTable
from graph.queries import audience, run

SETS = 20_000
RUNS = {"r1": ("influence", "succeeded"), "going": ("influence", "running"), "c1": ("chains", "succeeded")}


@dataclass
class TinyReader:
    """Current runs, runs by key, categories, and who lives in Xihu."""

    current: dict[str, str] = field(default_factory=lambda: {"*": "r1"})

    async def read(self, statement: Any, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        given: Any = parameters or {}
        if statement == run.CURRENT:
            return [{"scope": scope, "run": run} for scope, run in self.current.items()]
        if statement == run.BY_KEYS:
            none = dict.fromkeys(run.RunRow.__dataclass_fields__)
            return [
                none | {"key": key, "kind": RUNS[key][0], "scope": "*", "state": RUNS[key][1], "is_current": False}
                for key in given["keys"]
                if key in RUNS
            ]
        if statement == audience.KNOWN_CATEGORIES:
            return [{"key": "coffee"}, {"key": "tea"}]
        if statement == audience.GROUPS["community"]:
            return []
        if statement == audience.GROUPS["city"]:
            return [{"name": "Hangzhou", "keys": ["ann", "dan", "nobody"]}]
        assert "collect(c.customer_id)" in statement.text
        return [{"keys": ["dan", "eve", "nobody"] if given.get("district_eq") == "Xihu" else []}]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """ann surely moves bob and cat, dan surely moves eve, who brings a hundred times as much as the others."""
    people = ["ann", "bob", "cat", "dan", "eve"]
    rates = {"customer_id": people, "pass_on": [1.0] * 5, "revenue": [1.0, 1.0, 1.0, 1.0, 100.0]}
    ties = {"customer_id": ["ann", "ann", "dan"], "other_id": ["bob", "cat", "eve"], "probability": [1.0] * 3}
    ScoreTable.open(tmp_path, RATES_TABLE).write("r1", pl.DataFrame(rates))
    ScoreTable.open(tmp_path, TIES_TABLE).write("r1", pl.DataFrame(ties))
    return tmp_path


async def test_whoever_moves_most_is_chosen_first(tables: Path):
    found = await AdvocateChoice(TinyReader(), tables).choose(AdvocatesRequest(k=2, sets=SETS))

    assert [one.customer for one in found.advocates] == ["ann", "dan"]
    assert found.run == "r1"
    assert found.candidates == 5
    assert found.spread == pytest.approx(5)
    assert found.advocates[0].gain == pytest.approx(3, abs=0.1)
    assert found.ratio > 0.9


async def test_another_engine_chooses_the_same_and_says_how(tables: Path):
    choice = AdvocateChoice(TinyReader(), tables)

    found = await choice.choose(AdvocatesRequest(k=2, sets=SETS, engine="networkx"))

    assert [one.customer for one in found.advocates] == ["ann", "dan"]
    assert found.method == "CELF"
    assert "networkx" in found.reason
    assert found.spread == pytest.approx(5)
    with pytest.raises(BadInput, match="computes in a Neo4j, and none is connected"):
        await choice.choose(AdvocatesRequest(k=2, engine="gds"))
    with pytest.raises(BadInput, match="there is no engine 'spark'; choose one of local, networkx, gds"):
        await choice.choose(AdvocatesRequest(k=2, engine="spark"))


async def test_revenue_is_another_metric(tables: Path):
    found = await AdvocateChoice(TinyReader(), tables).choose(AdvocatesRequest(k=1, metric=Metric.REVENUE, sets=SETS))

    assert found.advocates[0].customer in {"dan", "eve"}
    assert found.spread == pytest.approx(101, abs=2)


async def test_the_enlisted_are_not_chosen_and_what_they_move_is_not_counted_again(tables: Path):
    request = AdvocatesRequest(k=1, already=("ann",), sets=SETS)

    found = await AdvocateChoice(TinyReader(), tables).choose(request)

    assert [one.customer for one in found.advocates] == ["dan"]
    assert found.already_spread == pytest.approx(3, abs=0.2)


async def test_only_the_audience_is_chosen_from(tables: Path):
    request = AdvocatesRequest(k=2, audience={"district_eq": "Xihu"}, sets=SETS)

    found = await AdvocateChoice(TinyReader(), tables).choose(request)

    assert [one.customer for one in found.advocates] == ["dan", "eve"]
    assert found.candidates == 2


async def test_the_same_seed_chooses_the_same(tables: Path):
    request = AdvocatesRequest(k=3, sets=SETS, seed=7)

    assert await AdvocateChoice(TinyReader(), tables).choose(request) == await AdvocateChoice(
        TinyReader(), tables
    ).choose(request)


@pytest.mark.parametrize(
    ("request_", "current", "wrong", "said"),
    [
        (AdvocatesRequest(k=6), {"*": "r1"}, Wrong.OUT_OF_RANGE, "from 1 to 5"),
        (AdvocatesRequest(k=0), {"*": "r1"}, Wrong.OUT_OF_RANGE, "not 0"),
        (AdvocatesRequest(k=1, audience={"district_eq": "x"}), {"*": "r1"}, Wrong.EMPTY_AUDIENCE, "wider audience"),
        (AdvocatesRequest(k=1, audience={"category": "x"}), {"*": "r1"}, Wrong.UNKNOWN_CATEGORY, "coffee, tea"),
        (AdvocatesRequest(k=1, already=("zoe",)), {"*": "r1"}, Wrong.UNKNOWN_CUSTOMER, "'zoe'"),
        (AdvocatesRequest(k=1, run="r9"), {"*": "r1"}, Wrong.UNKNOWN_RUN, "the current one is r1"),
        (AdvocatesRequest(k=1, run="c1"), {"*": "r1"}, Wrong.UNKNOWN_RUN, "Only influence runs"),
        (AdvocatesRequest(k=1, run="going"), {"*": "r1"}, Wrong.RUN_NOT_FINISHED, "still going"),
        (AdvocatesRequest(), {"*": "r1"}, Wrong.OUT_OF_RANGE, "k, a budget, or both"),
        (AdvocatesRequest(budget=1.0), {"*": "r1"}, Wrong.OUT_OF_RANGE, "a default cost"),
        (AdvocatesRequest(k=1, costs={"ann": 1.0}), {"*": "r1"}, Wrong.OUT_OF_RANGE, "go with a budget"),
        (
            AdvocatesRequest(budget=1.0, costs={"ann": -1.0}),
            {"*": "r1"},
            Wrong.OUT_OF_RANGE,
            "0 or more and finite, not -1",
        ),
        (AdvocatesRequest(budget=-2.0, default_cost=1.0), {"*": "r1"}, Wrong.OUT_OF_RANGE, "budget must be"),
        (AdvocatesRequest(budget=1.0, costs={"zoe": 1.0}), {"*": "r1"}, Wrong.UNKNOWN_CUSTOMER, "'zoe'"),
        (AdvocatesRequest(k=1, group_by="city", group_most=0), {"*": "r1"}, Wrong.OUT_OF_RANGE, "atMost"),
        (AdvocatesRequest(k=1), {}, Wrong.NO_RUN, "startScoreRun"),
        (AdvocatesRequest(k=1), {"a": "r1", "b": "r2"}, Wrong.SEVERAL_RUNS, "r1 (a), r2 (b)"),
        (AdvocatesRequest(k=1, to_buy="tea"), {"*/coffee": "r1"}, Wrong.NO_RUN, "there are runs for: coffee"),
        (AdvocatesRequest(k=1, to_buy="tea", run="r1"), {"*/tea": "r1"}, Wrong.OUT_OF_RANGE, "not both"),
        (AdvocatesRequest(k=1, to_buy="tea"), {"a/tea": "r1", "b/tea": "r2"}, Wrong.SEVERAL_RUNS, "r2 (b/tea)"),
        (AdvocatesRequest(k=1), {"*": "r2"}, Wrong.RUN_WITHOUT_TIES, "startScoreRun"),
    ],
)
async def test_what_cannot_be_chosen_is_told(tables: Path, request_, current, wrong, said):
    with pytest.raises(CannotSelect, match=r"\w") as failure:
        await AdvocateChoice(TinyReader(current), tables).choose(request_)

    assert failure.value.wrong is wrong
    assert said in str(failure.value)


async def test_the_run_of_a_category_is_chosen_by_where_one_is_to_be_bought(tables: Path):
    request = AdvocatesRequest(k=1, to_buy="tea", sets=SETS)

    found = await AdvocateChoice(TinyReader({"*/coffee": "r2", "*/tea": "r1", "a/tea": "r3"}), tables).choose(request)

    assert found.run == "r1"


async def test_a_budget_buys_what_it_pays_for(tables: Path):
    costs = {"ann": 10.0, "dan": 4.0, "eve": 1.0}

    found = await AdvocateChoice(TinyReader(), tables).choose(AdvocatesRequest(budget=5.0, costs=costs, sets=SETS))

    assert {one.customer: one.cost for one in found.advocates}["dan"] == 4.0
    assert found.cost <= 5.0
    assert found.candidates == 3


async def test_no_more_of_a_city_than_asked_for(tables: Path):
    request = AdvocatesRequest(k=2, group_by="city", group_most=1, sets=SETS)

    found = await AdvocateChoice(TinyReader(), tables).choose(request)

    assert [one.customer for one in found.advocates] == ["ann", "eve"]


async def test_one_current_run_of_a_data_set_is_enough(tables: Path):
    found = await AdvocateChoice(TinyReader({"shop": "r1"}), tables).choose(AdvocatesRequest(k=1, sets=SETS))

    assert found.run == "r1"


async def test_communities_must_have_been_found_before_they_are_a_cap(tables: Path):
    request = AdvocatesRequest(k=1, group_by="community", group_most=1, sets=SETS)

    with pytest.raises(CannotSelect, match="No centrality run has found communities yet") as failure:
        await AdvocateChoice(TinyReader(), tables).choose(request)

    assert (failure.value.wrong, failure.value.argument) == (Wrong.NO_RUN, "spreadOver.by")
