"""The scoring of influence as a whole: what the log says, and what follows from it for every customer."""

from dataclasses import dataclass, field, replace

from graph.algorithms.influence.arrays import Delays, Int64, Moves, ShareLog, Ties
from graph.algorithms.influence.credit import Credit, Forest, direct_cents, grow_forest
from graph.algorithms.influence.kept import Kept
from graph.algorithms.influence.learning.by_category import of_category
from graph.algorithms.influence.learning.cascades import trace_moves
from graph.algorithms.influence.learning.delays import fit_delays
from graph.algorithms.influence.learning.fading import fit_half_life
from graph.algorithms.influence.learning.held_out import hold_out
from graph.algorithms.influence.learning.strengths import learn_ties
from graph.algorithms.influence.paths import Paths
from graph.algorithms.influence.request import InfluenceRequest
from graph.algorithms.influence.spread import Spread
from graph.algorithms.provenance import Provenance
from graph.errors import BadInput

PROVENANCE = Provenance(
    "cascade-influence",
    4,
    "Kempe, Kleinberg, Tardos 2003 (spread); Saito, Nakano, Kimura 2008 (strengths); Efron 2014 (priors)",
    "whom a share moved passes it on at a rate of their own; priors and unseen ties are learned from the log",
)


@dataclass(frozen=True, slots=True)
class InfluenceGraph:
    """What an engine computes on: the learned ties, who brought whom, and the cents to hand out."""

    ties: Ties
    forest: Forest
    direct_cents: Int64
    delays: Delays = field(default_factory=Delays.unknown)
    fading_days: float | None = None
    """The half-life of evidence that the ties were learned with; None for never."""
    kept: Kept | None = None
    """What an engine need not simulate again, if it can do so; None: everything."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What an engine answers, every part with one entry a customer."""

    spread: Spread
    credit: Credit
    paths: Paths


def learn(log: ShareLog, request: InfluenceRequest) -> tuple[Moves, InfluenceGraph]:
    """Trace the moves, weigh the ties, attribute the money.

    Raises BadInput for a limit of days where the log does not tell how long moves take.
    """
    moves, forest = trace_moves(log, request), grow_forest(log)
    delays = fit_delays(log, moves, request.window_days)
    if request.within_days is not None and moves.act.size and not delays.move.size:
        raise BadInput(
            f"within_days={request.within_days} cannot be kept: no move of the log names a share that is "
            f"{request.window_days} days old, so that nothing tells how long moves take; leave it out, or wait"
        )
    fading = fit_half_life(hold_out(log, request), request) if request.fading_days == "fitted" else request.fading_days
    ties = learn_ties(log, moves, replace(request, fading_days=fading))
    ties = of_category(ties, log, moves, request.prior_weight)
    return moves, InfluenceGraph(ties, forest, direct_cents(log, moves, forest), delays, fading)
