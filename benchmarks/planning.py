"""How long a fresh Neo4j takes to make ready, and to plan each of our statements for the first time.

Run: python benchmarks/planning.py [--worst 10] [--match TEXT] [--times 1] [--quick]; prints one JSON object of
milliseconds. A server of scripts/neo4j_server.py is started for each of `--times`, prepared as the program prepares
one, and asked to EXPLAIN the sample of every statement once, in the order of their names' hashes; the median counts.
A planner that has planned nothing yet is far slower: `first ms` is the very first statement, and thirty are planned and
forgotten before the others. Measure on an idle machine.
"""

import argparse
import asyncio
import hashlib
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graph.jobs.project import prepare
from graph.queries.statements import Sample, samples
from graph.store import StoreConfig, open_store
from graph.store.statement import cypher, generated

WARM = 30
SCRIPT = Path(__file__).parents[1] / "scripts" / "neo4j_server.py"


def server(command: str, home: Path, password: str, *options: str) -> str:
    """What the script prints."""
    given = {**os.environ, "NEO4J_PASSWORD": password}
    asked = [sys.executable, str(SCRIPT), command, "--home", str(home), *options]
    return subprocess.run(asked, env=given, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True, slots=True)
class Round:
    """One server's milliseconds: making ready, the very first statement, and each of the others."""

    ready: float
    first: float
    took: Mapping[str, float]


async def measured(config: StoreConfig, wanted: list[Sample], every: list[Sample]) -> Round:
    """The figures of a server that has done nothing yet."""
    async with open_store(config) as store:
        await store.ping()

        async def took(sample: Sample) -> float:
            started = time.perf_counter()
            explained = generated(f"EXPLAIN {sample.statement.text}")
            await store.read(explained, sample.parameters, timeout_seconds=120)
            return (time.perf_counter() - started) * 1_000

        started = time.perf_counter()
        await prepare(store)
        ready = (time.perf_counter() - started) * 1_000
        first = await took(every[0])
        for sample in every[-WARM:]:
            await took(sample)
        await store.read(cypher("CALL db.clearQueryCaches()"))
        return Round(ready, first, {sample.name: await took(sample) for sample in wanted})


def once(wanted: list[Sample], every: list[Sample], options: list[str]) -> Round:
    """One server's figures."""
    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory(prefix="renmai-planning-") as folder:
        home = Path(folder) / "neo4j"
        uri = server("start", home, password, "--port", "0", *options)
        try:
            return asyncio.run(measured(StoreConfig(Path(folder), uri, "neo4j", password), wanted, every))
        finally:
            server("stop", home, password)


def main() -> None:
    """Measures as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worst", type=int, default=10)
    parser.add_argument("--match", default="", help="only statements whose names hold this text")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="the server starts as it does for tests")
    given = parser.parse_args()
    texts = {one.statement.text: one for one in samples()}
    every = sorted(texts.values(), key=lambda one: hashlib.sha256(one.name.encode()).digest())
    wanted = [one for one in every if given.match in one.name]
    rounds = [once(wanted, every, ["--quick"] if given.quick else []) for _ in range(given.times)]
    took = {one.name: statistics.median(round_.took[one.name] for round_ in rounds) for one in wanted}
    worst = sorted(took.items(), key=lambda one: -one[1])[: given.worst]
    print(json.dumps({
        "statements": len(wanted),
        "prepare ms": round(statistics.median(one.ready for one in rounds)),
        "first ms": round(statistics.median(one.first for one in rounds)),
        "all planned ms": round(sum(took.values())),
        "median ms": round(statistics.median(took.values()), 1),
        "worst ms": {name: round(one) for name, one in worst},
    }, indent=1, ensure_ascii=False))  # fmt: skip


if __name__ == "__main__":
    main()
