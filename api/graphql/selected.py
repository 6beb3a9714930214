"""What a client selects below the field that is being resolved, so that it can be read along."""

from collections.abc import Container, Iterable, Iterator
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from api.graphql.context import Info


def selected(info: Info, *path: str) -> frozenset[str]:
    """The names of the fields right below, or right below a path of them, whatever fragments they stand in."""
    # What Strawberry makes of it costs ten times as much.
    raw: Any = info._raw_info  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType]
    nodes: list[FieldNode] = list(raw.field_nodes)
    for name in path:
        nodes = [node for node in _below(raw, nodes) if node.name.value == name]
    return frozenset(node.name.value for node in _below(raw, nodes))


def is_only(info: Info, names: Container[str]) -> bool:
    """Whether nothing but these is selected right below, so that what else the field holds need not be read."""
    return all(name in names for name in selected(info))


def _below(info: Any, nodes: Iterable[FieldNode]) -> Iterator[FieldNode]:
    for node in nodes:
        yield from _fields(info, node.selection_set)


def _fields(info: Any, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
    for one in selections.selections if selections else ():
        if isinstance(one, FieldNode):
            yield one
        elif isinstance(one, InlineFragmentNode):
            yield from _fields(info, one.selection_set)
        elif isinstance(one, FragmentSpreadNode):
            yield from _fields(info, info.fragments[one.name.value].selection_set)
