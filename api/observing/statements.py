"""Reading the graph under observation: a time-out, a span, a measurement, a word in the log where it was slow.

Names of statements and numbers of rows are told; values of parameters never are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Protocol

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from api.observing import Observing
from api.observing.request_id import current
from api.observing.summary import summary_of
from graph.errors import RenmaiError, StoreUnavailable
from graph.queries.reader import Walker
from graph.store import Statement
from graph.store.statement import Walk

log = structlog.get_logger("renmai.statements")
tracer = trace.get_tracer("renmai")

STATEMENT_SECONDS = 10.0


class Graph(Protocol):
    """What is observed: the store."""

    engine: Any  # a literal of the store's own

    async def read(
        self,
        statement: Statement,
        parameters: Mapping[str, object] | None = None,
        *,
        timeout_seconds: float = ...,
    ) -> list[dict[str, Any]]:
        """All rows of a statement."""
        ...


@dataclass(frozen=True, slots=True)
class ObservedReader:
    """The store as the API reads it; StoreAway while the breaker is open, QueryRefused after ten seconds."""

    store: Graph
    observing: Observing = field(default_factory=Observing)
    slow_seconds: float = 1.0
    clock: Callable[[], float] = monotonic

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """All rows."""
        self.observing.breaker.enter(self.clock())
        summary = summary_of(statement.text)
        with tracer.start_as_current_span(summary, kind=SpanKind.CLIENT) as span:
            started = self.clock()
            try:
                rows = await self.store.read(statement, parameters, timeout_seconds=STATEMENT_SECONDS)
            except RenmaiError as failure:
                self._failed(failure)
                raise
            except BaseException:
                self.observing.breaker.gave_up()
                raise
            seconds = self.clock() - started
            if span.is_recording():
                span.set_attributes(self._described(statement, summary, len(rows)))
        self.observing.breaker.succeeded()
        self.observing.metrics.store_away.set(0)
        self.observing.metrics.statement(summary, seconds)
        if seconds >= self.slow_seconds:
            took = {"seconds": round(seconds, 3), "rows": len(rows)}
            log.warning("slow statement", statement=summary, **took, text=statement.text, request_id=current())
        return rows

    async def edge(self, walk: Walk) -> object:
        """Where to look for a page; a store that cannot say so is seen to by the read that follows."""
        return await self.store.edge(walk) if isinstance(self.store, Walker) else None

    def _failed(self, failure: RenmaiError) -> None:
        self.observing.metrics.statement_failed(type(failure).__name__)
        if isinstance(failure, StoreUnavailable):
            self.observing.breaker.failed(self.clock())
            self.observing.metrics.store_away.set(int(self.observing.breaker.is_open))
        else:
            self.observing.breaker.succeeded()

    def _described(self, statement: Statement, summary: str, rows: int) -> dict[str, str | int]:
        """https://opentelemetry.io/docs/specs/semconv/database/database-spans/."""
        system = "neo4j" if self.store.engine == "neo4j" else "arcadedb"
        return {
            "db.system.name": system,
            "db.operation.name": "READ",
            "db.query.summary": summary,
            "db.query.text": statement.text,
            "db.response.returned_rows": rows,
        }
