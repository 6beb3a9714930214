"""From a request to an answer: parse, choose the operation, limit, admit, validate, run.

Refusals on the way are answers too: a list of errors, each with its code. HTTP and sockets share all of this.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.types import ExecutionResult

from api.graphql.context import Caller, Context, Scope, Services
from api.graphql.errors import ApiError, Code, told
from api.graphql.schema import Schema, core, list_sizes
from api.limits import Exceeded, Limits, beyond

MOST_ERRORS = 8
REMEMBERED = 512
LONGEST_REMEMBERED = 10_000
"""Characters of a document whose validation is remembered: 5 MB at most, whatever clients send."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was run; `allow` names the HTTP methods that would be right."""

    errors: list[GraphQLError]
    allow: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that may run."""

    request: Request
    document: DocumentNode
    kind: OperationType


class Engine:
    """The schema with its limits and services: one for the app."""

    def __init__(self, schema: Schema, services: Services, limits: Limits) -> None:
        self._schema = schema
        self._services = services
        self._limits = limits
        self._lists = list_sizes(core(schema))
        # Clients send the same few documents over and over; what was found in one depends on its text alone.
        self._validated = lru_cache(maxsize=REMEMBERED)(self._validate)

    def context(self, caller: Caller) -> Context:
        """The context of one operation."""
        return Context(self._services, caller)

    def prepare(self, request: Request, caller: Caller | None, *, only_queries: bool = False) -> Ready | Refused:
        """The request ready to run, or why it is refused. A caller of None gave a key that opens nothing."""
        if caller is None:
            return Refused([ApiError(Code.UNAUTHENTICATED, "The API key is unknown, expired or revoked.")])
        try:
            document, operation = self._parsed(request)
            _check_method(operation, only_queries)
            _admit(operation, caller)
            exceeded = beyond(document, operation, request.variables, self._limits, self._lists)
            if exceeded:
                raise _refusal(exceeded)
        except _Method as error:
            return Refused([error], allow="POST")
        except (ApiError, GraphQLSyntaxError) as error:
            return Refused([error])
        validate_ = self._validated if len(request.query) <= LONGEST_REMEMBERED else self._validate
        if errors := validate_(request.query):
            return Refused(errors)
        return Ready(request, document, operation.operation)

    def _parsed(self, request: Request) -> tuple[DocumentNode, OperationDefinitionNode]:
        limits = self._limits
        try:
            document = parse(request.query, max_tokens=limits.tokens)
        except GraphQLSyntaxError as error:
            # Parsing ends where it is beyond a limit: how far beyond is not known.
            if "tokens. Parsing aborted" in error.message:
                raise _refusal(Exceeded("tokens", limits.tokens + 1, limits.tokens)) from None
            if "nested too deeply" in error.message:
                raise _refusal(Exceeded("depth", limits.depth + 1, limits.depth)) from None
            raise
        return document, _chosen(document, request.operation_name)

    async def run(self, ready: Ready, context: Context) -> dict[str, Any]:
        """The answer to a query or a mutation, as it is sent."""
        context.document = ready.document
        result = await self._schema.execute(
            ready.request.query,
            variable_values=dict(ready.request.variables),
            context_value=context,
            operation_name=ready.request.operation_name,
        )
        return answer(result, context.request_id)

    async def watch(self, ready: Ready, context: Context) -> AsyncGenerator[dict[str, Any]]:
        """The answers to a subscription, as they are sent; an answer without `data` ends it."""
        context.document = ready.document
        results = await self._schema.subscribe(
            ready.request.query,
            variable_values=dict(ready.request.variables),
            context_value=context,
            operation_name=ready.request.operation_name,
        )
        try:
            async for result in results:
                yield answer(result, context.request_id)
        finally:
            await results.aclose()

    def _validate(self, query: str) -> list[GraphQLError]:
        document = parse(query, max_tokens=self._limits.tokens)
        errors = validate(core(self._schema), document, specified_rules, max_errors=MOST_ERRORS)
        return [_with_code(error, Code.GRAPHQL_VALIDATION_FAILED) for error in errors[:MOST_ERRORS]]


class _Method(ApiError):
    pass


def _check_method(operation: OperationDefinitionNode, only_queries: bool) -> None:
    if only_queries and operation.operation is not OperationType.QUERY:
        message = f"GET runs queries only, not a {operation.operation.value}: send it by POST."
        raise _Method(Code.BAD_REQUEST, message)


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None:
        if len(operations) == 1:
            return operations[0]
        message = "The document has several operations: name one in `operationName`."
        raise ApiError(
            Code.OPERATION_RESOLUTION_FAILURE, message if operations else "The document has no operation to run."
        )
    for operation in operations:
        if operation.name and operation.name.value == name:
            return operation
    raise ApiError(Code.OPERATION_RESOLUTION_FAILURE, f"The document has no operation named {name!r}.")


def _admit(operation: OperationDefinitionNode, caller: Caller) -> None:
    needed = Scope.WRITE if operation.operation is OperationType.MUTATION else Scope.READ
    if needed in caller.scopes:
        return
    if caller.is_anonymous:
        message = f"An API key with scope {needed} is needed: send it as `Authorization: Bearer rk_…`."
        raise ApiError(Code.UNAUTHENTICATED, message)
    raise ApiError(Code.FORBIDDEN, f"The API key lacks the scope {needed}.")


def _refusal(exceeded: Exceeded) -> ApiError:
    return ApiError(
        Code.COST_EXCEEDED, str(exceeded), limit=exceeded.limit, value=exceeded.value, maximum=exceeded.maximum
    )


def _with_code(error: GraphQLError, code: Code) -> GraphQLError:
    return GraphQLError(error.message, nodes=error.nodes, extensions={"code": code.value})


def answer(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """A result as it is sent: errors told, `data` left out where the operation never ran."""
    errors = [told(error, request_id) for error in (result.errors or [])[:MOST_ERRORS]]
    never_ran = result.data is None and all(error.path is None for error in result.errors or [])
    if never_ran and errors:
        return {"errors": errors}
    return {"data": result.data, "errors": errors} if errors else {"data": result.data}
