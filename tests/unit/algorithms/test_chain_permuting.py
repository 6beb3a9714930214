"""Shuffling itself: it draws what the closed form says, stops early, and gives the same answer for the same seed."""

import numpy as np
import pytest
from chain_worlds import EVENING, LUNCH, SLOTS, bought, habit_world

from graph.algorithms.chains import ChainsRequest, Compared, Gap, find_chains
from graph.algorithms.chains.events import to_steps
from graph.algorithms.chains.permuting import ENOUGH, permute
from graph.algorithms.chains.strata import weeks
from graph.algorithms.chains.weighing import nulls_of, steps_of, weigh_pairs
from graph.errors import BadInput

COFFEE, TEA, CAKE = range(3)


def token(category: int, slot: int) -> int:
    return category * len(SLOTS) + slot


def test_a_chain_by_hand_comes_as_often_as_its_hypergeometric_says():
    # Of Monday to Thursday two had coffee, two of the days after tea, both after coffee: 1 of 6 shufflings does
    # as well.
    week = [(0, 7, 12, COFFEE), (0, 8, 18, TEA), (0, 9, 12, COFFEE), (0, 10, 18, TEA), (0, 11, 8, CAKE)]
    week += [(0, 0, 8, CAKE), (0, 20, 8, CAKE)]  # a first and a last day, which are compared with nothing
    steps = to_steps(bought(week), SLOTS)
    pair = (
        np.array([token(COFFEE, LUNCH)], np.int32),
        np.array([token(TEA, EVENING)], np.int32),
        np.zeros(1, np.int32),
    )

    told = permute(weeks(steps, Gap.NEXT_DAY, 7), steps.token_count, *pair, 20_000, seed=1, enough=20_001)

    assert told.observed.tolist() == [2]
    assert told.tried.tolist() == [20_000]
    assert told.p_value[0] == pytest.approx(1 / 6, abs=4 * np.sqrt(5 / 36 / 20_000))


@pytest.mark.parametrize("compared", Compared)
def test_the_closed_form_agrees_with_shuffling(compared):
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), compared=compared)
    world = habit_world(7, 400, 8, 0.0)
    steps = steps_of(request, world)
    weighed = weigh_pairs(request, steps)

    nulls = nulls_of(request, steps, Gap.NEXT_DAY)
    pairs = steps.token_count, weighed.first, weighed.then, weighed.day_kind
    told = np.max([permute(null, *pairs, 1_000, 3, enough=1_001).p_value for null in nulls], axis=0)

    closed = np.exp(weighed.log_shuffled)
    plain = (closed > 0.01) & (closed < 0.99)
    error = np.sqrt(closed * (1 - closed) / 1_000)[plain]
    assert plain.sum() > 10
    # The tail is an approximation, right to a few parts in a hundred where it is not small.
    assert (np.abs(told - closed)[plain] < 5 * error + 0.05 * closed[plain]).all()


def test_rows_stop_when_they_are_no_surprise_and_a_planted_chain_never_does():
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), permutations=200, seed=4)

    chains = find_chains(request, habit_world(11, 800, 10, 0.5))

    strongest = 0
    assert chains.permuted_p[strongest] == pytest.approx(1 / 201)
    assert (chains.permuted_p[chains.log_p > np.log(0.5)] > ENOUGH / 201).all()


def test_the_same_seed_draws_the_same_permutations():
    world = habit_world(5, 200, 8, 0.3)
    request = ChainsRequest(slots=SLOTS, permutations=50, seed=8)

    one, two = find_chains(request, world), find_chains(request, world)

    assert one.permuted_p.tobytes() == two.permuted_p.tobytes()


def test_without_permutations_nothing_is_shuffled():
    assert np.isnan(find_chains(ChainsRequest(slots=SLOTS), habit_world(5, 100, 8, 0.3)).permuted_p).all()


def test_too_many_permutations_are_refused():
    with pytest.raises(BadInput, match="permutations must be 0 to 100,000, not -1"):
        ChainsRequest(permutations=-1)
