"""One question of each kind, asked over HTTP of a server that was started for it: `renmai demo --once`."""

import asyncio
import json
import socket
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from http.client import HTTPConnection
from typing import Any

import uvicorn

from api.app import create_app
from api.cli.console import answers
from api.settings import Settings
from graph.errors import StoreUnavailable

SECONDS = 60

QUESTIONS: dict[str, str] = {
    "What is loaded": "{ overview { customers products stores channels orders shares logVersion } }",
    "Who moves others": """{ topInfluencers(first: 5) { edges { node {
        rank percentile spread { value low high } revenue { value } creditedRevenue directReferrals downstream
        customer { key name district } explanation(first: 1) { probability customers { key } } } } } }""",
    "What leads to what": """{ chains(first: 10, where: { source: { eq: "renmai-world" }, new: true }) { edges { node {
        lift liftLow liftHigh qValue customers confidence held scope { key restLift }
        steps { category { name } slot { start end startMinute endMinute } dayKind gap } } } } }""",
    "Which runs there are": "{ scoreRuns(first: 5) { edges { node { key kind scope algorithm state logVersion } } } }",
    "Customers": """{ customers(first: 2, orderBy: { field: REVENUE, direction: DESC }) { totalCount edges { node {
        key name revenue
        orders(first: 1) { edges { node { at amount lines { nodes { quantity product { name } } } } } } } } } }""",
    "Who bought what when": """{ customers(first: 4, where: { source: { eq: "renmai-world" } },
        orderBy: { field: REVENUE, direction: DESC }) { edges { node { key orders(first: 15) { edges { node {
        at localDate localMinute lines { nodes { product { category { name } } } } } } } } } } }""",
    "Products": "{ products(first: 2) { edges { node { key name category { path } } } } }",
    "What goes together": """{ product(key: "cj-1029743") { name category { name }
        boughtTogether(first: 2) { baskets lift qValue product { name category { name } } }
        similar(first: 2) { customers cosine product { name category { name } } } } }""",
    "What they buy next": """{ customers(first: 2, where: { source: { eq: "completejourney" } },
        orderBy: { field: ORDER_COUNT, direction: DESC }) { edges { node { key
        nextProducts(first: 3) { probability reason product { name } } } } } }""",
    "Stores": """{ stores(first: 3, where: { source: { eq: "renmai-world" } }) {
        edges { node { key name district } } } }""",
    "Channels": "{ channels(first: 3) { edges { node { key online cost } } } }",
}
ABOUT_SOMEONE: dict[str, str] = {
    "One customer": """query ($key: String!) { customer(key: $key) { key name district registeredAt acquiredVia { name }
        influence { rank spread { value } } referredBy { referrer { key } }
        referrals(first: 2) { edges { node { referred { key name } } } }
        openChains { probability windowStart windowEnd } } }""",
    "Whom they brought": "query ($key: String!) { referralTree(customerKey: $key, depth: 3) { size depth } }",
    "Scores for a partner": """query ($key: String!) { influenceScores(customerKeys: [$key, "nobody"]) {
        rank spread { value } run { key } } }""",
    "Found by key": """query ($key: String!) { search(text: $key, first: 1) { edges { node { id __typename } } } }""",
}

NEXT = """query ($key: String!, $at: DateTime) { openChains(customerKey: $key, at: $at) { probability lift
    windowStart windowEnd nextStep { category { name } } } }"""


async def ask_everything(settings: Settings) -> None:
    """Serves on a free port, asks, prints each answer; StoreUnavailable where one of them fails."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            while not server.started:
                if serving.done():
                    await serving
                    raise StoreUnavailable("the server ended before it was asked: `renmai doctor` says why")
                await asyncio.sleep(0.05)
            await asyncio.to_thread(_ask_all, listening.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


def _ask_all(port: int) -> None:
    asked = {title: _ask(port, title, query, {}) for title, query in QUESTIONS.items()}
    _ask(port, "What comes next", NEXT, _in_a_chain(asked["What leads to what"], asked["Who bought what when"]))
    key = asked["Who moves others"]["topInfluencers"]["edges"][0]["node"]["customer"]["key"]
    for title, query in ABOUT_SOMEONE.items():
        found = _ask(port, title, query, {"key": key})
        if title == "Found by key":
            _ask(
                port,
                "By global id",
                "query ($id: ID!) { node(id: $id) { id __typename } }",
                found["search"]["edges"][0]["node"],
            )


def _in_a_chain(chains: dict[str, Any], shoppers: dict[str, Any]) -> dict[str, Any]:
    """A customer, and the moment at which they took the first step of one of these chains, of those of everywhere."""
    first_steps = [chain["steps"][0] for chain in _nodes(chains["chains"]) if not chain["scope"]["key"]]
    shopping = [(someone, order) for someone in _nodes(shoppers["customers"]) for order in _nodes(someone["orders"])]
    for step in first_steps:
        for someone, order in shopping:
            if _takes(order, step):
                return {"key": someone["key"], "at": order["at"]}
    return {"key": shopping[0][0]["key"], "at": shopping[0][1]["at"]}


def _takes(order: dict[str, Any], step: dict[str, Any]) -> bool:
    weekend = date.fromisoformat(order["localDate"]).weekday() >= 5
    bought = {line["product"]["category"]["name"] for line in order["lines"]["nodes"]}
    return (
        step["category"]["name"] in bought
        and step["slot"]["startMinute"] <= order["localMinute"] < step["slot"]["endMinute"]
        and step["dayKind"] in ("ANY", "WEEKEND" if weekend else "WEEKDAY")
    )


def _nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


def _ask(port: int, title: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables})
    with closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        connection.request("POST", "/graphql", body.encode(), {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
    if answer.get("errors"):
        raise StoreUnavailable(f"{title}: {answer['errors'][0]['message']}")
    answers.print(title, style="bold")
    answers.print(json.dumps(answer["data"], ensure_ascii=False))
    return answer["data"]
