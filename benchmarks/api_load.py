"""Many subscriptions and a steady rate of requests on one served Renmai: is anything lost, late, or left behind?

Run: python benchmarks/api_load.py [--store embedded|neo4j] [--minutes 1] [--subscriptions 1000] [--rate 200]
[--writes 10] [--workers 1] [--customers 500] [--save FILE]; prints one JSON object, and exits with 1 where a message
was lost, came twice or out of order, or anything failed.

Of the subscriptions, each on a connection of its own, 45 % are `customerChanged` of one customer each, 40 %
`eventRecorded` of one kind, 10 % `chainStepReached`, and 5 % `eventRecorded` as server-sent events. Of the requests,
`--writes` a second are `recordEvents` of two events (every fifth a purchase that opens a chain), the others read: a
customer with orders, a filtered list, open chains. Requests go out on time whether or not others were answered;
latency counts from when a request was due. What is recorded before everybody listens is not counted. Server, store and
client share the machine: the CPU seconds of each say who is in whose way.
"""

import argparse
import asyncio
import json
import math
import random
import secrets
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import psutil
from open_chains_latency import quantiles
from serving import Asker, Served, askers, opening, other, served, socket_messages, stream_messages

RECORD = """mutation($events: [EventInput!]!) { recordEvents(input: {events: $events}) { __typename
  ... on RecordEventsPayload { accepted } } }"""
CUSTOMERS = "query { customers(first: 100) { nodes { key } } }"
ONE = "query One($key: String!) { customer(key: $key) { key name orders(first: 5) { nodes { key at amount } } } }"
LIST = "query List { customers(first: 20, where: {orderCount: {gte: 2}}, orderBy: {field: REVENUE}) { nodes { key } } }"
CHAINS = "query Chains($key: String!) { openChains(customerKey: $key) { orderKey windowStart probability } }"
READS = {"one customer": ONE, "a list": LIST, "open chains": CHAINS}
CHANGED = "subscription($keys: [String!]!) { customerChanged(keys: $keys) { key events logVersion kinds } }"
RECORDED = """subscription($kinds: [EventKind!]) { eventRecorded(kinds: $kinds) {
  eventId kind at logVersion customerKey } }"""
STEPS = "subscription { chainStepReached { customerKey logVersion openChain { orderKey chain { id } } } }"
KINDS = ("LOGIN", "VISIT", "FAVOURITE")
CONNECTIONS = 64
SETTLED_SECONDS = 30


@dataclass(eq=False)
class Listener:
    """One subscription, and everything that it was told."""

    name: str
    query: str
    variables: dict[str, Any]
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    failure: str | None = None

    async def run(self, served: Served) -> None:
        way = stream_messages if self.name == "stream" else socket_messages
        try:
            async for message in way(served, self.query, self.variables):
                self.told.append(read(message))
        except (ConnectionError, KeyError, asyncio.IncompleteReadError) as error:
            self.failure = repr(error)


@lru_cache(maxsize=10_000)
def read(message: bytes) -> dict[str, Any]:
    """What a message tells; all who are told the same hold it once."""
    told = msgspec.json.decode(message)
    return next(iter(told.get("payload", told)["data"].values()))


@dataclass
class Recorded:
    """What was recorded and answered for, after everybody listened."""

    ids: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set[str]))
    """By kind."""
    of_customer: Counter[str] = field(default_factory=Counter[str])
    opened: set[str] = field(default_factory=set[str])


class Traffic:
    """Requests at a steady rate, from connections that are kept."""

    def __init__(self, free: asyncio.Queue[Asker], keys: list[str]) -> None:
        self._free, self._keys = free, keys
        self._random, self._numbers, self._name = random.Random(2026), 0, secrets.token_hex(3)
        self.recorded = Recorded()
        self.counts = False
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.failures: Counter[str] = Counter()

    async def run(self, seconds: float, rate: int, writes: float) -> None:
        begun, asked = time.perf_counter(), []
        for number in range(int(seconds * rate)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            is_write = int((number + 1) * writes / rate) > int(number * writes / rate)
            asked.append(asyncio.create_task(self._write(due) if is_write else self._read(due, number)))
        await asyncio.gather(*asked)

    async def _read(self, due: float, number: int) -> None:
        name = list(READS)[number % len(READS)]
        await self._ask(name, due, READS[name], {"key": self._random.choice(self._keys)})

    async def _write(self, due: float) -> None:
        events = self._events()
        answer = await self._ask("recordEvents", due, RECORD, {"events": events})
        if answer and answer["recordEvents"].get("accepted") != len(events):
            self.failures[json.dumps(answer)[:200]] += 1
        elif answer and self.counts:
            for event in events:
                self.recorded.ids[event["kind"]].add(event["id"])
                self.recorded.of_customer[event["customer"]] += 1
                if event["kind"] == "PURCHASE":
                    self.recorded.opened.add(event["order"])

    def _events(self) -> list[dict[str, Any]]:
        self._numbers += 1
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        own = {"at": at, "customer": self._random.choice(self._keys)}
        kinds = self._random.sample(KINDS, 2)
        events = [{**own, "id": f"{self._name}-{self._numbers}-{kind}", **other(kind)} for kind in kinds]
        if self._numbers % 5 == 0:
            events[1] = opening(f"buyer-{self._numbers}", f"{self._name}-order-{self._numbers}")
        return events

    async def _ask(self, name: str, due: float, query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        asker = await self._free.get()
        try:
            answer = await asker.ask(query, variables)
            if "errors" in answer:
                raise RuntimeError(json.dumps(answer["errors"])[:300])
        except (RuntimeError, OSError, asyncio.IncompleteReadError) as error:
            self.failures[str(error)[:300]] += 1
            return None
        finally:
            self._free.put_nowait(asker)
        if self.counts:
            self.seconds[name].append(time.perf_counter() - due)
        return answer["data"]


class Watch:
    """Resident memory of the server and of its store once a second, and the CPU seconds of both and of this client."""

    def __init__(self, served: Served) -> None:
        root = psutil.Process(served.pid)
        family = [root, *root.children(recursive=True)]
        engines = [one for one in family if any(word.endswith("embedded_server.py") for word in one.cmdline())]
        stores = [psutil.Process(served.store_pid)] if served.store_pid else engines
        self._processes = {
            "the server": [one for one in family if one not in engines],
            "the store": stores,
            "this client": [psutil.Process()],
        }
        self.samples: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._begun, self._cpu = time.perf_counter(), self._used()

    async def run(self) -> None:
        while True:
            for name, processes in self._processes.items():
                size = sum(one.memory_info().rss for one in processes) / 2**20
                self.samples[name].append((time.perf_counter() - self._begun, size))
            await asyncio.sleep(1)

    def _used(self) -> dict[str, float]:
        used = {name: sum(sum(one.cpu_times()[:2]) for one in processes)
                for name, processes in self._processes.items()}  # fmt: skip
        # A process's event loop runs on its first thread; the others write the log and derive the graph.
        loops = sum(thread.user_time + thread.system_time for one in self._processes["the server"]
                    for thread in one.threads() if thread.id == one.pid)  # fmt: skip
        return used | {"the server's event loops": loops}

    def told(self) -> dict[str, Any]:
        """By who they are; the client holds every message, so that its memory says nothing."""
        seconds, cpu = time.perf_counter() - self._begun, self._used()
        cores = {name: {"CPU seconds": round(cpu[name] - self._cpu[name], 1),
                        "cores used": round((cpu[name] - self._cpu[name]) / seconds, 2)} for name in cpu}  # fmt: skip
        return {name: used | (_memory(self.samples[name]) if name in ("the server", "the store") else {})
                for name, used in cores.items()}  # fmt: skip


def _memory(samples: list[tuple[float, float]]) -> dict[str, Any]:
    slope, error = trend(samples[len(samples) // 3 :])
    return {
        "MiB at first": round(samples[0][1], 1),
        "MiB at last": round(samples[-1][1], 1),
        "MiB at most": round(max(size for _, size in samples), 1),
        "MiB a minute over the last two thirds": None
        if math.isnan(slope)
        else [round(60 * (slope + way * error), 3) for way in (-1, 0, 1)],
    }


def trend(samples: list[tuple[float, float]]) -> tuple[float, float]:
    """Slope of a straight line through means of ten seconds (single samples hang together), half its 95 % interval."""
    groups = [samples[start : start + 10] for start in range(0, len(samples) - 9, 10)]
    points = [(fmean(at for at, _ in group), fmean(size for _, size in group)) for group in groups]
    if len(points) < 3:
        return math.nan, math.nan
    x, y = fmean(at for at, _ in points), fmean(size for _, size in points)
    spread = sum((at - x) ** 2 for at, _ in points)
    slope = sum((at - x) * (size - y) for at, size in points) / spread
    rest = sum((size - y - slope * (at - x)) ** 2 for at, size in points) / (len(points) - 2)
    return slope, 2.0 * math.sqrt(rest / spread)


def listeners(count: int, keys: list[str]) -> list[Listener]:
    """The mix of subscriptions."""
    made = []
    for number in range(count):
        place = number % 20
        if place < 9:
            made.append(Listener("customer", CHANGED, {"keys": [keys[number % len(keys)]]}))
        elif place < 17:
            made.append(Listener("kind", RECORDED, {"kinds": [KINDS[number % len(KINDS)]]}))
        elif place < 19:
            made.append(Listener("chain", STEPS, {}))
        else:
            made.append(Listener("stream", RECORDED, {"kinds": [KINDS[number % len(KINDS)]]}))
    return made


def wrong(one: Listener, since: int, recorded: Recorded) -> str | None:
    """What is wrong with what a listener was told, from a version of the log on; None where nothing is."""
    told = [message for message in one.told if message["logVersion"] > since]
    if one.failure:
        return one.failure
    if one.name == "customer":
        key = one.variables["keys"][0]
        if any(before["logVersion"] >= after["logVersion"] for before, after in pairwise(told)):
            return f"{key}: out of order"
        heard = sum(message["events"] for message in told)
        return None if heard == recorded.of_customer[key] else f"{key}: {heard} of {recorded.of_customer[key]} events"
    if one.name == "chain":
        orders = [message["openChain"]["orderKey"] for message in told]
        pairs = {(message["openChain"]["orderKey"], message["openChain"]["chain"]["id"]) for message in told}
        if len(pairs) != len(told):
            return "a step told twice"
        return None if set(orders) == recorded.opened else f"{len(set(orders))} of {len(recorded.opened)} orders"
    places = [(message["logVersion"], message["at"], message["eventId"]) for message in told]
    if any(before >= after for before, after in pairwise(places)):
        return "out of order or twice"
    wanted, heard = recorded.ids[one.variables["kinds"][0]], {message["eventId"] for message in told}
    return None if heard == wanted else f"{len(heard & wanted)} of {len(wanted)} events, {len(heard - wanted)} others"


async def until(true: Callable[[], bool], seconds: float) -> None:
    """Waits for something, at most so long."""
    end = time.perf_counter() + seconds
    while not true() and time.perf_counter() < end:
        await asyncio.sleep(0.2)


async def marked(asker: Asker, all_of_them: list[Listener], keys: list[str]) -> int:
    """Records what everybody hears, again until they have, and says which version they all heard."""
    name = secrets.token_hex(3)
    for attempt in range(10):
        before = [len(one.told) for one in all_of_them]
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        events = [{"id": f"{name}-{attempt}-{kind}-{key}", "at": at, "customer": key, **other(kind)}
                  for key in keys for kind in KINDS]  # fmt: skip
        events.append(opening(f"{name}-{attempt}", f"{name}-order-{attempt}"))
        await asker.ask(RECORD, {"events": events})
        heard = [False] * len(all_of_them)

        def everybody(before: list[int] = before, heard: list[bool] = heard) -> bool:
            heard[:] = [len(one.told) > old for one, old in zip(all_of_them, before, strict=True)]
            return all(heard)

        await until(everybody, 15)
        # What is on its way to the others may be still.
        await asyncio.sleep(2)
        if all(heard):
            return max(one.told[-1]["logVersion"] for one in all_of_them)
        silent = [one for one, has in zip(all_of_them, heard, strict=True) if not has]
        failed = Counter(one.failure for one in silent)
        if any(one.failure for one in silent):
            raise SystemExit(f"{len(silent)} subscriptions did not begin: {failed}")
    raise SystemExit("Not everybody listens.")


async def gauges(asker: Asker) -> dict[str, float]:
    """What the server itself says is open."""
    text = (await asker.exchange("GET", "/metrics")).decode()
    wanted = ("renmai_subscriptions ", "renmai_sockets ", "renmai_store_away ", "renmai_throttled_total ")
    return {name.strip(): float(line.removeprefix(name)) for line in text.splitlines()
            for name in wanted if line.startswith(name)}  # fmt: skip


def bolt_connections(served: Served) -> int | None:
    """How many connections to a Neo4j the server holds; None for the embedded engine, which is its own child."""
    if "NEO4J_URI" not in served.environment:
        return None
    port = int(served.environment["NEO4J_URI"].rsplit(":", 1)[1])
    found = psutil.Process(served.pid).net_connections("tcp")
    return sum(1 for one in found if one.raddr and one.raddr.port == port)


async def measured(served: Served, given: argparse.Namespace) -> dict[str, Any]:
    asker = Asker(served)
    keys = [one["key"] for one in (await asker.ask(CUSTOMERS))["data"]["customers"]["nodes"]]
    all_of_them = listeners(given.subscriptions, keys)
    tasks: list[asyncio.Task[None]] = []
    for one in all_of_them:
        tasks.append(asyncio.create_task(one.run(served)))
        await asyncio.sleep(0.005)
    async with askers(served, CONNECTIONS) as free:
        traffic = Traffic(free, keys)
        since = await marked(asker, all_of_them, keys)
        at_work = await gauges(asker)
        traffic.counts = True
        watch = Watch(served)
        watching = asyncio.create_task(watch.run())
        begun = time.perf_counter()
        await traffic.run(60 * given.minutes, given.rate, given.writes)
        seconds = time.perf_counter() - begun
        watching.cancel()
        used = watch.told()
        await until(lambda: not any(wrong(one, since, traffic.recorded) for one in all_of_them), SETTLED_SECONDS)
    faults = Counter(f"{one.name}: {fault}" for one in all_of_them if (fault := wrong(one, since, traffic.recorded)))
    messages = sum(1 for one in all_of_them for message in one.told if message["logVersion"] > since)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(3)
    afterwards = await gauges(asker)
    connections = bolt_connections(served)
    asker.close()
    return {
        "store": given.store, "workers": given.workers, "minutes": given.minutes, "load": psutil.getloadavg()[0],
        "subscriptions": {name: sum(one.name == name for one in all_of_them)
                          for name in ("customer", "kind", "chain", "stream")},
        "requests a second": {"asked": given.rate, "of them writes": given.writes,
                              "answered": round(sum(map(len, traffic.seconds.values())) / seconds, 1)},
        "milliseconds": {name: quantiles(took) for name, took in sorted(traffic.seconds.items())},
        "events": sum(map(len, traffic.recorded.ids.values())), "messages": messages,
        "messages a second": round(messages / seconds, 1),
        "lost, twice or out of order": dict(faults), "failures": dict(traffic.failures),
        **used,
        "while it ran": at_work, "afterwards": afterwards, "connections to Neo4j afterwards": connections,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["embedded", "neo4j"], default="embedded")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--subscriptions", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--writes", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        served(given.store, Path(folder), customers=given.customers, workers=given.workers) as serving,
    ):
        found = asyncio.run(measured(serving, given))
    print(json.dumps(found, indent=2))
    if given.save:
        given.save.write_text(json.dumps(found, indent=2) + "\n")
    if found["lost, twice or out of order"] or found["failures"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
