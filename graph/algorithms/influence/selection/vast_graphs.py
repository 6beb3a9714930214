"""Selection where reverse-reachable sets are vast: by shared worlds, or by sets that end at the first advocates.

Either way fresh sets judge that end as soon as they meet a chosen advocate, which in a vast graph is soon. They bound
the best as well: beside the chosen any others meet at most what the chosen meet and what a choice meets of the rest.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.selection.advocates import Advocates, SelectAdvocates
from graph.algorithms.influence.selection.certificate import at_least, at_most, wilson
from graph.algorithms.influence.selection.cover_bound import tightened
from graph.algorithms.influence.selection.coverage import (
    ENLISTED,
    Choice,
    Collection,
    choose,
    grown,
    indexed,
    met_by,
    nothing_drawn,
)
from graph.algorithms.influence.selection.limits import Limits
from graph.algorithms.influence.selection.pilot import Pilot, pilot
from graph.algorithms.influence.selection.reverse_sets import Draw, Roots
from graph.algorithms.influence.selection.reverse_ties import ReverseTies, Uint32
from graph.algorithms.influence.selection.shared_worlds import BothWays, components
from graph.errors import BadInput

FIRST, REST, JUDGING, PILOT, CURVE, WORLDS = 4, 5, 6, 7, 8, 9
FEWEST_WORLDS, MOST_WORLDS = 32, 4096
MOST_CURVE = 1 << 17
SURE_HITS = 64
"""A sentinel must meet so many of the first sets, beside those before."""
FINEST = 1 << 30
"""Into so many parts the weights are divided, all customers and worlds together."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One selection, checked."""

    ties: ReverseTies
    request: SelectAdvocates
    role: Uint32
    roots: Roots
    allowed: Limits
    effort: Float64
    """Per customer: what walking on from them costs."""

    def draw(self, collection: int, role: Uint32 | None = None) -> Draw:
        """A collection whose sets end at the enlisted."""
        ends = (self.role if role is None else role) == ENLISTED
        return Draw(self.ties, self.roots, ends, self.request.seed, collection, self.request.model, self.request.steps)

    def sets(self, collection: int, role: Uint32, part: float, most: int) -> Collection:
        """As many sets as that part of the effort pays for, judging by a pilot."""
        few = pilot(self.draw(PILOT, role), self.effort, self.request.effort)
        many = few.affordable(self.request.effort * part, most)
        found = grown(
            nothing_drawn(self.ties.customer_count), self.draw(collection, role), role, many, self.request.most_members
        )
        if found is None:
            raise BadInput(f"{many} sets have more than {self.request.most_members} members: raise most_members")
        return found


def by_worlds(task: Task, both: BothWays, few: Pilot) -> Advocates:
    """Choose by the components of as many shared worlds as half of the effort pays for.

    Where whole sets can be had, they judge: what any others could add is then bounded as in `select.py`, far closer.
    """
    request, count = task.request, both.customer_count
    touched = max(1.0, min(count, 2 * float(both.probability.sum())))
    worlds = int(min(MOST_WORLDS, max(FEWEST_WORLDS, request.effort / 2 // touched)))
    scale = 1.0 if request.weights is None else FINEST / (worlds * task.roots.total)
    worth = (
        np.ones(count) if request.weights is None else np.maximum(np.rint(request.weights * scale), request.weights > 0)
    )
    found = components(both, task.role, worth.astype(np.int64), worlds, request.seed, WORLDS)
    choice = choose(found, indexed(found), task.role, task.allowed)
    return judged(task, choice.chosen, choice.gain / (scale * worlds), worlds, 0, whole_sets(task, few))


def by_sentinels(task: Task) -> Advocates:
    """Choose the first by whole sets, the others by sets that end at those."""
    request = task.request
    whole = task.sets(FIRST, task.role, 1 / 8, request.budget_sets)
    first = choose(whole, indexed(whole), task.role, task.allowed)
    sure = int(np.append(first.gain < SURE_HITS, True).argmax())
    sentinels = first.chosen[: max(1, sure)]
    role = task.role.copy()
    role[sentinels] = ENLISTED
    rest = task.sets(REST, role, 4 / 8, request.budget_sets)
    other = choose(rest, indexed(rest), role, task.allowed, sentinels)
    gain = np.concatenate([first.gain[: sentinels.size] / whole.drawn, other.gain / rest.drawn]) * task.roots.total
    chosen = np.concatenate([sentinels, other.chosen])
    return judged(task, chosen, gain, 0, whole.drawn + rest.drawn, whole=False)


def whole_sets(task: Task, few: Pilot) -> bool:
    """Whether all sets that judge can be had without ending them at the chosen."""
    request = task.request
    return few.affordable(request.effort / 4, request.budget_sets) == request.budget_sets


def judged(task: Task, chosen: Int64, gain: Float64, worlds: int, sets: int, whole: bool) -> Advocates:
    """The certificate of any choice, whoever made it, by fresh sets; `whole` where these do not end at the chosen."""
    request, total = task.request, task.roots.total
    role = task.role.copy()
    if not (request.already or whole):
        # Otherwise a set has to be followed on, lest the enlisted meet it too.
        role[chosen] = ENLISTED
    judge = task.sets(JUDGING, role, 2 / 8, request.budget_sets)
    doubt = log(2 / (1 - request.confidence))
    already = judge.met if request.already else 0
    added = judge.met + _meeting(judge, chosen) - already
    nothing_known = Choice(chosen, np.empty(0, np.int64), np.inf)
    bound = judge.met - already + tightened(judge, indexed(judge), nothing_known, task.allowed)
    worth = total / judge.drawn
    least, most = worth * at_least(added, doubt), min(total, worth * at_most(bound, doubt))
    low, high = wilson(added + already, judge.drawn)
    spread = (added + already) * worth
    return Advocates(
        chosen=chosen,
        # Two collections may disagree by a little where one hands over to the other.
        gain=gain if task.allowed.cost.size else np.minimum.accumulate(gain),
        spread_after=_curve(task, chosen, spread),
        spread=spread,
        spread_low=low * total,
        spread_high=high * total,
        already_spread=already * worth,
        added_at_least=least,
        best_at_most=most,
        ratio=min(1.0, least / most) if most else 1.0,
        confidence=request.confidence,
        sets=sets + judge.drawn,
        worlds=worlds,
    )


def _meeting(judge: Collection, chosen: Int64) -> int:
    """Kept sets with one of the chosen."""
    mine = np.zeros(judge.alone.size, np.bool_)
    mine[chosen] = True
    if not judge.member.size:
        return int(judge.alone[chosen].sum())
    return int(judge.alone[chosen].sum() + np.logical_or.reduceat(mine[judge.member], judge.pointer[:-1]).sum())


def _curve(task: Task, chosen: Int64, spread: float) -> Float64:
    """The spread after each: its shape by a few whole sets, its end by all sets that judge."""
    few = pilot(task.draw(PILOT), task.effort, task.request.effort)
    hits = met_by(task.draw(CURVE), chosen, few.affordable(task.request.effort / 8, MOST_CURVE))
    after = np.cumsum(hits[:-1]) + hits[-1]
    if not after.size or after[-1] == 0:
        return np.full(chosen.size, spread)
    return (after * (spread / after[-1])).astype(np.float64)
