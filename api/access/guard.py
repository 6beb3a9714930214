"""Scopes enforced: the whole operation by its root fields before it runs, every other field while it runs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from api.access.scopes import NOTHING, PERSONAL, Needs, any_for, needed
from api.graphql.context import Caller, Context
from api.graphql.errors import lacking

ROOTS = {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation", OperationType.SUBSCRIPTION: "Subscription"}


_GUARD = "_renmai_guard"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A resolver that is called for those alone who have the scopes; answers of one that is personal are counted."""

    resolve: Callable[..., Any]
    scopes: Needs
    is_personal: bool


def guard(schema: GraphQLSchema) -> None:
    """Every field of the executing schema that needs scopes asks for them before it is resolved."""
    for (owner, name), scopes in needed(schema).items():
        kind = schema.type_map[owner]
        if isinstance(kind, GraphQLObjectType) and kind is not schema.subscription_type:
            field = kind.fields[name]
            if field.resolve is not None:
                field.resolve = _guarded(field.resolve, scopes)


def _guarded(resolve: Callable[..., Any], scopes: Needs) -> Callable[..., Any]:
    is_personal = PERSONAL in scopes

    def asked(source: Any, info: GraphQLResolveInfo[Context], **given: Any) -> Any:  # resolvers answer anything
        context = info.context
        context.require(scopes)
        answer = resolve(source, info, **given)
        if is_personal and answer is not None:
            context.personal[info.field_name] += 1
        return answer

    asked.__dict__[_GUARD] = Guarded(resolve, scopes, is_personal)
    return asked


def guarding(field: GraphQLField) -> Guarded | None:
    """What guards a field of the executing schema."""
    return getattr(field.resolve, _GUARD, None)


def admit(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    caller: Caller,
    table: Mapping[tuple[str, str], Needs],
) -> None:
    """Refuses an operation that begins with a field which the caller may not ask for; nothing of it is run."""
    if not any_for(operation.operation, caller.scopes):
        action = "write" if operation.operation is OperationType.MUTATION else "read"
        raise lacking({action}, anonymous=caller.is_anonymous)
    root = ROOTS[operation.operation]
    for field in _root_fields(document, operation.selection_set, set()):
        if missing := table.get((root, field.name.value), NOTHING) - caller.rights:
            path: list[str | int] = [field.alias.value if field.alias else field.name.value]
            raise lacking(missing, anonymous=caller.is_anonymous, path=path)


def _root_fields(document: DocumentNode, selected: SelectionSetNode, seen: set[str]) -> Iterator[FieldNode]:
    """The fields of the root, those within fragments too, whatever `@skip` says."""
    for one in selected.selections:
        if isinstance(one, FieldNode):
            yield one
        elif isinstance(one, InlineFragmentNode):
            yield from _root_fields(document, one.selection_set, seen)
        elif isinstance(one, FragmentSpreadNode) and one.name.value not in seen:
            seen.add(one.name.value)
            for fragment in document.definitions:
                if isinstance(fragment, FragmentDefinitionNode) and fragment.name.value == one.name.value:
                    yield from _root_fields(document, fragment.selection_set, seen)
