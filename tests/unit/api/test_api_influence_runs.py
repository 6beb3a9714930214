"""Scores of another run than the current one: only of one that is there, of influence, and finished."""

import json
from math import nan
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
    [(statement, parameters)] = scored.reader.reads
    assert parameters == {"keys": keys}
    assert "collect([run_id, customer_id, figures])" in statement.text
    assert "s.paths" not in statement.text


def test_paths_are_read_where_they_are_explained_and_nowhere_else(scored: Any):
    paths = '[{"customers": ["ann", "bob"], "probability": 0.25}]'
    scored.reader.when(influence.BY_CUSTOMERS, lambda p: [score_row(key) | {"paths": paths} for key in p["keys"]])
    asked = '{ influenceScores(customerKeys: ["ann"]) { rank @include(if: true) %s } }'

    plain = scored.data(asked % "")["influenceScores"]
    told = scored.data(asked % "explanation { customerKeys probability }")["influenceScores"]

    assert plain == [{"rank": 1}]
    assert told == [{"rank": 1, "explanation": [{"customerKeys": ["ann", "bob"], "probability": 0.25}]}]
    assert ["s.paths" in statement.text for statement, _ in scored.reader.reads] == [False, True]


def test_how_many_paths_null_is_as_if_unsaid(scored: Any):
    paths = json.dumps([{"customers": ["ann", "bob"], "probability": 0.25}] * 7)
    scored.reader.when(influence.BY_CUSTOMERS, lambda p: [score_row(key) | {"paths": paths} for key in p["keys"]])
    query = """query($first: Int) { influenceScores(customerKeys: ["ann"]) {
      given: explanation(first: $first) { probability } literal: explanation(first: null) { probability } } }"""

    [told] = scored.data(query, first=None)["influenceScores"]

    assert [len(told["given"]), len(told["literal"])] == [5, 5]


def test_a_metric_null_is_as_if_unsaid(scored: Any):
    query = "query($by: InfluenceMetric) { topInfluencers(metric: $by) { nodes { customerKey } } }"

    for variables in ({"by": None}, {}, {"by": "SPREAD"}):
        scored.data(query, **variables)

    [unsaid, left_out, spread] = [statement.text for statement, _ in scored.reader.reads]
    assert unsaid == left_out == spread


def test_of_those_along_the_paths_only_what_is_selected_is_read_in_one_statement(scored: Any):
    paths = '[{"customers": ["ann", "bob"], "probability": 0.25}, {"customers": ["ann", "gone"], "probability": 0.1}]'
    scored.reader.when(influence.BY_CUSTOMERS, lambda p: [score_row(key) | {"paths": paths} for key in p["keys"]])
    query = (
        '{ influenceScores(customerKeys: ["ann", "bob"]) { explanation(first: 2) { probability customers { key } } } }'
    )

    told = scored.data(query)["influenceScores"]

    both = {"probability": 0.25, "customers": [{"key": "ann"}, {"key": "bob"}]}
    assert told == [{"explanation": [both, {"probability": 0.1, "customers": [{"key": "ann"}]}]}] * 2
    [_, (people, parameters)] = scored.reader.reads
    assert parameters == {"keys": ["ann", "bob", "gone"]}
    assert "district" not in people.text


def test_who_was_not_scored_is_null_in_place_and_who_is_asked_twice_stands_twice(scored: Any):
    query = """{ influenceScores(customerKeys: ["ann", "zoe", "ann"]) { customerKey
      spread { value low high confidence } creditedRevenue creditedDirectRevenue creditedDownstreamRevenue } }"""
    figures = {"spread": 2.5, "spread_low": 1, "spread_high": 4.0, "credited_direct_cents": 1850}
    more = figures | {"credited_downstream_cents": 25}
    scored.reader.when(
        influence.BY_CUSTOMERS, lambda p: [score_row("ann", **more) for key in p["keys"] if key == "ann"]
    )

    ann, zoe, again = scored.data(query)["influenceScores"]

    assert ann == again == {
        "customerKey": "ann",
        "spread": {"value": 2.5, "low": 1.0, "high": 4.0, "confidence": 0.95},
        "creditedRevenue": "18.75",
        "creditedDirectRevenue": "18.50",
        "creditedDownstreamRevenue": "0.25",
    }  # fmt: skip
    assert zoe is None


def test_a_figure_that_is_none_is_an_error_at_its_place(scored: Any):
    scored.reader.when(influence.BY_CUSTOMERS, lambda p: [score_row(key, percentile=nan) for key in p["keys"]])

    answer = scored.ask('{ influenceScores(customerKeys: ["ann"]) { customerKey percentile } }')

    assert answer["data"] == {"influenceScores": [None]}
    assert answer["errors"][0]["path"] == ["influenceScores", 0, "percentile"]


@pytest.mark.parametrize(("field", "gone"), [("customer { key }", "customer 'eve'"), ("run { key }", "run 'r7'")])
def test_what_is_gone_since_is_not_found(scored: Any, field: str, gone: str):
    scored.reader.when(influence.BY_CUSTOMERS, lambda p: [score_row(key, "r7") for key in p["keys"]])

    answer = scored.ask(f'{{ influenceScores(customerKeys: ["eve"]) {{ customerKey {field} }} }}')

    assert answer["data"] == {"influenceScores": [None]}
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert f"There is no {gone} any more." in error["message"]


def test_their_run_and_customers_are_one_more_each(scored: Any):
    query = """{ influenceScores(customerKeys: ["ann", "bob"]) { customer { name } run { key }
      explanation { probability } } }"""

    found = scored.data(query)["influenceScores"]

    assert [one["customer"]["name"] for one in found] == ["安", None]
    assert {one["run"]["key"] for one in found} == {"r1"}
    assert len(scored.reader.reads) == 3
