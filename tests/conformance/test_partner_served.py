"""A partner from its key to the store and back, as it is served: every way in, its own rows and others', both stores.

The documents are made out of the schema, so that a new field is asked for as soon as it is declared. Every key of the
retailer's begins with "real-", which no partner may ever read.
"""

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from test_api_served import RECORD, Served, served_at
from websockets.exceptions import ConnectionClosedError

from api.access.scopes import FOR_PARTNERS, NOTHING, Needs, needed
from api.access.virtual_ids import VirtualIds
from api.app import now
from api.auth import KeyStore
from api.graphql.node import global_id
from api.graphql.schema import core, make_schema
from api.settings import Settings
from graph.queries.view import View
from graph.store import Store, StoreConfig
from tests.command_line import done_well, renmai

SCHEMA = core(make_schema())
NEEDED = needed(SCHEMA)
DEEPEST = 3
WAIT_SECONDS = 60


NAMES = {"real-ann": "Wang Ann", "real-bob": "Bob Unseen", "real-dan": "Dan Unseen"}


def person(key: str, district: str, *, consent: bool) -> dict[str, Any]:
    told = {"name": NAMES[key], "district": district, "consent_sharing": consent, "consent_offers": True}
    return {
        "kind": "REGISTER",
        "at": "2026-03-01T09:00:00+08:00",
        "customer": key,
        "channel": "app",
        "properties": told,
    }


def bought(key: str, order: str, day: int) -> dict[str, Any]:
    line = {"customer": key, "order": order, "product": "latte", "quantity": 1, "amount": "18.50", "store": "west"}
    return {"kind": "PURCHASE", "at": f"2026-03-0{day}T12:00:00+08:00", **line}


EVENTS = [
    person("real-ann", "Xihu", consent=True),
    person("real-bob", "Gongshu", consent=True),
    person("real-dan", "Xihu", consent=False),
    {"kind": "REFERRAL", "at": "2026-03-01T10:00:00+08:00", "customer": "real-bob", "referrer": "real-ann"},
    {"kind": "REFERRAL", "at": "2026-03-01T11:00:00+08:00", "customer": "real-dan", "referrer": "real-ann"},
    {
        "kind": "SHARE",
        "at": "2026-03-01T12:00:00+08:00",
        "customer": "real-ann",
        "share": "real-s1",
        "product": "latte",
    },
    {"kind": "SHARE_CLICK", "at": "2026-03-01T13:00:00+08:00", "customer": "real-bob", "share": "real-s1"},
    bought("real-ann", "real-o1", 2),
    bought("real-bob", "real-o2", 3),
    bought("real-dan", "real-o3", 3),
]


class Partner:
    """Who asks with a partner's key."""

    def __init__(self, server: Served, secret: str, ids: Any, *unseen: str) -> None:
        self.ids, self.unseen = ids, unseen
        headers = {"Authorization": f"Bearer {secret}"}
        self.client = httpx2.AsyncClient(base_url=f"http://{server.address}", headers=headers, timeout=60)
        self.socket = Served(server.address, secret, self.client)

    async def ask(self, query: str) -> dict[str, Any]:
        answer = (await self.client.post("/graphql", json={"query": query})).json()
        assert not list(betrayals(answer)), query
        assert not any(name in json.dumps(answer) for name in self.unseen), query
        return answer


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(one)


def betrayals(answer: object) -> Iterator[str]:
    """Texts that hold something of the retailer's own, be it within a cursor or an id."""
    for text in texts(answer):
        plain = text
        for word in re.findall(r"[\w+/-]{8,}={0,2}", text):
            padded = word.replace("-", "+").replace("_", "/").rstrip("=")
            plain += (
                base64.b64decode(padded + "=" * (-len(padded) % 4)).decode(errors="replace")
                if len(padded) % 4 != 1
                else ""
            )
        if "real-" in plain:
            yield text


def selection(kind: Any, deep: int) -> str:
    """Every field that a partner's scopes open and that needs no argument, so many levels down."""
    if isinstance(kind, GraphQLUnionType):
        return f"{{ __typename {' '.join(f'... on {one.name} {selection(one, 0)}' for one in kind.types[:1])} }}"
    assert isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))
    found = ["__typename"]
    for name, field in kind.fields.items():
        if NEEDED.get((kind.name, name), NOTHING) <= FOR_PARTNERS and not any(
            map(is_required_argument, field.args.values())
        ):
            below = get_named_type(field.type)
            if is_leaf_type(below):
                found.append(name)
            elif deep > 0 and name != "nodes":
                size = "(first: 2)" if "first" in field.args else ""
                found.append(f"{name}{size} {selection(below, deep - (name not in {'edges', 'node', 'pageInfo'}))}")
    return f"{{ {' '.join(found)} }}"


def arguments(field: GraphQLField, given: dict[str, str]) -> str:
    told = [f"{name}: {given[name]}" for name, one in field.args.items() if is_required_argument(one) and name in given]
    return f"({', '.join(told)})" if told else ""


def documents(customer: str, order: str, other: dict[str, str]) -> Iterator[tuple[str, Needs, str]]:
    """(field, its scopes, document) of every query, asked for this customer and this order."""
    assert SCHEMA.query_type
    ids = json.dumps([global_id("Customer", customer), global_id("Order", order)])
    for name, field in SCHEMA.query_type.fields.items():
        key = {"order": order, "product": "latte", "store": "west", "channel": "app"}.get(name, customer)
        given = {
            "key": json.dumps(key), "customerKey": json.dumps(customer), "customerKeys": json.dumps([customer]),
            "ids": ids, "representations": f'[{{__typename: "Customer", key: {json.dumps(customer)}}}]',
            "text": json.dumps(customer), "id": json.dumps(global_id("Customer", customer)), **other,
        }  # fmt: skip
        kind = get_named_type(field.type)
        if name in {"node", "nodes", "_entities"}:
            inside = selection(SCHEMA.type_map["Customer"], DEEPEST - 1)
            below = f"{{ __typename ... on Customer {inside} }}"
        else:
            below = "" if is_leaf_type(kind) else selection(kind, DEEPEST - 1)
        yield name, NEEDED.get(("Query", name), NOTHING), f"{{ {name}{arguments(field, given)} {below} }}"


@pytest.fixture
def settings(store: Store, store_config: StoreConfig, tmp_path: Path) -> Settings:
    """A server of its own log and keys on the emptied store of the tests."""
    environment = {
        "RENMAI_DATA": tmp_path / "data",
        "RENMAI_PRIVATE_WEBHOOKS": True,
        "NEO4J_URI": store.uri if store_config.uri else None,
        "NEO4J_USER": store_config.user,
        "NEO4J_PASSWORD": store_config.password,
    }
    return Settings(_env_file=None, **environment)


async def recorded(server: Served, events: list[dict[str, Any]]) -> None:
    """Returns once the graph has these events."""
    answer = await server.client.post("/graphql", json={"query": RECORD, "variables": {"events": events}})
    assert answer.json()["data"]["recordEvents"]["rejected"] == 0
    headers = {"Renmai-Bookmark": answer.headers["renmai-bookmark"]}
    while (
        "data" not in (await server.client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)).json()
    ):
        pass  # a machine at work takes longer than a bookmark waits


async def scored(server: Served) -> str:
    """The id of a run of influence that has ended."""
    start = "mutation { startScoreRun(input: {kind: INFLUENCE, seed: 7}) { ... on StartScoreRunPayload { id } } }"
    id = (await server.ask(start))["data"]["startScoreRun"]["id"]
    while True:
        run = (await server.ask(f'{{ scoreRun(id: "{id}") {{ state failure }} }}'))["data"]["scoreRun"]
        if run and run["state"] != "RUNNING":
            assert run == {"state": "SUCCEEDED", "failure": None}
            return id
        await asyncio.sleep(0.1)


async def exported(partner: Partner) -> tuple[str, str]:
    start = """mutation { startExport(input: {noun: CUSTOMERS, format: JSONL, personal: true}) {
      ... on StartExportPayload { export { id } } } }"""
    id = (await partner.ask(start))["data"]["startExport"]["export"]["id"]
    while (await partner.ask(f'{{ export(id: "{id}") {{ state }} }}'))["data"]["export"]["state"] == "RUNNING":
        await asyncio.sleep(0.05)
    return id, (await partner.client.get(f"/exports/{id}")).text


def without(answer: dict[str, Any], *given: str) -> str:
    """An answer without what was sent, what it cost and which request it was."""
    told = json.dumps({"data": answer.get("data"), "errors": [one["message"] for one in answer.get("errors", [])]})
    for text in given:
        told = told.replace(text, "?")
    return told


async def test_a_partner_from_its_key_to_the_store_and_back(settings: Settings):
    scopes = [part for scope in sorted(FOR_PARTNERS) for part in ("--scope", scope)]
    only = ["--partner", "acme", "--only", "district=Xihu"]
    # As the retailer makes it, in a process of its own.
    secret = done_well(renmai("keys", "create", "crm", *only, *scopes, data=settings.data)).split()[0]
    keys = KeyStore.open(settings.keys_file)
    other = keys.create_key("other", FOR_PARTNERS, now=now(), expires_at=None, view=View("zeta"))
    ids = VirtualIds(settings.virtual_ids_file).of
    async with served_at(settings) as server, asyncio.timeout(5 * WAIT_SECONDS):
        await recorded(server, EVENTS)
        run = await scored(server)
        acme, zeta = Partner(server, secret, ids("acme"), "Bob", "Dan"), Partner(server, other, ids("zeta"), "Dan")
        try:
            await every_way_in(acme, run)
            await two_partners_have_nothing_to_join(acme, zeta)
            await webhooks_tell_of_who_is_seen_whenever_they_are_asked(server, acme, zeta)
            await what_happens_is_told_of_who_is_seen_until_the_key_ends(server, acme, keys, secret)
        finally:
            await acme.client.aclose()
            await zeta.client.aclose()
            keys.close()


async def every_way_in(acme: Partner, run: str) -> None:
    """Its own row is told; another's, one who did not agree and the retailer's own key are as an unknown one."""
    customer, order = (lambda key: acme.ids.shown("Customer", key)), (lambda key: acme.ids.shown("Order", key))
    runs = {"from": json.dumps(run), "to": json.dumps(run), "webhook": '"webhook-unknown"'}
    nobody = ("v1_nobody", "v1_nothing")
    named = {
        "own": (customer("real-ann"), order("real-o1")),
        "of another audience": (customer("real-bob"), order("real-o2")),
        "who did not agree": (customer("real-dan"), order("real-o3")),
        "unknown": nobody,
    }
    answers: dict[str, dict[str, str]] = {}
    for whose, (person, bought) in named.items():
        for name, scopes, document in documents(person, bought, runs):
            answer = await acme.ask(document)
            if not scopes <= FOR_PARTNERS:
                assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", name
                continue
            sent = (person, bought, global_id("Customer", person), global_id("Order", bought))
            answers.setdefault(name, {})[whose] = without(answer, *sent)
            if whose == "own" and name not in {"chainDrift", "search", "webhookDeliveries", "_service"}:
                assert answer.get("data"), (name, answer)
    told = {name: found["own"] != found["unknown"] for name, found in answers.items()}
    assert {name for name, differs in told.items() if differs} >= {
        "_entities", "customer", "influenceScores", "node", "nodes", "order", "referralTree"
    }  # fmt: skip
    for name, found in answers.items():
        assert found["of another audience"] == found["who did not agree"] == found["unknown"], name
    for key in ("real-ann", "real-bob"):
        answer = await acme.client.post("/graphql", json={"query": f'{{ customer(key: "{key}") {{ key }} }}'})
        assert answer.json()["data"] == {"customer": None}


async def two_partners_have_nothing_to_join(acme: Partner, zeta: Partner) -> None:
    """No id is known to both, no cursor leads into the other's list, no export is fetched by the other."""
    page = "customers(first: 1) { totalCount nodes { key id } pageInfo { endCursor } }"
    one, two = [(await who.ask(f"{{ {page} }}"))["data"]["customers"] for who in (acme, zeta)]
    foreign = await zeta.ask(f'{{ customer(key: "{one["nodes"][0]["key"]}") {{ key }} }}')
    by_node = await zeta.ask(f'{{ node(id: "{one["nodes"][0]["id"]}") {{ id }} }}')
    cursor = one["pageInfo"]["endCursor"]
    behind = await zeta.ask(f'{{ customers(after: "{cursor}") {{ nodes {{ key }} }} }}')
    export, rows = await exported(acme)
    stolen = await zeta.client.get(f"/exports/{export}")

    assert (one["totalCount"], two["totalCount"]) == (1, 2)
    assert one["nodes"][0] != two["nodes"][0]
    assert (foreign["data"], by_node["data"]) == ({"customer": None}, {"node": None})
    # A stranger's cursor is none of its own places: the list begins anew, under its own ids.
    assert all(zeta.ids.meant("Customer", node["key"]) for node in behind["data"]["customers"]["nodes"])
    # An export with personal fields holds names, as the scope says, and no key.
    assert [json.loads(row)["customer_id"] for row in rows.splitlines()] == [acme.ids.shown("Customer", "real-ann")]
    assert stolen.status_code == 404
    assert (await zeta.ask(f'{{ export(id: "{export}") {{ id }} }}'))["data"] == {"export": None}


CREATE_WEBHOOK = """mutation { createWebhook(input: { url: "%s", eventKinds: [LOGIN],
  topics: [EVENTS_RECORDED, INFLUENCE_CHANGED, SCORE_RUN_PUBLISHED, EXPORT_ENDED] }) {
  __typename ... on CreateWebhookPayload { webhook { id } } ... on Failure { message } } }"""
DELIVERIES = """{ webhookDeliveries(webhook: "%s") { totalCount nodes { id topic body } } }"""
REPLAY = """mutation { replayWebhookDelivery(id: "%s") { __typename ... on Failure { message } } }"""


class Post:
    """A receiver that takes everything but at `/busy`, and what came to each path: ids of messages, and messages."""

    def __init__(self) -> None:
        self.got: dict[str, list[tuple[str, dict[str, Any]]]] = {}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        [length], [id] = re.findall(r"(?i)content-length: (\d+)", head), re.findall(r"(?i)webhook-id: (\w+)", head)
        path = head.split()[1]
        self.got.setdefault(path, []).append((id, json.loads(await reader.readexactly(int(length)))))
        writer.write(f"HTTP/1.1 {503 if path == '/busy' else 204} So\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def told(self, path: str, kind: str) -> dict[str, Any]:
        """The data of the first message of a topic that came to a path."""
        while not (found := [one["data"] for _, one in self.got.get(path, []) if one["type"] == kind]):
            await asyncio.sleep(0.05)
        return found[0]


def happened() -> list[dict[str, Any]]:
    """Ann brought two more of acme's audience, Bob one of another's; Bob, Dan and Ann log in."""
    people = [
        {**person("real-ann", district, consent=True), "customer": key, "at": "2026-03-04T09:00:00+08:00"}
        for key, district in (("real-eve", "Xihu"), ("real-fay", "Xihu"), ("real-gus", "Gongshu"))
    ]
    brought = [
        {"kind": "REFERRAL", "at": "2026-03-04T10:00:00+08:00", "customer": key, "referrer": referrer}
        for key, referrer in (("real-eve", "real-ann"), ("real-fay", "real-ann"), ("real-gus", "real-bob"))
    ]
    logins = [
        {"kind": "LOGIN", "at": "2026-03-04T11:00:00+08:00", "customer": key}
        for key in ("real-bob", "real-dan", "real-ann")
    ]
    return [*people, *brought, *logins]


def agreed(keys: list[str], hour: int, *, sharing: bool) -> list[dict[str, Any]]:
    told = {"kind": "CONSENT", "at": f"2026-03-04T{hour}:00:00+08:00", "properties": {"sharing": sharing}}
    return [{**told, "customer": key} for key in keys]


async def webhooks_tell_of_who_is_seen_whenever_they_are_asked(server: Served, acme: Partner, zeta: Partner) -> None:
    """A partner's webhooks hold its rows under its ids; who withdraws is in no delivery, count, log, replay or file."""
    post, hooks = Post(), dict[str, str]()
    async with await asyncio.start_server(post, "127.0.0.1", 0) as receiver:
        address = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}"
        for path, who in {"/acme": acme, "/busy": acme, "/zeta": zeta}.items():
            answer = await who.ask(CREATE_WEBHOOK % (address + path))
            hooks[path] = answer["data"]["createWebhook"]["webhook"]["id"]
        await recorded(server, happened())
        await scored(server)
        export, _ = await exported(acme)
        topics = {"events.recorded", "influence.changed", "score_run.published"}
        acmes = {topic: await post.told("/acme", topic) for topic in {*topics, "export.ended"}}
        zetas = {topic: await post.told("/zeta", topic) for topic in topics}
        before = await deliveries(acme, hooks["/busy"])
        ended = await acme.client.get(acmes["export.ended"]["url"])
        await recorded(server, agreed(["real-ann", "real-eve", "real-fay"], 13, sharing=False))
        after = [await deliveries(acme, hooks[path]) for path in ("/acme", "/busy")]
        replays = {
            one["topic"]: (await acme.ask(REPLAY % one["id"]))["data"]["replayWebhookDelivery"]["__typename"]
            for one in before["nodes"]
        }
        gone = await acme.client.get(f"/exports/{export}")
        job = (await acme.ask(f'{{ export(id: "{export}") {{ state rows size url }} }}'))["data"]["export"]
        await recorded(server, agreed(["real-ann"], 14, sharing=True))
        back = await deliveries(acme, hooks["/busy"])
        for path, id in hooks.items():
            remove = f'mutation {{ deleteWebhook(id: "{id}") {{ __typename }} }}'
            await (zeta if path == "/zeta" else acme).ask(remove)

    def named(who: Partner, told: dict[str, Any], rows: str) -> set[str | None]:
        return {who.ids.meant("Customer", row["customer"]) for row in told[rows]}

    assert named(acme, acmes["events.recorded"], "events") == {"real-ann"}
    assert named(zeta, zetas["events.recorded"], "events") == {"real-ann", "real-bob"}
    assert {"real-ann"} <= named(acme, acmes["influence.changed"], "changes") <= {"real-ann", "real-eve", "real-fay"}
    assert {"real-ann", "real-bob"} <= named(zeta, zetas["influence.changed"], "changes")
    assert not {"more", "rest"} & acmes["influence.changed"].keys()
    assert (acmes["score_run.published"]["customers"], acmes["score_run.published"]["failure"]) == (None, None)
    assert not list(betrayals(post.got))
    assert not {id for id, _ in post.got["/acme"]} & {id for id, _ in post.got["/zeta"]}
    every = ["EVENTS_RECORDED", "EXPORT_ENDED", "INFLUENCE_CHANGED", "SCORE_RUN_PUBLISHED"]
    assert (before["totalCount"], sorted(one["topic"] for one in before["nodes"])) == (4, every)
    # Of the people who were told of nothing is left, whether it had arrived or not.
    assert [(one["totalCount"], sorted(node["topic"] for node in one["nodes"])) for one in [*after, back]] == [
        (2, ["EXPORT_ENDED", "SCORE_RUN_PUBLISHED"])
    ] * 3
    lost, kept = "InvalidInput", "ReplayWebhookDeliveryPayload"
    assert replays == dict(zip(every, [lost, kept, lost, kept], strict=True))
    assert (ended.status_code, len(ended.text.splitlines())) == (200, 3)
    assert (gone.status_code, acme.ids.shown("Customer", "real-ann") in gone.text) == (410, False)
    assert job == {"state": "FAILED", "rows": 0, "size": 0, "url": None}


async def deliveries(who: Partner, hook: str) -> dict[str, Any]:
    return (await who.ask(DELIVERIES % hook))["data"]["webhookDeliveries"]


async def what_happens_is_told_of_who_is_seen_until_the_key_ends(
    server: Served, acme: Partner, keys: KeyStore, secret: str
) -> None:
    """Consent that is withdrawn ends what is told at once, and a revoked key ends the socket."""
    watch = "subscription { eventRecorded(kinds: [LOGIN]) { customerKey eventId customer { key } } }"
    own = acme.ids.shown("Customer", "real-ann")
    logins = [
        {"kind": "LOGIN", "at": "2026-03-05T09:00:00+08:00", "customer": key}
        for key in ("real-bob", "real-dan", "real-ann")
    ]
    consent = {"kind": "CONSENT", "at": "2026-03-06T09:00:00+08:00", "customer": "real-ann"}
    later = [{**login, "at": "2026-03-07T09:00:00+08:00"} for login in logins]
    again = [{**login, "at": "2026-03-09T09:00:00+08:00"} for login in logins]
    async with acme.socket.connected() as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": watch}}))
        await socket.send(json.dumps({"type": "ping"}))
        assert json.loads(await socket.recv())["type"] == "pong"
        await asyncio.sleep(0.5)  # the ping may be answered before the feed listens
        await recorded(server, logins)
        first = json.loads(await socket.recv())
        await recorded(server, [{**consent, "properties": {"sharing": False}}])
        gone = await acme.ask(
            f'{{ customer(key: "{own}") {{ key }} influenceScores(customerKeys: ["{own}"]) {{ rank }} }}'
        )
        await recorded(server, later)
        granted = {**consent, "at": "2026-03-08T09:00:00+08:00", "properties": {"sharing": True}}
        await recorded(server, [granted])
        await recorded(server, again)
        second = json.loads(await socket.recv())
        keys.revoke_key("_".join(secret.split("_", 2)[:2]), now=now())
        with pytest.raises(ConnectionClosedError) as end:
            await socket.recv()

    told = [frame["payload"]["data"]["eventRecorded"] for frame in (first, second)]
    assert [(one["customerKey"], one["customer"]) for one in told] == [(own, {"key": own})] * 2
    assert told[0]["eventId"] != told[1]["eventId"]
    assert not list(betrayals([first, second]))
    assert gone["data"] == {"customer": None, "influenceScores": [None]}
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == 4403
    refused = await acme.client.post("/graphql", json={"query": "{ __typename }"})
    assert refused.status_code == 401
