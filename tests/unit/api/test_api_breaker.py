"""The circuit breaker by itself, and what a client hears of it."""

from typing import Any

import pytest
from api_fakes import RecordingReader
from hypothesis import given
from hypothesis import strategies as st

from api.observing import Breaker, Observing
from api.observing.breaker import Patience, StoreAway
from api.observing.statements import ObservedReader
from graph.errors import QueryRefused, StoreUnavailable
from graph.queries import customer

PATIENCE = Patience(failures=2, first_pause=1, longest_pause=4)


def opened(at: float = 0) -> Breaker:
    breaker = Breaker(PATIENCE)
    for _ in range(PATIENCE.failures):
        breaker.enter(at)
        breaker.failed(at)
    return breaker


def passes(breaker: Breaker, now: float) -> bool:
    try:
        breaker.enter(now)
    except StoreAway:
        return False
    return True


def test_it_stays_closed_while_the_store_answers_now_and_then():
    breaker = Breaker(PATIENCE)

    for turn in range(20):
        assert passes(breaker, turn)
        if turn % 2:
            breaker.succeeded()
        else:
            breaker.failed(turn)


def test_it_opens_after_failures_in_a_row_and_says_for_how_long():
    breaker = opened(at=10)

    with pytest.raises(StoreAway) as refused:
        breaker.enter(10.2)

    assert refused.value.retry_after == 1
    assert breaker.is_open


def test_after_the_pause_one_asks_and_the_others_wait():
    breaker = opened()

    assert [passes(breaker, now) for now in (0.5, 1, 1, 1.5)] == [False, True, False, False]
    breaker.succeeded()
    assert passes(breaker, 1.6)
    assert not breaker.is_open


def test_pauses_double_up_to_the_longest():
    breaker, now, pauses = opened(), 0.0, []

    for _ in range(5):
        pauses.append(breaker.wait(now))
        now += pauses[-1]
        breaker.enter(now)
        breaker.failed(now)

    assert pauses == [1, 2, 4, 4, 4]


def test_an_asker_who_gives_up_leaves_the_question_to_the_next():
    breaker = opened()
    breaker.enter(1)
    breaker.gave_up()

    assert passes(breaker, 1)


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(["succeeded", "failed", "gave_up"])), max_size=60))
def test_whatever_happens_the_store_is_asked_again_within_the_longest_pause(steps: list[tuple[float, str]]):
    breaker, now = Breaker(PATIENCE), 0.0

    for pause, end in steps:
        now += pause
        if passes(breaker, now):
            getattr(breaker, end)(*([now] if end == "failed" else []))

    assert passes(breaker, now + PATIENCE.longest_pause)


class TimedFake(RecordingReader):
    engine = "embedded"

    async def read(self, statement: Any, parameters: Any = None, *, timeout_seconds: float = 0) -> Any:
        return await super().read(statement, parameters)


async def test_a_store_that_refuses_a_statement_is_not_away():
    fake = TimedFake(failure=QueryRefused("The statement ran out of time"))
    reader = ObservedReader(fake)

    for _ in range(5):
        with pytest.raises(QueryRefused):
            await reader.read(customer.BY_KEYS, {"keys": ["ann"]})

    assert len(fake.reads) == 5


async def test_a_store_that_is_away_is_left_alone_and_asked_again_later():
    seconds = iter(range(100))
    fake = TimedFake(failure=StoreUnavailable("Cannot reach the graph"))
    reader = ObservedReader(fake, Observing(breaker=Breaker(PATIENCE)), clock=lambda: next(seconds) / 10)

    for _ in range(8):
        with pytest.raises(StoreUnavailable):
            await reader.read(customer.BY_KEYS, {"keys": ["ann"]})
    asked, fake.failure = len(fake.reads), None
    for _ in range(20):
        try:
            await reader.read(customer.BY_KEYS, {"keys": ["ann"]})
        except StoreAway:
            continue

    assert asked == 2
    assert len(fake.reads) > 10


def test_an_answer_without_anything_of_the_graph_is_503_with_a_time_to_ask_again(api: Any):
    api.reader.failure = StoreAway(3.2)

    answer = api.post('{ customer(key: "ann") { key } }', accept="application/json")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "4"
    [error] = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("SERVICE_UNAVAILABLE", 4)
    assert "data" not in answer.json()


def test_what_does_not_need_the_graph_is_answered_while_it_is_away(api: Any):
    api.reader.failure = StoreAway(3)

    assert api.data("{ __typename __schema { queryType { name } } }")["__typename"] == "Query"
    answer = api.post('{ __typename customer(key: "ann") { key } }')
    assert (answer.status_code, answer.json()["data"]) == (200, {"__typename": "Query", "customer": None})
