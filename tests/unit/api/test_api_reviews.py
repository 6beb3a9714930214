"""The queue of referrals that look like fraud, and deciding about them."""

import json
from typing import Any

import pytest
from api_fakes import NOON

from api.bookmarks import Bookmarks, write_bookmark
from graph.queries import referral_review as queries
from graph.queries.listing import page_statement

REVIEW = """mutation($input: ReviewReferralInput!) { reviewReferral(input: $input) { __typename
  ... on ReviewReferralPayload { customerKey state decidedBy decidedAt eventId }
  ... on Failure { message } ... on InvalidInput { field } } }"""
SIGNS = [{"sign": "ring", "score": 0.9, "sentence": "s", "evidence": ["e1"], "at": "2026-03-02T04:00:00Z"}]


def review_row(key: str, **given: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(queries.ReviewRow.__dataclass_fields__)
    return row | {"key": key, "referrer": "ann", "state": "pending", "suspicion": 0.9, "reward_cents": 850} | given


@pytest.fixture
def reviewed(api: Any) -> Any:
    return with_reviews(api)


def with_reviews(api: Any) -> Any:
    """bob is under review, cat was approved, dan was brought by nobody."""
    standing = {"ann": (None, None), "bob": ("ann", None), "cat": ("ann", "approved"), "dan": (None, None)}
    api.reader.when(
        queries.STANDING,
        lambda p: [
            {"key": key, "referrer": standing[key][0], "state": standing[key][1]}
            for key in p["keys"]
            if key in standing
        ],
    )
    api.reader.when(
        queries.BY_KEYS, lambda p: [review_row(k, signs=json.dumps(SIGNS)) for k in p["keys"] if k == "bob"]
    )
    return api


@pytest.mark.parametrize(
    ("customer", "decision", "state"),
    [("bob", "APPROVED", "APPROVED"), ("bob", "VOIDED", "VOIDED"), ("cat", "REOPENED", "PENDING")],
)
def test_a_decision_becomes_an_event_with_who_when_and_why(reviewed: Any, customer: str, decision: str, state: str):
    given = {"customerKey": customer, "decision": decision, "reason": " same phone "}

    answer = reviewed.data(REVIEW, input=given)["reviewReferral"]

    assert (answer["state"], answer["decidedBy"], answer["decidedAt"]) == (state, "both", "2026-03-02T04:00:00Z")
    said = {"decision": decision.lower(), "reason": "same phone", "by": "both"}
    assert reviewed.recorder.taken == [
        {
            "kind": "referral_review",
            "at": NOON.isoformat(),
            "customer": customer,
            "referrer": "ann",
            "properties": said,
        }
    ]


@pytest.mark.parametrize(
    ("customer", "decision", "reason", "field", "said"),
    [
        ("zoe", "VOIDED", "x", "customerKey", "no customer 'zoe'"),
        ("dan", "VOIDED", "x", "customerKey", "Nobody brought"),
        ("bob", "VOIDED", "  ", "reason", "1 to 2,000"),
        ("bob", "REOPENED", "x", "decision", "approve or void it"),
        ("cat", "VOIDED", "x", "decision", "is approved: reopen it first"),
    ],
)
def test_what_cannot_be_decided_is_a_typed_failure(
    reviewed: Any, customer: str, decision: str, reason: str, field: str, said: str
):
    given = {"customerKey": customer, "decision": decision, "reason": reason}

    answer = reviewed.data(REVIEW, input=given)["reviewReferral"]

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)
    assert said in answer["message"]
    assert reviewed.recorder.taken == []


def test_the_same_decision_under_one_key_is_recorded_once(reviewed: Any):
    given = {"customerKey": "bob", "decision": "VOIDED", "reason": "x", "idempotencyKey": "k1"}

    first, again = (reviewed.data(REVIEW, input=given)["reviewReferral"] for _ in range(2))

    assert first == again
    assert len(reviewed.recorder.taken) == 1


def test_the_queue_comes_by_suspicion_with_its_signs(reviewed: Any):
    rows = [review_row("bob", signs=json.dumps(SIGNS), sort_value=0.9, sort_key="bob")]
    shape = ("sign_eq", "state_in", "suspicion_gte")
    statement = page_statement(queries.LISTING, queries.ORDERINGS["suspicion"], shape, False, False, False)
    reviewed.reader.when(statement, lambda _: [dict(row) for row in rows])
    query = """{ referralReviews(where: {state: [PENDING, VOIDED], sign: "ring", suspicion: {gte: 0.5}}) {
      nodes { key referrerKey state suspicion reward signs { sign score sentence evidence raisedAt } referred { name }
        referrer { name } } } }"""

    [found] = reviewed.data(query)["referralReviews"]["nodes"]

    assert (found["key"], found["state"], found["reward"]) == ("bob", "PENDING", "8.50")
    assert found["signs"] == [
        {"sign": "ring", "score": 0.9, "sentence": "s", "evidence": ["e1"], "raisedAt": "2026-03-02T04:00:00Z"}
    ]
    assert (found["referred"], found["referrer"]) == ({"name": None}, {"name": "安"})
    asked = next(parameters for one, parameters in reviewed.reader.reads if one.text == statement.text)
    assert asked == {"state_in": ["pending", "voided"], "sign_eq": "ring", "suspicion_gte": 0.5, "limit": 21}


def test_a_referral_leads_to_its_review(reviewed: Any):
    query = '{ customer(key: "bob") { referredBy { review { state suspicion } } } }'

    assert reviewed.data(query)["customer"]["referredBy"]["review"] == {"state": "PENDING", "suspicion": 0.9}


@pytest.mark.parametrize(
    ("seen", "decided", "kind"),
    [
        (None, 7, "ReviewReferralPayload"),  # the graph has followed to 7, so that its state is known
        (None, 8, "VersionConflict"),  # somebody decided since
        (write_bookmark(6), 7, "VersionConflict"),  # the caller looked earlier
    ],
)
def test_a_decision_that_somebody_else_has_overtaken_is_a_conflict(
    serve: Any, seen: str | None, decided: int, kind: str
):
    async def followed() -> int:
        return 7

    api = with_reviews(serve(bookmarks=Bookmarks(lambda: 9, followed)))
    api.recorder.newest = decided
    query = REVIEW.replace("... on InvalidInput", "... on VersionConflict { bookmark } ... on InvalidInput")
    given = {"customerKey": "bob", "decision": "VOIDED", "reason": "x"} | ({"unchangedSince": seen} if seen else {})

    answer = api.data(query, input=given)["reviewReferral"]

    assert answer["__typename"] == kind
    assert answer.get("bookmark") == (write_bookmark(9) if kind == "VersionConflict" else None)
    assert len(api.recorder.taken) == (kind != "VersionConflict")


def test_the_bookmark_to_read_behind_is_of_what_the_graph_has_followed(serve: Any):
    async def followed() -> int:
        return 7

    assert serve(bookmarks=Bookmarks(lambda: 9, followed)).data("{ bookmark }") == {"bookmark": write_bookmark(7)}
