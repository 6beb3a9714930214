"""Saying what is known of things, and who brought whom: events through the log, never straight into the graph."""

from typing import Any

import pytest

from api.bookmarks import write_bookmark
from graph.errors import LogUnavailable

FIELDS = """{ __typename ... on UpsertPayload { keys accepted repeated rejected
  verdicts { index status reason field message } } ... on Failure { message } ... on InvalidInput { field } }"""
CUSTOMERS = f"mutation($rows: [CustomerUpsert!]!) {{ upsertCustomers(input: {{customers: $rows}}) {FIELDS} }}"
REFER = """mutation($input: RecordReferralInput!) { recordReferral(input: $input) { __typename
  ... on RecordReferralPayload { status eventId referrer { key } referred { key } }
  ... on Failure { message } ... on InvalidInput { field } } }"""
AT = "2026-03-02T12:00:00+08:00"
NOW = "2026-03-02T04:00:00+00:00"


def test_a_customer_becomes_a_profile_of_what_was_said(api: Any):
    row = {"key": "ann", "name": "安", "registeredAt": AT, "consentOffers": True, "birthYear": 1990, "city": None}

    answer = api.data(CUSTOMERS, rows=[row])["upsertCustomers"]

    assert (answer["keys"], answer["accepted"]) == (["ann"], 1)
    said = {"name": "安", "registered_at": NOW, "consent_offers": True, "birth_year": 1990}
    assert api.recorder.taken == [{"kind": "profile", "at": NOW, "customer": "ann", "properties": said}]


@pytest.mark.parametrize(
    ("noun", "subject", "row", "said"),
    [
        (
            "Product",
            "product",
            {"category": "tea > fruit tea", "price": "15.00", "attributes": ["cold"], "packageSize": "500 ml"},
            {"category": "tea > fruit tea", "price": "15.00", "attributes": ["cold"], "package_size": "500 ml"},
        ),
        ("Store", "store", {"timeZone": "Asia/Shanghai"}, {"time_zone": "Asia/Shanghai"}),
        ("Channel", "channel", {"online": False}, {"online": False}),
    ],
)  # fmt: skip
def test_other_nouns_become_profiles_too(api: Any, noun: str, subject: str, row: Any, said: Any):
    query = f"mutation($r: [{noun}Upsert!]!) {{ upsert{noun}s(input: {{{subject}s: $r}}) {FIELDS} }}"

    answer = api.data(query, r=[{"key": "k", "at": AT, **row}])[f"upsert{noun}s"]

    assert answer["accepted"] == 1
    assert api.recorder.taken == [{"kind": "profile", "at": NOW, subject: "k", "properties": said}]


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ({"key": "bob", "birthYear": "old"}, "birthYear", "bad_properties"),
        ({"key": "bob", "consentOffers": "yes"}, "consentOffers", "bad_properties"),
        ({"key": 7, "name": "B"}, "key", "wrong_type"),
        ({"name": "B"}, "key", "missing_field"),
        ({"key": "bob"}, "properties", "missing_field"),
    ],
)
def test_a_malformed_row_is_rejected_alone(api: Any, row: dict[str, Any], field: str, reason: str):
    answer = api.data(CUSTOMERS, rows=[{"key": "ann", "name": "A"}, row])["upsertCustomers"]

    assert [verdict["status"] for verdict in answer["verdicts"]] == ["ACCEPTED", "REJECTED"]
    assert (answer["verdicts"][1]["field"], answer["verdicts"][1]["reason"]) == (field, reason)
    assert len(api.recorder.taken) == 1


def test_no_rows_and_too_many_are_invalid_input(api: Any):
    for count in (0, 2_501):
        answer = api.data(CUSTOMERS, rows=[{"key": "ann", "name": "A"}] * count)["upsertCustomers"]

        assert (answer["__typename"], answer["field"]) == ("InvalidInput", "customers")


def test_a_log_that_is_away_is_a_typed_failure(api: Any):
    api.recorder.failure = LogUnavailable("/srv/data is full")

    answer = api.data(CUSTOMERS, rows=[{"key": "ann", "name": "A"}])["upsertCustomers"]

    assert answer["__typename"] == "Unavailable"


def test_a_referral_is_an_event(api: Any):
    answer = api.data(REFER, input={"referrer": "ann", "referred": "bob", "channel": "app"})["recordReferral"]

    assert answer["status"] == "ACCEPTED"
    assert (answer["referrer"], answer["referred"]) == ({"key": "ann"}, {"key": "bob"})
    event = {"kind": "referral", "at": NOW, "customer": "bob", "referrer": "ann", "channel": "app"}
    assert api.recorder.taken == [event]


def test_nobody_brings_themselves(api: Any):
    answer = api.data(REFER, input={"referrer": "ann", "referred": "ann"})["recordReferral"]

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "referrer")
    assert api.recorder.taken == []


GUARDED = """mutation($input: UpsertCustomersInput!) { upsertCustomers(input: $input) { __typename
  ... on UpsertPayload { accepted rejected conflicts verdicts { status } } ... on InvalidInput { field message } } }"""


@pytest.mark.parametrize(("seen", "status"), [(4, "CONFLICT"), (5, "ACCEPTED")])
def test_a_row_that_rests_on_an_older_state_is_a_conflict(api: Any, seen: int, status: str):
    api.recorder.newest = 5
    given = {"customers": [{"key": "ann", "city": "Ningbo"}], "unchangedSince": write_bookmark(seen)}

    answer = api.data(GUARDED, input=given)["upsertCustomers"]

    assert [verdict["status"] for verdict in answer["verdicts"]] == [status]
    assert (answer["accepted"], answer["rejected"], answer["conflicts"]) == (seen == 5, 0, seen == 4)
    assert len(api.recorder.taken) == (seen == 5)


def test_a_bookmark_that_is_none_is_invalid_input(api: Any):
    given = {"customers": [{"key": "ann", "city": "Ningbo"}], "unchangedSince": "5"}

    answer = api.data(GUARDED, input=given)["upsertCustomers"]

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "unchangedSince")
    assert api.recorder.taken == []
