"""From a request to an answer: find the document, parse, choose the operation, limit, admit, validate, pay, run.

Refusals on the way are answers too: a list of errors, each with its code. HTTP, sockets and streams share all of this.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from time import monotonic
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from opentelemetry import trace
from strawberry.types import ExecutionResult

from api.access.audit import PersonalRead, counted
from api.access.guard import admit
from api.access.scopes import needed
from api.cost import Scales
from api.graphql.changes import FROM_THE_FEED, fell_behind
from api.graphql.context import Caller, Context, FellBehind, Services
from api.graphql.errors import RETRY_SECONDS, UNTOLD, ApiError, Code, log, told, without_suggestions
from api.graphql.prices import prices
from api.graphql.schema import Schema, core
from api.graphql.sharing import Answer, Message, Sharing, sameness
from api.limits import CYCLE, Exceeded, Size, beyond, measure, sizes_in
from api.observing import Observing
from api.policy import Policy
from api.throttle import Buckets, OwnBuckets, Throttle, Wait
from graph.errors import BadInput, LogUnavailable, RenmaiError, StoreUnavailable

tracer = trace.get_tracer("renmai")

MOST_ERRORS = 8
REMEMBERED = 256
REMEMBERED_SIZES = 16
"""Sizes of a document's operations, by the numbers in their variables."""
LONGEST_REMEMBERED = 2_000
"""Characters of a document that is remembered. Parsed, a character takes 100 to 200 bytes: at most 100 MB in all."""
_KINDS = frozenset(OperationType)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent: a document or the id of a trusted one."""

    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    document_id: str | None = None
    bookmark: str | None = None
    """What must be in the graph before it is read."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was run, as it is sent; `allow` names the HTTP methods that would be right."""

    answer: dict[str, Any]
    allow: str | None = None

    @property
    def codes(self) -> set[str]:
        """The codes of its errors."""
        return {error["extensions"]["code"] for error in self.answer["errors"]}


@dataclass(frozen=True, slots=True)
class Known:
    """A document, and what is found out about it by and by: all of that depends on its text alone."""

    document: DocumentNode
    errors: Callable[[], list[GraphQLError]]
    """What the validation found."""
    size: Callable[[str | None, tuple[tuple[str, int | None], ...]], Size | Exceeded]
    """How large the operation of a name is with such sizes in its variables."""
    scales: Scales


@dataclass(frozen=True, slots=True)
class Ready:
    """A request that may run; `cost` is what it may cost at most."""

    request: Request
    document: DocumentNode
    operation: OperationDefinitionNode
    cost: int
    scales: Scales

    @property
    def name(self) -> str | None:
        """The operation's own name."""
        return self.operation.name.value if self.operation.name else None

    @property
    def root(self) -> str:
        """The name of the first field, where the operation begins with a field."""
        first = self.operation.selection_set.selections[0]
        return first.name.value if isinstance(first, FieldNode) else ""

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation


class Engine:
    """The schema with its policy and services: one for the app."""

    def __init__(
        self,
        schema: Schema,
        services: Services,
        policy: Policy | None = None,
        buckets: Buckets | None = None,
        observing: Observing | None = None,
        sandbox: Callable[[], Services] | None = None,
    ) -> None:
        """Without a policy, the one for development; without buckets, those of this process.

        `sandbox` are the services of callers who are answered from generated data.
        """
        self.policy = policy or Policy()
        self.observing = observing or Observing()
        self._schema = schema
        self._services = services
        self._sandbox = sandbox
        self._prices = prices(core(schema))
        self._watching: Counter[str] = Counter()
        self.sharing = Sharing(self.policy.waiting)
        self._buckets = buckets or OwnBuckets(Throttle(self.policy.allowance))
        self._needed = needed(core(schema))
        # Clients send the same few documents over and over; what was found in one depends on its text alone.
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._looked_into)

    def context(self, caller: Caller) -> Context:
        """The context of one operation."""
        return Context(self._sandbox() if caller.is_sandbox and self._sandbox else self._services, caller)

    def prepare(
        self, request: Request, caller: Caller | None, context: Context, *, kinds: Collection[OperationType] = _KINDS
    ) -> Ready | Refused:
        """The request ready to run, or why it is refused. A caller of None gave a key that opens nothing.

        `kinds` are the operations that the HTTP method may ask for.
        """
        try:
            if caller is None:
                raise ApiError(Code.UNAUTHENTICATED, "The API key or token is unknown, expired or revoked.")
            query = self._text(request)
            known = (self._remembered if len(query) <= LONGEST_REMEMBERED else self._looked_into)(query)
            operation = _chosen(known.document, request.operation_name)
            _check_method(operation, kinds)
            admit(known.document, operation, caller, self._needed)
            cost = self._measured(known, request, caller)
        except _Method as error:
            return Refused(self.refusal([error], context), allow="POST")
        except _Costly as error:
            return Refused(self.refusal([error], context) | self._costs(context, error.cost, None))
        except (ApiError, GraphQLSyntaxError) as error:
            return Refused(self.refusal([error], context))
        if errors := known.errors():
            return Refused(self.refusal(errors, context))
        return Ready(replace(request, query=query), known.document, operation, cost, known.scales)

    def refusal(self, errors: Sequence[GraphQLError], context: Context) -> dict[str, Any]:
        """An answer of errors alone."""
        return {"errors": self._told(errors, context)}

    def _told(self, errors: Sequence[GraphQLError], context: Context) -> list[dict[str, Any]]:
        sent = [told(error, context.request_id) for error in errors[:MOST_ERRORS]]
        return [without_suggestions(error) for error in sent] if self._hides_schema(context.caller) else sent

    def _hides_schema(self, caller: Caller) -> bool:
        return self.policy.is_production and caller.is_anonymous

    def _text(self, request: Request) -> str:
        documents = self.policy.documents
        if request.document_id is not None:
            text = documents.texts.get(request.document_id)
            if text is None:
                raise ApiError(Code.NOT_FOUND, f"There is no trusted document {request.document_id[:80]!r}.")
            if request.query is not None and request.query != text:
                raise ApiError(Code.BAD_REQUEST, "`query` is not the document of `documentId`: send one of the two.")
            return text
        query = request.query or ""
        if not documents.allows(query):
            raise ApiError(Code.FORBIDDEN, "Only trusted documents are run here: send the `documentId` of one.")
        return query

    def _looked_into(self, query: str) -> Known:
        document = self._document(query)
        limits, prices = self.policy.limits, self._prices

        def size(name: str | None, sizes: tuple[tuple[str, int | None], ...]) -> Size | Exceeded:
            return measure(document, _chosen(document, name), dict(sizes), prices, limits)

        errors = cache(lambda: self._validate(document))
        return Known(document, errors, lru_cache(maxsize=REMEMBERED_SIZES)(size), Scales(document, prices))

    def _document(self, query: str) -> DocumentNode:
        limits = self.policy.limits
        try:
            return parse(query, max_tokens=limits.tokens)
        except GraphQLSyntaxError as error:
            # Parsing ends where it is beyond a limit: how far beyond is not known.
            if "tokens. Parsing aborted" in error.message:
                raise _refusal(Exceeded("tokens", limits.tokens + 1, limits.tokens)) from None
            if "nested too deeply" in error.message:
                raise _refusal(Exceeded("depth", limits.depth + 1, limits.depth)) from None
            raise

    def _measured(self, known: Known, request: Request, caller: Caller) -> int:
        variables = request.variables
        size = known.size(request.operation_name, sizes_in(variables))
        if isinstance(size, Exceeded):
            raise _refusal(size)
        if exceeded := beyond(size, variables, self.policy.limits):
            raise _Costly(exceeded) if exceeded.limit == "cost" else _refusal(exceeded)
        if size.introspection_depth and self._hides_schema(caller):
            raise ApiError(Code.UNAUTHENTICATED, "The schema is told to callers with an API key only.")
        return max(1, size.cost)

    async def run(self, ready: Ready, context: Context) -> dict[str, Any]:
        """The answer to a query or a mutation, as it is sent; nothing leaves as an exception but cancellation."""
        started = monotonic()
        with tracer.start_as_current_span(_span_name(ready)) as span:
            found = await self._paid(ready, context)
            outcome = _outcome(found)
            if span.is_recording():
                span.set_attributes({"graphql.operation.type": ready.kind.value, "renmai.outcome": outcome})
                if ready.name:
                    span.set_attribute("graphql.operation.name", ready.name)
        self.observing.metrics.operation(ready.name, ready.kind.value, outcome, monotonic() - started)
        return found

    async def _paid(self, ready: Ready, context: Context) -> dict[str, Any]:
        caller = _account(context.caller)
        ticket = await self._buckets.enter(caller, ready.cost, self._seconds())
        if isinstance(ticket, Wait):
            self.observing.metrics.throttled.inc()
            message = f"Try again in {ticket.seconds} s: {ticket.reason}."
            error = ApiError(Code.THROTTLED, message, retryAfter=ticket.seconds)
            return self.refusal([error], context) | self._costs(context, ready.cost, None)
        cost = ready.cost
        try:
            found = await self._executed(ready, context)
            cost = ready.scales.cost(ready.operation, found.get("data"))
        finally:
            await asyncio.shield(self._buckets.leave(caller, ticket, ready.cost - cost, self._seconds()))
        told = self._costs(context, ready.cost, cost)
        told["extensions"] |= found.get("extensions", {})
        return found | told

    async def _caught_up(self, ready: Ready, context: Context) -> None:
        """Waits until the graph has what the request's bookmark names."""
        bookmarks, bookmark = context.services.bookmarks, ready.request.bookmark
        if not bookmarks or not bookmark or ready.kind is OperationType.MUTATION:
            return
        try:
            reached = await bookmarks.reached(bookmark)
        except BadInput as error:
            raise ApiError(Code.BAD_USER_INPUT, str(error)) from error
        except StoreUnavailable as error:
            code = Code.SERVICE_UNAVAILABLE
            raise ApiError(code, UNTOLD[code], retryAfter=getattr(error, "retry_after", RETRY_SECONDS)) from error
        if not reached:
            message = "The graph has not followed up to the bookmark yet: ask again, or without the bookmark."
            raise ApiError(Code.TIMEOUT, message, retryAfter=1)

    async def _bookmarked(self, ready: Ready, result: ExecutionResult, context: Context) -> dict[str, Any]:
        bookmarks = context.services.bookmarks
        if not bookmarks or ready.kind is not OperationType.MUTATION or result.data is None:
            return {}
        try:
            return {"extensions": {"bookmark": await bookmarks.newest()}}
        except LogUnavailable:
            return {}

    async def _executed(self, ready: Ready, context: Context) -> dict[str, Any]:
        context.document = ready.document
        try:
            async with asyncio.timeout(self.policy.seconds):
                await self._caught_up(ready, context)
                result = await self._schema.execute(
                    ready.request.query,
                    variable_values=dict(ready.request.variables),
                    context_value=context,
                    operation_name=ready.request.operation_name,
                )
            await self._audit(ready, context)
            return self._answer(result, context) | await self._bookmarked(ready, result, context)
        except ApiError as error:
            return self.refusal([error], context)
        except LogUnavailable as failure:
            return self.refusal([GraphQLError(str(failure), original_error=failure)], context)
        except TimeoutError:
            message = f"The operation took longer than {self.policy.seconds:g} s: ask for less."
            return self.refusal([ApiError(Code.TIMEOUT, message)], context)
        except Exception as error:  # noqa: BLE001  nothing may leave as a traceback
            log.error("unexpected", request_id=context.request_id, exc_info=error)
            return self.refusal([ApiError(Code.INTERNAL_SERVER_ERROR, "Internal error")], context)

    async def watch(self, ready: Ready, context: Context) -> AsyncGenerator[Answer]:
        """The answers to a subscription, as they are sent; an answer without `data` ends it."""
        account, most = _account(context.caller), self.policy.subscriptions
        if self._watching[account] >= most:
            message = f"A caller watches at most {most:,} subscriptions at once in a process."
            error = ApiError(Code.THROTTLED, message, limit="subscriptions", maximum=most, retryAfter=RETRY_SECONDS)
            yield self.refusal([error], context)
            return
        context.document = ready.document
        source = self._shared if ready.root in FROM_THE_FEED else self._watched
        self._watching[account] += 1
        self.observing.metrics.subscriptions.inc()
        try:
            async with aclosing(source(ready, context)) as answers:
                async for found in answers:
                    yield found
        finally:
            self.observing.metrics.subscriptions.dec()
            self._watching[account] -= 1
            if not self._watching[account]:
                del self._watching[account]

    async def _shared(self, ready: Ready, context: Context) -> AsyncGenerator[Answer]:
        """What is executed once for all who ask for the same and may see the same."""
        same = sameness(ready.request.query, ready.request.operation_name, ready.request.variables, context.caller)

        async def messages() -> AsyncGenerator[Message]:
            async with aclosing(self._results(ready, context)) as results:
                async for result in results:
                    personal, context.personal = context.personal, Counter[str]()
                    yield Message(context.told_after, self._answer(result, context), personal)

        async def recorded(contexts: Sequence[Context], personal: Mapping[str, int]) -> None:
            await self._recorded(ready, contexts, personal)

        try:
            async with aclosing(self.sharing.listen(same, context, messages, recorded)) as answers:
                async for answer in answers:
                    yield answer
        except FellBehind as failure:
            yield self.refusal([fell_behind(failure)], context)

    async def _watched(self, ready: Ready, context: Context) -> AsyncGenerator[Answer]:
        async with aclosing(self._results(ready, context)) as results:
            async for result in results:
                await self._audit(ready, context)
                yield self._answer(result, context)

    async def _results(self, ready: Ready, context: Context) -> AsyncGenerator[ExecutionResult]:
        results = await self._schema.subscribe(
            ready.request.query,
            variable_values=dict(ready.request.variables),
            context_value=context,
            operation_name=ready.request.operation_name,
        )
        try:
            async for result in results:
                yield result
        finally:
            await results.aclose()

    async def answers(self, ready: Ready, context: Context) -> AsyncGenerator[Answer]:
        """Whatever kind of operation it is: its one answer, or all of a subscription's."""
        if ready.kind is not OperationType.SUBSCRIPTION:
            yield await self.run(ready, context)
            return
        try:
            async with aclosing(self.watch(ready, context)) as answers:
                async for found in answers:
                    yield found
        except RenmaiError as failure:
            yield self.refusal([GraphQLError(str(failure), original_error=failure)], context)
        except Exception as error:  # noqa: BLE001  one operation must not end what carries it
            log.error("unexpected", request_id=context.request_id, exc_info=error)
            yield self.refusal([ApiError(Code.INTERNAL_SERVER_ERROR, "Internal error")], context)

    async def _audit(self, ready: Ready, context: Context) -> None:
        """Records what was read of persons, before it is told. LogUnavailable where that cannot be."""
        if context.personal:
            personal, context.personal = context.personal, Counter[str]()
            await self._recorded(ready, [context], personal)

    async def _recorded(self, ready: Ready, contexts: Sequence[Context], personal: Mapping[str, int]) -> None:
        """A line for each who is told."""
        (fields, rows), what, now = counted(personal), ready.name or ready.kind.value, contexts[0].services.now()
        reads = [
            PersonalRead(now, who.name, who.owner, who.view.partner if who.view else None, what, request, fields, rows)
            for who, request in ((context.caller, context.request_id) for context in contexts)
        ]
        await asyncio.to_thread(contexts[0].services.audit.record, *reads)

    def _answer(self, result: ExecutionResult, context: Context) -> dict[str, Any]:
        """A result as it is sent: errors told, `data` left out where the operation never ran."""
        errors = self._told(result.errors or [], context)
        never_ran = result.data is None and all(error.path is None for error in result.errors or [])
        if errors and (never_ran or _nothing_was_reached(result.data, errors)):
            return {"errors": errors}
        return {"data": result.data, "errors": errors} if errors else {"data": result.data}

    def _costs(self, context: Context, requested: int, actual: int | None) -> dict[str, Any]:
        status = self._buckets.status(_account(context.caller), self._seconds())
        cost = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
        return {"extensions": {"cost": cost} | ({"sandbox": True} if context.caller.is_sandbox else {})}

    def _seconds(self) -> float:
        return self._services.now().timestamp()

    def _validate(self, document: DocumentNode) -> list[GraphQLError]:
        errors = validate(core(self._schema), document, specified_rules, max_errors=MOST_ERRORS)
        return [_with_code(error, Code.GRAPHQL_VALIDATION_FAILED) for error in errors[:MOST_ERRORS]]


def _nothing_was_reached(data: Mapping[str, Any] | None, errors: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the graph or the log is away and nothing else is in the answer: then HTTP says so too."""
    if any(value is not None for value in (data or {}).values()):
        return False
    return all(error["extensions"]["code"] == Code.SERVICE_UNAVAILABLE for error in errors)


def _outcome(answer: Mapping[str, Any]) -> str:
    errors = answer.get("errors")
    return errors[0]["extensions"]["code"] if errors else "OK"


def _span_name(ready: Ready) -> str:
    return f"{ready.kind.value} {ready.name}" if ready.name else ready.kind.value


def _account(caller: Caller) -> str:
    """Whose bucket it is: the key's, or else the address's."""
    return caller.key or caller.name


class _Method(ApiError):
    pass


class _Costly(ApiError):
    def __init__(self, exceeded: Exceeded) -> None:
        super().__init__(Code.COST_EXCEEDED, str(exceeded), **_told_limit(exceeded))
        self.cost = exceeded.value


def _check_method(operation: OperationDefinitionNode, kinds: Collection[OperationType]) -> None:
    if operation.operation not in kinds:
        message = f"GET does not run a {operation.operation.value}: send it by POST."
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


def _refusal(exceeded: Exceeded) -> ApiError:
    if exceeded.limit == CYCLE:
        return ApiError(Code.GRAPHQL_VALIDATION_FAILED, str(exceeded))
    return ApiError(Code.COST_EXCEEDED, str(exceeded), **_told_limit(exceeded))


def _told_limit(exceeded: Exceeded) -> dict[str, object]:
    return {"limit": exceeded.limit, "value": exceeded.value, "maximum": exceeded.maximum}


def _with_code(error: GraphQLError, code: Code) -> GraphQLError:
    return GraphQLError(error.message, nodes=error.nodes, extensions={"code": code.value})
