"""How long after `recordEvents` was answered an opened chain is visible: in `openChains`, over a socket, as a stream.

Run: python benchmarks/open_chains_latency.py [--store embedded|neo4j] [--times 50] [--customers 500]; prints one JSON
object of milliseconds. The query is asked again every 10 ms; the subscriptions are to `chainStepReached` for all
customers. `visible` counts from the moment the request was sent.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from serving import Asker, Served, opening, served, socket_messages, stream_messages

RECORD = "mutation($events: [EventInput!]!) { recordEvents(input: {events: $events}) { __typename } }"
OPEN = "query($key: String!) { openChains(customerKey: $key) { chain { id } orderKey } }"
STEPS = "subscription { chainStepReached { customerKey logVersion openChain { orderKey chain { id } } } }"
POLL_SECONDS = 0.01
BOUND_SECONDS = 10


class Heard:
    """When each order was first told of."""

    def __init__(self) -> None:
        self._at: dict[str, asyncio.Future[float]] = {}

    async def listen(self, messages: AsyncGenerator[bytes]) -> None:
        async for message in messages:
            told = json.loads(message)
            reached = told.get("payload", told)["data"]["chainStepReached"]
            self.of(reached["openChain"]["orderKey"], time.perf_counter())

    def of(self, order: str, at: float | None = None) -> asyncio.Future[float]:
        future = self._at.setdefault(order, asyncio.get_running_loop().create_future())
        if at is not None and not future.done():
            future.set_result(at)
        return future


async def visible(asker: Asker, customer: str, order: str) -> float:
    """The moment at which the query has the chain that the order opened."""
    while True:
        found = (await asker.ask(OPEN, {"key": customer}))["data"]["openChains"]
        if any(one["orderKey"] == order for one in found):
            return time.perf_counter()
        await asyncio.sleep(POLL_SECONDS)


async def once(asker: Asker, heard: dict[str, Heard], number: int) -> dict[str, float]:
    customer, order = f"latency-{number}", f"latency-order-{number}"
    sent = time.perf_counter()
    done = await asker.ask(RECORD, {"events": [opening(customer, order)]})
    answered = time.perf_counter()
    assert done["data"]["recordEvents"]["__typename"] == "RecordEventsPayload", done
    async with asyncio.timeout(BOUND_SECONDS):
        moments = {"openChains": await visible(asker, customer, order)}
        moments |= {name: await one.of(order) for name, one in heard.items()}
    return {"recordEvents": answered - sent} | {name: at - sent for name, at in moments.items()}


async def measured(served: Served, times: int) -> dict[str, Any]:
    asker, heard = Asker(served), {"socket": Heard(), "stream": Heard()}
    ways = {"socket": socket_messages, "stream": stream_messages}
    listening = [asyncio.create_task(heard[name].listen(way(served, STEPS, {}))) for name, way in ways.items()]
    await asyncio.sleep(3)
    rounds = []
    for number in range(times + 3):
        rounds.append(await once(asker, heard, number))
        # Not in step with anything that looks once a second.
        await asyncio.sleep(0.1 + 0.037 * (number % 25))
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    asker.close()
    kept = rounds[3:]
    return {name: quantiles([one[name] for one in kept]) for name in kept[0]}


def quantiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    places = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
            for name, share in places.items()}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["embedded", "neo4j"], default="embedded")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--customers", type=int, default=500)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        served(given.store, Path(folder), customers=given.customers) as serving,
    ):
        found = asyncio.run(measured(serving, given.times))
    print(json.dumps({"store": given.store, "times": given.times, "milliseconds": found}, indent=2))


if __name__ == "__main__":
    main()
