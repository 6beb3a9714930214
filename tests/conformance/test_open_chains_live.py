"""Open chains as events arrive, and drift between two runs, on both stores as they are served."""

# ruff: noqa: F811  (the fixture `served` is a parameter too)

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from test_api_served import RECORD, Served, receive, served  # noqa: F401

from api.access.virtual_ids import VirtualIds
from api.auth import KeyStore
from api.settings import Settings
from graph.queries.view import View

WAIT_SECONDS = 20
"""The promised two seconds hold on an idle machine, which CI is not."""
START = """mutation($gaps: [String!]!) { startScoreRun(input: {kind: CHAINS, parameters: {slots: [[0, 1440]],
  gaps: $gaps, day_kinds: ["any"], min_customers: 5, behaviours: ["purchase", "view"]}}) {
  ... on StartScoreRunPayload { id } } }"""
WATCH = "subscription($id: ID!) { scoreRun(id: $id) { state failure } }"
STEPS = """subscription { chainStepReached(nextCategory: "tea") {
  customerKey customer { key } openChain { done { orderKey } nextStep { category { key } } isNow } } }"""
LOOKS = """subscription { chainStepReached(nextCategory: "cake") {
  customerKey openChain { orderKey done { at step { behaviour } } } } }"""
INSIDE = """{ customersInside(anyConsent: true, nextCategory: "cake") { totalCount nodes {
  customerKey openChains { done { step { behaviour } } } } } }"""
LOOKED = """{ openChains(customerKey: "bea") { isNow orderKey order { key } done { orderKey step { behaviour } }
  nextStep { behaviour category { key } } } }"""
CHAINS = """{ chains(first: 9, where: {firstBehaviour: VIEW, thenBehaviour: PURCHASE, category: "cake",
  qValue: {lt: 0.05}, closed: true}) {
  nodes { steps { behaviour category { key } } leverage medianGapHours revenue } } }"""
DRIFT = """query($from: ID!, $to: ID!) { chainDrift(from: $from, to: $to) {
  change reason steps { behaviour category { key } } liftBefore liftAfter } }"""
OPEN = """{ openChains(customerKey: "ann") { openedAt orderKey isNow probability probabilityLow probabilityHigh
  expectedRevenue done { orderKey step { category { key } } } nextStep { category { key } } chain { meanValue } } }"""


def line(customer: str, at: datetime, product: str, amount: str) -> dict[str, Any]:
    order = f"{customer}-{product}-{at:%m%d}"
    told = {"customer": customer, "product": product, "order": order, "quantity": 1, "amount": amount}
    return {"kind": "PURCHASE", "at": at.isoformat(), **told}


def view(customer: str, at: datetime) -> dict[str, Any]:
    return {"kind": "VIEW", "at": at.isoformat(), "customer": customer, "product": "cake"}


def shopping(now: datetime) -> list[dict[str, Any]]:
    """Twenty customers for ten weeks: coffee on two days of each week, tea on the day after, now and then bread.

    Cake is looked at on two days of each week, and bought on the day after.
    """
    profile = {"kind": "PROFILE", "at": (now - timedelta(days=90)).isoformat()}
    rows: list[dict[str, Any]] = [
        {**profile, "product": product, "properties": {"category": product}}
        for product in ("coffee", "tea", "bread", "cake")
    ]
    draw = random.Random(7)  # no weekday is anybody's habit
    for number in range(20):
        for week in range(1, 11):
            for place in draw.sample(range(7), 2):
                day = now - timedelta(days=7 * week + place)
                rows.append(line(f"c{number}", day, "coffee", "20.00"))
                rows.append(line(f"c{number}", day + timedelta(days=1), "tea", "12.00"))
            for place in draw.sample(range(7), 2):
                day = now - timedelta(days=7 * week + place)
                rows.append(view(f"c{number}", day))
                rows.append(line(f"c{number}", day + timedelta(days=1), "cake", "8.00"))
            rows.append(line(f"c{number}", now - timedelta(days=7 * week + draw.randrange(7)), "bread", "5.00"))
    return rows


HOOK = """mutation($url: String!) { createWebhook(input: {url: $url, topics: [CHAIN_STEPS_REACHED]}) {
  ... on CreateWebhookPayload { webhook { id } } } }"""


@asynccontextmanager
async def hooked(served: Served) -> AsyncGenerator[asyncio.Queue[tuple[dict[str, str], bytes]]]:
    """What a webhook is posted of the steps of chains."""
    got: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
    async with await asyncio.start_server(partial(receive, got), "127.0.0.1", 0) as receiver:
        url = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/hooks"
        made = (await served.ask(HOOK, url=url))["data"]["createWebhook"]["webhook"]
        yield got
        await served.ask("mutation($id: ID!) { deleteWebhook(id: $id) { __typename } }", id=made["id"])


@asynccontextmanager
async def partner_of(served: Served, settings: Settings) -> AsyncGenerator[Served]:
    """The same server, asked with a partner's key."""
    with closing(KeyStore.open(settings.keys_file)) as keys:
        scopes = ["chains:read", "webhooks:write", "webhooks:read"]
        secret = keys.create_key("acme", scopes, now=datetime.now(UTC), expires_at=None, view=View("acme"))
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx2.AsyncClient(base_url=f"http://{served.address}", headers=headers, timeout=60) as client:
        yield Served(served.address, secret, client)


async def told(served: Served, wanted: int, query: str = OPEN) -> list[dict[str, Any]]:
    """Ann's open chains, or those of another query, as soon as there are so many."""
    async with asyncio.timeout(WAIT_SECONDS):
        while len(found := (await served.ask(query))["data"]["openChains"]) != wanted:
            await asyncio.sleep(0.1)
    return found


async def test_a_recorded_purchase_opens_a_chain_is_told_and_the_next_one_closes_it(served: Served, tmp_path: Path):
    now, settings = datetime.now(UTC), Settings(_env_file=None, RENMAI_DATA=tmp_path)
    at = (now - timedelta(days=90)).isoformat()
    eve_agrees = {"kind": "CONSENT", "at": at, "customer": "eve", "properties": {"sharing": True}}
    assert (await served.ask(RECORD, events=[*shopping(now), eve_agrees]))["data"]["recordEvents"]["rejected"] == 0
    gaps = [["next_day"], ["2-3_days"]]
    started = (await served.ask(START, gaps=gaps[0]))["data"]["startScoreRun"]
    async with served.connected() as web_socket:
        watch = {"query": WATCH, "variables": {"id": started["id"]}}
        await web_socket.send(json.dumps({"id": "run", "type": "subscribe", "payload": watch}))
        state = {"state": "RUNNING"}
        while (frame := json.loads(await web_socket.recv()))["type"] == "next":
            state = frame["payload"]["data"]["scoreRun"]
        assert state == {"state": "SUCCEEDED", "failure": None}
        await web_socket.send(json.dumps({"id": "steps", "type": "subscribe", "payload": {"query": STEPS}}))
        await web_socket.send(json.dumps({"id": "looks", "type": "subscribe", "payload": {"query": LOOKS}}))
        await web_socket.send(json.dumps({"type": "ping"}))
        assert json.loads(await web_socket.recv())["type"] == "pong"
        assert await told(served, 0) == []

        coffee = line("ann", now - timedelta(days=1), "coffee", "20.00")
        other = line("eve", now - timedelta(days=1), "coffee", "20.00")
        async with partner_of(served, settings) as acme, hooked(served) as posts, hooked(acme) as partner_posts:
            await served.ask(RECORD, events=[coffee, other, line("fay", now, "bread", "5.00")])
            [chain] = await told(served, 1)
            async with asyncio.timeout(WAIT_SECONDS):
                _, posted = await posts.get()
                _, posted_to_acme = await partner_posts.get()
        async with asyncio.timeout(WAIT_SECONDS):
            frames = [json.loads(await web_socket.recv()) for _ in range(2)]
        steps = [frame["payload"]["data"]["chainStepReached"] for frame in frames]
        [reached] = [one for one in steps if one["customerKey"] == "ann"]
        await served.ask(RECORD, events=[line("ann", now, "tea", "12.00")])
        await told(served, 0)

        glance = view("bea", now - timedelta(days=1))
        async with hooked(served) as posts:
            await served.ask(RECORD, events=[glance])
            [looked] = await told(served, 1, LOOKED)
            inside = (await served.ask(INSIDE))["data"]["customersInside"]
            async with asyncio.timeout(WAIT_SECONDS):
                _, posted_look = await posts.get()
                seen_to_look = json.loads(await web_socket.recv())
        # The graph tells the newest view alone: an older one that comes later opens nothing anew.
        await served.ask(RECORD, events=[view("bea", now - timedelta(days=1, minutes=5))])
        await served.ask(RECORD, events=[line("bea", now, "cake", "8.00")])
        await told(served, 0, LOOKED)
        [seen] = (await served.ask(CHAINS))["data"]["chains"]["nodes"]

        again = (await served.ask(START, gaps=gaps[1]))["data"]["startScoreRun"]
        watch = {"query": WATCH, "variables": {"id": again["id"]}}
        await web_socket.send(json.dumps({"id": "again", "type": "subscribe", "payload": watch}))
        while (frame := json.loads(await web_socket.recv())) != {"id": "again", "type": "complete"}:
            assert frame["type"] != "error"
        drift = (await served.ask(DRIFT, **{"from": started["id"], "to": again["id"]}))["data"]["chainDrift"]

    assert looked["isNow"]
    [own_look] = [one for one in inside["nodes"] if one["customerKey"] == "bea"]
    assert own_look == {"customerKey": "bea", "openChains": [{"done": [{"step": {"behaviour": "VIEW"}}]}]}
    assert inside["totalCount"] == len(inside["nodes"])
    assert seen_to_look["id"] == "looks"
    look = seen_to_look["payload"]["data"]["chainStepReached"]
    assert (look["customerKey"], look["openChain"]["orderKey"]) == ("bea", None)
    [looked_at] = look["openChain"]["done"]
    assert looked_at["step"] == {"behaviour": "VIEW"}
    assert datetime.fromisoformat(looked_at["at"]) == datetime.fromisoformat(glance["at"])
    [posted_step] = json.loads(posted_look)["data"]["steps"]
    assert (posted_step["customer"], posted_step["done"][0]["behaviour"]) == ("bea", "view")
    assert (looked["orderKey"], looked["order"]) == (None, None)
    assert looked["done"] == [{"orderKey": None, "step": {"behaviour": "VIEW"}}]
    assert looked["nextStep"] == {"behaviour": "PURCHASE", "category": {"key": "cake"}}
    assert seen["steps"][0] == {"behaviour": "VIEW", "category": {"key": "cake"}}
    assert seen["leverage"] > 0
    assert seen["medianGapHours"] == 24.0
    # Twenty customers, twenty cakes each of 8.00, less those behind somebody's first or last days.
    assert 2500 < float(seen["revenue"]) <= 20 * 20 * 8
    gone = {one["steps"][0]["category"]["key"]: one for one in drift if one["change"] == "WENT"}
    assert {"coffee", "cake"} <= set(gone)
    assert gone["cake"]["steps"][0]["behaviour"] == "VIEW"
    assert gone["coffee"]["liftBefore"] > 1
    assert gone["coffee"]["liftAfter"] is None
    assert gone["coffee"]["reason"].endswith("the later run did not try it: too rare, or not asked for.")

    assert chain["done"] == [{"orderKey": coffee["order"], "step": {"category": {"key": "coffee"}}}]
    assert chain["nextStep"] == {"category": {"key": "tea"}}
    assert chain["isNow"]
    assert chain["chain"] == {"meanValue": "12.00"}
    assert float(chain["expectedRevenue"]) == round(12 * chain["probability"], 2)
    assert 0 < chain["probabilityLow"] < chain["probability"] <= chain["probabilityHigh"]
    news = json.loads(posted)
    assert news["type"] == "chain.steps_reached"
    assert sorted(one["customer"] for one in news["data"]["steps"]) == ["ann", "eve"]
    ids = VirtualIds(settings.virtual_ids_file).of("acme")
    [of_eve] = json.loads(posted_to_acme)["data"]["steps"]
    assert (of_eve["customer"], of_eve["done"][0]["order"]) == (
        ids.shown("Customer", "eve"),
        ids.shown("Order", other["order"]),
    )
    [own] = [one for one in news["data"]["steps"] if one["customer"] == "ann"]
    [done] = own["done"]
    assert (done["behaviour"], done["category"], done["order"]) == ("purchase", "coffee", coffee["order"])
    assert own["next"] == {"behaviour": "purchase", "category": "tea"}
    assert own["isNow"]
    assert own["expectedRevenue"] == chain["expectedRevenue"]
    assert own["probability"] == chain["probability"]
    assert reached == {
        "customerKey": "ann",
        "customer": {"key": "ann"},
        "openChain": {
            "done": [{"orderKey": coffee["order"]}],
            "nextStep": {"category": {"key": "tea"}},
            "isNow": True,
        },
    }
