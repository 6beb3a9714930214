"""Open chains as events arrive: opened, told to who listens, and closed again, on both stores as they are served."""

# ruff: noqa: F811  (the fixture `served` is a parameter too)

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from test_api_served import RECORD, Served, served  # noqa: F401

WAIT_SECONDS = 20
"""The promised two seconds hold on an idle machine, which CI is not."""
START = """mutation { startScoreRun(input: {kind: CHAINS, parameters: {
  slots: [[0, 1440]], gaps: ["next_day"], day_kinds: ["any"], min_customers: 5}}) {
  ... on StartScoreRunPayload { id } } }"""
WATCH = "subscription($id: ID!) { scoreRun(id: $id) { state failure } }"
STEPS = """subscription { chainStepReached(nextCategory: "tea") {
  customerKey customer { key } openChain { done { orderKey } nextStep { category { key } } isNow } } }"""
OPEN = """{ openChains(customerKey: "ann") { openedAt orderKey isNow probability probabilityLow probabilityHigh
  expectedRevenue done { orderKey step { category { key } } } nextStep { category { key } } chain { meanValue } } }"""


def line(customer: str, at: datetime, product: str, amount: str) -> dict[str, Any]:
    order = f"{customer}-{product}-{at:%m%d}"
    told = {"customer": customer, "product": product, "order": order, "quantity": 1, "amount": amount}
    return {"kind": "PURCHASE", "at": at.isoformat(), **told}


def shopping(now: datetime) -> list[dict[str, Any]]:
    """Twenty customers for ten weeks: coffee on two days of each week, tea on the day after, now and then bread."""
    profile = {"kind": "PROFILE", "at": (now - timedelta(days=90)).isoformat()}
    rows: list[dict[str, Any]] = [
        {**profile, "product": product, "properties": {"category": product}} for product in ("coffee", "tea", "bread")
    ]
    draw = random.Random(7)  # no weekday is anybody's habit
    for number in range(20):
        for week in range(1, 11):
            for place in draw.sample(range(7), 2):
                day = now - timedelta(days=7 * week + place)
                rows.append(line(f"c{number}", day, "coffee", "20.00"))
                rows.append(line(f"c{number}", day + timedelta(days=1), "tea", "12.00"))
            rows.append(line(f"c{number}", now - timedelta(days=7 * week + draw.randrange(7)), "bread", "5.00"))
    return rows


async def told(served: Served, wanted: int) -> list[dict[str, Any]]:
    """Ann's open chains, as soon as there are so many."""
    async with asyncio.timeout(WAIT_SECONDS):
        while len(found := (await served.ask(OPEN))["data"]["openChains"]) != wanted:
            await asyncio.sleep(0.1)
    return found


async def test_a_recorded_purchase_opens_a_chain_is_told_and_the_next_one_closes_it(served: Served):
    now = datetime.now(UTC)
    assert (await served.ask(RECORD, events=shopping(now)))["data"]["recordEvents"]["rejected"] == 0
    started = (await served.ask(START))["data"]["startScoreRun"]
    async with served.connected() as web_socket:
        watch = {"query": WATCH, "variables": {"id": started["id"]}}
        await web_socket.send(json.dumps({"id": "run", "type": "subscribe", "payload": watch}))
        state = {"state": "RUNNING"}
        while (frame := json.loads(await web_socket.recv()))["type"] == "next":
            state = frame["payload"]["data"]["scoreRun"]
        assert state == {"state": "SUCCEEDED", "failure": None}
        await web_socket.send(json.dumps({"id": "steps", "type": "subscribe", "payload": {"query": STEPS}}))
        await web_socket.send(json.dumps({"type": "ping"}))
        assert json.loads(await web_socket.recv())["type"] == "pong"
        assert await told(served, 0) == []

        coffee = line("ann", now - timedelta(days=1), "coffee", "20.00")
        await served.ask(RECORD, events=[coffee])
        [chain] = await told(served, 1)
        async with asyncio.timeout(WAIT_SECONDS):
            reached = json.loads(await web_socket.recv())["payload"]["data"]["chainStepReached"]
        await served.ask(RECORD, events=[line("ann", now, "tea", "12.00")])
        await told(served, 0)

    assert chain["done"] == [{"orderKey": coffee["order"], "step": {"category": {"key": "coffee"}}}]
    assert chain["nextStep"] == {"category": {"key": "tea"}}
    assert chain["isNow"]
    assert chain["chain"] == {"meanValue": "12.00"}
    assert float(chain["expectedRevenue"]) == round(12 * chain["probability"], 2)
    assert 0 < chain["probabilityLow"] < chain["probability"] <= chain["probabilityHigh"]
    assert reached == {
        "customerKey": "ann",
        "customer": {"key": "ann"},
        "openChain": {
            "done": [{"orderKey": coffee["order"]}],
            "nextStep": {"category": {"key": "tea"}},
            "isNow": True,
        },
    }
