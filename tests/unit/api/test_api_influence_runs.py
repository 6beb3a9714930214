"""Scores of another run than the current one: only of one that is there, of influence, and finished."""

from typing import Any

import pytest
from api_fakes import run_row, score_row

from graph.queries import influence, run

RUNS = {"r1": {}, "going": {"state": "running"}, "bad": {"state": "failed"}, "c1": {"kind": "chains"}}
QUERIES = {
    "scores": 'query($run: ID) { influenceScores(customerKeys: ["ann"], run: $run) { customerKey run { key } } }',
    "top": "query($run: ID) { topInfluencers(run: $run) { nodes { customerKey } } }",
    "customer": 'query($run: ID) { customer(key: "ann") { influence(run: $run) { rank } } }',
}


@pytest.fixture
def scored(api: Any) -> Any:
    api.reader.when(run.BY_KEYS, lambda p: [run_row(key) | RUNS[key] for key in p["keys"] if key in RUNS])
    api.reader.when(influence.BY_CUSTOMERS_IN_RUN, lambda p: [score_row(key, p["run"]) for key in p["keys"]])
    return api


def test_a_finished_run_is_read(scored: Any):
    assert scored.data(QUERIES["scores"], run="r1") == {
        "influenceScores": [{"customerKey": "ann", "run": {"key": "r1"}}]
    }


@pytest.mark.parametrize("query", QUERIES.values())
@pytest.mark.parametrize(
    ("given", "code", "reason", "said"),
    [
        ("r9", "NOT_FOUND", "UNKNOWN_RUN", "no influence run 'r9'"),
        ("c1", "NOT_FOUND", "UNKNOWN_RUN", "scoreRuns(kind: INFLUENCE)"),
        ("going", "BAD_USER_INPUT", "RUN_NOT_FINISHED", "still going"),
        ("bad", "BAD_USER_INPUT", "RUN_NOT_FINISHED", "has failed"),
    ],
)
def test_any_other_is_refused_with_a_reason(scored: Any, query: str, given: str, code: str, reason: str, said: str):
    [error] = scored.ask(query, run=given)["errors"]

    told = error["extensions"]
    assert (told["code"], told["reason"], told["argument"]) == (code, reason, "run")
    assert said in error["message"]


def test_a_thousand_scores_are_one_statement(scored: Any):
    keys = [f"c{number}" for number in range(1_000)]
    scored.reader.when(influence.BY_CUSTOMERS, lambda p: [score_row(key) for key in p["keys"]])
    query = "query($keys: [String!]!) { influenceScores(customerKeys: $keys) { customerKey spread { value } rank } }"

    found = scored.data(query, keys=keys)["influenceScores"]

    assert [one["customerKey"] for one in found] == keys
    assert len(scored.reader.reads) == 1
    assert scored.reader.reads[0][1] == {"keys": keys, "with_paths": False}


def test_their_run_and_customers_are_one_more_each(scored: Any):
    query = """{ influenceScores(customerKeys: ["ann", "bob"]) { customer { name } run { key }
      explanation { probability } } }"""

    found = scored.data(query)["influenceScores"]

    assert [one["customer"]["name"] for one in found] == ["安", None]
    assert {one["run"]["key"] for one in found} == {"r1"}
    assert len(scored.reader.reads) == 3
