"""Choosing advocates over the API."""

from typing import Any

import pytest

from graph.jobs.advocates import AdvocatesRequest, Metric
from graph.jobs.run_ties import CannotSelect, Wrong

SELECT = """query($input: SelectAdvocatesInput!) { selectAdvocates(input: $input) {
  advocates { rank customerKey gain spreadAfter customer { name } } metric candidates
  spread { value low high confidence } enlistedSpread addedAtLeast bestAtMost certifiedRatio confidence
  sets seed run { key } } }"""


def test_the_choice_comes_with_its_certificate_and_its_run(api: Any):
    found = api.data(SELECT, input={"k": 1})["selectAdvocates"]

    [ann] = found["advocates"]
    assert ann == {"rank": 1, "customerKey": "ann", "gain": 2.5, "spreadAfter": 3.5, "customer": {"name": "安"}}
    assert found["spread"] == {"value": 3.5, "low": 3.0, "high": 4.0, "confidence": 0.95}
    assert (found["certifiedRatio"], found["confidence"], found["run"]) == (0.8, 0.999, {"key": "r1"})


def test_everything_asked_reaches_the_choice(api: Any):
    audience = {
        "district": {"in": ["西湖区"]},
        "category": "咖啡",
        "consent": ["OFFERS", "SHARING"],
        "orderCount": {"gte": 2},
    }
    given = {"k": 3, "audience": audience, "metric": "REVENUE", "enlisted": ["bob", "bob"], "run": "r1", "seed": 7}

    api.data(SELECT, input=given | {"sets": 10_000})

    filters = {"category": "咖啡", "consent_offers": True, "consent_sharing": True}
    filters |= {"district_in": ["西湖区"], "order_count_gte": 2}
    wanted = AdvocatesRequest(3, filters, Metric.REVENUE, ("bob",), run="r1", sets=10_000, seed=7)
    assert api.advocates.asked == [wanted]


def test_costs_a_budget_and_a_cap_reach_the_choice(api: Any):
    costs = [{"customerKey": "ann", "cost": "12.50"}]
    given = {"budget": "20", "costs": costs, "defaultCost": "5", "spreadOver": {"by": "DISTRICT", "atMost": 2}}

    found = api.data(
        "query($input: SelectAdvocatesInput!) { selectAdvocates(input: $input) { cost guarantee } }", input=given
    )

    [asked] = api.advocates.asked
    assert (asked.k, asked.budget, asked.costs, asked.default_cost) == (None, 20.0, {"ann": 12.5}, 5.0)
    assert (asked.group_by, asked.group_most) == ("district", 2)
    assert found["selectAdvocates"] == {"cost": "0.00", "guarantee": None}


@pytest.mark.parametrize(("name", "value"), [("k", 0), ("k", 1_001), ("sets", 10), ("seed", -1)])
def test_a_number_out_of_range_is_refused_with_the_range(api: Any, name: str, value: int):
    [error] = api.ask(SELECT, input={"k": 1} | {name: value})["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert (error["extensions"]["reason"], error["extensions"]["argument"]) == ("OUT_OF_RANGE", name)
    assert f"`{name}` must be from" in error["message"]


@pytest.mark.parametrize(
    ("wrong", "code"), [(Wrong.EMPTY_AUDIENCE, "BAD_USER_INPUT"), (Wrong.UNKNOWN_RUN, "NOT_FOUND")]
)
def test_what_cannot_be_chosen_has_a_reason_for_programs(api: Any, wrong: Wrong, code: str):
    api.advocates.failure = CannotSelect(wrong, "audience", "Ask for a wider audience.")

    [error] = api.ask(SELECT, input={"k": 1})["errors"]

    assert error["message"] == "Ask for a wider audience."
    told = {name: error["extensions"][name] for name in ("code", "reason", "argument")}
    assert told == {"code": code, "reason": wrong.value, "argument": "audience"}
