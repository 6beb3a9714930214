"""The scoring of influence as a whole: what the log says, and what follows from it for every customer."""

from dataclasses import dataclass

from graph.algorithms.influence.arrays import Int64, Moves, ShareLog, Ties
from graph.algorithms.influence.credit import Credit, Forest, direct_cents, grow_forest
from graph.algorithms.influence.learning.cascades import trace_moves
from graph.algorithms.influence.learning.strengths import learn_ties
from graph.algorithms.influence.paths import Paths
from graph.algorithms.influence.request import InfluenceRequest
from graph.algorithms.influence.spread import Spread
from graph.algorithms.provenance import Provenance

PROVENANCE = Provenance(
    "cascade-influence",
    2,
    "Kempe, Kleinberg, Tardos 2003 (spread); Saito, Nakano, Kimura 2008 (strengths); Efron 2014 (priors)",
    "whom a share moved passes it on at a rate of their own; priors and unseen ties are learned from the log",
)


@dataclass(frozen=True, slots=True)
class InfluenceGraph:
    """What an engine computes on: the learned ties, who brought whom, and the cents to hand out."""

    ties: Ties
    forest: Forest
    direct_cents: Int64


@dataclass(frozen=True, slots=True)
class Influence:
    """What an engine answers, every part with one entry a customer."""

    spread: Spread
    credit: Credit
    paths: Paths


def learn(log: ShareLog, request: InfluenceRequest) -> tuple[Moves, InfluenceGraph]:
    """Trace the moves, weigh the ties, attribute the money."""
    moves, forest = trace_moves(log, request), grow_forest(log)
    return moves, InfluenceGraph(learn_ties(log, moves, request), forest, direct_cents(log, moves, forest))
