"""Limits on an operation, measured on the parsed document before it is validated or run.

Every measure is taken once a fragment (memoised), so that nested fragments cost linear time: counting them out would be
exponential, an attack in itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

INTROSPECTION = frozenset({"__schema", "__type"})
_WRAPPERS = frozenset({"edges", "pageInfo"})
_KEY_LISTS = frozenset({"customerKeys", "ids"})
_DIGITS = 12
_SCHEMA_LISTS = frozenset({"types", "fields", "args", "inputFields", "possibleTypes", "interfaces", "enumValues"})


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest operation that is run."""

    depth: int = 12
    tokens: int = 2_000
    aliases: int = 50
    objects: int = 50_000
    introspection_depth: int = 20
    introspection_lists: int = 4


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that the operation is beyond."""

    limit: str
    value: int
    maximum: int

    def __str__(self) -> str:
        named = {
            "depth": "The operation is nested too deeply",
            "aliases": "The operation has too many aliases",
            "objects": "The operation may answer too many objects",
            "tokens": "The document has too many tokens",
            "introspection depth": "The introspection is nested too deeply",
            "introspection lists": "The introspection nests too many lists",
            "fragments": "A fragment contains itself",
        }[self.limit]
        return f"{named}: {self.value:,}, at most {self.maximum:,}."


@dataclass(frozen=True, slots=True)
class Size:
    """How large a selection is; `objects` is what one parent may bring with it."""

    depth: int = 0
    aliases: int = 0
    objects: int = 0
    introspection_depth: int = 0
    introspection_lists: int = 0


def beyond(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, object],
    limits: Limits,
    lists: Mapping[str, int],
) -> Exceeded | None:
    """The first limit that the operation exceeds; None where it is within all of them.

    `lists` maps the name of a field that answers a list to how many it answers where no argument says.
    """
    try:
        size = _Measure(document, {**_defaults(operation), **variables}, lists).of(operation.selection_set)
    except _CycleError:
        return Exceeded("fragments", 1, 0)
    checks = (
        ("depth", size.depth, limits.depth),
        ("aliases", size.aliases, limits.aliases),
        ("introspection depth", size.introspection_depth, limits.introspection_depth),
        ("introspection lists", size.introspection_lists, limits.introspection_lists),
        ("objects", size.objects, limits.objects),
    )
    return next((Exceeded(*check) for check in checks if check[1] > check[2]), None)


def _defaults(operation: OperationDefinitionNode) -> dict[str, object]:
    """The variables' own defaults, as far as they are numbers."""
    return {
        definition.variable.name.value: int(definition.default_value.value[:_DIGITS])
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }


class _CycleError(Exception):
    pass


class _Measure:
    def __init__(self, document: DocumentNode, variables: Mapping[str, object], lists: Mapping[str, int]) -> None:
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._variables = variables
        self._lists = lists
        self._known: dict[str, Size] = {}
        self._open: set[str] = set()

    def of(self, selections: SelectionSetNode | None) -> Size:
        """The size of a selection set."""
        parts = [self._one(node) for node in selections.selections or ()] if selections else []
        return Size(
            depth=max((part.depth for part in parts), default=0),
            aliases=sum(part.aliases for part in parts),
            objects=sum(part.objects for part in parts),
            introspection_depth=max((part.introspection_depth for part in parts), default=0),
            introspection_lists=max((part.introspection_lists for part in parts), default=0),
        )

    def _one(self, node: object) -> Size:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set)
        return self._field(cast("FieldNode", node))

    def _fragment(self, name: str) -> Size:
        if name in self._open:
            raise _CycleError
        if name not in self._known:
            fragment = self._fragments.get(name)
            self._open.add(name)
            # An unknown fragment is the validation's to refuse.
            self._known[name] = self.of(fragment.selection_set) if fragment else Size()
            self._open.discard(name)
        return self._known[name]

    def _field(self, node: FieldNode) -> Size:
        name, inner = node.name.value, self.of(node.selection_set)
        aliases = inner.aliases + (node.alias is not None)
        lists = inner.introspection_lists + (name in _SCHEMA_LISTS)
        if name in INTROSPECTION:
            return Size(1, aliases, 0, inner.depth + 1, lists)
        if node.selection_set is None:
            return Size(1, aliases, 0, 0, lists)
        own = 0 if name in _WRAPPERS else 1
        objects = self._count(node) * (own + inner.objects)
        return Size(inner.depth + 1, aliases, objects, inner.introspection_depth, lists)

    def _count(self, node: FieldNode) -> int:
        """How many of this field one parent may bring: a page's size, the number of keys, or what is known."""
        for argument in node.arguments or ():
            value = self._value(argument.value)
            if argument.name.value in {"first", "last"} and isinstance(value, int):
                return max(0, value)
            if argument.name.value in _KEY_LISTS and isinstance(value, int):
                return value
        return self._lists.get(node.name.value, 1)

    def _value(self, node: ValueNode) -> int | None:
        if isinstance(node, IntValueNode):
            return int(node.value[:_DIGITS])
        if isinstance(node, ListValueNode):
            return len(node.values)
        given = self._variables.get(node.name.value) if isinstance(node, VariableNode) else None
        if isinstance(given, list):
            return len(cast("list[object]", given))
        return given if isinstance(given, int) else None
