"""Whom to enlist: the advocates who together move the most, with a certificate of how near to the best they are.

One collection of reverse-reachable sets chooses, a second independent one judges (OPIM-C: Tang, Tang, Xiao, Yuan 2018):
a lower bound on what the chosen add over an upper bound on what any allowed choice could add. The upper bound departs
from OPIM-C's: it comes from linear-programming duality (`cover_bound.py`), which certifies far more on the same sets.
Where sets grow so vast that they cannot be had, `vast_graphs.py` chooses and judges.
"""

from dataclasses import replace
from math import log

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.selection.advocates import JUDGES, Advocates, Method, SelectAdvocates
from graph.algorithms.influence.selection.certificate import at_least, at_most, wilson
from graph.algorithms.influence.selection.cover_bound import tightened
from graph.algorithms.influence.selection.coverage import (
    CANDIDATE,
    ENLISTED,
    OTHER,
    Choice,
    choose,
    grown,
    indexed,
    met_by,
    nothing_drawn,
)
from graph.algorithms.influence.selection.limits import Limits, limits
from graph.algorithms.influence.selection.pilot import Pilot, effort_of, pilot
from graph.algorithms.influence.selection.reverse_sets import ENDLESS, Model, roots_by_weight
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, Uint32
from graph.algorithms.influence.selection.shared_worlds import BothWays, both_ways
from graph.algorithms.influence.selection.vast_graphs import Task, by_sentinels, by_worlds, judged, whole_sets
from graph.errors import BadInput

CHOOSING, JUDGING, PILOT = 0, 1, 3
FIRST_SETS = 1 << 16

__all__ = ["Advocates", "Method", "SelectAdvocates", "certify", "select_advocates"]


def select_advocates(ties: ReverseTies, request: SelectAdvocates) -> Advocates:
    """Choose and judge. Time O(effort) whatever the graph; the choice is within `guarantee` of the best on its sets.

    Raises `BadInput` where fewer than k candidates are free, or limits, weights or method do not fit the graph.
    """
    task = _task(ties, request)
    few = pilot(task.draw(PILOT), task.effort, request.effort)
    method, reason, both = _suited(ties, request, few)
    if both is not None:
        answer = by_worlds(task, both, few)
    elif method is Method.SENTINELS:
        answer = by_sentinels(task)
    else:
        answer = _by_reverse_sets(task, few)
    cost = float(task.allowed.cost[answer.chosen].sum()) if task.allowed.cost.size else 0.0
    return replace(answer, method=method, reason=reason, guarantee=task.allowed.guarantee, cost=cost)


def certify(ties: ReverseTies, request: SelectAdvocates, chosen: Int64, gain: Float64) -> Advocates:
    """What a choice that others made moves, and how near to the best it is: spread, interval and bounds by fresh sets.

    `chosen` are candidates in the order of their choice, `gain` what each was said to add. O(effort), like a selection.
    """
    task = _task(ties, request)
    few = pilot(task.draw(PILOT), task.effort, request.effort)
    return judged(task, chosen, np.maximum(gain, 0.0), 0, 0, whole_sets(task, few))


def _suited(ties: ReverseTies, request: SelectAdvocates, few: Pilot) -> tuple[Method, str, BothWays | None]:
    """The method, why, and the ties without directions where it needs them."""
    asked, mean = request.method, f"a reverse set has {few.members:.3g} members on average"
    plain = request.model is Model.CASCADE and request.steps == ENDLESS and bool((ties.pass_on == 1).all())
    both = both_ways(ties) if plain and asked in (None, Method.SHARED_WORLDS) else None
    if both is not None:
        return Method.SHARED_WORLDS, f"every tie is as likely both ways, and {mean}", both
    if asked is Method.SHARED_WORLDS:
        raise BadInput("shared worlds need a cascade whose ties are as likely both ways, without pass_on or steps")
    if asked is Method.CELF:
        raise BadInput("CELF is what the engines networkx and gds choose by, not the engine local")
    if asked is not None:
        return asked, f"it was asked for; {mean}", None
    if few.affordable(request.effort, request.budget_sets) < request.budget_sets:
        return Method.SENTINELS, f"{mean}: {request.budget_sets} of them cost more than the effort allows", None
    return Method.REVERSE_SETS, f"{mean}: {request.budget_sets} of them can be had", None


def _task(ties: ReverseTies, request: SelectAdvocates) -> Task:
    count = ties.customer_count
    _check_already(count, request.already)
    rules = request.costs, request.budget, request.groups, request.group_most, request.already
    allowed = limits(count, request.k, *rules)
    role = _roles(count, request, allowed)
    return Task(ties, request, role, roots_by_weight(count, request.weights), allowed, effort_of(ties))


def _check_already(count: int, already: tuple[int, ...]) -> None:
    wrong = [customer for customer in already if not 0 <= customer < count]
    if wrong:
        raise BadInput(f"already must name customers from 0 to {count - 1}, not {wrong[0]}")


def _roles(count: int, request: SelectAdvocates, allowed: Limits) -> Uint32:
    if request.candidates is not None and request.candidates.size != count:
        raise BadInput(f"candidates must be one truth value for each of the {count} customers")
    free = np.ones(count, np.bool_) if request.candidates is None else request.candidates.astype(np.bool_)
    role = np.where(free, CANDIDATE, OTHER).astype(np.uint32)
    role[list(request.already)] = ENLISTED
    if request.k > (role == CANDIDATE).sum():
        many = int((role == CANDIDATE).sum())
        raise BadInput(f"k must be at most the number of candidates not enlisted yet, {many}, not {request.k}")
    if allowed.cost.size:
        role[(role == CANDIDATE) & (allowed.cost > allowed.budget)] = OTHER
        if not (role == CANDIDATE).any():
            raise BadInput(f"budget must be enough for one candidate at least, not {allowed.budget}")
    return role


def _by_reverse_sets(task: Task, few: Pilot) -> Advocates:
    request, allowed = task.request, task.allowed
    choosing, judging = task.draw(CHOOSING), task.draw(JUDGING)
    sizes = _stages(request, few.affordable(request.effort, request.budget_sets))
    # Each stage has two bounds; all of them hold together, so that one may stop at any.
    doubt = log(2 * len(sizes) / (1 - request.confidence))
    collection, answer = nothing_drawn(task.ties.customer_count), None
    for sets in sizes:
        larger = grown(collection, choosing, task.role, sets - sets // JUDGES, request.most_members)
        if larger is None:
            break
        collection = larger
        index = indexed(collection)
        choice = choose(collection, index, task.role, allowed)
        hits = met_by(judging, choice.chosen, sets // JUDGES)
        bound = tightened(collection, index, choice, allowed)
        answer = _judged(task, sets, choice, bound, hits, doubt)
        if request.target is not None and answer.ratio >= request.target:
            break
    if answer is None:
        raise BadInput(f"{sizes[0]} sets have more than {request.most_members} members: raise most_members")
    return answer


def _stages(request: SelectAdvocates, affordable: int) -> list[int]:
    """How many sets both collections have together at each stage."""
    sizes = [max(JUDGES, affordable)]
    while request.target is not None and sizes[0] >= 2 * FIRST_SETS:
        sizes.insert(0, sizes[0] // 2)
    return sizes


def _judged(task: Task, sets: int, choice: Choice, bound: int, hits: Int64, doubt: float) -> Advocates:
    judging = sets // JUDGES
    choosing = sets - judging
    total = task.roots.total
    worth = total / judging
    added, already = int(hits[:-1].sum()), int(hits[-1])
    least = worth * at_least(added, doubt)
    most = min(total / choosing * at_most(bound, doubt), total)
    low, high = wilson(added + already, judging)
    return Advocates(
        chosen=choice.chosen,
        gain=(choice.gain * (total / choosing)).astype(np.float64),
        spread_after=((np.cumsum(hits[:-1]) + already) * worth).astype(np.float64),
        spread=(added + already) * worth,
        spread_low=low * total,
        spread_high=high * total,
        already_spread=already * worth,
        added_at_least=least,
        best_at_most=most,
        ratio=min(1.0, least / most) if most else 1.0,
        confidence=task.request.confidence,
        sets=sets,
    )
