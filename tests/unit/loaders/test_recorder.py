"""The recorder gives each event its verdict, in order, whatever thread asks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from graph.errors import BadInput
from loaders.record import Outcome, Recorder, Refusal
from loaders.rejection import RejectReason

LOGIN = {"kind": "login", "customer": "王小明", "at": "2024-05-01T00:00:00Z"}


@pytest.fixture
def recorder(place) -> Recorder:
    return Recorder(place.log, place.dead)


def test_verdicts_come_in_the_order_of_the_events(place, recorder):
    events = [LOGIN, {**LOGIN, "kind": "dance"}, {**LOGIN, "id": "mine"}, LOGIN, {"colour": "red"}]

    verdicts = recorder.record_events(events, received_at=place.received)

    assert [verdict.outcome for verdict in verdicts] == [
        Outcome.ACCEPTED,
        Outcome.REJECTED,
        Outcome.ACCEPTED,
        Outcome.REPEATED,
        Outcome.REJECTED,
    ]
    assert [verdict.reason for verdict in verdicts][1::3] == [RejectReason.UNKNOWN_KIND, RejectReason.UNKNOWN_FIELD]
    assert verdicts[1].field == "kind"
    assert verdicts[2].id == "mine"
    assert verdicts[0].id == verdicts[3].id
    assert place.events("source") == [("api",), ("api",)]
    assert place.letters("file", "line") == [("recordEvents", 2), ("recordEvents", 5)]


def test_the_same_events_again_are_repeats_also_for_another_process(place, recorder):
    recorder.record_events([LOGIN], received_at=place.received)

    again = recorder.record_events([LOGIN], received_at=place.received)
    elsewhere = Recorder(place.log, place.dead).record_events([LOGIN], received_at=place.received)

    assert [verdict.outcome for verdict in (*again, *elsewhere)] == [Outcome.REPEATED, Outcome.REPEATED]
    assert place.log.version == 1


def test_events_may_hold_python_values(place, recorder):
    event = {
        "kind": "purchase",
        "customer": "c",
        "at": datetime(2024, 5, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai")),
        "product": "p",
        "order": "o",
        "quantity": 1,
        "amount": Decimal("9.90"),
        "properties": {"note": "少冰"},
        "store": None,
    }

    (verdict,) = recorder.record_events([event], received_at=place.received, source="till")

    assert verdict.outcome is Outcome.ACCEPTED, verdict
    assert place.events("amount", "slot", "source", "properties") == [(Decimal("9.90"), 12, "till", '{"note":"少冰"}')]


def test_what_is_no_json_is_refused(place, recorder):
    (verdict,) = recorder.record_events([{**LOGIN, "session": object()}], received_at=place.received)

    assert (verdict.outcome, verdict.reason) == (Outcome.REJECTED, RejectReason.UNREADABLE)


def test_a_profile_of_the_same_request_sets_the_stores_clock(place, recorder):
    zone = {"kind": "profile", "store": "s", "at": "2024-05-01T00:00:00Z", "properties": {"time_zone": "Europe/London"}}

    recorder.record_events([{**LOGIN, "id": "x", "store": "s"}, zone], received_at=place.received)

    assert place.log.read(["slot"], where=pl.col("id") == "x").item() == 1


def test_no_event_is_no_verdict_and_too_many_are_refused(place, recorder):
    assert recorder.record_events([], received_at=place.received) == []
    with pytest.raises(BadInput, match="at most 2500 events can be recorded at once, not 2501"):
        recorder.record_events([LOGIN] * 2501, received_at=place.received)
    assert place.log.version == 0


def test_threads_record_without_losing_or_doubling(place, recorder):
    events = [{**LOGIN, "customer": f"c{number % 12}"} for number in range(36)]

    with ThreadPoolExecutor(6) as threads:
        verdicts = list(
            threads.map(lambda event: recorder.record_events([event], received_at=place.received)[0], events)
        )

    assert sum(verdict.outcome is Outcome.ACCEPTED for verdict in verdicts) == 12
    assert place.log.read(["customer"]).to_series().sort().to_list() == sorted(f"c{number}" for number in range(12))


def test_what_the_caller_knows_to_be_no_event_is_rejected_beside_the_others(place):
    bad = {**LOGIN, "id": "x", "at": "yesterday"}
    why = Refusal(RejectReason.BAD_TIME, "at", "at must be a time, not 'yesterday'")

    verdicts = Recorder(place.log, place.dead).record_events([bad, LOGIN], received_at=place.received, refused={0: why})

    assert [verdict.outcome for verdict in verdicts] == [Outcome.REJECTED, Outcome.ACCEPTED]
    assert (verdicts[0].reason, verdicts[0].field, verdicts[0].message) == (why.reason, why.field, why.message)
    [letter] = place.dead.read().to_dicts()
    assert (letter["reason"], letter["value"], letter["line"]) == ("bad_time", "yesterday", 1)


def test_a_request_of_nothing_but_refused_events_adds_nothing(place):
    why = Refusal(RejectReason.UNKNOWN_KIND, "kind", "kind must be one of login, not 'log'")

    [verdict] = Recorder(place.log, place.dead).record_events([LOGIN], received_at=place.received, refused={0: why})

    assert verdict.outcome is Outcome.REJECTED
    assert place.log.version == 0
