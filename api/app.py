"""The server: settings → an ASGI app with GraphQL, health, readiness and pages. It reads the clock for all below."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from api.access.audit import AuditLog
from api.access.tokens import Tokens
from api.access.virtual_ids import VirtualIds
from api.answers import AnswerStore
from api.auth import Gate, KeyStore
from api.bookmarks import Bookmarks
from api.claims import Claims
from api.compacting import compacting
from api.downloads import Downloads
from api.exports import BackgroundExports
from api.feed import Feed
from api.graphql.context import Services, Verdict
from api.graphql.errors import RETRY_SECONDS, status_of, told
from api.graphql.http import GraphqlEndpoint
from api.graphql.operation import Engine
from api.graphql.schema import make_schema
from api.graphql.socket import GraphqlSocket
from api.observing import Draining, Observing, tracing
from api.observing.page import MetricsPage
from api.observing.request_id import current
from api.observing.requests import IdentifiedRequests
from api.observing.statements import ObservedReader
from api.projecting import Follower
from api.pruning import pruning
from api.recording import Done, GroupedRecorder, Together
from api.refreshing import refreshing
from api.safety import LoopbackNames, SafeHeaders
from api.sandbox import Sandbox, World
from api.score_runs import BackgroundRuns
from api.settings import Settings
from api.webhooks.addresses import PublicOnly
from api.webhooks.audiences import Audiences
from api.webhooks.book import WebhookBook
from api.webhooks.desk import Desk
from api.webhooks.sender import Ended, Sender
from api.webhooks.telling import Teller
from graph.algorithms.chains import Calendar
from graph.errors import RenmaiError
from graph.jobs.advocates import AdvocateChoice
from graph.jobs.drift import ChainDrift
from graph.jobs.project import project
from graph.jobs.referral_economics import ReferralReports
from graph.jobs.score_changes import InfluenceChanges
from graph.log import DeadLetters, EventLog
from graph.queries.overview import projected_version
from graph.queries.reader import Reader
from graph.store import Store, open_store
from loaders.record import Recorder as LogRecorder
from loaders.record import Refusal as LogRefusal
from loaders.record import Request as LogRequest
from loaders.record import Verdict as LogVerdict
from loaders.rejection import RejectReason
from loaders.steps.complete import Defaults

SENDING_SECONDS = 10.0
WEB = Path(__file__).parent / "web"
EXPLORER = WEB / "graphiql.html"


def now() -> datetime:
    """The present instant, for everything that serves."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LogWriter:
    """The loaders' recorder as the API has it."""

    recorder: LogRecorder

    def commit(self, requests: Sequence[Together]) -> list[Done | Exception]:
        """All of them in one commit of the log. LogUnavailable where nothing could be written."""
        found = self.recorder.record_all([self._request(one) for one in requests])
        return [one if isinstance(one, RenmaiError) else list(map(_verdict, one)) for one in found]

    def _request(self, one: Together) -> LogRequest:
        unfit = {place: LogRefusal(RejectReason(why.reason), why.field, why.message)
                 for place, why in one.refused.items()}  # fmt: skip
        return LogRequest(one.events, one.received_at, one.source, unfit, one.since)


def _verdict(one: LogVerdict) -> Verdict:
    return Verdict(one.outcome.value, one.id, one.reason.value if one.reason else None, one.field, one.message)


@dataclass(frozen=True, slots=True)
class Serving:
    """What is open while the app runs."""

    store: Store
    log: EventLog
    follower: Follower
    graphql: GraphqlEndpoint
    socket: GraphqlSocket
    downloads: Downloads
    metrics: MetricsPage
    draining: Draining

    async def wrong(self) -> list[str]:
        """What keeps the app from answering well, in sentences; empty when it is ready."""
        found: list[str] = ["The server is stopping."] if self.draining.has_begun else []
        try:
            await self.store.ping()
        except RenmaiError as failure:
            found.append(str(failure))
        try:
            await asyncio.to_thread(lambda: self.log.version)
        except RenmaiError as failure:
            found.append(str(failure))
        if self.follower.failure and self.follower.failure not in found:
            found.append(f"The graph does not follow the log: {self.follower.failure}")
        return found


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Serving]:
    """Keys and the data behind them, served; RenmaiError says in a line what cannot be opened."""
    async with AsyncExitStack() as stack:
        keys = KeyStore.open(settings.keys_file)
        stack.callback(keys.close)
        observing = Observing()
        stack.enter_context(observing.draining.on_signals())
        if tracing.is_wanted():
            stack.enter_context(tracing.exported())

        def ended(accounts: Collection[str]) -> Collection[str]:
            # Where nobody needs a key, who made a webhook without one may go on.
            without = keys.without_key(accounts, now=now())
            return without - {"anonymous"} if settings.auth == "open" else without

        live = await stack.enter_async_context(_world(settings, observing, ended))
        # Whether its engine answers says nothing of the graph's.
        apart = Observing(observing.metrics, draining=observing.draining)
        sandbox = Sandbox(settings, lambda own: _world(own, apart, ended))
        stack.push_async_callback(sandbox.close)
        policy = settings.policy()
        buckets = settings.buckets()
        stack.push_async_callback(buckets.close)
        schema = make_schema([tracing.ResolverSpans] if tracing.is_wanted() else [])
        engine = Engine(schema, live.services, policy, buckets, observing, lambda: sandbox.world().services)
        issuer = settings.issuer()
        tokens = Tokens(issuer) if issuer else None
        is_open = settings.auth == "open"
        gate = Gate(keys, open_reads=settings.open_reads, is_open=is_open, tokens=tokens, open_sandbox=sandbox.open)
        yield Serving(
            live.store,
            live.log,
            live.follower,
            GraphqlEndpoint(engine, gate, now, EXPLORER),
            GraphqlSocket(engine, gate, now),
            Downloads(live.exports, gate, now, live.services.audit, sandbox.world),
            MetricsPage(observing.metrics, gate, now, partial(_lag, live.log, live.services.reader)),
            observing.draining,
        )


@asynccontextmanager
async def _world(settings: Settings, observing: Observing, ended: Ended) -> AsyncGenerator[World]:
    """Log, store and all that is kept of one data folder, with the projector at work."""
    async with AsyncExitStack() as stack:
        answers = AnswerStore.open(settings.answers_file)
        stack.callback(answers.close)
        events = EventLog.open(settings.log_folder)
        store = await stack.enter_async_context(open_store(settings.store_config()))

        reader = ObservedReader(store, observing, settings.slow_seconds)
        feed = Feed(events, partial(projected_version, reader))

        async def brought_up() -> int:
            done = (await project(events, store)).to_version
            feed.wake()
            return done

        claims = Claims(settings.data / "claims")
        stack.callback(claims.release_all)
        follower = Follower(lambda: events.version, brought_up, partial(claims.take, "projector"))
        if settings.project:
            stack.push_async_callback(_end, asyncio.create_task(follower.run()))
        stack.push_async_callback(_end, asyncio.create_task(feed.run()))
        tidying = claims.when_taken("compaction", lambda: compacting(events))
        stack.push_async_callback(_end, asyncio.create_task(tidying))
        calendar = settings.holidays()
        runs = BackgroundRuns(events, store, settings.scores_folder, now, calendar)
        stack.push_async_callback(runs.close)
        if settings.refresh_minutes:
            stack.push_async_callback(_end, asyncio.create_task(refreshing(runs.refresh, settings.refresh_minutes)))
        ids = VirtualIds(settings.virtual_ids_file).of
        audit = AuditLog.open(settings.audit_file)
        stack.callback(audit.close)
        if settings.audit_days is not None:
            pruned = pruning(audit, timedelta(days=settings.audit_days), now)
            stack.push_async_callback(_end, asyncio.create_task(pruned))
        desk = await _webhooks(stack, settings, events, Audiences(reader, ids), claims, calendar, ended)
        exports = BackgroundExports(store, settings.exports_folder, now, ids, desk.export_ended)
        stack.push_async_callback(exports.close)
        stack.push_async_callback(_end, asyncio.create_task(exports.tell_left_behind()))
        defaults = Defaults(source="api", time_zone=settings.time_zone)
        recorder = LogRecorder(events, DeadLetters.open(settings.rejected_folder), defaults)
        services = Services(
            reader,
            GroupedRecorder(LogWriter(recorder).commit, follower.wake, now),
            runs,
            AdvocateChoice(reader, settings.scores_folder),
            ReferralReports(reader, events, settings.time_zone),
            answers,
            feed,
            exports,
            desk,
            ChainDrift(reader, settings.scores_folder),
            InfluenceChanges(reader, settings.scores_folder),
            ZoneInfo(settings.time_zone),
            now,
            ids,
            audit,
            calendar,
            Bookmarks(lambda: events.version, partial(projected_version, reader)),
        )
        yield World(store, events, follower, exports, services)


async def _webhooks(
    stack: AsyncExitStack,
    settings: Settings,
    events: EventLog,
    audiences: Audiences,
    claims: Claims,
    calendar: Calendar,
    ended: Ended,
) -> Desk:
    """The webhooks of the data folder, told and sent while the app runs."""
    book = WebhookBook.open(settings.webhooks_file)
    stack.callback(book.close)
    inner = httpx2.AsyncHTTPTransport(trust_env=False)
    transport = inner if settings.private_webhooks else PublicOnly(inner)
    client = await stack.enter_async_context(httpx2.AsyncClient(transport=transport, timeout=SENDING_SECONDS))
    sender = Sender(book, client, now, ended, audiences, timedelta(days=settings.webhook_days))
    stack.push_async_callback(_end, asyncio.create_task(sender.run()))
    reader, zone = audiences.store, ZoneInfo(settings.time_zone)
    changes = InfluenceChanges(reader, settings.scores_folder)
    teller = Teller(book, events, reader, changes, audiences, zone, calendar)
    await teller.begin()
    # Of several processes one tells what happened; all of them send what is due.
    telling = claims.when_taken("webhooks", lambda: teller.run(sender.wake, now))
    stack.push_async_callback(_end, asyncio.create_task(telling))
    return Desk(book, sender.wake, now, audiences, private=settings.private_webhooks)


async def _lag(events: EventLog, reader: Reader) -> int:
    """How many versions of the log the graph has not followed."""
    return await asyncio.to_thread(lambda: events.version) - await projected_version(reader)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def create_app(settings: Settings) -> Starlette:
    """The app; nothing is opened before its lifespan starts. What could not be opened stands in `state.failure`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        app.state.failure = None
        try:
            async with opened(settings) as app.state.serving:
                yield
        except RenmaiError as failure:
            app.state.failure = failure
            raise

    async def graphql(request: Request) -> Response:
        if request.method == "OPTIONS":  # of a browser on a site that may not ask, mostly: answered without the graph
            raise HTTPException(405, headers={"Allow": "GET, POST"})
        return await serving(request.app).graphql.answer(request)

    async def download(request: Request) -> Response:
        return await serving(request.app).downloads.answer(request)

    async def metrics(request: Request) -> Response:
        return await serving(request.app).metrics.answer(request)

    async def socket(web_socket: WebSocket) -> None:
        await serving(web_socket.app).socket.serve(web_socket)

    routes: list[BaseRoute] = [
        Route("/graphql", graphql, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
        WebSocketRoute("/graphql", socket),
        Route("/exports/{id}", download),
        Route("/healthz", _health),
        Route("/readyz", _ready),
        Route("/metrics", metrics),
    ]
    if WEB.is_dir():
        routes.append(Route("/", _first_page))
        routes.append(Mount("/web", StaticFiles(directory=WEB)))
    middleware = [
        *([Middleware(tracing.TracedRequests)] if tracing.is_wanted() else []),
        Middleware(IdentifiedRequests),
        Middleware(SafeHeaders),
        *([Middleware(LoopbackNames)] if settings.is_open_on_this_machine else []),
        *_for_other_sites(settings.policy().origins),
    ]
    # Starlette's own type of it names no exception
    handlers: dict[Any, Any] = {HTTPException: _told, RenmaiError: _away, Exception: _broken}
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers, lifespan=lifespan)


def _for_other_sites(origins: Collection[str]) -> list[Middleware]:
    """What lets the pages of these sites ask: browsers inquire first."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "renmai-bookmark", "x-api-key", "x-request-id"],
            expose_headers=["etag", "renmai-bookmark", "retry-after", "x-request-id"],
            max_age=600,
        )
    ]


async def _told(_: Request, wrong: HTTPException) -> Response:
    code = "NOT_FOUND" if wrong.status_code == 404 else "BAD_REQUEST"
    errors = [{"message": wrong.detail, "extensions": {"code": code}}]
    return JSONResponse({"errors": errors}, wrong.status_code, headers=wrong.headers)


async def _away(_: Request, failure: RenmaiError) -> Response:
    """What is met before there is an operation: keys that cannot be read, a sandbox that does not open."""
    error = GraphQLError(str(failure), original_error=failure)
    errors = [told(error, current())]
    return JSONResponse({"errors": errors}, status_of(errors), headers={"Retry-After": str(RETRY_SECONDS)})


async def _broken(_: Request, wrong: Exception) -> Response:
    errors = [told(GraphQLError(str(wrong), original_error=wrong), current())]
    return JSONResponse({"errors": errors}, 500)


def serving(app: Starlette) -> Serving:
    """What is open, once the lifespan has begun."""
    found = app.state.serving
    if not isinstance(found, Serving):
        raise TypeError("the app has not started")
    return found


async def _health(_: Request) -> Response:
    return JSONResponse({"alive": True})


async def _ready(request: Request) -> Response:
    wrong = await serving(request.app).wrong()
    return JSONResponse({"ready": not wrong, "wrong": wrong}, 503 if wrong else 200)


async def _first_page(_: Request) -> Response:
    return FileResponse(WEB / "index.html")
