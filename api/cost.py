"""What an operation cost once it has run: the objects of its answer, weighed as the estimate weighs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.limits import INTROSPECTION, MOST, Prices

Selections = tuple[SelectionSetNode, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    """A key of an answer that costs something: what one object weighs, and what was selected below it."""

    key: str
    weight: int
    below: Selections


class Scales:
    """What weighs the answers to the operations of one document: its fields are collected once, for all answers."""

    def __init__(self, document: DocumentNode, prices: Prices) -> None:
        """`document` was validated: its fragments are there and have an end."""
        nodes = document.definitions
        self._fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
        self._prices = prices
        self._known: dict[tuple[int, ...], tuple[_Column, ...]] = {}

    def cost(self, operation: OperationDefinitionNode, data: Mapping[str, Any] | None) -> int:
        """What the answer to one of the operations holds, at least 1."""
        return max(1, min(MOST, self.weigh((operation.selection_set,), [data])))

    def weigh(self, selections: Selections, objects: Sequence[object]) -> int:
        """What all objects of one level hold: those of all their lists below are one level again."""
        columns = self._columns(selections)
        if not columns:
            return 0
        total = 0
        answers = cast("list[dict[str, object]]", [one for one in objects if type(one) is dict])
        if not answers:
            return 0
        for column in columns:
            found = _flat([answer.get(column.key) for answer in answers])
            total += column.weight * len(found)
            if column.below:
                total += self.weigh(column.below, found)
        return total

    def _columns(self, selections: Selections) -> tuple[_Column, ...]:
        place = tuple(map(id, selections))
        known = self._known.get(place)
        if known is None:
            fields: dict[str, list[FieldNode]] = {}
            self._collect(selections, fields, set())
            known = self._known[place] = tuple(
                column for key, nodes in fields.items() if (column := self._column(key, nodes)) is not None
            )
        return known

    def _column(self, key: str, nodes: Sequence[FieldNode]) -> _Column | None:
        name = nodes[0].name.value
        below = tuple(node.selection_set for node in nodes if node.selection_set is not None)
        weight = self._prices.weight(name, is_leaf=not below)
        if name in INTROSPECTION or not (weight or below):
            return None
        return _Column(key, weight, below)

    def _collect(self, selections: Selections, fields: dict[str, list[FieldNode]], seen: set[str]) -> None:
        for selected in selections:
            for node in selected.selections or ():
                if isinstance(node, FieldNode):
                    fields.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                elif isinstance(node, InlineFragmentNode):
                    self._collect((node.selection_set,), fields, seen)
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                    seen.add(node.name.value)
                    self._collect((self._fragments[node.name.value].selection_set,), fields, seen)


def _flat(values: Sequence[object]) -> list[object]:
    """What stands there and is not null, that of lists within too."""
    kinds = set(map(type, values))
    if list not in kinds:
        return [value for value in values if value is not None] if type(None) in kinds else list(values)
    return _flat([one for value in values if value is not None for one in (value if _is_list(value) else (value,))])


def _is_list(value: object) -> TypeGuard[list[object]]:
    return type(value) is list
