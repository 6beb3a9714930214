"""What operators see: ids of requests, metrics, spans, slow statements; and never the value of a parameter."""

import re
from pathlib import Path
from typing import Any

import pytest
import structlog
from api_fakes import NOON, RecordingReader
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.auth import Gate, KeyStore
from api.graphql.context import Scope
from api.observing import Metrics, Observing, tracing
from api.observing.metrics import MOST_NAMES, OTHER
from api.observing.page import MetricsPage
from api.observing.request_id import current
from api.observing.requests import IdentifiedRequests
from api.observing.statements import ObservedReader
from api.observing.summary import summary_of
from graph.queries import customer, order
from graph.queries.statements import samples


def test_the_name_of_a_statement_tells_what_it_reads():
    assert summary_of(customer.BY_KEYS.text) == "READ Customer"
    assert summary_of(order.BUYERS.text) == "READ Order PLACED Customer"


def test_names_of_statements_are_few_and_hold_no_values():
    names = {summary_of(sample.statement.text) for sample in samples()}

    assert 10 < len(names) < 100
    assert all(re.fullmatch(r"READ( [A-Za-z_]+)*", name) for name in names), names


def test_only_so_many_names_of_operations_are_labels():
    metrics = Metrics()
    for number in range(MOST_NAMES + 50):
        metrics.operation(f"Q{number}", "query", "OK", 0.01)
    metrics.operation(None, "mutation", "THROTTLED", 0.01)

    told = metrics.exposition().decode()

    assert len(re.findall(r"^renmai_operations_total\{", told, re.M)) == MOST_NAMES + 2
    assert f'renmai_operations_total{{kind="query",operation="{OTHER}",outcome="OK"}} 50.0' in told
    assert 'operation="anonymous",outcome="THROTTLED"} 1.0' in told


def test_operations_are_counted_by_name_and_outcome(api: Any):
    api.ask('query Ann { customer(key: "ann") { key } }')
    api.ask("query Ann { customers(first: 1000) { nodes { key } } }")

    told = api.observing.metrics.exposition().decode()

    assert 'renmai_operations_total{kind="query",operation="Ann",outcome="OK"} 1.0' in told
    assert 'renmai_operations_total{kind="query",operation="Ann",outcome="BAD_USER_INPUT"} 1.0' in told


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1.2_3", True), ("", False), ("x" * 129, False), ("a b", False), ("a\tb", False)]
)
def test_an_id_of_a_request_is_kept_where_it_is_fit_for_a_log(given: str, kept: bool):
    app = IdentifiedRequests(Starlette(routes=[Route("/", lambda _: PlainTextResponse(current()))]))

    answer = TestClient(app).get("/", headers={"X-Request-Id": given})

    assert answer.headers["x-request-id"] == answer.text
    assert (answer.text == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.text)


class Slow(RecordingReader):
    engine = "neo4j"

    async def read(self, statement: Any, parameters: Any = None, *, timeout_seconds: float = 0) -> Any:
        await super().read(statement, parameters)
        return [{"key": "ann"}]


async def test_a_slow_statement_is_told_without_its_values():
    ticks = iter([0, 1, 3.5, 3.5])
    with structlog.testing.capture_logs() as logs:
        await ObservedReader(Slow(), slow_seconds=2, clock=lambda: next(ticks)).read(
            customer.BY_KEYS, {"keys": ["秘密"]}
        )

    [told] = logs
    assert (told["event"], told["statement"], told["rows"], told["seconds"]) == (
        "slow statement",
        "READ Customer",
        1,
        2.5,
    )
    assert "秘密" not in str(logs)


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)  # once in a process: the library takes no other afterwards
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    exporter.clear()
    return exporter


async def test_a_statement_is_a_span_with_its_text_and_none_of_its_values(spans: InMemorySpanExporter):
    await ObservedReader(Slow()).read(customer.BY_KEYS, {"keys": ["秘密"]})

    [span] = spans.get_finished_spans()
    assert span.name == "READ Customer"
    assert span.attributes is not None
    assert span.attributes["db.query.text"] == customer.BY_KEYS.text
    assert (span.attributes["db.system.name"], span.attributes["db.response.returned_rows"]) == ("neo4j", 1)
    assert "秘密" not in str(span.to_json())


def test_an_operation_is_a_span_named_by_its_kind_and_name(api: Any, spans: InMemorySpanExporter):
    api.ask("query Ann($key: String!) { customer(key: $key) { key } }", key="秘密")

    [span] = spans.get_finished_spans()
    assert span.name == "query Ann"
    assert span.attributes == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Ann",
        "renmai.outcome": "OK",
    }


def test_a_request_goes_on_with_the_trace_of_who_sent_it(spans: InMemorySpanExporter):
    app = tracing.TracedRequests(Starlette(routes=[Route("/graphql", lambda _: PlainTextResponse("", 503))]))
    trace_id = "0af7651916cd43dd8448eb211c80319c"

    TestClient(app).get("/graphql", headers={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"})

    [span] = spans.get_finished_spans()
    assert (span.name, f"{span.context.trace_id:032x}") == ("GET /graphql", trace_id)
    assert span.attributes is not None
    assert span.attributes["http.response.status_code"] == 503
    assert not span.status.is_ok


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("write", 401), ("read", 200)])
def test_metrics_are_told_to_a_key_that_may_read(tmp_path: Path, key: str | None, status: int):
    keys = KeyStore.open(tmp_path / "keys.sqlite")
    scopes = {"read": Scope.READ, "write": Scope.WRITE}
    secrets = {name: keys.create_key(name, [scope], now=NOON, expires_at=None) for name, scope in scopes.items()}

    async def lag() -> int:
        return 7

    page = MetricsPage(Observing().metrics, Gate(keys), lambda: NOON, lag)
    app = Starlette(routes=[Route("/metrics", page.answer)])
    answer = TestClient(app).get("/metrics", headers={"X-API-Key": secrets[key]} if key else {})
    keys.close()

    assert answer.status_code == status
    assert ("renmai_projection_lag_versions 7.0" in answer.text) is (status == 200)
