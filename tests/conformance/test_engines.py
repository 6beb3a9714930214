"""Every engine on the same tiny graphs: answers by hand, and by trying every world that can be."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.algorithms.influence import (
    NOBODY,
    CreditRule,
    Delays,
    Forest,
    Influence,
    InfluenceGraph,
    InfluenceRequest,
    Reach,
    Ties,
)
from graph.engines import IN_PROCESS, Engine

REQUEST = InfluenceRequest(simulations=3000, seed=7)
Arcs = Mapping[tuple[int, int], float]

ENGINE = pytest.mark.parametrize("engine", IN_PROCESS.values(), ids=IN_PROCESS)


def graph(
    customers: int,
    arcs: Arcs,
    pass_on: float = 1.0,
    bringer: list[int] | None = None,
    cents: list[int] | None = None,
) -> InfluenceGraph:
    """Revenue of a move is the customer's number plus one; the bringer of a customer has a lower number."""
    ordered = sorted(arcs.items())
    source = np.array([arc[0] for arc, _ in ordered], np.int64)
    ties = Ties(
        np.searchsorted(source, np.arange(customers + 1)).astype(np.int64),
        np.array([arc[1] for arc, _ in ordered], np.int32),
        np.array([chance for _, chance in ordered]),
        np.zeros(len(ordered)),
        np.full(customers, pass_on),
        np.arange(1.0, customers + 1),
        Reach.certain(customers),
    )
    parents = np.array(bringer or [NOBODY] * customers, np.int32)
    forest = Forest(parents, np.arange(customers - 1, -1, -1, dtype=np.int32))
    return InfluenceGraph(ties, forest, np.array(cents or [0] * customers, np.int64))


def in_every_world(customers: int, arcs: Arcs, pass_on: float) -> tuple[np.ndarray, np.ndarray]:
    """Expected moved and revenue of every customer, summed over all live arcs and all who would pass on."""
    moved, revenue = np.zeros(customers), np.zeros(customers)
    listed = list(arcs.items())
    for live in product((False, True), repeat=len(listed)):
        for sharing in product((False, True), repeat=customers):
            chance = np.prod([p if on else 1 - p for (_, p), on in zip(listed, live, strict=True)] or [1.0])
            chance *= np.prod([pass_on if on else 1 - pass_on for on in sharing])
            for seed in range(customers) if chance else ():
                reached, front = {seed}, [seed]
                while front:
                    sharer = front.pop()
                    for ((start, end), _), on in zip(listed, live, strict=True):
                        if on and start == sharer and end not in reached:
                            reached.add(end)
                            front += [end] if sharing[end] else []
                moved[seed] += chance * (len(reached) - 1)
                revenue[seed] += chance * sum(other + 1 for other in reached - {seed})
    return moved, revenue


def run(engine: Engine, request: InfluenceRequest, network: InfluenceGraph) -> Influence:
    """The engine's answer, for a test without an event loop."""
    return asyncio.run(engine.run(request, network))


def agrees(answer: Influence, moved: np.ndarray, revenue: np.ndarray) -> bool:
    spread = answer.spread
    return bool(
        (np.abs(spread.moved - moved) <= 5 * np.sqrt(spread.moved_variance) + 0.01).all()
        and (np.abs(spread.revenue - revenue) <= 5 * np.sqrt(spread.revenue_variance) + 0.02).all()
    )


NAMED: dict[str, tuple[int, Arcs, float, list[float]]] = {
    "nobody knows anybody": (2, {}, 1.0, [0, 0]),
    "one arc": (2, {(0, 1): 0.3}, 1.0, [0.3, 0]),
    "a chain": (3, {(0, 1): 0.5, (1, 2): 0.5}, 1.0, [0.75, 0.5, 0]),
    "a chain that is passed on half the time": (3, {(0, 1): 0.5, (1, 2): 0.5}, 0.5, [0.625, 0.5, 0]),
    "a star": (4, {(0, 1): 0.2, (0, 2): 0.4, (0, 3): 0.6}, 1.0, [1.2, 0, 0, 0]),
    "a ring of certain ties": (3, {(0, 1): 1.0, (1, 2): 1.0, (2, 0): 1.0}, 1.0, [2, 2, 2]),
    # Customer 3 is reached unless both ways fail: 1 - (1 - 1/4)² = 7/16.
    "a diamond": (4, {(0, 1): 0.5, (0, 2): 0.5, (1, 3): 0.5, (2, 3): 0.5}, 1.0, [1 + 7 / 16, 0.5, 0.5, 0]),
    "two who move each other": (2, {(0, 1): 0.5, (1, 0): 0.25}, 1.0, [0.5, 0.25]),
}


@ENGINE
@pytest.mark.parametrize(("customers", "arcs", "pass_on", "by_hand"), NAMED.values(), ids=NAMED)
def test_the_spread_is_what_was_worked_out_by_hand(engine, customers, arcs, pass_on, by_hand):
    moved, revenue = in_every_world(customers, arcs, pass_on)

    answer = run(engine, REQUEST, graph(customers, arcs, pass_on))

    assert moved.tolist() == pytest.approx(by_hand)
    assert agrees(answer, moved, revenue)


small = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda arc: arc[0] != arc[1]),
    st.floats(0.05, 1.0),
    max_size=7,
)


@ENGINE
@settings(max_examples=15, deadline=None, derandomize=True)
@given(arcs=small, pass_on=st.sampled_from([0.0, 0.4, 1.0]))
def test_the_spread_is_the_mean_over_all_worlds(engine, arcs, pass_on):
    answer = run(engine, REQUEST, graph(4, arcs, pass_on))

    assert agrees(answer, *in_every_world(4, arcs, pass_on))


# A share moves after one day or after three, passing on takes two. Within four days 0 moves 1 with 1/2 and 2 with 1/4;
# 1 moves 2 on day 4 if both moves take one day (moved on day 1, shared on day 3): 1/2 · 1/4 of all cases.
TIMED = {4.0: 0.5 + 0.25 + 0.75 / 8, 3.5: 0.75, 2.0: 0.375, 0.5: 0.0, 100.0: 0.5 + 1 - 0.75 * 0.5}


@ENGINE
@pytest.mark.parametrize("days", TIMED)
def test_the_spread_within_so_many_days_is_what_was_worked_out_by_hand(engine, days):
    network = replace(
        graph(3, {(0, 1): 0.5, (1, 2): 1.0, (0, 2): 0.25}), delays=Delays(np.array([1.0, 3.0]), np.array([2.0]))
    )

    spread = run(engine, replace(REQUEST, within_days=days), network).spread

    assert abs(spread.moved[0] - TIMED[days]) <= 5 * np.sqrt(spread.moved_variance[0])


@ENGINE
def test_credit_is_what_was_worked_out_by_hand(engine):
    # 0 brought 1 and 2, 1 brought 3; half goes up: 3's 101 cents leave 51 there, 50 to 1, of which 25 to 0.
    bringer, cents = [NOBODY, 0, 0, 1], [10, 100, 7, 101]

    credit = run(engine, REQUEST, graph(4, {}, bringer=bringer, cents=cents)).credit

    assert credit.direct.tolist() == [10, 50, 4, 51]
    assert credit.downstream.tolist() == [50 + 3 + 25, 25, 0, 0]
    assert credit.brought.tolist() == [2, 1, 0, 0]
    assert credit.brought_below.tolist() == [3, 1, 0, 0]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-1, 8), min_size=9, max_size=9),
    st.lists(st.integers(0, 10**7), min_size=9, max_size=9),
    st.sampled_from([0.0, 0.3, 0.5, 0.999]),
    st.sampled_from(list(CreditRule)),
)
def test_the_engines_credit_the_same_cents(above, cents, decay, rule):
    bringer = [parent if parent < child else NOBODY for child, parent in enumerate(above)]
    forest = graph(9, {}, bringer=bringer, cents=cents)

    first, second = (
        run(engine, InfluenceRequest(decay=decay, credit=rule), forest).credit for engine in IN_PROCESS.values()
    )

    for name in ("direct", "downstream", "brought", "brought_below"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(small, st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 4))
def test_the_engines_name_paths_of_the_same_strength(arcs, pass_on, most):
    request, network = InfluenceRequest(simulations=50, paths=most), graph(4, arcs, pass_on)

    first, second = (run(engine, request, network).paths for engine in IN_PROCESS.values())

    assert first.pointer.tolist() == second.pointer.tolist()
    np.testing.assert_allclose(first.probability, second.probability, rtol=1e-9)


@ENGINE
def test_the_strongest_path_goes_round_a_weak_arc(engine):
    paths = run(engine, REQUEST, graph(3, {(0, 1): 0.9, (1, 2): 0.8, (0, 2): 0.5})).paths

    own = slice(*paths.pointer[:2])
    assert [[c for c in path if c >= 0] for path in paths.customers[own].tolist()] == [[0, 1], [0, 1, 2]]
    assert paths.probability[own].tolist() == pytest.approx([0.9, 0.72])


@ENGINE
def test_the_same_seed_gives_the_same_bits(engine):
    network = graph(4, {(0, 1): 0.5, (1, 2): 0.5, (0, 3): 0.2, (3, 2): 0.7}, 0.6)

    first, second = run(engine, REQUEST, network), run(engine, REQUEST, network)

    assert first.spread.moved.tobytes() == second.spread.moved.tobytes()
    assert first.spread.revenue.tobytes() == second.spread.revenue.tobytes()
