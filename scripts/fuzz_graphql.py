"""Fuzzes a served Renmai that is full of data with operations that schemathesis draws out of the schema.

    python -m scripts.fuzz_graphql --operations 5000 --store embedded
    python -m scripts.fuzz_graphql --operations 5000 --store neo4j --development

A generated world is loaded and scored, `renmai serve` runs on it in production mode (unless told otherwise), and every
answer must come within 40 seconds, be below 500, carry a code for each error, and tell nothing of how we work. Half of
the operations fit the schema, half do not; the last tenth comes from somebody without a key. With `--store neo4j` a
server of scripts/neo4j_server.py is started. Prints what came of it; ends with 1 where anything was wrong.
"""

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import httpx2

from api.auth import KeyStore
from api.cli.sandbox import fill
from api.graphql.context import Scope
from api.settings import Settings
from loaders.world import WorldRequest
from tests.command_line import served
from tests.schemathesis_cases import Tally, fuzz

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 40.0


def main() -> int:
    """Fuzzes as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=5_000)
    parser.add_argument("--store", choices=("embedded", "neo4j"), default="embedded")
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="renmai-fuzz-") as folder, _graph(asked.store, Path(folder)) as environment:
        tally = _fuzzed(asked, Path(folder) / "data", environment)
    print(json.dumps({"operations": tally.sent, "with data": tally.ran, "slowest s": round(tally.slowest, 3),
                      "codes": tally.codes, "faults": len(tally.faults)}, indent=1))  # fmt: skip
    for fault in tally.faults[:20]:
        print(f"--- {fault}", file=sys.stderr)
    return 1 if tally.faults else 0


def _fuzzed(asked: argparse.Namespace, data: Path, environment: dict[str, str]) -> Tally:
    now = datetime.now(UTC)
    settings = Settings(_env_file=None, RENMAI_DATA=data, **environment)
    data.mkdir(parents=True)
    asyncio.run(fill(settings, WorldRequest(200, 30, start=now.date() - timedelta(days=30), truth_runs=1), now))
    keys = KeyStore.open(settings.keys_file)
    secret = keys.create_key("stranger", list(Scope), now=now, expires_at=None)
    keys.close()
    mode = {} if asked.development else {"RENMAI_PRODUCTION": "true"}
    tally, started = Tally(), monotonic()
    with served(data, "--open-reads", **mode, **environment) as address:
        for share, headers in ((0.9, {"Authorization": f"Bearer {secret}"}), (0.1, {})):
            takes = {"Accept": "application/graphql-response+json", **headers}
            with httpx2.Client(base_url=address, headers=takes, timeout=PATIENCE_SECONDS) as client:

                def send(text: str, client: httpx2.Client = client) -> httpx2.Response:
                    return client.post("/graphql", json={"query": text})

                fuzz(round(share * asked.operations), asked.seed, send, tally)
        ready = httpx2.get(f"{address}/readyz", timeout=PATIENCE_SECONDS)
        if ready.status_code != 200:
            tally.faults.append(f"not ready behind it: {ready.text}")
    print(f"{asked.store}, {'development' if asked.development else 'production'}: {monotonic() - started:.0f} s")
    return tally


@contextmanager
def _graph(store: str, folder: Path) -> Generator[dict[str, str]]:
    """The settings that lead to the store."""
    if store == "embedded":
        yield {}
        return
    password, script = secrets.token_urlsafe(12), [sys.executable, str(ROOT / "scripts" / "neo4j_server.py")]
    home, given = ["--home", str(folder / "neo4j")], {**os.environ, "NEO4J_PASSWORD": password}
    start = [*script, "start", *home, "--port", "0", "--quick"]
    uri = subprocess.run(start, env=given, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield {"NEO4J_URI": uri, "NEO4J_USER": "neo4j", "NEO4J_PASSWORD": password}
    finally:
        subprocess.run([*script, "stop", *home], env=given, check=True, capture_output=True)


if __name__ == "__main__":
    raise SystemExit(main())
