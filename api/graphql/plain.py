"""Executing lists level by level: plain attributes at once, and what hangs on many parents by one question.

Most of an answer are attributes of rows that are there already. For each of these graphql-core builds a path, an info
and a call of a resolver, ten times what reading the attribute costs. Here each selection set on such a type is looked
over once an operation and then told column by column (`api.graphql.levels`). Fields that are made by `page_of` or
`one_of` (`api.graphql.children`) are asked for all objects of a list together, and their answers go on level by level.
Types that say how they are made of rows (`api.graphql.rows`) are told out of the store's records, and of these only
what is selected is read. What needs another resolver, an argument or a directive takes the usual way, and so does a
list of which a value does not fit: it then gets the usual errors, with their paths. A method that takes nothing but
the object and waits for nothing is taken for an attribute.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import isawaitable
from math import isfinite
from operator import attrgetter
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import get_argument_values
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from api.access.guard import Guarded, guarding
from api.graphql.children import Children, children_of
from api.graphql.connection import PLACED, WITHOUT_OBJECTS, Connection, Edge
from api.graphql.context import Context
from api.graphql.levels import (
    Column,
    NotPlain,
    PlainObject,
    Plan,
    Shape,
    Step,
    Tell,
    Tree,
    Values,
    as_often,
    as_they_are,
)
from api.graphql.rows import Records, cells_of
from graph.queries.paging import PLACE, Record
from graph.queries.reader import Columns

_DEFINITION = "strawberry-definition"
_LIMIT = 2**31
_ABSENT = type(None)
_NOTHING: frozenset[str] = frozenset()
Details = list[Any]
"""Where a field stands in the document, as graphql-core has it."""
Kind = Any
"""A type of graphql-core's, whose generics it leaves open."""


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of every operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[object, ...], Plan | None] = {}
        if isinstance(self.context_value, Context):
            self.context_value.needed = self._needed

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """The answer; what the operation looked over and loaded is freed with it, not when the collector comes."""
        self._plans.clear()
        # Shared by all events of a subscription, under keys that no later event asks for (graphql-core 3.3.2).
        self._relevant_sub_fields.clear()
        if isinstance(self.context_value, Context):
            self.context_value.end()
        return super().build_response(data)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Details,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """At once where all is plain."""

        def usual() -> Any:
            return super(PlainExecutor, self).complete_object_value(  # pyright: ignore[reportUnknownMemberType]  as `Kind`
                return_type, field_details_list, info, path, result, position_context
            )

        return self._told(return_type, field_details_list, Shape(is_required=True), result, usual)

    def complete_iterable_value(
        self,
        item_type: Kind,
        field_details_list: Details,
        info: Any,
        path: Any,
        items: Any,
        position_context: Any,
    ) -> Any:
        """A list of plain objects at once; one that does not fit takes the whole list the usual way."""

        def usual() -> Any:
            made = items.objects() if isinstance(items, Records) else items
            return super(PlainExecutor, self).complete_iterable_value(  # pyright: ignore[reportUnknownMemberType]  as `Kind`
                item_type, field_details_list, info, path, made, position_context
            )

        kind, is_required = _without_null(item_type)
        if isinstance(items, list) and is_object_type(kind) and not field_details_list[0].node.directives:
            shape = Shape(is_required=True, is_list=True, is_item_required=is_required)
            return self._told(kind, field_details_list, shape, cast("list[object]", items), usual)
        return usual()

    def _told(
        self, kind: GraphQLObjectType, details: Details, shape: Shape, value: object, usual: Callable[[], Any]
    ) -> Any:
        """The value by its plan where there is one and everything fits, else the usual way."""
        plan = self.plan(kind, details)
        if plan is None:
            return usual()
        if isinstance(plan, Tree):
            return self._waited(plan, kind, details, shape, value, usual)
        try:
            return shape.all_told(plan, [value])[0]
        except Exception:  # noqa: BLE001  the usual way tells what is wrong, and where
            self._plans[_place(kind, details)] = None
            return usual()

    async def _waited(
        self,
        plan: Tree,
        kind: GraphQLObjectType,
        details: Details,
        shape: Shape,
        value: object,
        usual: Callable[[], Any],
    ) -> Any:
        try:
            [answer] = await shape.all_waited(plan, [value])
        except Exception:  # noqa: BLE001  as above
            self._plans[_place(kind, details)] = None
            found = usual()
            return await found if isawaitable(found) else found
        return answer

    def plan(self, kind: GraphQLObjectType, details: Details) -> Plan | None:
        """How the selection set below a field of this type is told, where all of it can be; looked over once."""
        place = _place(kind, details)
        if place not in self._plans:
            self._plans[place] = self._looked_over(kind, details)
        return self._plans[place]

    def _needed(self, info: Any) -> Columns:
        """Of the rows of the page or list that the field tells, the columns selected; None where it is not known."""
        raw = info._raw_info
        kind, _ = _shape(raw.return_type)
        plan = self.plan(kind, [FieldDetails(node, None) for node in raw.field_nodes])
        return plan.needs if plan else None

    def _looked_over(self, kind: GraphQLObjectType, details: Details) -> Plan | None:
        definition = kind.extensions.get(_DEFINITION)
        wrapped = self.middleware_manager is not None and bool(self.middleware_manager.middlewares)
        if wrapped or not isinstance(definition, StrawberryObjectDefinition):
            return None
        selected, deferred, _ = self.collect_subfields(kind, details)
        if deferred:
            return None
        # A connection of orders is an object of the class of all connections.
        origin = (definition.concrete_of or definition).origin
        columns: list[Column] = []
        steps: list[Step] = []
        counted = False
        for key, own in cast("dict[str, Details]", selected).items():
            found = self._field(kind, origin, key, own)
            if found is None:
                return None
            if isinstance(found, Step):
                steps.append(found)
            counted = counted or found.is_counted
            columns.append(found.place if isinstance(found, Step) else found)
        needs = [column.needs for column in columns]
        known = None if None in needs else frozenset[str]().union(*cast("list[frozenset[str]]", needs))
        plain = PlainObject(origin, tuple(columns), known, counted)
        return Tree(plain, tuple(steps)) if steps else plain

    def _field(self, kind: GraphQLObjectType, origin: type, key: str, details: Details) -> Column | Step | None:
        node = details[0].node
        if node.name.value == "__typename":
            named = partial(as_often, kind.name)
            return Column(key, named, named, as_they_are, _NOTHING)
        field = kind.fields.get(node.name.value)
        declared = None if field is None else field.extensions.get(_DEFINITION)
        if field is None or not isinstance(declared, StrawberryField):
            return None
        guard = guarding(field)
        if guard is not None and not self._may(guard):
            return None
        inner, shape = _shape(field.type)
        had = _had(guard.resolve if guard else field.resolve, field, declared, origin)
        if is_leaf_type(inner) and not shape.is_list:
            if had is None:
                return None
            tell = _leaf(inner, is_required=shape.is_required)
            if guard and guard.is_personal:
                tell = _counting(tell, self._context(), node.name.value)
            return Column(key, had.objects, had.records, tell, had.needs, bool(guard and guard.is_personal))
        below = self.plan(inner, details) if is_object_type(inner) else None
        if below is None or (guard and guard.is_personal):
            return None
        if had is None:
            return self._step(key, field, declared, details, origin, shape, below)
        had = _without_objects(had, origin, declared, below)
        if isinstance(below, Tree):
            return Step(key, had.found, shape, below, had.needs, below.is_counted)
        return Column(key, had.objects, had.records, partial(shape.all_told, below), had.needs, below.is_counted)

    def _step(
        self,
        key: str,
        field: GraphQLField,
        declared: StrawberryField,
        details: Details,
        origin: type,
        shape: Shape,
        below: Plan,
    ) -> Step | None:
        """What hangs on each parent; None where another resolver finds it, or its arguments are refused."""
        children, node = children_of(declared), details[0].node
        if children is None:
            return None
        try:
            arguments = get_argument_values(field, node, self.variable_values, details[0].fragment_variable_values)
            given = children.given(arguments)
        except Exception:  # noqa: BLE001  the usual way refuses them, for each parent
            return None
        cell = cells_of(origin).get(children.key)
        column = cell.column if cell else children.key
        found = partial(children.of_all, self._context(), given, below.needs, column)
        read = children.needs(column, below.needs) if isinstance(children, Children) else frozenset({column})
        return Step(key, found, shape, below, read if cell else None, below.is_counted)

    def _context(self) -> Context:
        return cast("Context", self.context_value)

    def _may(self, guard: Guarded) -> bool:
        return guard.scopes <= self._context().caller.rights


def _shape(kind: Kind) -> tuple[Kind, Shape]:
    """The type itself, and how it stands in the field: what may be null, and whether it is a list."""
    inner, is_required = _without_null(kind)
    if not isinstance(inner, GraphQLList):
        return inner, Shape(is_required)
    item, is_item_required = _without_null(cast("Kind", inner.of_type))  # pyright: ignore[reportUnknownMemberType]
    return item, Shape(is_required, is_list=True, is_item_required=is_item_required)


def _without_null(kind: Kind) -> tuple[Kind, bool]:
    """The type itself, and whether null is no value of it."""
    if isinstance(kind, GraphQLNonNull):
        return cast("Kind", kind.of_type), True  # pyright: ignore[reportUnknownMemberType]
    return kind, False


def _place(kind: GraphQLObjectType, details: Details) -> tuple[object, ...]:
    """A field's place in the document, which outlives the operation."""
    return (kind.name, *(id(one.node) for one in details), *(id(one.fragment_variable_values) for one in details))


@dataclass(frozen=True, slots=True)
class _Had:
    """How a field is had of objects and of records, and what it needs of these (`Column.needs`)."""

    objects: Callable[[Values], Values]
    records: Callable[[Sequence[Record]], Values] | None = None
    needs: Columns = None

    async def found(self, sources: Values) -> Values:
        """The field of objects or of records."""
        if self.records and sources and type(sources[0]) is dict:
            return self.records(sources)
        return self.objects(sources)


def _had(
    resolve: Callable[..., Any] | None, field: GraphQLField, declared: StrawberryField, origin: type
) -> _Had | None:
    """How the field is had; None where it takes a resolver."""
    name = declared.python_name
    # Strawberry marks the resolvers that read an attribute and nothing else.
    if getattr(resolve, "_is_default", False):
        cell, read = cells_of(origin).get(name), attrgetter(name)
        if cell:
            return _Had(partial(_read, read), cell.of_all, cell.columns)
        return _Had(partial(_read, read), needs=_beside(origin, name))
    if field.args:
        return None
    method = _method(declared)
    return None if method is None else _Had(partial(_read, method), needs=_beside(origin, name))


def _beside(origin: type, name: str) -> Columns:
    """What a field that stands in no row needs of rows: of a page at most their places; else it is not known."""
    if not issubclass(origin, (Connection, Edge)):
        return None
    return PLACE if name in PLACED else _NOTHING


def _read(read: Callable[[Any], Any], sources: Values) -> Values:
    return list(map(read, sources))


def _without_objects(had: _Had, origin: type, declared: StrawberryField, below: Plan) -> _Had:
    """The same; of the items of a page where no objects of these are needed."""
    name = declared.python_name
    if issubclass(origin, Edge):
        return replace(had, needs=below.needs)
    if not issubclass(origin, Connection) or name not in WITHOUT_OBJECTS:
        return had
    if below.needs is None:
        return replace(had, needs=None)
    return replace(had, objects=partial(_read, WITHOUT_OBJECTS[name]), needs=below.needs)


def _method(declared: StrawberryField) -> Callable[[Any], Any] | None:
    """The resolver where it asks for nothing but the object, and waits for nothing."""
    own: Any = declared.base_resolver  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if own is None or own.is_async or own.info_parameter or not own.self_parameter or declared.extensions:
        return None
    return own.wrapped_func


def _counting(tell: Tell, context: Context, name: str) -> Tell:
    """What tells values and counts those that were read, for the audit of what is personal."""

    def told(values: Values) -> Values:
        if read := sum(value is not None for value in values):
            context.personal[name] += read
        return tell(values)

    return told


def _leaf(kind: Any, *, is_required: bool) -> Tell:
    """What tells the values of a scalar or an enumeration."""
    fit, tell = _KNOWN.get(kind.name) or (None, partial(_coerced, kind))
    return partial(_leaves, fit, tell, is_required)


def _leaves(fit: frozenset[type] | None, tell: Tell, is_required: bool, values: Values) -> Values:
    types = set(map(type, values))
    if _ABSENT in types:
        if is_required:
            raise NotPlain
        rest = iter(_leaves(fit, tell, is_required, [value for value in values if value is not None]))
        return [None if value is None else next(rest) for value in values]
    if fit is not None and not types <= fit:
        raise NotPlain
    return tell(values)


def _coerced(kind: GraphQLLeafType, values: Values) -> Values:
    found = list(map(kind.coerce_output_value, values))
    if any(one is None or one is Undefined for one in found):
        raise NotPlain
    return found


def _finite(values: Values) -> Values:
    if not all(map(isfinite, values)):
        raise NotPlain
    return list(map(float, values))


def _small(values: Values) -> Values:
    if values and not -_LIMIT <= min(values) <= max(values) < _LIMIT:
        raise NotPlain
    return values


_KNOWN: Mapping[str, tuple[frozenset[type], Tell]] = {
    "String": (frozenset({str}), as_they_are),
    "ID": (frozenset({str}), as_they_are),
    "Boolean": (frozenset({bool}), as_they_are),
    "Float": (frozenset({float, int}), _finite),
    "Int": (frozenset({int}), _small),
}
"""Built-in scalars whose values are sent as they are, where they are of the types that the rows have."""
