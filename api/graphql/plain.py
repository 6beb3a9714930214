"""Executing fields that are plain attributes at once, instead of one by one.

Most of an answer are attributes of rows that are there already. For each of these graphql-core builds a path, an info
and a call of a resolver, ten times what reading the attribute costs. Here each selection set on such a type is looked
over once an operation and then read off every object. What needs a resolver, an argument or a directive takes the usual
way, and so does an object of which a value does not fit: it then gets the usual errors, with their paths.

Where an object has `known`, a map from a field's name to what its resolver would find, that is taken for an attribute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from operator import attrgetter
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    is_leaf_type,
    is_object_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

_DEFINITION = "strawberry-definition"
_LIMIT = 2**31
Details = list[Any]
"""Where a field stands in the document, as graphql-core has it."""
Kind = Any
"""A type of graphql-core's, whose generics it leaves open."""


class NotPlain(Exception):
    """A value does not fit what its type promises."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a selection set, read off an object."""

    key: str
    read: Callable[[Any], Any]
    make: Callable[[Any], Any]
    """The value as it is sent; NotPlain where it does not fit."""
    is_required: bool


@dataclass(frozen=True, slots=True)
class PlainObject:
    """A selection set of plain fields alone."""

    origin: type
    columns: tuple[Column, ...]

    def told(self, source: object) -> dict[str, Any]:
        """The object as it is sent."""
        if type(source) is not self.origin:
            raise NotPlain
        answer: dict[str, Any] = {}
        for column in self.columns:
            value = column.read(source)
            if value is not None:
                answer[column.key] = column.make(value)
            elif column.is_required:
                raise NotPlain
            else:
                answer[column.key] = None
        return answer


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of every operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plain: dict[tuple[str, int], tuple[Details, PlainObject | None]] = {}

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
        plain = self.plain(return_type, field_details_list)
        if plain is not None:
            try:
                return plain.told(result)
            except Exception:  # noqa: BLE001  the usual way tells what is wrong, and where
                self._not_again(return_type, field_details_list)
        return super().complete_object_value(  # pyright: ignore[reportUnknownMemberType]  as `Kind`
            return_type, field_details_list, info, path, result, position_context
        )

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
        kind, is_required = _without_null(item_type)
        several: Any = items
        if isinstance(items, list) and is_object_type(kind) and not field_details_list[0].node.directives:
            plain = self.plain(kind, field_details_list)
            if plain is not None:
                try:
                    return [_item(plain, item, is_required) for item in cast("list[object]", items)]
                except Exception:  # noqa: BLE001  as above
                    self._not_again(kind, field_details_list)
        return super().complete_iterable_value(  # pyright: ignore[reportUnknownMemberType]  as `Kind`
            item_type, field_details_list, info, path, several, position_context
        )

    def plain(self, kind: GraphQLObjectType, details: Details) -> PlainObject | None:
        """The selection set below a field of this type where all of it is plain; looked over once."""
        key = (kind.name, id(details))
        known = self._plain.get(key)
        if known is None:
            # The list is kept with the answer, so that its id belongs to no other while the operation lasts.
            known = self._plain[key] = (details, self._looked_over(kind, details))
        return known[1]

    def _not_again(self, kind: GraphQLObjectType, details: Details) -> None:
        self._plain[kind.name, id(details)] = (details, None)

    def _looked_over(self, kind: GraphQLObjectType, details: Details) -> PlainObject | None:
        definition = kind.extensions.get(_DEFINITION)
        wrapped = self.middleware_manager is not None and bool(self.middleware_manager.middlewares)
        if wrapped or not isinstance(definition, StrawberryObjectDefinition):
            return None
        fields, deferred, _ = self.collect_subfields(kind, details)
        if deferred:
            return None
        columns: list[Column] = []
        for key, own in cast("dict[str, Details]", fields).items():
            column = self._column(kind, key, own)
            if column is None:
                return None
            columns.append(column)
        return PlainObject(definition.origin, tuple(columns))

    def _column(self, kind: GraphQLObjectType, key: str, details: Details) -> Column | None:
        node = details[0].node
        if node.name.value == "__typename":
            return Column(key, lambda _: kind.name, _as_it_is, is_required=True)
        field = kind.fields.get(node.name.value)
        declared = None if field is None else field.extensions.get(_DEFINITION)
        if field is None or field.args or not isinstance(declared, StrawberryField):
            return None
        read = _reading(field, declared)
        inner, is_required = _without_null(field.type)
        if is_leaf_type(inner):
            return Column(key, read, _FAST.get(inner.name) or _coerced(inner), is_required)
        below = self.plain(inner, details) if is_object_type(inner) else None
        return None if below is None else Column(key, read, below.told, is_required)


def _without_null(kind: Kind) -> tuple[Kind, bool]:
    """The type itself, and whether null is no value of it."""
    if isinstance(kind, GraphQLNonNull):
        return cast("Kind", kind.of_type), True  # pyright: ignore[reportUnknownMemberType]
    return kind, False


def _reading(field: GraphQLField, declared: StrawberryField) -> Callable[[Any], Any]:
    """What reads the field off an object."""
    # Strawberry marks the resolvers that read an attribute and nothing else.
    if getattr(field.resolve, "_is_default", False):
        return attrgetter(declared.python_name)

    def known(source: Any) -> Any:
        return source.known[declared.python_name]

    return known


def _item(plain: PlainObject, item: object, is_required: bool) -> dict[str, Any] | None:
    if item is None and not is_required:
        return None
    return plain.told(item)


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
