"""Centrality: answers worked out by hand, and networkx's on random graphs."""

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array

from graph.algorithms.centrality import CentralityRequest, Follows, find_central, follows, hits, page_rank
from graph.algorithms.centrality.central import communities, cores
from graph.algorithms.influence import NOBODY, ShareLog
from graph.errors import BadInput


def matrix(count: int, ties: list[tuple[int, int]] | dict[tuple[int, int], float]) -> csr_array:
    given = ties if isinstance(ties, dict) else dict.fromkeys(ties, 1.0)
    ends = np.array(list(given), np.int64).reshape(-1, 2)
    return csr_array((np.array(list(given.values()), np.float64), (ends[:, 0], ends[:, 1])), shape=(count, count))


def two_cliques() -> csr_array:
    return matrix(7, [(a, b) for group in (range(4), range(4, 7)) for a in group for b in group if a != b] + [(3, 4)])


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def test_customers_of_a_cycle_are_alike():
    assert page_rank(matrix(4, [(0, 1), (1, 2), (2, 3), (3, 0)]), 0.85) == pytest.approx([0.25] * 4)


def test_who_is_followed_by_one_who_follows_nobody_else_gets_their_rank():
    # r0 = (1 - d + d r1) / 2 and r1 = (1 - d + d r1) / 2 + d r0, where 1 leads nowhere and so anywhere.
    first, second = page_rank(matrix(2, [(0, 1)]), 0.5)

    assert (first, second) == (pytest.approx(0.4), pytest.approx(0.6))


def test_a_walk_that_starts_at_one_customer_never_comes_to_those_it_cannot_reach():
    rank = page_rank(matrix(4, [(0, 1), (1, 0), (2, 3)]), 0.85, np.array([1.0, 0, 0, 0]))

    assert rank[2:].tolist() == [0.0, 0.0]
    assert rank[0] == pytest.approx(1 / 1.85)


def test_page_rank_and_hits_are_those_of_networkx():
    random = np.random.default_rng(3)
    for seed in range(20):
        ties = {(int(a), int(b)): float(random.integers(1, 5)) for a, b in random.integers(0, 15, (40, 2)) if a != b}
        network = nx.DiGraph()
        network.add_nodes_from(range(15))
        network.add_weighted_edges_from((a, b, weight) for (a, b), weight in ties.items())
        starts = {customer: float(customer == seed % 15) for customer in range(15)}

        weight = matrix(15, ties)

        theirs = nx.pagerank(network, 0.85, max_iter=1000, tol=1e-12)
        near = nx.pagerank(network, 0.85, starts, max_iter=1000, tol=1e-12, dangling=starts)
        assert page_rank(weight, 0.85) == pytest.approx([theirs[one] for one in range(15)], abs=1e-9)
        found = page_rank(weight, 0.85, np.array(list(starts.values())))
        assert found == pytest.approx([near[one] for one in range(15)], abs=1e-9)
        hub, authority = nx.hits(network, max_iter=1000)
        assert hits(weight)[0] == pytest.approx([hub[one] for one in range(15)], abs=1e-6)
        assert hits(weight)[1] == pytest.approx([authority[one] for one in range(15)], abs=1e-6)


def test_cores_are_those_of_networkx():
    random = np.random.default_rng(4)
    for _ in range(20):
        ties = [(int(a), int(b)) for a, b in random.integers(0, 20, (60, 2)) if a != b]
        network = nx.Graph(ties)
        network.add_nodes_from(range(20))

        assert cores(matrix(20, ties)).tolist() == [nx.core_number(network)[one] for one in range(20)]


def test_two_groups_with_one_tie_between_them_are_two_communities_the_larger_first():
    assert communities(two_cliques(), 1.0, 0).tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_the_same_seed_gives_the_same_communities():
    random = np.random.default_rng(5)
    weight = matrix(200, [(int(a), int(b)) for a, b in random.integers(0, 200, (900, 2)) if a != b])

    assert communities(weight, 1.0, 7).tolist() == communities(weight, 1.0, 7).tolist()


def test_clicks_acts_and_referrals_are_ties_to_the_sharer():
    log = ShareLog(
        5,
        ints(0, 1),  # customers 0 and 1 share once each
        np.array([10, 20]),
        ints(NOBODY, NOBODY),
        ints(2, 2, 0),  # 2 clicks twice on 0's share, 0 on their own
        ints(0, 0, 0),
        np.array([11, 12, 13]),
        ints(3, 2, 4),  # 3 buys by 1's share, 2 names 1, 4 names nobody
        np.array([30, 31, 32]),
        ints(1, NOBODY, NOBODY),
        ints(NOBODY, 1, NOBODY),
        np.array([100, 0, 5]),
        ints(3),  # and 0 brought 3
        ints(0),
        np.array([5]),
    )

    found = follows(log)

    assert found.customer.tolist() == [0, 1, 2, 3]
    assert found.weight.toarray().tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [2, 1, 0, 0], [1, 1, 0, 0]]


def test_nobody_is_central_where_nobody_follows():
    empty = find_central(CentralityRequest(), Follows(np.empty(0, np.int64), matrix(0, [])))

    assert empty.page_rank.size == empty.core.size == empty.community.size == 0


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"damping": 1.0}, "damping must be in \\[0, 1\\), not 1.0"),
        ({"resolution": 0.0}, "resolution must be above 0 and finite, not 0.0"),
        ({"seed": -1}, "seed must be from 0"),
    ],
)
def test_parameters_out_of_range_are_refused(values, told):
    with pytest.raises(BadInput, match=told):
        CentralityRequest(**values)
