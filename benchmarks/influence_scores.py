"""How long a partner waits for 1,000 influence scores over GraphQL, beside the bare statement, on a warm store.

Run: python benchmarks/influence_scores.py [--store embedded|neo4j] [--customers 100000] [--requests 300]

`neo4j` starts the server of scripts/neo4j_server.py in a folder of its own. The graph holds as many customers, each
with a score of one run; `renmai serve` answers in a process of its own over HTTP on one kept connection. Each request
asks for 1,000 customers drawn anew. `store` is the same statement with the same keys read here through the store's own
driver, `rows` the plain statement that answers a record a score. Prints one JSON object; times are wall milliseconds,
so that a busy machine shows.
"""

import argparse
import asyncio
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import numpy as np
import polars as pl

from graph.jobs.project import prepare
from graph.jobs.publish import write_rows
from graph.jobs.score_rows import influence_rows
from graph.model.customer import CUSTOMER
from graph.model.score import INFLUENCE_FIGURES
from graph.model.statements import upsert_node
from graph.queries.influence import BY_CUSTOMERS
from graph.queries.score_run import UPSERT_INFLUENCE, RunKind, ScoreRunRow, begin, publish
from graph.store import Store, StoreConfig, open_store
from graph.store.statement import cypher, generated

ROOT = Path(__file__).parents[1]
KEYS = 1_000
RUN = "influence-20260601T120000-bench0"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FIGURES_ASKED = "spread { value low high confidence } revenue { value low high } creditedRevenue rank percentile"
RUN_ASKED = "run { id algorithm algorithmVersion seed logVersion asOf }"
QUERIES = {
    "scores": f"customerKey {FIGURES_ASKED}",
    "scores and run": f"customerKey {FIGURES_ASKED} {RUN_ASKED}",
    "scores, run, customer": f"customer {{ key }} {FIGURES_ASKED} {RUN_ASKED}",
}
ASKED: tuple[LiteralString, ...] = ("run_id", "customer_id", *INFLUENCE_FIGURES)
PACKED = BY_CUSTOMERS.only(frozenset({"run_id", "customer_id", "figures"}))
ROWS = cypher(
    "WITH $run AS run UNWIND $keys AS key WITH run + '|' + key AS score_id"
    f" MATCH (s:InfluenceScore {{score_id: score_id}}) RETURN {', '.join([f's.{name} AS {name}' for name in ASKED])}"
)


async def fill(store: Store, customers: int) -> None:
    """Customers, and a score of each by one current run."""
    await prepare(store)
    numbers = np.random.default_rng(7)
    keys = [f"c{number:07d}" for number in range(customers)]
    names = [wanted.name for wanted in CUSTOMER.all_properties()]
    people = [dict.fromkeys(names) | {"customer_id": key, "city": "杭州", "consent_sharing": True} for key in keys]
    await write_rows(store, generated(upsert_node(CUSTOMER)), people, lambda _: None)
    run = ScoreRunRow(RUN, RunKind.INFLUENCE, "*", "cascade-influence", 2, "local", "{}", 0, 1, NOW, as_of=NOW)
    await store.write(*begin(run))
    spread = np.sort(numbers.exponential(1.0, customers))[::-1]
    paths = json.dumps([{"customers": keys[place : place + 4], "probability": 0.1} for place in range(5)])
    columns = {
        "customer_id": keys,
        **{name: spread * factor for name, factor in zip(FIGURES, (1.0, 0.8, 1.3, 20.0, 16.0, 26.0), strict=True)},
        **{name: numbers.integers(0, 10**6, customers) for name in COUNTS},
        "rank": np.arange(1, customers + 1),
        "percentile": np.linspace(100, 0, customers),
        "paths": [paths] * customers,
    }
    await write_rows(store, UPSERT_INFLUENCE, influence_rows(pl.DataFrame(columns), RUN), lambda _: None)
    await store.write(*publish(run))


FIGURES = ("spread", "spread_low", "spread_high", "revenue", "revenue_low", "revenue_high")
COUNTS = ("credited_direct_cents", "credited_downstream_cents", "direct_referrals", "downstream")


def draws(customers: int, requests: int) -> Iterator[list[str]]:
    """The keys of each request, the same for every subject."""
    numbers = np.random.default_rng(11)
    for _ in range(requests):
        yield [f"c{number:07d}" for number in numbers.choice(customers, KEYS, replace=False).tolist()]


async def bare(store: Store, customers: int, requests: int) -> dict[str, list[float]]:
    """Milliseconds of the statement as the API asks it, and as plain rows."""
    taken: dict[str, list[float]] = {"store": [], "rows": []}
    for keys in draws(customers, requests):
        for name, statement, more in (("store", PACKED, {}), ("rows", ROWS, {"run": RUN})):
            start = time.perf_counter()
            found = await store.read(statement, {"keys": keys, **more})
            taken[name].append((time.perf_counter() - start) * 1e3)
            assert len(found) == KEYS, len(found)
    return taken


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[int]:
    """`renmai serve` on a free port, open to all."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    renmai = Path(sys.executable).with_name("renmai")
    process = subprocess.Popen(
        [renmai, "serve", "--port", str(port), "--no-project"],
        env=environment
        | {"RENMAI_AUTH": "open", "RENMAI_BUDGET": "1000000000", "RENMAI_BUDGET_PER_SECOND": "1000000000"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


def asked(port: int, fields: str, customers: int, requests: int) -> list[float]:
    """Milliseconds of every request, from the first byte sent to the last one read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    query = f"query($keys: [String!]!) {{ influenceScores(customerKeys: $keys) {{ {fields} }} }}"
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    taken: list[float] = []
    for keys in draws(customers, requests):
        body = json.dumps({"query": query, "variables": {"keys": keys}})
        start = time.perf_counter()
        connection.request("POST", "/graphql", body, headers)
        answer = connection.getresponse().read()
        taken.append((time.perf_counter() - start) * 1e3)
        told = json.loads(answer)
        assert "errors" not in told, told["errors"]
        assert [one is None for one in told["data"]["influenceScores"]] == [False] * KEYS
    return taken


def summed(taken: list[float]) -> dict[str, float]:
    """Median, 99th percentile and fastest; the first tenth, which warms up, is left out."""
    kept = np.asarray(taken[len(taken) // 10 :])
    return {name: round(float(np.percentile(kept, part)), 1) for name, part in (("p50", 50), ("p99", 99), ("min", 0))}


def environment_of(data: Path, config: StoreConfig) -> dict[str, str]:
    """The settings that lead the server to this store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "RENMAI_"))}
    server = {"NEO4J_URI": config.uri, "NEO4J_USER": config.user, "NEO4J_PASSWORD": config.password}
    return kept | {"RENMAI_DATA": str(data)} | {name: str(value) for name, value in server.items() if config.uri}


def measured(data: Path, config: StoreConfig, customers: int, requests: int) -> dict[str, object]:
    """Fills, asks bare, serves, asks over HTTP."""

    async def filled() -> dict[str, list[float]]:
        async with open_store(config) as store:
            await fill(store, customers)
            return await bare(store, customers, requests)

    found = {name: summed(taken) for name, taken in asyncio.run(filled()).items()}
    with serving(environment_of(data, config)) as port:
        for name, fields in QUERIES.items():
            found[name] = summed(asked(port, fields, customers, requests))
    ratio = {f"{name} over {other}": round(found[name]["p50"] / found[other]["p50"], 2)
             for name in QUERIES for other in ("store", "rows")}  # fmt: skip
    return {"customers": customers, "requests": requests, "milliseconds": found, "ratio_of_medians": ratio}


def main() -> None:
    """Measure one store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=("embedded", "neo4j"), default="embedded")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if given.store == "embedded":
            found = measured(data, StoreConfig(data), given.customers, given.requests)
        else:
            password = secrets.token_urlsafe(12)
            script = [sys.executable, str(ROOT / "scripts" / "neo4j_server.py")]
            home = ["--home", str(Path(folder) / "neo4j")]
            started = subprocess.run(
                [*script, "start", *home, "--port", "0"],
                env=os.environ | {"NEO4J_PASSWORD": password}, capture_output=True, text=True, check=True,
            )  # fmt: skip
            try:
                config = StoreConfig(data, started.stdout.strip(), "neo4j", password)
                found = measured(data, config, given.customers, given.requests)
            finally:
                subprocess.run([*script, "stop", *home], check=True)
    print(json.dumps({"store": given.store, **found}, indent=2))


if __name__ == "__main__":
    main()
