"""Metrics for Prometheus: operations, statements, refusals, subscriptions, how far the graph follows.

The number of series is bounded: an operation's name is a label for the first hundred names alone. With several worker
processes (`PROMETHEUS_MULTIPROC_DIR`) each scrape adds all of them up.
"""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

MOST_NAMES = 100
OTHER = "other"
ANONYMOUS = "anonymous"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The metrics of one app."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._names: set[str] = set()
        self._operations = Counter(
            "renmai_operations",
            "Operations that ended, by name, kind and outcome (OK or the code of the first error).",
            ["operation", "kind", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "renmai_operation_seconds",
            "Seconds from admission to answer.",
            ["operation"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._statements = Histogram(
            "renmai_statement_seconds",
            "Seconds of a statement in the graph.",
            ["statement"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "renmai_statement_failures", "Statements that failed, by why.", ["reason"], registry=registry
        )
        self.throttled = Counter("renmai_throttled", "Operations that a bucket refused.", registry=registry)
        self.subscriptions = Gauge(
            "renmai_subscriptions",
            "Subscriptions that are open.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.sockets = Gauge(
            "renmai_sockets", "Web sockets that are open.", registry=registry, multiprocess_mode="livesum"
        )
        self.store_away = Gauge(
            "renmai_store_away",
            "1 while the circuit breaker keeps statements from the graph.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.lag = Gauge(
            "renmai_projection_lag_versions",
            "Versions of the log that the graph has not followed yet.",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )

    def operation(self, name: str | None, kind: str, outcome: str, seconds: float) -> None:
        """An operation ended."""
        shown = self._shown(name)
        self._operations.labels(shown, kind, outcome).inc()
        self._seconds.labels(shown).observe(seconds)

    def statement(self, summary: str, seconds: float) -> None:
        """A statement was answered."""
        self._statements.labels(summary).observe(seconds)

    def statement_failed(self, reason: str) -> None:
        """A statement failed; `reason` is the name of its failure."""
        self._failures.labels(reason).inc()

    def exposition(self) -> bytes:
        """Everything, as Prometheus reads it."""
        if MULTIPROCESS not in os.environ:
            return generate_latest(self._registry)
        everything = CollectorRegistry()
        MultiProcessCollector(everything)
        return generate_latest(everything)

    def _shown(self, name: str | None) -> str:
        if name is None:
            return ANONYMOUS
        if name in self._names or len(self._names) < MOST_NAMES:
            self._names.add(name)
            return name
        return OTHER
