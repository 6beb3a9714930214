"""What a selection of advocates is asked with, and what it answers."""

from dataclasses import dataclass
from enum import StrEnum

from graph.algorithms.influence.arrays import Bool, Float64, Int64
from graph.algorithms.influence.selection.reverse_sets import ENDLESS, MOST_SETS, Model
from graph.errors import BadInput

JUDGES = 10
"""One set of so many judges, the others choose: more sets choose better advocates, few already judge them well."""
LEAST_EFFORT = 1 << 16
MOST_THREADS = 256


class Method(StrEnum):
    """What the advocates are chosen by."""

    REVERSE_SETS = "reverse sets"
    SENTINELS = "sentinels"
    """Reverse sets that end at the first advocates, who are chosen before (HIST: Guo, Wang, Wei, Chen 2020)."""
    SHARED_WORLDS = "shared worlds"
    """Components of worlds that all customers share; only for ties that are as likely one way as the other."""
    CELF = "CELF"
    """Lazy greedy over simulated cascades, which other engines than `local` have; the certificate is ours."""


@dataclass(frozen=True, slots=True, eq=False)
class SelectAdvocates:
    """Parameters of one selection. Raises `BadInput` with the valid range when one of them cannot be used."""

    k: int
    """How many; at most so many where there are costs or groups."""
    candidates: Bool | None = None
    """Who may be chosen, one entry a customer; None for everybody."""
    already: tuple[int, ...] = ()
    """Who is enlisted already: they move others too, are not chosen again, and what they move is not counted twice."""
    weights: Float64 | None = None
    """What moving each customer is worth; None counts people, the advocates themselves included."""
    budget_sets: int = 960_000
    """Sets that may be drawn: nine tenths choose, one tenth judges."""
    target: float | None = None
    """Start with fewer sets and double them until the ratio reaches this; None spends all: better advocates.

    Of no effect where another method than reverse sets chooses.
    """
    confidence: float = 0.999
    """That both bounds, and so the ratio, hold."""
    most_members: int = 1 << 28
    """Members that the choosing collection may keep: 16 bytes each at the peak."""
    seed: int = 0
    costs: Float64 | None = None
    """What enlisting each customer costs; with `budget`."""
    budget: float | None = None
    """The costs of the chosen add up to this at most."""
    groups: Int64 | None = None
    """The community, store or city of each customer, numbers from 0; with `group_most`."""
    group_most: int | None = None
    """No more are of one group, the already enlisted included."""
    model: Model = Model.CASCADE
    steps: int = ENDLESS
    """Only who is moved within so many ties counts."""
    effort: int = 1 << 26
    """Customers and ties that may be looked at, about: 10 to 100 ns each, 16 bytes a kept member."""
    threads: int = 1
    """Threads that draw the sets; the answer is the same bits whatever their number."""
    method: Method | None = None
    """None: whichever suits the graph; `Advocates.reason` says why."""

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
        if self.steps < 0:
            raise BadInput(f"steps must be 0 or more, not {self.steps}")
        if self.effort < LEAST_EFFORT:
            raise BadInput(f"effort must be {LEAST_EFFORT} or more, not {self.effort}")
        if not 1 <= self.threads <= MOST_THREADS:
            raise BadInput(f"threads must be from 1 to {MOST_THREADS}, not {self.threads}")
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"seed must be from 0 to 2**63 - 1, not {self.seed}")


@dataclass(frozen=True, slots=True, eq=False)
class Advocates:
    """The chosen and what they move, in customers or in the unit of the weights."""

    chosen: Int64
    gain: Float64
    """What each adds to those before, by what chose them: never negative, without costs never rising; a bit high."""
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
    """Upper bound on what any allowed choice could add."""
    ratio: float
    """The former over the latter: the certificate."""
    confidence: float
    """That both bounds hold."""
    sets: int
    """Sets that the answer rests on, all collections together."""
    worlds: int = 0
    """Shared worlds that chose, where that was the method."""
    method: Method = Method.REVERSE_SETS
    reason: str = ""
    """Why this method and so many sets, in a sentence."""
    guarantee: float | None = None
    """The least share of the best on its own sets that such a choice reaches whatever the graph; None: unproven."""
    cost: float = 0.0
    """What the chosen cost."""
