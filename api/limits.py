"""Limits on an operation, and its cost, measured on the parsed document before it is validated or run.

Every measure is taken once a fragment (memoised), so that nested fragments cost linear time: counting them out would be
exponential, an attack in itself. Sums and products stay within what JSON holds exactly.

The cost follows the cost directives of IBM and Apollo (https://ibm.github.io/graphql-specs/cost-spec.html): an object
weighs 1 and a scalar 0 unless a price says otherwise; a list counts as often as its page may be long; what is nested in
it is multiplied.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

INTROSPECTION = frozenset({"__schema", "__type", "_service"})
WRAPPERS = frozenset({"edges", "pageInfo"})
_ITEMS = frozenset({"edges", "nodes"})
MOST = 2**53 - 1
"""The largest count: JavaScript reads no larger integer exactly."""
_KEY_LISTS = frozenset({"customerKeys", "ids", "representations"})
_DIGITS = 12
CYCLE = "cycle"
"""No limit, but what has no size: a document that is not valid."""
_SCHEMA_LISTS = frozenset({"types", "fields", "args", "inputFields", "possibleTypes", "interfaces", "enumValues"})


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest operation that is run."""

    depth: int = 12
    tokens: int = 2_000
    aliases: int = 50
    repeats: int = 20
    directives: int = 50
    fragments: int = 50
    list_items: int = 25_000
    cost: int = 50_000
    introspection_depth: int = 20
    introspection_lists: int = 4


@dataclass(frozen=True, slots=True)
class Prices:
    """What fields weigh, by their names.

    `lists` says how many a list brings where no argument does, `weights` what is not 1 an object and 0 a scalar.
    `connections` are the lists that are one object with `edges` or `nodes`: what else they hold is there once.
    """

    lists: Mapping[str, int] = field(default_factory=dict[str, int])
    connections: Collection[str] = frozenset()
    weights: Mapping[str, int] = field(default_factory=dict[str, int])

    def weight(self, name: str, *, is_leaf: bool) -> int:
        """What one of this field costs by itself."""
        return self.weights.get(name, 0 if is_leaf or name in WRAPPERS else 1)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that the operation is beyond."""

    limit: str
    value: int
    maximum: int

    def __str__(self) -> str:
        if self.limit == CYCLE:
            return f"{_NAMED[CYCLE]}."
        return f"{_NAMED[self.limit]}: {self.value:,}, at most {self.maximum:,}."


_NAMED = {
    "depth": "The operation is nested too deeply",
    "aliases": "The operation has too many aliases",
    "repeats": "The operation selects a field too often in one place",
    "directives": "The operation has too many directives",
    "list items": "The variables have lists with too many items",
    "cost": "The operation costs too much",
    "tokens": "The document has too many tokens",
    "introspection depth": "The introspection is nested too deeply",
    "introspection lists": "The introspection nests too many lists",
    "fragments": "The document uses too many fragments",
    CYCLE: "A fragment contains itself",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How large a selection is; `cost` is what one parent may bring with it, and `item_cost` each item of its page."""

    depth: int = 0
    aliases: int = 0
    repeats: int = 0
    directives: int = 0
    cost: int = 0
    item_cost: int = 0
    introspection_depth: int = 0
    introspection_lists: int = 0


_PLAIN = Size(depth=1)
"""A scalar, as most of what is selected: it costs nothing."""


def measure(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, object],
    prices: Prices,
    limits: Limits,
) -> Size | Exceeded:
    """The size of an operation; Exceeded where it has no end or so many fragments that they are not followed."""
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    if len(fragments) > limits.fragments:
        return Exceeded("fragments", len(fragments), limits.fragments)
    try:
        size = _Measure(fragments, {**_defaults(operation), **variables}, prices).of(operation.selection_set)
    except _CycleError:
        return Exceeded(CYCLE, 1, 0)
    except RecursionError:
        # Fragments one within the other: each is shallow enough to be parsed, all together are not.
        return Exceeded("depth", limits.depth + 1, limits.depth)
    return replace(size, directives=_sum([size.directives, len(operation.directives or ())]))


def sizes_in(variables: Mapping[str, object]) -> tuple[tuple[str, int | None], ...]:
    """All of the variables that a size depends on: the numbers and how long the lists are."""
    return tuple((name, _number(value)) for name, value in variables.items())


def _number(value: object) -> int | None:
    if isinstance(value, list):
        return len(cast("list[object]", value))
    if isinstance(value, float) and value.is_integer():
        # 100.0 is the Int 100 to GraphQL, and costs as much.
        return int(value)
    return value if isinstance(value, int) else None


def beyond(size: Size, variables: Mapping[str, object], limits: Limits) -> Exceeded | None:
    """The first limit that the operation exceeds; None where it is within all of them."""
    checks = (
        ("depth", size.depth, limits.depth),
        ("aliases", size.aliases, limits.aliases),
        ("repeats", size.repeats, limits.repeats),
        ("directives", size.directives, limits.directives),
        ("introspection depth", size.introspection_depth, limits.introspection_depth),
        ("introspection lists", size.introspection_lists, limits.introspection_lists),
        ("list items", _items(variables), limits.list_items),
        ("cost", size.cost, limits.cost),
    )
    return next((Exceeded(*check) for check in checks if check[1] > check[2]), None)


def _items(value: object) -> int:
    """How many items all lists in a value of a variable have."""
    if isinstance(value, Mapping):
        return sum(map(_items, cast("Mapping[str, object]", value).values()))
    if isinstance(value, list):
        items = cast("list[object]", value)
        return len(items) + sum(map(_items, items))
    return 0


def _sum(counts: Iterable[int]) -> int:
    return min(MOST, sum(counts))


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
    def __init__(
        self, fragments: Sequence[FragmentDefinitionNode], variables: Mapping[str, object], prices: Prices
    ) -> None:
        self._fragments = {node.name.value: node for node in fragments}
        self._variables = variables
        self._prices = prices
        self._known: dict[str, Size] = {}
        self._open: set[str] = set()

    def of(self, selections: SelectionSetNode | None) -> Size:
        """The size of a selection set."""
        nodes = (selections.selections or ()) if selections else ()
        parts = [self._one(node) for node in nodes]
        repeats = max(Counter(map(_response_key, nodes)).values(), default=0)
        return Size(
            depth=max((part.depth for part in parts), default=0),
            aliases=_sum(part.aliases for part in parts),
            repeats=max((repeats, *(part.repeats for part in parts))),
            directives=_sum([*(part.directives for part in parts), *(len(node.directives or ()) for node in nodes)]),
            cost=_sum(part.cost for part in parts),
            item_cost=_sum(part.item_cost for part in parts),
            introspection_depth=max((part.introspection_depth for part in parts), default=0),
            introspection_lists=max((part.introspection_lists for part in parts), default=0),
        )

    def _one(self, node: SelectionNode) -> Size:
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
        name, is_leaf = node.name.value, node.selection_set is None
        if is_leaf and node.alias is None and name not in self._prices.weights and name not in _SCHEMA_LISTS:
            return _PLAIN
        inner = self.of(node.selection_set)
        in_schema = name in INTROSPECTION
        depth = (0 if is_leaf else inner.depth) + 1
        cost, item_cost = (0, 0) if in_schema else self._cost(node, inner)
        return replace(
            inner,
            depth=1 if in_schema else depth,
            aliases=_sum([inner.aliases, node.alias is not None]),
            cost=min(MOST, cost),
            item_cost=min(MOST, item_cost),
            introspection_depth=depth if in_schema else inner.introspection_depth,
            introspection_lists=inner.introspection_lists + (name in _SCHEMA_LISTS),
        )

    def _cost(self, node: FieldNode, inner: Size) -> tuple[int, int]:
        """What the field costs once for its parent, and for each item of the page that its parent may be."""
        name = node.name.value
        own = self._prices.weight(name, is_leaf=node.selection_set is None)
        if name in _ITEMS and not node.arguments:
            return 0, own + inner.cost
        count = self._count(node)
        if name in self._prices.connections:
            return own + inner.cost + count * inner.item_cost, 0
        return count * (own + inner.cost + inner.item_cost), 0

    def _count(self, node: FieldNode) -> int:
        """How many of this field one parent may bring: a page's size, the number of keys, or what is known."""
        for argument in node.arguments or ():
            value = self._value(argument.value)
            if argument.name.value in {"first", "last"} and isinstance(value, int):
                return min(MOST, max(0, value))
            if argument.name.value in _KEY_LISTS and isinstance(value, int):
                return value
        return self._prices.lists.get(node.name.value, 1)

    def _value(self, node: ValueNode) -> int | None:
        if isinstance(node, IntValueNode):
            return int(node.value[:_DIGITS])
        if isinstance(node, ListValueNode):
            return len(node.values)
        return _number(self._variables.get(node.name.value)) if isinstance(node, VariableNode) else None


def _response_key(node: SelectionNode) -> tuple[str, str]:
    """What two selections of one place share when they must be merged."""
    if isinstance(node, FieldNode):
        return "field", node.alias.value if node.alias else node.name.value
    if isinstance(node, FragmentSpreadNode):
        return "fragment", node.name.value
    return "inline", ""
