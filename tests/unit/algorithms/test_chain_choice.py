"""Which chains are asked for, which stand for others, which are shown."""

from dataclasses import dataclass

import numpy as np
import pytest
from chain_worlds import SLOTS, bought, habit_world

from graph.algorithms.chains import DEFAULT_SLOTS, ChainsRequest, Gap, confirmed, find_chains, published
from graph.algorithms.chains.redundancy import strongest_of_overlapping
from graph.errors import BadInput

ANY, WEEKDAY, WEEKEND = range(3)
REQUEST = ChainsRequest(slots=SLOTS)
BOUNDS = np.tile(np.array(SLOTS, np.int32), (4, 1))


@dataclass
class Ranked:
    gap: np.ndarray
    day_kind: np.ndarray
    first: np.ndarray
    then: np.ndarray


def ranked(*rows: tuple[int, int, int, int]) -> Ranked:
    return Ranked(*np.array(rows, np.int32).T)


def test_any_day_is_stood_for_by_the_stronger_weekday():
    chains = ranked((1, WEEKDAY, 1, 6), (1, ANY, 1, 6), (1, WEEKEND, 1, 6))

    assert strongest_of_overlapping(chains, BOUNDS, len(SLOTS)).tolist() == [-1, 0, -1]


def test_overlapping_slots_are_one_story_and_apart_ones_are_two():
    evening, late, lunch = 2, 3, 1
    chains = ranked((0, ANY, 0, 4 + evening), (0, ANY, 0, 4 + late), (0, ANY, 0, 4 + lunch))

    assert strongest_of_overlapping(chains, BOUNDS, len(SLOTS)).tolist() == [-1, 0, -1]


def test_other_categories_and_other_gaps_are_other_stories():
    chains = ranked((0, ANY, 0, 6), (1, ANY, 0, 6), (0, ANY, 4, 6), (0, ANY, 0, 10))

    assert strongest_of_overlapping(chains, BOUNDS, len(SLOTS)).tolist() == [-1, -1, -1, -1]


def test_the_default_slots_hold_the_model_cases():
    assert {(420, 540), (660, 780), (840, 1020), (1080, 1200), (1140, 1260)} <= set(DEFAULT_SLOTS)


def test_rare_chains_are_neither_confirmed_nor_shown():
    request = ChainsRequest(slots=SLOTS, min_customers=100)

    chains = find_chains(request, habit_world(11, 300, 8, 0.5))

    assert (chains.customers[published(chains, request)] >= 100).all()
    assert (chains.customers[confirmed(chains, request)] >= 100).all()
    assert (chains.capable >= 100).all()


def test_at_most_so_many_others_are_shown_beside_the_confirmed():
    request = ChainsRequest(slots=SLOTS, min_customers=1, kept=3)

    chains = find_chains(request, habit_world(11, 200, 8, 0.6))

    shown = published(chains, request)
    sure = confirmed(chains, request)[shown]
    assert 1 <= sure.sum() <= 3
    assert (~sure).sum() == 3
    assert (np.diff(shown) > 0).all()


def test_the_ranking_is_by_q_then_by_lift():
    chains = find_chains(ChainsRequest(slots=SLOTS, min_customers=1), habit_world(2, 150, 8, 0.4))

    order = np.lexsort((-chains.lift, chains.log_q))
    assert np.array_equal(chains.log_q, chains.log_q[order])
    assert np.array_equal(chains.lift, chains.lift[order])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"slots": ()}, "at least one slot"),
        ({"slots": ((1320, 1500),)}, "0 <= start < end <= 1440"),
        ({"slots": ((1320, 60),)}, "0 <= start < end <= 1440"),
        ({"slots": ((60, 120), (60, 120))}, "given once"),
        ({"min_customers": 0}, "min_customers must be 1 or more, not 0"),
        ({"block_days": 3}, "block_days must be 7 or more"),
        ({"q_limit": 0.0}, "q_limit must be above 0"),
        ({"kept": 0}, "kept must be 1 or more"),
        ({"category_level": 0}, "category_level must be 1"),
        ({"gaps": ("next_year",)}, "gap must be one of same_day, next_day"),
        ({"day_kinds": ("monday",)}, "kind of day must be one of any, weekday, weekend"),
        ({"gaps": ()}, "at least one kind of day and one gap"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_would_be_valid(wrong, told):
    with pytest.raises(BadInput, match=told.replace("(", r"\(")):
        ChainsRequest(**wrong)


def test_only_what_was_asked_for_is_tried():
    request = ChainsRequest(slots=SLOTS, min_customers=1, gaps=("next_day",), day_kinds=("weekend",))

    chains = find_chains(
        request, bought([(0, 1, 8, 1), (0, 5, 12, 0), (0, 6, 18, 1), (0, 12, 8, 0), (0, 13, 8, 1), (0, 20, 8, 1)])
    )

    assert chains.size > 0
    assert set(chains.gap.tolist()) == {Gap.NEXT_DAY.code}
    assert set(chains.day_kind.tolist()) == {WEEKEND}
