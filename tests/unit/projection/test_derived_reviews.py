"""What signs and decisions make of a review, worked out by hand."""

import json
from itertools import permutations

import pytest
from event_rows import event
from test_derived_nodes import graph_of, minute

BROUGHT = event("referral", 0, customer="bob", referrer="ann")


def sign(at: int, name: str, score: float, customer: str = "bob"):
    said = {"sign": name, "score": score, "sentence": f"{name}!", "evidence": ["e1"]}
    return event("referral_sign", at, customer=customer, properties=said)


def decide(at: int, decision: str, by: str = "li", id: str = ""):
    properties = {"decision": decision, "by": by, "reason": f"{by} says {decision}"}
    return event("referral_review", at, id, customer="bob", properties=properties)


async def review(*events: dict[str, object]) -> dict[str, object]:
    return (await graph_of(*events)).told("ReferralReview", "bob")


async def test_signs_raise_a_review_whose_suspicion_joins_them():
    graph = await graph_of(BROUGHT, sign(2, "burst", 0.5), sign(1, "ring", 0.1), sign(3, "ring", 0.8))

    found = graph.told("ReferralReview", "bob")
    assert (found["state"], found["referrer_id"], found["reward_cents"]) == ("pending", "ann", 0)
    assert found["suspicion"] == pytest.approx(1 - 0.5 * 0.2)
    assert (found["sign_names"], found["raised_at"]) == (["burst", "ring"], minute(3))
    assert json.loads(str(found["signs"])) == [
        {"sign": "ring", "score": 0.8, "sentence": "ring!", "evidence": ["e1"], "at": "2026-03-02T04:03:00Z"},
        {"sign": "burst", "score": 0.5, "sentence": "burst!", "evidence": ["e1"], "at": "2026-03-02T04:02:00Z"},
    ]
    assert graph.tied("CONCERNS") == {("bob", "bob"): {}}


async def test_a_referral_without_signs_and_decisions_has_no_review():
    reward = event("referral_reward", 5, customer="bob", referrer="ann", amount="8")

    assert (await graph_of(BROUGHT, reward)).nodes["ReferralReview"] == {}


async def test_rewards_are_told_whenever_they_come():
    rewards = [event("referral_reward", at, customer="bob", referrer="ann", amount="8.50") for at in (5, 6)]

    assert (await review(*rewards, sign(1, "ring", 0.5), BROUGHT))["reward_cents"] == 1_700


@pytest.mark.parametrize(
    ("said", "state", "by"),
    [
        ([(1, "approved", "li")], "approved", "li"),
        ([(1, "approved", "li"), (2, "voided", "wu")], "approved", "li"),
        ([(1, "approved", "li"), (2, "reopened", "wu")], "pending", None),
        ([(1, "approved", "li"), (2, "reopened", "li"), (3, "voided", "wu"), (4, "approved", "li")], "voided", "wu"),
        ([(1, "reopened", "li"), (2, "voided", "wu"), (3, "maybe", "li")], "voided", "wu"),
    ],
)
async def test_the_first_decision_since_the_last_reopening_counts(said, state, by):
    decisions = [decide(at, decision, who) for at, decision, who in said]

    for events in list(permutations(decisions))[:6]:
        found = await review(*events, BROUGHT)
        assert (found["state"], found.get("decided_by")) == (state, by)


async def test_of_two_decisions_at_one_instant_the_smaller_id_counts():
    assert (await review(decide(1, "voided", id="b"), decide(1, "approved", id="a")))["state"] == "approved"


async def test_whoever_refers_himself_is_named_as_the_referrer():
    himself = event("referral", 0, customer="bob", referrer="bob")

    assert (await review(himself, sign(1, "self_referral", 1.0)))["referrer_id"] == "bob"
