"""Traces by OpenTelemetry: request, operation, resolver, statement. Without the extra `telemetry` they cost nothing.

Set `OTEL_EXPORTER_OTLP_ENDPOINT` (and whatever else OpenTelemetry's own variables say) to send them.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any

from graphql import GraphQLResolveInfo
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from strawberry.extensions import SchemaExtension

from graph.errors import BadInput

tracer = trace.get_tracer("renmai")
_SERVER_ERROR = 500


def is_wanted() -> bool:
    """Whether the environment says where traces go."""
    return any(os.environ.get(name) for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))


@contextmanager
def exported() -> Generator[None]:
    """Sends traces where the environment says, and what is left of them at the end."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise BadInput("OTEL_EXPORTER_OTLP_ENDPOINT needs `pip install renmai[telemetry]`.") from error
    os.environ.setdefault("OTEL_SERVICE_NAME", "renmai")
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


class TracedRequests:
    """A span for every HTTP request; the trace of a caller that names one (`traceparent`) goes on."""

    def __init__(self, app: ASGIApp) -> None:
        """`app` is what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; web sockets pass as they are: their operations have spans of their own."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        came = extract({name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]})
        name = f"{scope['method']} {scope['path'] if scope['path'] == '/graphql' else 'other'}"
        with tracer.start_as_current_span(name, came, SpanKind.SERVER) as span:
            span.set_attributes({"http.request.method": scope["method"], "url.path": scope["path"]})

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= _SERVER_ERROR:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            await self._app(scope, receive, told)


class ResolverSpans(SchemaExtension):
    """A span for every resolver that waits for something; plain attributes have none."""

    async def resolve(
        self, _next: Callable[..., Any], root: Any, info: GraphQLResolveInfo[Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Runs the resolver; its arguments may hold personal data and are not told."""
        with tracer.start_as_current_span(f"{info.parent_type.name}.{info.field_name}") as span:
            span.set_attribute("graphql.field.path", ".".join(map(str, info.path.as_list())))
            found: Any = _next(root, info, *args, **kwargs)
            return await found if isawaitable(found) else found
