"""Each reason for which a record is refused, worked out by hand; what is refused is kept with all that mends it."""

import json

import pytest

from loaders.rejection import RejectReason


def broken(purchase: dict[str, object], **changes: object) -> dict[str, object]:
    return {name: value for name, value in {**purchase, **changes}.items() if value is not ...}


CASES: list[tuple[dict[str, object], RejectReason, str, str]] = [
    ({"kind": "buy"}, RejectReason.UNKNOWN_KIND, "kind", "not 'buy'"),
    ({"kind": ...}, RejectReason.MISSING_FIELD, "kind", "must carry kind"),
    ({"at": ...}, RejectReason.MISSING_FIELD, "at", "must carry at"),
    ({"at": "yesterday"}, RejectReason.BAD_TIME, "at", "not 'yesterday'"),
    ({"at": "2024-02-30T00:00:00Z"}, RejectReason.BAD_TIME, "at", "must be ISO 8601"),
    ({"at": 1714537800}, RejectReason.BAD_TIME, "at", "milliseconds since 1970"),
    ({"at": "1969-12-31T00:00:00Z"}, RejectReason.BAD_TIME, "at", "not before 1990"),
    ({"at": "2024-06-02T08:00:01Z"}, RejectReason.TIME_IN_FUTURE, "at", "more than a day after"),
    ({"quantity": "two"}, RejectReason.BAD_NUMBER, "quantity", "not 'two'"),
    ({"quantity": -1}, RejectReason.BAD_NUMBER, "quantity", "must not be negative"),
    ({"quantity": "NaN"}, RejectReason.BAD_NUMBER, "quantity", "finite"),
    ({"quantity": ...}, RejectReason.MISSING_FIELD, "quantity", "must be given for purchase"),
    ({"amount": "12.345"}, RejectReason.BAD_MONEY, "amount", "at most two decimals"),
    ({"amount": "1,200.00"}, RejectReason.BAD_MONEY, "amount", "plain number"),
    ({"amount": True}, RejectReason.BAD_MONEY, "amount", "plain number"),
    ({"amount": -1}, RejectReason.BAD_MONEY, "amount", "must not be negative"),
    ({"discount": "-0.50"}, RejectReason.BAD_MONEY, "discount", "must not be negative"),
    ({"currency": "¥"}, RejectReason.BAD_CURRENCY, "currency", "ISO 4217"),
    ({"properties": [1, 2]}, RejectReason.BAD_PROPERTIES, "properties", "must be a JSON object"),
    ({"order": "  "}, RejectReason.MISSING_FIELD, "order", "must be given for purchase, refund"),
    ({"customer": "王" * 200}, RejectReason.TOO_LONG, "customer", "at most 512 bytes"),
    ({"custmer": "x"}, RejectReason.UNKNOWN_FIELD, "custmer", "put anything else into properties"),
    ({"store": ["a"]}, RejectReason.WRONG_TYPE, "store", "must be text"),
    ({"kind": "profile"}, RejectReason.MISSING_FIELD, "properties", "rating, feedback, consent, profile"),
    (
        {"kind": "profile", "properties": {"name": "x"}},
        RejectReason.PROFILE_SUBJECT,
        "kind",
        "exactly one of customer, product, store, channel, campaign",
    ),
]


@pytest.mark.parametrize(("changes", "reason", "field", "told"), CASES)
def test_a_record_is_refused_for_the_reason_that_fits(place, purchase, changes, reason, field, told):
    path = place.jsonl("day.jsonl", [broken(purchase, **changes)])

    summary = place.load(path)

    assert summary.rejected == {reason: 1}
    ((kept_reason, kept_field, message, file, line),) = place.letters("reason", "field", "message", "file", "line")
    assert (kept_reason, kept_field, file, line) == (str(reason), field, str(path), 1)
    assert told in message
    assert "\n" not in message


PROFILES: list[tuple[str, dict[str, object], str]] = [
    ("store", {"time_zone": "Mars/Olympus"}, "time_zone"),
    ("store", {"time_zone": "../etc/passwd"}, "time_zone"),
    ("customer", {"birth_year": "1990"}, "birth_year"),
    ("customer", {"birth_year": True}, "birth_year"),
    ("product", {"price": "12.345"}, "price"),
    ("product", {"category": {"a": 1}}, "category"),
    ("product", {"attributes": "low-sugar"}, "attributes"),
    ("channel", {"online": "yes"}, "online"),
    ("campaign", {"starts_on": "1st of May"}, "starts_on"),
    ("customer", {"registered_at": "2024-05-01T12:00:00"}, "registered_at"),
]


@pytest.mark.parametrize(("subject", "properties", "name"), PROFILES)
def test_a_profile_keeps_to_the_declared_types(place, subject, properties, name):
    record = {"kind": "profile", "at": "2024-05-01T00:00:00Z", subject: "k", "properties": properties}

    summary = place.load(place.jsonl("profiles.jsonl", [record]))

    assert summary.rejected == {RejectReason.BAD_PROPERTIES: 1}
    assert place.letters("field") == [(f"properties.{name}",)]


def test_a_registration_keeps_to_the_declared_types_of_a_customer(place):
    record = {"kind": "register", "at": "2024-05-01T00:00:00Z", "customer": "c", "properties": {"birth_year": "1990"}}

    place.load(place.jsonl("day.jsonl", [record]))

    assert place.letters("reason", "field") == [("bad_properties", "properties.birth_year")]


def test_a_profile_of_declared_and_other_properties_is_taken(place):
    properties = {
        "name": "桂花乌龙",
        "category": ["茶饮", "乌龙"],
        "price": 18.5,
        "attributes": ["low-sugar"],
        "fridge": None,
        "shelf": 3,
    }
    record = {"kind": "profile", "at": "2024-05-01T00:00:00Z", "product": "tea-1", "properties": properties}

    assert place.load(place.jsonl("profiles.jsonl", [record])).accepted == 1
    assert json.loads(place.events("properties")[0][0]) == properties


def test_broken_lines_are_refused_where_they_stand_and_the_rest_is_taken(place, purchase):
    lines = [purchase, '{"kind":', "", "[1, 2]", '{"kind":"\\ud800"}', {**purchase, "order": "o-2"}, "not json"]

    summary = place.load(place.jsonl("day.jsonl", lines))

    assert (summary.read, summary.accepted, summary.rejected) == (6, 2, {RejectReason.UNREADABLE: 4})
    assert place.letters("line", "raw", "record") == [
        (2, '{"kind":', None),
        (4, "[1, 2]", None),
        (5, '{"kind":"\\ud800"}', None),
        (7, "not json", None),
    ]


def test_a_letter_says_who_refused_what_was_understood_and_the_raw_text(place, purchase):
    place.load(place.jsonl("day.jsonl", [{**purchase, "amount": "many"}]))

    row = place.dead.read().row(0, named=True)

    assert (row["processor"], row["format"], row["source"]) == ("renmai", "events_jsonl", "files")
    assert row["value"] == "many"
    assert json.loads(row["record"]) == {**purchase, "quantity": "2", "amount": "many"}
    assert json.loads(row["raw"]) == {**purchase, "amount": "many"}


def test_the_first_rule_that_is_broken_is_the_reason(place):
    place.load(place.jsonl("day.jsonl", [{"kind": "purchase", "at": "soon", "amount": "x"}]))

    assert place.letters("reason") == [("bad_time",)]


def test_the_same_bad_file_leaves_its_letters_once(place, purchase):
    bad = place.jsonl("day.jsonl", [{**purchase, "amount": "x"}, {**purchase, "kind": "y"}])
    place.load(bad)

    again = place.load(bad)

    assert again.rejected_count == 2
    assert place.dead.read().height == 2


def test_a_csv_row_of_the_wrong_length_is_refused_with_its_line(place):
    text = 'kind,at,customer\nlogin,2024-05-01T00:00:00Z,a\nlogin,"2024-05-01\nT",b,c\nlogin,2024-05-01T00:00:00Z\n'

    summary = place.load(place.write("day.csv", text))

    assert (summary.accepted, summary.rejected) == (1, {RejectReason.UNREADABLE: 2})
    assert place.letters("line", "message") == [
        (3, "a row must have 3 cells as its header has, not 4"),
        (5, "a row must have 3 cells as its header has, not 2"),
    ]
