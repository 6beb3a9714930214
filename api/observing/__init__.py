"""What operators see of a server: metrics, traces, logs with a request's id, and whether the graph answers."""

from dataclasses import dataclass, field

from api.observing.breaker import Breaker
from api.observing.draining import Draining
from api.observing.metrics import Metrics

__all__ = ["Breaker", "Draining", "Metrics", "Observing"]


@dataclass(frozen=True, slots=True)
class Observing:
    """One for an app: what is measured, whether the graph is away, whether the end has begun."""

    metrics: Metrics = field(default_factory=Metrics)
    breaker: Breaker = field(default_factory=Breaker)
    draining: Draining = field(default_factory=Draining)
