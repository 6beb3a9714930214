"""Signs of fraud in arrays: planted ones are found, by hand and by simulation, and honest ones mostly not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.referrals.fraud import bursts, common_values, lapsed, rings, velocity
from graph.algorithms.referrals.fraud.tails import binomial_tail, negative_binomial_tail, poisson_tail

DAY = 86_400


def who(*values: int) -> np.ndarray:
    return np.asarray(values, np.int32)


def ints(*values: int) -> np.ndarray:
    return np.asarray(values, np.int64)


def test_a_value_that_two_alone_have_speaks_more_than_one_of_many():
    # 0 brought 1 (they alone have value 7), 2 (value 8 with four others), and 6 (nothing in common).
    owner, value = who(0, 1, 0, 2, 3, 4, 5, 0, 1), ints(7, 7, 8, 8, 8, 8, 8, 7, 7)

    found = common_values(who(0, 0, 0, 1), who(1, 2, 6, 1), owner, value, 0.8)

    assert found.row.tolist() == [0, 1]
    assert found.cause.tolist() == [7, 8]
    assert found.score.tolist() == pytest.approx([0.8, 0.2])
    assert found.count.tolist() == [2, 5]


def test_of_several_common_values_the_rarest_is_told():
    found = common_values(who(0), who(1), who(0, 1, 2, 0, 1), ints(3, 3, 3, 4, 4), 1.0)

    assert (found.cause.tolist(), found.score.tolist()) == ([4], [1.0])


def test_a_ring_is_found_and_only_its_referrals():
    # 0 → 1 → 2 → 0 within two days; 2 → 3 hangs on it.
    found = rings(who(0, 1, 2, 2), who(1, 2, 0, 3), ints(0, DAY, 2 * DAY, DAY), 4, 2 * DAY)

    assert (found.row.tolist(), set(found.count.tolist())) == ([0, 1, 2], {3})


def test_a_ring_that_closes_too_late_is_none():
    assert rings(who(0, 1, 2), who(1, 2, 0), ints(0, DAY, 2 * DAY + 1), 3, 2 * DAY).row.size == 0


def test_a_chain_and_a_self_referral_are_no_rings():
    assert rings(who(0, 1, 5), who(1, 2, 5), ints(0, 0, 0), 6, DAY).row.size == 0


EDGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 8)), max_size=9)


@settings(deadline=None)
@given(EDGES, st.integers(0, 8))
def test_a_ring_is_told_just_where_one_can_be_walked(edges: list[tuple[int, int, int]], window: int):
    found = rings(
        who(*(a for a, _, _ in edges)), who(*(b for _, b, _ in edges)), ints(*(t for _, _, t in edges)), 6, window
    )

    def closes(first: int, here: int, used: tuple[int, ...]) -> bool:
        start, _, at = edges[first]
        if here == start:
            return True
        return any(
            closes(first, b, (*used, place))
            for place, (a, b, t) in enumerate(edges)
            if a == here and a != b and place not in used and at <= t <= at + window
        )

    walked = {p for p, (a, b, _) in enumerate(edges) if a != b and closes(p, b, (p,))}
    assert walked <= set(found.row.tolist())
    assert bool(walked) == bool(found.row.size)
    assert all(edges[row][0] != edges[row][1] for row in found.row.tolist())


def town(seed: int, people: int = 3_000, days: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Devices (one in ten shared by a family) and when each registered, at random."""
    draw = np.random.default_rng(seed)
    device = np.arange(people)
    shared = draw.random(people) < 0.1
    device[shared] = draw.integers(0, people, int(shared.sum()))
    return device, draw.integers(0, days * DAY, people)


def test_a_burst_among_honest_devices_is_found_to_the_last_registration():
    device, at = town(1)
    device = np.concatenate([device, np.full(9, 77_777)])
    at = np.concatenate([at, 50 * DAY + np.arange(9) * 600])

    found = bursts(device, at, DAY)

    assert sorted(found.row.tolist()) == list(range(3_000, 3_009))
    assert set(found.count.tolist()) == {9}
    assert (found.score > 0.9).all()
    assert (found.expected < 1.2).all()


@pytest.mark.parametrize("seed", range(5))
def test_honest_devices_are_no_bursts(seed: int):
    assert bursts(*town(seed), DAY).row.size == 0


def test_a_few_at_once_are_no_burst_whatever_the_chance():
    device, at = town(2)

    assert bursts(np.append(device, [9_999] * 3), np.append(at, [0, 1, 2]), DAY).row.size == 0


def test_who_brings_only_what_lapses_stands_out():
    draw = np.random.default_rng(3)
    referrer = np.concatenate([draw.integers(0, 200, 1_000), np.full(15, 500)]).astype(np.int32)
    back = np.concatenate([draw.random(1_000) < 0.7, np.zeros(15, np.bool_)])

    found = lapsed(referrer, back)

    assert set(found.cause.tolist()) == {500}
    assert found.row.tolist() == list(range(1_000, 1_015))
    assert found.count.tolist() == [15] * 15
    assert found.expected[0] == pytest.approx(4.5, abs=0.7)


def test_a_sudden_pace_is_held_against_the_referrers_own_history():
    # 0 brought one every ten days, then eight within two days; 1 brings four a week all the time.
    steady = np.arange(0, 200 * DAY, 7 * DAY // 4)
    slow = np.append(np.arange(0, 150 * DAY, 10 * DAY), 160 * DAY + np.arange(8) * DAY // 4)
    referrer = np.concatenate([np.zeros(slow.size), np.ones(steady.size)]).astype(np.int32)

    found = velocity(referrer, np.concatenate([slow, steady]), ints(0, 0), 200 * DAY, 7 * DAY)

    assert set(found.cause.tolist()) == {0}
    assert sorted(found.row.tolist()) == list(range(slow.size - 8, slow.size))
    assert found.count.tolist() == [8] * 8


@pytest.mark.parametrize("seed", range(5))
def test_an_even_pace_is_no_sign(seed: int):
    draw = np.random.default_rng(seed)
    rate = draw.gamma(1.0, 5.0, 300)
    many = draw.poisson(rate)
    referrer = np.repeat(np.arange(300), many).astype(np.int32)

    found = velocity(referrer, draw.integers(0, 100 * DAY, referrer.size), np.zeros(300, np.int64), 100 * DAY, 7 * DAY)

    assert np.unique(found.cause).size <= 3


def test_nothing_gives_no_sign():
    none, nobody = np.zeros(0, np.int64), np.zeros(0, np.int32)

    assert bursts(none, none, DAY).row.size == 0
    assert rings(nobody, nobody, none, 3, DAY).row.size == 0
    assert lapsed(nobody, np.zeros(0, np.bool_)).row.size == 0
    assert velocity(nobody, none, none, 0, DAY).row.size == 0
    assert common_values(who(0), who(1), nobody, none, 1.0).row.size == 0


def test_tails_are_those_of_the_distributions():
    poisson, binomial, negative = (np.asarray([value]) for value in (2.5, 0.3, 0.4))

    # 1 - e^-2.5 (1 + 2.5); the binomial's two of three; 1 - 0.4 for a geometric variable of one or more.
    assert poisson_tail(ints(2), poisson)[0] == pytest.approx(1 - np.exp(-2.5) * 3.5)
    assert binomial_tail(ints(2), ints(3), binomial)[0] == pytest.approx(3 * 0.09 * 0.7 + 0.027)
    assert negative_binomial_tail(ints(1), np.asarray([1.0]), negative)[0] == pytest.approx(0.6)
    assert poisson_tail(ints(0), poisson)[0] == 1.0
