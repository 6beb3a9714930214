"""Of chains that tell the same story in overlapping words only the strongest is kept.

Two chains overlap when they join the same two categories at the same gap, both of their slots overlap, and their kinds
of day do (any overlaps both). One habit at 18:30 then shows in every slot that holds 18:30, on any day as on weekdays;
the first in rank stands for all of them, and a chain that overlaps only a chain already set aside stands for itself.
"""

from typing import Protocol

import numpy as np

from graph.algorithms.chains.events import Int32, Int64

Slot = tuple[int, int]


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


def strongest_of_overlapping(chains: RankedSteps, bounds: Int32, slot_count: int) -> Int64:
    """For every row the earlier row that stands for it, or -1. `bounds` has [start, end) of every token's slot.

    O(rows × overlapping rows kept before).
    """
    answer = np.full(chains.first.size, -1, np.int64)
    kept: dict[tuple[int, int, int], list[tuple[int, int, Slot, Slot]]] = {}
    ends: list[list[int]] = bounds.tolist()
    slots: list[Slot] = [(start, end) for start, end in ends]
    gaps, kinds, firsts, thens = (_numbers(part) for part in (chains.gap, chains.day_kind, chains.first, chains.then))
    for row, (gap, kind, first, then) in enumerate(zip(gaps, kinds, firsts, thens, strict=True)):
        family = kept.setdefault((gap, first // slot_count, then // slot_count), [])
        for other, other_kind, other_first, other_then in family:
            if (
                (kind == other_kind or not kind or not other_kind)
                and _overlap(slots[first], other_first)
                and _overlap(slots[then], other_then)
            ):
                answer[row] = other
                break
        else:
            family.append((row, kind, slots[first], slots[then]))
    return answer


def _numbers(column: Int32) -> list[int]:
    return column.tolist()


def _overlap(one: Slot, other: Slot) -> bool:
    return one[0] < other[1] and other[0] < one[1]
