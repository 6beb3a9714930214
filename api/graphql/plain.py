"""Executing lists level by level: plain attributes at once, and what hangs on many parents by one question.

Most of an answer are attributes of rows that are there already. For each of these graphql-core builds a path, an info
and a call of a resolver, ten times what reading the attribute costs. Here each selection set on such a type is looked
over once an operation and then read off every object. Fields that are made by `page_of` or `one_of`
(`api.graphql.children`) are asked for all objects of a list together, and their answers go on level by level
(`api.graphql.levels`). What needs another resolver, an argument or a directive takes the usual way, and so does a list
of which a value does not fit: it then gets the usual errors, with their paths. Nothing is read twice for that: loaders
keep what they read as long as the operation lasts.

Where an object has `known`, a map from a field's name to what its resolver would find, that is taken for an attribute;
and so is a method that takes nothing but the object and waits for nothing.
"""

from collections.abc import Callable
from dataclasses import fields
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
from graphql.execution.values import get_argument_values
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from api.access.guard import Guarded, guarding
from api.graphql.children import children_of
from api.graphql.context import Context
from api.graphql.levels import Column, NotPlain, PlainObject, Shape, Step, Tree, read_of_all

_DEFINITION = "strawberry-definition"
_LIMIT = 2**31
Details = list[Any]
"""Where a field stands in the document, as graphql-core has it."""
Kind = Any
"""A type of graphql-core's, whose generics it leaves open."""
Plan = PlainObject | Tree


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of every operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[str, int], tuple[Details, Plan | None]] = {}

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
            return super(PlainExecutor, self).complete_iterable_value(  # pyright: ignore[reportUnknownMemberType]  as `Kind`
                item_type, field_details_list, info, path, items, position_context
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
            return shape.told(plan, value)
        except Exception:  # noqa: BLE001  the usual way tells what is wrong, and where
            self._plans[kind.name, id(details)] = (details, None)
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
            [answer] = await shape.all_told(plan, [value])
        except Exception:  # noqa: BLE001  as above
            self._plans[kind.name, id(details)] = (details, None)
            found = usual()
            return await found if isawaitable(found) else found
        return answer

    def plan(self, kind: GraphQLObjectType, details: Details) -> Plan | None:
        """How the selection set below a field of this type is told, where all of it can be; looked over once."""
        key = (kind.name, id(details))
        known = self._plans.get(key)
        if known is None:
            # The list is kept with the answer, so that its id belongs to no other while the operation lasts.
            known = self._plans[key] = (details, self._looked_over(kind, details))
        return known[1]

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
        for key, own in cast("dict[str, Details]", selected).items():
            found = self._field(kind, origin, key, own)
            if found is None:
                return None
            if isinstance(found, Step):
                steps.append(found)
                # It keeps the field's place among the others.
                found = Column(key, lambda _: None, _as_it_is, is_required=False)
            columns.append(found)
        plain = PlainObject(origin, tuple(columns))
        return Tree(plain, tuple(steps)) if steps else plain

    def _field(self, kind: GraphQLObjectType, origin: type, key: str, details: Details) -> Column | Step | None:
        node = details[0].node
        if node.name.value == "__typename":
            return Column(key, lambda _: kind.name, _as_it_is, is_required=True)
        field = kind.fields.get(node.name.value)
        declared = None if field is None else field.extensions.get(_DEFINITION)
        if field is None or not isinstance(declared, StrawberryField):
            return None
        guard = guarding(field)
        if guard is not None and not self._may(guard):
            return None
        inner, shape = _shape(field.type)
        read = _reading(guard.resolve if guard else field.resolve, field, declared, origin)
        if is_leaf_type(inner) and not shape.is_list:
            if read is None:
                return None
            make = _FAST.get(inner.name) or _coerced(inner)
            if guard and guard.is_personal:
                make = _counting(make, self._context(), node.name.value)
            return Column(key, read, make, shape.is_required)
        below = self.plan(inner, details) if is_object_type(inner) else None
        if below is None or (guard and guard.is_personal):
            return None
        if read is None:
            return self._step(key, field, declared, details, shape, below)
        if isinstance(below, Tree):
            return Step(key, partial(read_of_all, read), shape, below)
        return Column(key, read, lambda value: shape.told(below, value), shape.is_required)

    def _step(
        self, key: str, field: GraphQLField, declared: StrawberryField, details: Details, shape: Shape, below: Plan
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
        context = self._context()
        return Step(key, partial(children.of_all, context, given), shape, below)

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


def _reading(
    resolve: Callable[..., Any] | None, field: GraphQLField, declared: StrawberryField, origin: type
) -> Callable[[Any], Any] | None:
    """What reads the field off an object; None where it takes a resolver."""
    # Strawberry marks the resolvers that read an attribute and nothing else.
    if getattr(resolve, "_is_default", False):
        return attrgetter(declared.python_name)
    if field.args:
        return None
    if any(one.name == "known" for one in fields(origin)):
        return lambda source: source.known[declared.python_name]
    return _method(declared)


def _method(declared: StrawberryField) -> Callable[[Any], Any] | None:
    """The resolver where it asks for nothing but the object, and waits for nothing."""
    own: Any = declared.base_resolver  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if own is None or own.is_async or own.info_parameter or not own.self_parameter or declared.extensions:
        return None
    return own.wrapped_func


def _counting(make: Callable[[Any], Any], context: Context, name: str) -> Callable[[Any], Any]:
    """What makes the value and counts that it was read, for the audit of what is personal."""

    def made(value: Any) -> Any:
        context.personal[name] += 1
        return make(value)

    return made


def _coerced(kind: GraphQLLeafType) -> Callable[[Any], Any]:
    def made(value: Any) -> Any:
        found = kind.coerce_output_value(value)
        if found is None or found is Undefined:
            raise NotPlain
        return found

    return made


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise NotPlain


def _float(value: Any) -> float:
    if type(value) is float and isfinite(value):
        return value
    if type(value) is int:
        return float(value)
    raise NotPlain


def _int(value: Any) -> int:
    if type(value) is int and -_LIMIT <= value < _LIMIT:
        return value
    raise NotPlain


def _boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise NotPlain


_FAST: dict[str, Callable[[Any], Any]] = {
    "String": _text,
    "Float": _float,
    "Int": _int,
    "Boolean": _boolean,
}
"""Built-in scalars whose value is sent as it is, where it is of the one type that the rows have."""
