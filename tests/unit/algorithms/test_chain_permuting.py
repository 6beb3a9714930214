"""Shuffling itself: it draws what the closed form says, stops early, and gives the same answer for the same seed."""

import numpy as np
import pytest
from chain_worlds import EVENING, LUNCH, SLOTS, bought, habit_world
from scipy.stats import binom, hypergeom

from graph.algorithms.chains import ChainsRequest, Compared, Gap, find_chains
from graph.algorithms.chains.coins import Rows
from graph.algorithms.chains.events import Steps, to_steps
from graph.algorithms.chains.permuting import ENOUGH, Permuted, permute
from graph.algorithms.chains.strata import weeks
from graph.algorithms.chains.weighing import nulls_of, steps_of, weigh_pairs
from graph.errors import BadInput

COFFEE, TEA, CAKE = range(3)


def token(category: int, slot: int) -> int:
    return category * len(SLOTS) + slot


def rows_of(steps: Steps, first: list[int], then: list[int]) -> Rows:
    return Rows(steps.token_count, np.array(first, np.int32), np.array(then, np.int32), np.zeros(len(first), np.int32))


def test_a_chain_by_hand_comes_as_often_as_its_hypergeometric_says():
    # Of Monday to Thursday two had coffee, two of the days after tea, both after coffee: 1 of 6 shufflings does
    # as well.
    week = [(0, 7, 12, COFFEE), (0, 8, 18, TEA), (0, 9, 12, COFFEE), (0, 10, 18, TEA), (0, 11, 8, CAKE)]
    week += [(0, 0, 8, CAKE), (0, 20, 8, CAKE)]  # a first and a last day, which are compared with nothing
    steps = to_steps(bought(week), SLOTS)
    pair = rows_of(steps, [token(COFFEE, LUNCH)], [token(TEA, EVENING)])

    [told] = permute([weeks(steps, Gap.NEXT_DAY, 7)], pair, 20_000, seed=1, enough=20_001)

    assert told.observed.tolist() == [2]
    assert told.tried.tolist() == [20_000]
    assert told.p_value[0] == pytest.approx(1 / 6, abs=4 * np.sqrt(5 / 36 / 20_000))


def law_of_p(chance: dict[float, float], permutations: int, enough: int) -> dict[float, float]:
    """How likely each p-value is, by every course that shuffling may take; `chance`: how likely each tail is."""
    courses: list[tuple[int, int, float]] = []
    for tail, weight in chance.items():
        for exceeded in range(min(enough, permutations + 1)):
            courses.append((exceeded, permutations, weight * float(binom.pmf(exceeded, permutations, tail))))
        for tried in range(enough, permutations + 1):
            last = tail * float(binom.pmf(enough - 1, tried - 1, tail))
            courses.append((enough, tried, weight * last))
    exceeded, tried, weight = (np.array(column) for column in zip(*courses, strict=True))
    values = Permuted(np.zeros_like(tried), exceeded, tried, enough).p_value
    return {float(value): float(weight[values == value].sum()) for value in np.unique(values)}


def tails_of(days: int, first: int, then: int) -> dict[float, float]:
    """By how likely as many occurrences are (or more), how likely the log has them: both steps on so many days."""
    null = hypergeom(days, first, then)
    return {
        float(null.sf(count - 1)): float(null.pmf(count)) for count in range(max(0, first + then - days), first + 1)
    }


@pytest.mark.parametrize(("days", "first", "then"), [(4, 2, 2), (5, 2, 3), (7, 3, 3), (30, 9, 12)])
@pytest.mark.parametrize(("permutations", "enough"), [(1, 1), (19, 3), (60, 10), (60, 61)])
def test_a_row_that_stops_is_no_surer_than_chance_allows(
    days: int, first: int, then: int, permutations: int, enough: int
):
    law = law_of_p(tails_of(days, first, then), permutations, enough)

    assert sum(law.values()) == pytest.approx(1)
    assert all(sum(weight for one, weight in law.items() if one <= value) <= value + 1e-9 for value in law)


def test_a_thousand_weeks_without_a_chain_have_the_p_values_that_stopping_gives():
    weeks_told, draw = 100, np.random.default_rng(6)
    first, then = (
        [token(2 * week + at, slot) for week in range(weeks_told)] for at, slot in ((0, LUNCH), (1, EVENING))
    )
    found = []
    for seed in range(10):
        rows = [(c, day, 8, 2 * weeks_told) for c in range(weeks_told) for day in (0, 11, 20)]
        rows += [(c, day, 18, 2 * c + 1) for c in range(weeks_told) for day in (8, 10)]
        # Coffee falls on two of Monday to Thursday, whichever: one of six has tea behind both.
        rows += [(c, 7 + int(d), 12, 2 * c) for c in range(weeks_told) for d in draw.choice(4, 2, replace=False)]
        steps = to_steps(bought(rows), SLOTS)
        [told] = permute([weeks(steps, Gap.NEXT_DAY, 7)], rows_of(steps, first, then), 99, seed)
        found.append(told.p_value)
    values, law = np.concatenate(found), law_of_p(tails_of(4, 2, 2), 99, ENOUGH)

    for level in (0.15, 0.2, 0.5, 0.9):
        wanted = sum(weight for value, weight in law.items() if value <= level)
        assert np.mean(values <= level) == pytest.approx(wanted, abs=4 * np.sqrt(wanted * (1 - wanted) / values.size))


@pytest.mark.parametrize("compared", Compared)
def test_the_closed_form_agrees_with_shuffling(compared):
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), compared=compared)
    world = habit_world(7, 400, 8, 0.0)
    steps = steps_of(request, world)
    weighed = weigh_pairs(request, steps)

    nulls = nulls_of(request, steps, Gap.NEXT_DAY)
    pairs = Rows(steps.token_count, weighed.first, weighed.then, weighed.day_kind)
    told = np.max([one.p_value for one in permute(nulls, pairs, 1_000, 3, enough=1_001)], axis=0)

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


def test_what_one_null_has_stopped_the_other_need_not_decide():
    request = ChainsRequest(slots=SLOTS, gaps=(Gap.NEXT_DAY,), permutations=400, seed=4)
    steps = steps_of(request, habit_world(11, 300, 10, 0.3))
    weighed = weigh_pairs(request, steps)
    nulls = nulls_of(request, steps, Gap.NEXT_DAY)
    pairs = Rows(steps.token_count, weighed.first, weighed.then, weighed.day_kind)

    together = permute(nulls, pairs, 400, 4)
    apart = [permute([null], pairs, 400, 4)[0] for null in nulls]

    largest = np.max([one.p_value for one in together], axis=0)
    stops = np.min([np.where(one.exceeded >= ENOUGH, one.tried, 401) for one in together], axis=0)
    assert (largest == np.where(stops <= 400, ENOUGH / stops, largest)).all()
    assert sum(one.tried.sum() for one in together) < 0.8 * sum(one.tried.sum() for one in apart)


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
