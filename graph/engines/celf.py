"""What engines that choose advocates by CELF have in common: which requests it knows, and how its choice is told.

CELF (Leskovec, Krause, Guestrin, Faloutsos, VanBriesen, Glance 2007) is the greedy choice over simulated cascades that
looks at a customer anew only while what they added before could still be the most.
"""

from dataclasses import replace

from graph.algorithms.influence.arrays import Float64, Int64
from graph.algorithms.influence.selection.reverse_sets import ENDLESS, Model
from graph.algorithms.influence.selection.reverse_ties import ReverseTies
from graph.algorithms.influence.selection.select import Advocates, Method, SelectAdvocates, certify


def beyond_celf(engine: str, request: SelectAdvocates) -> str | None:
    """Why an engine that has CELF alone cannot make this choice, in a sentence; None where it can."""
    beyond = {
        f"by {request.method}": request.method not in (None, Method.CELF),
        "within a budget": request.costs is not None or request.budget is not None,
        "so many of a group": request.groups is not None or request.group_most is not None,
        "by thresholds": request.model is not Model.CASCADE,
        "within so many steps": request.steps != ENDLESS,
    }
    asked = next((words for words, of in beyond.items() if of), None)
    return asked and f"the {engine} engine does not choose {asked}: use the engine local"


def told(
    ties: ReverseTies, request: SelectAdvocates, chosen: Int64, gain: Float64, guarantee: float | None, reason: str
) -> Advocates:
    """The choice with the certificate that `local` would give it: CELF has none, its spread is of its own worlds."""
    asked = replace(request, k=chosen.size, method=None)
    found = certify(ties, asked, chosen, gain)
    return replace(found, method=Method.CELF, reason=reason, guarantee=guarantee)
