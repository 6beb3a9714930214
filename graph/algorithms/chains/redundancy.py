"""Of chains that tell the same story in overlapping words only the strongest is kept.

Two chains overlap when they join the same two categories at the same gap, both of their slots overlap, and their kinds
of day do (any overlaps both). One habit at 18:30 then shows in every slot that holds 18:30, on any day as on weekdays;
the first in rank stands for all of them, and a chain that overlaps only a chain already set aside stands for itself.
"""

from typing import Protocol

import numpy as np

from graph.algorithms.chains.events import Int32, Int64
from graph.algorithms.chains.request import ChainsRequest


class RankedSteps(Protocol):
    """What is needed of ranked chains: read-only columns, one row a chain."""

    @property
    def gap(self) -> Int32: ...
    @property
    def day_kind(self) -> Int32: ...
    @property
    def first(self) -> Int32: ...
    @property
    def then(self) -> Int32: ...


def strongest_of_overlapping(chains: RankedSteps, request: ChainsRequest) -> Int64:
    """For every row the earlier row that stands for it, or -1. O(rows × overlapping rows kept before)."""
    slots = np.array(request.slots)
    overlap = ((slots[:, None, 0] < slots[None, :, 1]) & (slots[None, :, 0] < slots[:, None, 1])).tolist()
    slot_count = len(request.slots)
    answer = np.full(chains.first.size, -1, np.int64)
    kept: dict[tuple[int, int, int], list[tuple[int, int, int, int]]] = {}
    columns = (chains.gap.tolist(), chains.day_kind.tolist(), chains.first.tolist(), chains.then.tolist())
    for row, (gap, kind, first, then) in enumerate(zip(*columns, strict=True)):
        first_slot, then_slot = first % slot_count, then % slot_count
        family = kept.setdefault((gap, first // slot_count, then // slot_count), [])
        for other, other_kind, other_first, other_then in family:
            if (
                (kind == other_kind or not kind or not other_kind)
                and overlap[first_slot][other_first]
                and overlap[then_slot][other_then]
            ):
                answer[row] = other
                break
        else:
            family.append((row, kind, first_slot, then_slot))
    return answer
