"""The bucket of a caller: it empties, fills again, and never overflows."""

from hypothesis import given
from hypothesis import strategies as st

from api.throttle import MOST_CALLERS, Allowance, Throttle, Wait

ALLOWANCE = Allowance(maximum=100, restored_per_second=10, concurrent=2)


def left(throttle: Throttle, now: float = 0, caller: str = "ann") -> int:
    return throttle.status(caller, now)["currentlyAvailable"]


def test_an_operation_takes_what_it_may_cost_and_gets_back_what_it_did_not():
    throttle = Throttle(ALLOWANCE)

    assert throttle.enter("ann", 60, 0) is None
    assert left(throttle) == 40
    throttle.leave("ann", 50, 0)
    assert left(throttle) == 90


def test_what_was_spent_comes_back_with_time():
    throttle = Throttle(ALLOWANCE)
    throttle.enter("ann", 100, 0)

    assert [left(throttle, now) for now in (0, 0.5, 3, 1000)] == [0, 5, 30, 100]


def test_who_asks_too_much_waits_until_it_is_there():
    throttle = Throttle(ALLOWANCE)
    throttle.enter("ann", 80, 0)

    assert throttle.enter("ann", 45, 0) == Wait("it may cost 45, and 20 are left", 3)
    assert throttle.enter("ann", 45, 3) is None


def test_an_operation_larger_than_the_bucket_runs_when_the_bucket_is_full():
    throttle = Throttle(ALLOWANCE)

    assert throttle.enter("ann", 250, 0) is None
    assert throttle.enter("ann", 1, 0) == Wait("it may cost 1, and -150 are left", 16)


def test_no_more_than_so_many_run_at_once():
    throttle = Throttle(ALLOWANCE)
    throttle.enter("ann", 1, 0)
    throttle.enter("ann", 1, 0)

    assert throttle.enter("ann", 1, 0) == Wait("2 operations of this caller run, at most 2 may", 1)
    throttle.leave("ann", 0, 0)
    assert throttle.enter("ann", 1, 0) is None


def test_callers_do_not_share():
    throttle = Throttle(ALLOWANCE)
    throttle.enter("ann", 100, 0)

    assert throttle.enter("bob", 100, 0) is None


def test_a_clock_that_runs_backwards_gives_nothing():
    throttle = Throttle(ALLOWANCE)
    throttle.enter("ann", 100, 50)

    assert [left(throttle, now) for now in (40, 50, 51)] == [0, 0, 10]


def test_no_more_callers_are_remembered_than_fit():
    throttle = Throttle(ALLOWANCE)
    for number in range(MOST_CALLERS + 10):
        throttle.enter(str(number), 100, 0)

    assert left(throttle, caller="0") == 100
    assert left(throttle, caller=str(MOST_CALLERS)) == 0


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 300), st.floats(0, 20)), max_size=30))
def test_a_caller_never_spends_more_than_the_bucket_and_what_came_back(asked: list[tuple[int, int, float]]):
    throttle, now, spent = Throttle(ALLOWANCE), 0.0, 0
    for requested, actual, pause in asked:
        now += pause
        if throttle.enter("ann", requested, now) is None:
            cost = min(requested, actual)
            spent += cost
            throttle.leave("ann", requested - cost, now)

        assert 0 <= left(throttle, now) <= ALLOWANCE.maximum
        # The last one may be larger than what is left by what it was let in for beyond the bucket.
        assert spent <= ALLOWANCE.maximum + ALLOWANCE.restored_per_second * now + 200
