"""Idempotency keys: the first answer again, or a typed failure; what failed may be sent again."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from api_fakes import NOON

from api.answers import ABANDONED_AFTER, KEPT_FOR, AnswerStore
from api.graphql.context import AlreadyRunning, Conflicting, Given, Kept, Mine, RunProgress, UnderWay
from graph.errors import BadInput, LogUnavailable

RECORD = """mutation($input: RecordEventsInput!) { recordEvents(input: $input) { __typename
  ... on RecordEventsPayload { accepted rejected verdicts { index status eventId reason message } }
  ... on IdempotencyConflict { key message } ... on Unavailable { message } ... on InvalidInput { field } } }"""
START = """mutation($input: StartScoreRunInput!) { startScoreRun(input: $input) { __typename
  ... on StartScoreRunPayload { key kind } } }"""
AT = "2026-03-02T12:00:00+08:00"


def batch(*ids: str, key: str | None = "k1") -> dict[str, Any]:
    return {"events": [{"kind": "LOGIN", "at": AT, "id": id} for id in ids], "idempotencyKey": key}


def test_the_same_key_and_input_answers_as_the_first_time(api: Any):
    first = api.data(RECORD, input=batch("e1", "e2"))
    api.recorder.failure = LogUnavailable("away")

    assert api.data(RECORD, input=batch("e1", "e2")) == first
    assert len(api.recorder.taken) == 2


def test_the_same_key_with_other_input_is_a_typed_failure(api: Any):
    api.data(RECORD, input=batch("e1"))

    answer = api.data(RECORD, input=batch("e2"))["recordEvents"]

    assert (answer["__typename"], answer["key"]) == ("IdempotencyConflict", "k1")
    assert len(api.recorder.taken) == 1


def test_another_key_or_none_does_it_again(api: Any):
    for key in ("k1", "k2", None, None):
        api.data(RECORD, input=batch("e1", key=key))

    assert len(api.recorder.taken) == 4


def test_a_failure_is_not_kept(api: Any):
    api.recorder.failure = LogUnavailable("away")
    assert api.data(RECORD, input=batch("e1"))["recordEvents"]["__typename"] == "Unavailable"
    api.recorder.failure = None

    assert api.data(RECORD, input=batch("e1"))["recordEvents"]["accepted"] == 1
    assert api.data(RECORD, input=batch())["recordEvents"]["__typename"] == "IdempotencyConflict"


def test_a_bug_frees_the_key(api: Any):
    api.recorder.failure = ZeroDivisionError("a bug")
    assert api.code(RECORD, input=batch("e1")) == "INTERNAL_SERVER_ERROR"
    api.recorder.failure = None

    assert api.data(RECORD, input=batch("e1"))["recordEvents"]["accepted"] == 1


def test_a_malformed_event_is_part_of_the_input(api: Any):
    wrong = batch("e1")
    wrong["events"][0]["at"] = "yesterday"
    first = api.data(RECORD, input=wrong)

    assert api.data(RECORD, input=wrong) == first
    assert api.data(RECORD, input=batch("e1"))["recordEvents"]["__typename"] == "IdempotencyConflict"


def test_a_run_is_started_once_a_key(api: Any):
    given = {"kind": "CHAINS", "idempotencyKey": "k1"}
    first = api.data(START, input=given)
    api.runs.answer = AlreadyRunning("r1")

    assert api.data(START, input=given) == first
    assert len(api.runs.asked) == 1
    api.runs.answer = RunProgress("r2", "chains", "running", "start", 0, 0)
    assert api.data(START, input=given | {"seed": 1})["startScoreRun"]["__typename"] == "IdempotencyConflict"


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_one_to_255_characters(api: Any, key: str):
    answer = api.data(RECORD, input=batch("e1", key=key))["recordEvents"]

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", "idempotencyKey")


GIVEN = Given("till", "recordEvents", "k1", "d1")


@pytest.fixture
def answers(tmp_path: Path) -> Any:
    store = AnswerStore.open(tmp_path / "answers.sqlite")
    yield store
    store.close()


def test_a_request_under_way_is_not_answered_twice(answers: AnswerStore):
    assert isinstance(answers.claim(GIVEN, NOON), Mine)
    assert isinstance(answers.claim(GIVEN, NOON), UnderWay)
    assert isinstance(answers.claim(GIVEN, NOON + ABANDONED_AFTER + timedelta(seconds=1)), Mine)


def test_answers_are_kept_for_a_day_by_caller_mutation_and_key(answers: AnswerStore):
    answers.claim(GIVEN, NOON)
    answers.keep(GIVEN, b"{}")

    assert answers.claim(GIVEN, NOON + timedelta(hours=23)) == Kept(b"{}")
    assert isinstance(answers.claim(Given("till", "recordEvents", "k1", "d2"), NOON), Conflicting)
    for other in (Given("shop", "recordEvents", "k1", "d1"), Given("till", "startScoreRun", "k1", "d1")):
        assert isinstance(answers.claim(other, NOON), Mine)
    assert isinstance(answers.claim(GIVEN, NOON + KEPT_FOR + timedelta(seconds=1)), Mine)


async def test_of_many_at_once_one_is_answered(answers: AnswerStore):
    found = await asyncio.gather(*(asyncio.to_thread(answers.claim, GIVEN, NOON) for _ in range(20)))

    assert sum(isinstance(one, Mine) for one in found) == 1


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(BadInput, match="cannot be used"):
        AnswerStore.open(tmp_path / "file" / "answers.sqlite")
