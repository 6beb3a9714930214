"""Whom to enlist: the k advocates who together move the most, with a certificate of how near to the best they are.

One collection of reverse-reachable sets chooses, a second independent one judges (OPIM-C: Tang, Tang, Xiao, Yuan 2018):
a lower bound on what the chosen add over an upper bound on what any k candidates could add. The upper bound departs
from OPIM-C's: it comes from linear-programming duality (`cover_bound.py`), which certifies far more on the same sets.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.algorithms.influence.cover_bound import tightened
from graph.algorithms.influence.coverage import (
    CANDIDATE,
    ENLISTED,
    OTHER,
    Choice,
    choose,
    grown,
    met_by,
    nothing_drawn,
)
from graph.algorithms.influence.reverse_sets import MOST_SETS, Draw, Roots, roots_by_weight
from graph.algorithms.influence.reverse_ties import ReverseTies, Uint32
from graph.algorithms.influence.spread import Z95
from graph.errors import BadInput

CHOOSING, JUDGING = 0, 1
JUDGES = 5
"""One set of so many judges, the others choose: more sets choose better advocates, few already judge them well."""
FIRST_SETS = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class SelectAdvocates:
    """Parameters of one selection. Raises `BadInput` with the valid range when one of them cannot be used."""

    k: int
    candidates: Bool | None = None
    """Who may be chosen, one entry a customer; None for everybody."""
    already: tuple[int, ...] = ()
    """Who is enlisted already: they move others too, are not chosen again, and what they move is not counted twice."""
    weights: Float64 | None = None
    """What moving each customer is worth; None counts people, the advocates themselves included."""
    budget_sets: int = 1_500_000
    """Sets that may be drawn: four fifths choose, one fifth judges."""
    target: float | None = None
    """Start with fewer sets and double them until the ratio reaches this; None spends all: better advocates."""
    confidence: float = 0.999
    """That both bounds, and so the ratio, hold."""
    most_members: int = 1 << 28
    """Members that the choosing collection may keep: 16 bytes each at the peak."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every parameter that needs no graph against its range."""
        if self.k < 1:
            raise BadInput(f"k must be 1 or more, not {self.k}")
        if not JUDGES <= self.budget_sets <= MOST_SETS:
            raise BadInput(f"budget_sets must be from {JUDGES} to {MOST_SETS}, not {self.budget_sets}")
        if self.target is not None and not 0 < self.target <= 1:
            raise BadInput(f"target must be above 0 and at most 1, not {self.target}")
        if not 0 < self.confidence < 1:
            raise BadInput(f"confidence must be between 0 and 1, not {self.confidence}")
        if self.most_members < 1:
            raise BadInput(f"most_members must be 1 or more, not {self.most_members}")
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"seed must be from 0 to 2**63 - 1, not {self.seed}")


@dataclass(frozen=True, slots=True, eq=False)
class Advocates:
    """The chosen and what they move, in customers or in the unit of the weights."""

    chosen: Int64
    gain: Float64
    """What each adds to those before, by the sets that chose them: never negative, never rising, a little too high."""
    spread_after: Float64
    """Spread with each of the chosen and all before, by the sets that judge: without that bias."""
    spread: float
    """What the chosen and the already enlisted move together."""
    spread_low: float
    spread_high: float
    """The 95 % interval of `spread` (Wilson 1927), of the sampling alone."""
    already_spread: float
    added_at_least: float
    """Lower bound on what the chosen add to the already enlisted."""
    best_at_most: float
    """Upper bound on what any k candidates could add."""
    ratio: float
    """The former over the latter: the certificate."""
    confidence: float
    """That both bounds hold."""
    sets: int
    """Sets that the answer rests on, both collections together."""


def select_advocates(ties: ReverseTies, request: SelectAdvocates) -> Advocates:
    """Choose and judge. Time O(members of the sets); the choice is within 1 - 1/e of the best on the choosing sets.

    Raises `BadInput` where fewer than k candidates are free or the first sets do not fit into `most_members`.
    """
    role = _roles(ties.customer_count, request)
    roots = roots_by_weight(ties.customer_count, request.weights)
    choosing, judging = (Draw(ties, roots, role == ENLISTED, request.seed, which) for which in (CHOOSING, JUDGING))
    sizes = _stages(request)
    # Each stage has two bounds; all of them hold together, so that one may stop at any.
    doubt = log(2 * len(sizes) / (1 - request.confidence))
    collection, answer = nothing_drawn(ties.customer_count), None
    for sets in sizes:
        larger = grown(collection, choosing, role, sets - sets // JUDGES, request.most_members)
        if larger is None:
            break
        collection = larger
        choice = choose(collection, role, request.k)
        hits = met_by(judging, choice.chosen, sets // JUDGES)
        bound = tightened(collection, choice)
        answer = _judged(request, roots, sets, choice, bound, hits, doubt)
        if request.target is not None and answer.ratio >= request.target:
            break
    if answer is None:
        raise BadInput(f"{sizes[0]} sets have more than {request.most_members} members: raise most_members")
    return answer


def _roles(count: int, request: SelectAdvocates) -> Uint32:
    role = np.full(count, CANDIDATE, np.uint32)
    if request.candidates is not None:
        if request.candidates.shape != (count,) or request.candidates.dtype != np.bool_:
            raise BadInput(f"candidates must be one truth value for each of the {count} customers")
        role[~request.candidates] = OTHER
    for customer in request.already:
        if not 0 <= customer < count:
            raise BadInput(f"already must name customers from 0 to {count - 1}, not {customer}")
        role[customer] = ENLISTED
    free = int((role == CANDIDATE).sum())
    if request.k > free:
        raise BadInput(f"k must be at most the number of candidates not enlisted yet, {free}, not {request.k}")
    return role


def _stages(request: SelectAdvocates) -> list[int]:
    """How many sets both collections have together at each stage."""
    sizes = [request.budget_sets]
    while request.target is not None and sizes[0] >= 2 * FIRST_SETS:
        sizes.insert(0, sizes[0] // 2)
    return sizes


def _judged(
    request: SelectAdvocates, roots: Roots, sets: int, choice: Choice, bound: int, hits: Int64, doubt: float
) -> Advocates:
    judging = sets // JUDGES
    choosing = sets - judging
    worth = roots.total / judging
    added, already = int(hits[:-1].sum()), int(hits[-1])
    least = worth * _at_least(added, doubt)
    most = min(roots.total / choosing * _at_most(bound, doubt), roots.total)
    low, high = _wilson(added + already, judging)
    return Advocates(
        chosen=choice.chosen,
        gain=(choice.gain * (roots.total / choosing)).astype(np.float64),
        spread_after=((np.cumsum(hits[:-1]) + already) * worth).astype(np.float64),
        spread=(added + already) * worth,
        spread_low=low * roots.total,
        spread_high=high * roots.total,
        already_spread=already * worth,
        added_at_least=least,
        best_at_most=most,
        ratio=min(1.0, least / most),
        confidence=request.confidence,
        sets=sets,
    )


def _at_least(hits: int, doubt: float) -> float:
    """Lower bound on the expected hits: (√(Λ + 2a/9) - √(a/2))² - a/18 with a = ln(1/δ) (OPIM, lemma 4.2)."""
    return max(0.0, max(0.0, sqrt(hits + 2 * doubt / 9) - sqrt(doubt / 2)) ** 2 - doubt / 18)


def _at_most(hits: int, doubt: float) -> float:
    """Upper bound on the expected hits: (√(Λ + a/2) + √(a/2))² (OPIM, lemma 4.3)."""
    return (sqrt(hits + doubt / 2) + sqrt(doubt / 2)) ** 2


def _wilson(hits: int, sets: int) -> tuple[float, float]:
    share, spare = hits / sets, Z95**2 / sets
    middle = (share + spare / 2) / (1 + spare)
    half = sqrt(share * (1 - share) * spare + spare**2 / 4) / (1 + spare)
    return max(0.0, middle - half), min(1.0, middle + half)
