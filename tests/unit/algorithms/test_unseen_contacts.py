"""Unseen contacts as ties: how many, with what chance, and on the scale of the run's own spread."""

import numpy as np
import pytest

from graph.algorithms.influence.arrays import Reach, Ties
from graph.algorithms.influence.request import InfluenceRequest
from graph.algorithms.influence.selection.reverse_ties import reverse_ties
from graph.algorithms.influence.selection.select import SelectAdvocates, select_advocates
from graph.algorithms.influence.selection.unseen import Unseen, with_unseen
from graph.algorithms.influence.spread import expected_spread


def test_each_unseen_contact_is_a_tie_to_somebody_who_was_moved():
    nobody = np.zeros(4, np.int64), np.empty(0, np.int64), np.empty(0)
    unseen = Unseen(np.array([2.0, 0, 0]), np.array([0.25, 0.5, 0]), np.array([0.0, 0, 3]))

    pointer, target, chance = with_unseen(*nobody, unseen, 0)

    assert pointer.tolist() == [0, 1, 1, 1]
    assert target.tolist() == [2]
    assert chance == pytest.approx([1 - 0.75**2])


def test_a_known_tie_carries_by_either_chance_and_nobody_is_their_own_contact():
    known = np.array([0, 1, 1]), np.array([1]), np.array([0.5])
    unseen = Unseen(np.array([1.0, 1.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0]))

    pointer, target, chance = with_unseen(*known, unseen, 0)

    assert (pointer.tolist(), target.tolist()) == ([0, 1, 1], [1])
    assert chance == pytest.approx([0.75])


def test_without_unseen_contacts_nothing_changes():
    known = np.array([0, 1, 1]), np.array([1]), np.array([1.0])

    assert with_unseen(*known, Unseen(np.zeros(2), np.zeros(2), np.ones(2)), 0) == known


def test_the_spread_of_one_advocate_is_that_of_the_run():
    # Everybody has two known contacts and three unseen ones, among 600 customers moved equally often.
    count = 600
    random = np.random.default_rng(1)
    pointer, target = np.arange(count + 1) * 2, random.integers(0, count, 2 * count)
    none, tenth = np.zeros(count), np.full(2 * count, 0.1)
    reach = Reach(np.full(count, 3.0), np.full(count, 0.08), none, none, np.arange(count, dtype=np.int32))
    ties = Ties(pointer, target.astype(np.int32), tenth, 0 * tenth, np.full(count, 0.9), np.ones(count), reach)
    unseen = Unseen(reach.hidden, reach.hidden_chance, np.ones(count))

    start, end, chance = with_unseen(pointer, target, tenth, unseen, 0)
    turned = reverse_ties(start, end.astype(np.int32), chance, ties.pass_on)
    everyone = np.mean(
        [
            select_advocates(turned, SelectAdvocates(1, candidates=np.eye(count, dtype=bool)[one], seed=one)).spread
            for one in range(0, count, 60)
        ]
    )

    theirs = expected_spread(ties, InfluenceRequest(simulations=400)).moved
    assert everyone - 1 == pytest.approx(theirs[::60].mean(), rel=0.15)
