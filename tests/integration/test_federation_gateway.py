"""Apollo's own gateway over `renmai serve` and a second subgraph: they compose, and queries go both ways."""

import json
from contextlib import closing
from typing import Any

import httpx2
import pytest

from api.app import now
from api.auth import KeyStore
from api.graphql.context import Scope
from tests.command_line import served
from tests.node_programs import node

EVENTS = [
    {"kind": "REGISTER", "at": "2026-03-01T09:00:00+08:00", "customer": "ann", "channel": "app"},
    {"kind": "REFERRAL", "at": "2026-03-01T10:00:00+08:00", "customer": "bob", "referrer": "ann"},
    {"kind": "PURCHASE", "at": "2026-03-02T12:00:00+08:00", "customer": "ann", "order": "o1", "product": "latte",
     "quantity": 2, "amount": "37.00", "store": "hz-01"},
]  # fmt: skip
RECORD = """mutation($events: [EventInput!]!) { recordEvents(input: {events: $events}) {
  ... on RecordEventsPayload { accepted } } }"""
QUERIES = {
    "ours, then theirs": "{ customers(first: 2) { nodes { key points orders { nodes { store { key points } } } } } }",
    "theirs, then ours": "{ members { key points orderCount acquiredVia { key points } } }",
    "by the global id": "{ shelf { shelf key } }",
    "a connection of theirs": "{ cards { nodes { number } pageInfo { hasNextPage } } }",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    data = tmp_path_factory.mktemp("federation") / "data"
    with closing(KeyStore.open(data / "keys" / "keys.sqlite")) as keys:
        secret = keys.create_key("gateway", list(Scope), now=now(), expires_at=None)
    with served(data) as address:
        headers = {"Authorization": f"Bearer {secret}"}
        body = {"query": RECORD, "variables": {"events": EVENTS}}
        recorded = httpx2.post(f"{address}/graphql", json=body, headers=headers, timeout=60).json()
        assert recorded["data"]["recordEvents"] == {"accepted": 3}
        wanted = {"query": '{ product(key: "latte") { key } }'}
        while not httpx2.post(f"{address}/graphql", json=wanted, headers=headers, timeout=60).json()["data"]["product"]:
            pass
        found = json.loads(
            node("federation", "gateway.mjs", f"{address}/graphql", secret, json.dumps([*QUERIES.values()]))
        )
    return dict(zip(QUERIES, found["answers"], strict=True))


def test_what_we_answer_is_completed_by_the_other_subgraph(answers: dict[str, Any]) -> None:
    answer = answers["ours, then theirs"]

    assert answer["errors"] == []
    [ann, bob] = answer["data"]["customers"]["nodes"]
    assert ann == {"key": "ann", "points": 3, "orders": {"nodes": [{"store": {"key": "hz-01", "points": 5}}]}}
    assert bob == {"key": "bob", "points": 3, "orders": {"nodes": []}}


def test_what_the_other_subgraph_answers_is_completed_by_us_in_one_request(answers: dict[str, Any]) -> None:
    answer = answers["theirs, then ours"]

    [ann, bob, nobody] = answer["data"]["members"]
    assert (ann["orderCount"], ann["acquiredVia"]) == (1, {"key": "app", "points": 3})
    assert (bob["orderCount"], bob["acquiredVia"]) == (0, None)
    assert nobody is None
    assert len(answer["asked"]) == 1
    assert "_entities" in answer["asked"][0]


def test_an_entity_is_found_by_its_global_id_too(answers: dict[str, Any]) -> None:
    assert answers["by the global id"]["data"] == {"shelf": [{"shelf": "left", "key": "latte"}]}


def test_another_subgraph_may_have_relay_connections_as_well(answers: dict[str, Any]) -> None:
    assert answers["a connection of theirs"]["errors"] == []
    assert answers["a connection of theirs"]["data"]["cards"]["pageInfo"] == {"hasNextPage": False}
