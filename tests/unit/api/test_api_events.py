"""Taking in events, and starting runs."""

from typing import Any

import pytest

from api.graphql.context import AlreadyRunning
from graph.errors import BadInput, LogUnavailable, StoreUnavailable

RECORD = """mutation($events: [EventInput!]!) { recordEvents(input: {events: $events, source: "till"}) {
  __typename
  ... on RecordEventsPayload { accepted repeated rejected verdicts { index status eventId reason field message } }
  ... on Failure { message } ... on InvalidInput { field } } }"""
START = """mutation($input: StartScoreRunInput!) { startScoreRun(input: $input) { __typename
  ... on StartScoreRunPayload { key kind run { state } }
  ... on AlreadyRunning { key message } ... on InvalidInput { field message } ... on Unavailable { message } } }"""
AT = "2026-03-02T12:00:00+08:00"


def event(**given: Any) -> dict[str, Any]:
    return {"kind": "PURCHASE", "at": AT} | given


def test_each_event_has_its_verdict_in_order(api: Any):
    events = [event(id="e1", customer="ann", amount="18.50", quantity=2), event(customer="bob")]

    answer = api.data(RECORD, events=events)["recordEvents"]

    assert (answer["accepted"], answer["repeated"], answer["rejected"]) == (1, 0, 1)
    assert answer["verdicts"] == [
        {"index": 0, "status": "ACCEPTED", "eventId": "e1", "reason": None, "field": None, "message": None},
        {"index": 1, "status": "REJECTED", "eventId": None, "reason": "missing_field", "field": "id",
         "message": "id must be given"},
    ]  # fmt: skip


def test_an_event_reaches_the_log_as_a_loader_reads_it(api: Any):
    api.data(RECORD, events=[event(id="e1", amount="18.50", quantity=2, properties={"a": 1})])

    assert api.recorder.taken == [
        {"kind": "purchase", "at": "2026-03-02T04:00:00+00:00", "id": "e1", "quantity": 2.0, "amount": "18.50",
         "properties": {"a": 1}}
    ]  # fmt: skip


def test_too_many_events_and_none_are_invalid_input(api: Any):
    for count, told in ((0, "not 0"), (2_501, "not 2,501")):
        answer = api.data(RECORD, events=[event(id="e")] * count)["recordEvents"]

        assert (answer["__typename"], answer["field"]) == ("InvalidInput", "events")
        assert told in answer["message"]
    assert api.recorder.taken == []


def test_a_log_that_is_away_is_a_typed_failure(api: Any):
    api.recorder.failure = LogUnavailable("/srv/data is full")

    answer = api.data(RECORD, events=[event(id="e1")])["recordEvents"]

    assert answer["__typename"] == "Unavailable"
    assert "/srv" not in answer["message"]


@pytest.mark.parametrize(
    ("given", "field", "reason", "valid"),
    [
        ({"kind": "BOUGHT"}, "kind", "unknown_kind", "one of REGISTER, LOGIN"),
        ({"kind": "purchase"}, "kind", "unknown_kind", "not 'purchase'"),
        ({"kind": 7}, "kind", "unknown_kind", "not 7"),
        ({"at": "yesterday"}, "at", "bad_time", "ISO 8601 with an offset"),
        ({"at": "2026-03-02T12:00:00"}, "at", "bad_time", "ISO 8601 with an offset"),
        ({"at": {"year": 2026}}, "at", "bad_time", "ISO 8601"),
        ({"amount": "much"}, "amount", "bad_money", 'such as "12.50"'),
        ({"quantity": "two"}, "quantity", "bad_number", "must be a number, not 'two'"),
        ({"customer": 5}, "customer", "wrong_type", "must be text, not 5"),
        ({"id": ["e"]}, "id", "wrong_type", "must be text"),
    ],
)
def test_a_malformed_event_is_rejected_alone(api: Any, given: dict[str, Any], field: str, reason: str, valid: str):
    events = [event(id="e1"), event(id="e2") | given, event(id="e3")]

    answer = api.data(RECORD, events=events)["recordEvents"]

    assert [verdict["status"] for verdict in answer["verdicts"]] == ["ACCEPTED", "REJECTED", "ACCEPTED"]
    wrong = answer["verdicts"][1]
    assert (wrong["index"], wrong["field"], wrong["reason"], wrong["eventId"]) == (1, field, reason, None)
    assert valid in wrong["message"]
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert len(api.recorder.refused) == 1


@pytest.mark.parametrize("absent", ["kind", "at"])
def test_an_event_that_lacks_what_all_must_carry_reaches_the_loader_that_says_so(api: Any, absent: str):
    events = [{name: value for name, value in event(customer="ann").items() if name != absent}, event(id="e2")]

    answer = api.data(RECORD, events=events)["recordEvents"]

    assert [verdict["status"] for verdict in answer["verdicts"]] == ["REJECTED", "ACCEPTED"]
    assert answer["verdicts"][0]["field"] == absent


def test_what_is_written_into_the_document_must_fit_the_schema(api: Any):
    for wrong in ("kind: BOUGHT", 'kind: LOGIN, amount: "much"', "kind: LOGIN, customer: 5"):
        query = f'mutation {{ recordEvents(input: {{events: [{{{wrong}, at: "{AT}"}}]}}) {{ __typename }} }}'

        assert api.code(query) == "GRAPHQL_VALIDATION_FAILED"
    assert api.recorder.taken == []


def test_a_variable_of_one_field_keeps_its_own_type(api: Any):
    query = """mutation($at: DateTime!, $who: String!) { recordEvents(input: {events: [
      {kind: LOGIN, id: "e1", at: $at, customer: $who}]}) { ... on RecordEventsPayload { accepted } } }"""

    assert api.data(query, at=AT, who="ann")["recordEvents"] == {"accepted": 1}
    assert api.code(query, at="yesterday", who="ann") == "BAD_USER_INPUT"


def test_a_field_that_events_lack_refuses_the_request(api: Any):
    assert api.code(RECORD, events=[event(id="e1", custmer="ann")]) == "BAD_USER_INPUT"


def test_a_run_is_started_with_what_was_asked(api: Any):
    given = {"kind": "CHAINS", "source": "completejourney", "seed": 7, "parameters": {"min_customers": 5}}

    answer = api.data(START, input=given)["startScoreRun"]

    assert answer == {
        "__typename": "StartScoreRunPayload",
        "key": "r1",
        "kind": "CHAINS",
        "run": {"state": "SUCCEEDED"},
    }
    [asked] = api.runs.asked
    assert (asked.kind, asked.source, asked.seed, asked.parameters) == (
        "chains",
        "completejourney",
        7,
        {"min_customers": 5},
    )


def test_a_run_that_is_under_way_is_named(api: Any):
    api.runs.answer = AlreadyRunning("r0")

    answer = api.data(START, input={"kind": "INFLUENCE"})["startScoreRun"]

    assert (answer["__typename"], answer["key"]) == ("AlreadyRunning", "r0")
    assert "r0" in answer["message"]


def test_parameters_that_cannot_be_used_are_invalid_input(api: Any):
    api.runs.answer = BadInput("chains has no parameter x.")

    answer = api.data(START, input={"kind": "CHAINS", "parameters": {"x": 1}})["startScoreRun"]

    assert answer == {"__typename": "InvalidInput", "field": "parameters", "message": "chains has no parameter x."}
    assert api.data(START, input={"kind": "CHAINS", "parameters": [1]})["startScoreRun"]["__typename"] == "InvalidInput"


def test_a_graph_that_is_away_starts_nothing(api: Any):
    api.runs.answer = StoreUnavailable("Cannot reach the graph at bolt://10.0.0.7")

    answer = api.data(START, input={"kind": "CHAINS"})["startScoreRun"]

    assert answer["__typename"] == "Unavailable"
    assert "10.0.0.7" not in answer["message"]
