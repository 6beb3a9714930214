"""Webhooks: signed as the standard says, told once, tried again by the ladder, and nobody's but their key's."""

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import polars as pl
import pytest
from api_fakes import NOON, FakeIds, RecordingReader, run_row

from api.auth import KeyStore
from api.graphql.connection import read_cursor, write_cursor
from api.graphql.context import Caller, Export, ExportRequest
from api.webhooks.addresses import PublicOnly, check_url, is_public
from api.webhooks.audiences import Audiences
from api.webhooks.book import LEASED_FOR, WebhookBook
from api.webhooks.desk import Desk
from api.webhooks.influence_news import CHANGES_A_MESSAGE
from api.webhooks.ladder import RUNGS, next_attempt
from api.webhooks.records import Attempt, Message, Stretch, Webhook
from api.webhooks.sender import Ended, Sender
from api.webhooks.signing import signed_headers
from api.webhooks.telling import BEHIND_AFTER, EVENTS_A_MESSAGE, Teller
from graph.errors import BadInput, StoreUnavailable
from graph.jobs.score_changes import ChangesAsked, InfluenceChanges
from graph.log import DeadLetters, EventLog
from graph.log.scores import ScoreTable
from graph.queries import overview, run
from graph.queries.listing import page_statement
from graph.queries.paging import Position, Slice
from graph.queries.view import SEEN, View
from loaders.record import Recorder

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CREATE = """mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { __typename
  ... on CreateWebhookPayload { secret webhook { id url topics eventKinds disabled } } ... on Failure { message } } }"""
MINE = "{ webhooks { id topics } }"
ALL_RUNS = page_statement(run.LISTING, run.NEWEST_FIRST, (), False, False, False)


@pytest.fixture
def book(tmp_path: Path) -> WebhookBook:
    return WebhookBook.open(tmp_path / "webhooks.sqlite")


def hook(id: str = "w1", *topics: str, kinds: Sequence[str] = ()) -> Webhook:
    wanted = frozenset(topics or ("score_run.published",))
    return Webhook(id, "key", "https://crm.example/hooks", wanted, frozenset(kinds), SECRET, NOON)


def news(id: str = "msg_1", topic: str = "score_run.published") -> Message:
    return Message(id, topic, b'{"a":1}')


def test_a_signature_is_that_of_the_published_example_of_standard_webhooks():
    at = datetime.fromtimestamp(1614265330, UTC)

    headers = signed_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# --- over the API --------------------------------------------------------------------------------------------------


def created(api: Any, **given: Any) -> dict[str, Any]:
    wanted = {"url": "https://crm.example/hooks", "topics": ["SCORE_RUN_PUBLISHED"]} | given
    return api.data(CREATE, input=wanted)["createWebhook"]


def test_a_webhook_is_made_listed_and_removed(api: Any):
    made = created(api, topics=["EVENTS_RECORDED"], eventKinds=["SHARE", "PURCHASE"])["webhook"]

    assert made == made | {"topics": ["EVENTS_RECORDED"], "eventKinds": ["PURCHASE", "SHARE"], "disabled": None}
    assert api.data(MINE)["webhooks"] == [{"id": made["id"], "topics": ["EVENTS_RECORDED"]}]
    remove = "mutation($id: ID!) { deleteWebhook(id: $id) { __typename } }"
    assert api.data(remove, id=made["id"])["deleteWebhook"]["__typename"] == "DeleteWebhookPayload"
    assert api.data(MINE)["webhooks"] == []
    assert api.data(remove, id=made["id"])["deleteWebhook"]["__typename"] == "InvalidInput"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "http://crm.example/"}, "must begin with https://"),
        ({"url": "ftp://crm.example/"}, "must begin with https://"),
        ({"url": "https://me:pass@crm.example/"}, "no password"),
        ({"url": "https:///hooks"}, "must begin with https://"),
        ({"topics": []}, "at least one topic"),
        ({"topics": ["EVENTS_RECORDED"]}, "`eventKinds` must say"),
        ({"eventKinds": ["SHARE"]}, "belongs to the topic EVENTS_RECORDED"),
    ],
)
def test_what_cannot_be_a_webhook_is_told_why(api: Any, wrong: dict[str, Any], told: str):
    answer = created(api, **wrong)

    assert answer["__typename"] == "InvalidInput"
    assert told in answer["message"]
    assert api.data(MINE)["webhooks"] == []


def test_nobody_sees_or_touches_the_webhook_of_another_key(api: Any):
    id = created(api)["webhook"]["id"]
    test = f'mutation {{ testWebhook(id: "{id}") {{ __typename }} }}'
    deliveries = f'{{ webhookDeliveries(webhook: "{id}") {{ nodes {{ id }} }} }}'

    assert api.post(MINE, key="read").json()["data"]["webhooks"] == []
    assert api.post(test, key="write").json()["data"]["testWebhook"]["__typename"] == "InvalidInput"
    assert api.post(deliveries, key="read").json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_dry_run_shows_what_would_be_posted_and_posts_nothing(api: Any):
    made = created(api)
    id, secret = made["webhook"]["id"], made["secret"]
    test = """mutation($id: ID!) { testWebhook(id: $id, dryRun: true) {
      ... on TestWebhookPayload { url headers body sent } } }"""

    shown = api.data(test, id=id)["testWebhook"]

    headers = shown["headers"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{shown['body']}".encode()
    expected = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert (shown["sent"], json.loads(shown["body"])["type"]) == (False, "test")
    assert deliveries(api, id)["nodes"] == []


def deliveries(api: Any, id: str, arguments: str = "") -> dict[str, Any]:
    query = f"""query($id: ID!) {{ webhookDeliveries(webhook: $id {arguments}) {{ totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ id topic state body attempts {{ status problem }} nextAttemptAt }} }} }}"""
    return api.data(query, id=id)["webhookDeliveries"]


def test_deliveries_are_paged_from_the_newest_to_the_oldest(api: Any):
    id = created(api)["webhook"]["id"]
    for _ in range(5):
        api.data(f'mutation {{ testWebhook(id: "{id}") {{ __typename }} }}')

    pages = [deliveries(api, id, ", first: 2")]
    while (info := pages[-1]["pageInfo"])["hasNextPage"]:
        pages.append(deliveries(api, id, f', first: 2, after: "{info["endCursor"]}"'))

    back = deliveries(api, id, f', last: 2, before: "{pages[-1]["pageInfo"]["endCursor"]}"')

    numbers = [int(node["id"]) for page in pages for node in page["nodes"]]
    assert [int(node["id"]) for node in back["nodes"]] == numbers[-3:-1]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 5
    assert {page["totalCount"] for page in pages} == {5}
    assert deliveries(api, id, ", state: DEAD")["nodes"] == []


# --- delivering ----------------------------------------------------------------------------------------------------


class Receiver:
    """Answers as it is told, and keeps what it got."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.got: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.got.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def nobody(_: Collection[str]) -> Collection[str]:
    """No key has ended."""
    return ()


def sender_of(book: WebhookBook, client: httpx2.AsyncClient, clock: Clock, ended: Ended = nobody) -> Sender:
    return Sender(book, client, clock, ended, Audiences(RecordingReader(), FakeIds))


async def sent(
    book: WebhookBook, receiver: Receiver, clock: Clock, *, waits: Sequence[timedelta] = (), ended: Ended = nobody
) -> None:
    """Everything that is due, now and after each wait."""
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(receiver)) as client:
        sender = sender_of(book, client, clock, ended)
        for wait in [timedelta(), *waits]:
            clock.now += wait
            while await sender.step():
                await sender.settled()


async def test_what_was_posted_is_sent_signed_once(book: WebhookBook):
    book.add(hook())
    for _ in range(2):
        assert book.post([news()], NOON)
    receiver, clock = Receiver(httpx2.Response(204)), Clock()

    await sent(book, receiver, clock, waits=[timedelta(days=1)])

    [request] = receiver.got
    headers = signed_headers(SECRET, "msg_1", NOON, b'{"a":1}')
    assert {name: request.headers[name] for name in headers} == headers
    assert request.content == b'{"a":1}'
    [delivery] = book.deliveries("w1", Stretch(9))
    assert delivery.state == "delivered"


async def test_a_refusal_is_tried_again_by_the_ladder_and_then_given_up(book: WebhookBook):
    book.add(hook())
    book.post([news()], NOON)
    receiver, clock = Receiver(httpx2.Response(500), httpx2.ConnectError("refused"), httpx2.Response(302)), Clock()

    await sent(book, receiver, clock, waits=[*RUNGS, timedelta(days=9)])

    [delivery] = book.deliveries("w1", Stretch(9), "dead")
    attempts = book.attempts([delivery.number])[delivery.number]
    assert len(receiver.got) == len(attempts) == 1 + len(RUNGS)
    assert [attempt.status for attempt in attempts] == [500, None, *[302] * 6]
    assert attempts[1].problem == "ConnectError: refused"
    assert [later.at - sooner.at for sooner, later in pairwise(attempts)] == list(RUNGS)


async def test_nothing_is_tried_before_its_time(book: WebhookBook):
    book.add(hook())
    book.post([news()], NOON)
    receiver, clock = Receiver(httpx2.Response(503, headers={"Retry-After": "3600"}), httpx2.Response(200)), Clock()

    await sent(book, receiver, clock, waits=[timedelta(seconds=3599)])
    assert len(receiver.got) == 1

    await sent(book, receiver, clock, waits=[timedelta(seconds=1)])
    assert len(receiver.got) == 2


async def test_an_address_that_is_gone_is_told_nothing_more(book: WebhookBook):
    book.add(hook())
    book.post([news(), news("msg_2")], NOON)
    receiver, clock = Receiver(httpx2.Response(410)), Clock()

    await sent(book, receiver, clock, waits=RUNGS)
    book.post([news("msg_3")], clock())

    found = book.find("w1")
    assert found is not None
    assert found.disabled == "It answered 410 Gone."
    states = [one.state for one in book.deliveries("w1", Stretch(9))]
    assert states == ["dead", "dead"]


async def test_a_webhook_ends_with_the_last_key_of_who_made_it(book: WebhookBook, tmp_path: Path):
    keys, receiver, clock = KeyStore.open(tmp_path / "keys.sqlite"), Receiver(httpx2.Response(204)), Clock()
    made = [keys.create_key(name, {"read"}, now=NOON, expires_at=None) for name in ("ends", "goes on")]
    prefixes = ["_".join(secret.split("_")[:2]) for secret in made]
    owners = [keys.find_key(prefix).account for prefix in prefixes]
    keys.rotate_key(prefixes[1], now=NOON, overlap=timedelta())
    for place, owner in enumerate([*owners, "https://id.example a subject of the OpenID provider"]):
        book.add(replace(hook(), id=f"w{place}", owner=owner))
    book.post([news()], NOON)
    keys.revoke_key(prefixes[0], now=NOON)

    await sent(book, receiver, clock, ended=lambda accounts: keys.without_key(accounts, now=clock()))

    assert [one.id for one in book.wanted()] == ["w1"]
    assert [[one.state for one in book.deliveries(id, Stretch(9))] for id in ("w0", "w2")] == [["dead"], ["dead"]]
    assert len(receiver.got) == 1
    keys.close()


async def test_what_was_given_up_can_be_replayed_under_its_own_id(book: WebhookBook):
    book.add(hook())
    book.post([news()], NOON)
    receiver, clock = Receiver(*[httpx2.Response(500)] * 8, httpx2.Response(200)), Clock()
    await sent(book, receiver, clock, waits=RUNGS)
    [dead] = book.deliveries("w1", Stretch(9), "dead")

    book.replay(dead.number, clock())
    await sent(book, receiver, clock)

    [delivery] = book.deliveries("w1", Stretch(9))
    assert (delivery.state, len(book.attempts([dead.number])[dead.number])) == ("delivered", 9)
    assert len({request.headers["webhook-id"] for request in receiver.got}) == 1
    assert receiver.got[0].headers["webhook-timestamp"] != receiver.got[-1].headers["webhook-timestamp"]


def test_what_one_process_tries_is_no_others_until_it_must_be_dead(book: WebhookBook, tmp_path: Path):
    other = WebhookBook.open(tmp_path / "webhooks.sqlite")
    book.add(hook())
    # The second waits for the first, whichever process has that: else they might change places.
    book.post([news(), news("msg_2")], NOON)

    assert len(book.lease(NOON, 9)) == 1
    assert other.lease(NOON + LEASED_FOR / 2, 9) == []
    assert len(other.lease(NOON + LEASED_FOR, 9)) == 1


def test_a_wait_is_never_shorter_than_its_rung_nor_longer_than_the_longest():
    assert next_attempt(1, NOON, timedelta(seconds=1)) == NOON + RUNGS[0]
    assert next_attempt(1, NOON, timedelta(days=99)) == NOON + RUNGS[-1]
    assert next_attempt(len(RUNGS) + 1, NOON) is None


# --- partners ------------------------------------------------------------------------------------------------------


ACME = View("acme", {"district": ("Xihu",)})


class Town:
    """Who is seen by partners, as the graph would say it, and what follows for the webhooks of one."""

    def __init__(self, book: WebhookBook, *seen: str) -> None:
        self.seen, self.book, self.reader = set(seen), book, RecordingReader()
        self.reader.when(ACME.narrowed(SEEN), lambda asked: [{"key": key} for key in asked["keys"] if key in self.seen])
        self.audiences = Audiences(self.reader, FakeIds)
        self.desk = Desk(book, lambda: None, lambda: NOON, self.audiences)

    async def sent(self, receiver: Receiver, clock: Clock, *waits: timedelta) -> None:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(receiver)) as client:
            sender = Sender(self.book, client, clock, nobody, self.audiences)
            for wait in [timedelta(), *waits]:
                clock.now += wait
                while await sender.step():
                    await sender.settled()

    def post(self, *customers: str, id: str = "msg_1") -> None:
        """A message about these customers, as it is made for a partner."""
        rows = [{"id": f"e-{key}", "customer": f"acme/Customer/{key}"} for key in customers]
        rows[0]["referrer"] = "acme/Customer/bob"
        body = json.dumps({"type": "events.recorded", "data": {"kind": "login", "events": rows}}).encode()
        self.book.post([], NOON, partners={"key": [Message(id, "events.recorded", body, "login")]})


@pytest.fixture
def town(book: WebhookBook) -> Town:
    book.add(replace(hook("w1", "events.recorded", kinds=["login"]), view=ACME))
    return Town(book, "ann", "bob", "cat")


def customers_of(body: bytes) -> list[str]:
    return [row["customer"].rsplit("/")[-1] for row in json.loads(body)["data"]["events"]]


async def test_who_withdraws_between_two_tries_is_in_the_first_alone(town: Town):
    town.post("ann", "cat")
    receiver, clock = Receiver(httpx2.Response(500), httpx2.Response(200)), Clock()

    await town.sent(receiver, clock)
    town.seen -= {"ann", "bob"}
    await town.sent(receiver, clock, RUNGS[0])

    first, second = [json.loads(request.content)["data"]["events"] for request in receiver.got]
    assert [customers_of(request.content) for request in receiver.got] == [["ann", "cat"], ["cat"]]
    assert first[0]["referrer"] == "acme/Customer/bob"
    assert second == [{"id": "e-cat", "customer": "acme/Customer/cat"}]
    headers = signed_headers(SECRET, "msg_1", NOON + RUNGS[0], receiver.got[1].content)
    assert receiver.got[1].headers["webhook-signature"] == headers["webhook-signature"]


async def test_a_message_about_nobody_who_is_seen_is_as_if_it_had_never_been(town: Town, book: WebhookBook):
    town.post("ann")
    town.post("cat", id="msg_2")
    receiver, clock = Receiver(httpx2.Response(500), httpx2.Response(200)), Clock()
    await town.sent(receiver, clock)
    number = book.deliveries("w1", Stretch(9))[-1].number
    town.seen.remove("ann")

    await town.sent(receiver, clock, *RUNGS)

    assert [customers_of(request.content) for request in receiver.got] == [["ann"], ["cat"]]
    [kept] = book.deliveries("w1", Stretch(9))
    assert kept.message == "msg_2"
    assert book.attempts([number]) == {number: []}


async def test_who_is_not_seen_any_more_is_in_no_list_count_and_replay(town: Town, book: WebhookBook):
    for place in range(5):
        town.post("ann" if place % 2 else "cat", id=f"msg_{place}")
    await town.sent(Receiver(httpx2.Response(410)), Clock())
    webhook = book.find("w1")
    assert webhook is not None
    dead = book.deliveries("w1", Stretch(9), "dead")
    town.seen.remove("ann")

    page = await town.desk.deliveries(webhook, Stretch(2), None)
    count = await town.desk.count(webhook, None, 100)
    replayed = [await town.desk.replay("key", one.number) for one in dead if customers_of(one.body) == ["ann"]]

    assert len(dead) == 5
    assert [customers_of(one.body) for one in page] == [["cat"], ["cat"]]
    assert (count, replayed) == (3, [None, None])


async def test_while_the_graph_is_away_a_partner_is_told_nothing_and_loses_nothing(town: Town, book: WebhookBook):
    town.post("ann")
    receiver, clock = Receiver(httpx2.Response(200)), Clock()
    town.reader.failure = StoreUnavailable("the graph is gone")

    await town.sent(receiver, clock, *RUNGS, *RUNGS)
    town.reader.failure = None
    waiting = book.deliveries("w1", Stretch(9), "pending")
    await town.sent(receiver, clock, RUNGS[0])

    assert (len(waiting), len(receiver.got)) == (1, 1)
    assert len(book.attempts([waiting[0].number])[waiting[0].number]) == 1


async def test_a_partner_is_not_told_what_is_posted_for_everybody(town: Town, book: WebhookBook):
    book.post([Message("msg_1", "events.recorded", b"{}", "login")], NOON)

    assert book.deliveries("w1", Stretch(9)) == []


def test_partners_ask_for_what_stays_within_their_audience(api: Any):
    scopes = ["webhooks:write", "events:read", "influence:read"]
    api.secrets["acme"] = api.keys.create_key("acme", scopes, now=NOON, expires_at=None, view=ACME)

    def asked(*topics: str) -> Any:
        wanted = {"url": "https://crm.example/hooks", "topics": topics, "eventKinds": []}
        return api.post(CREATE, key="acme", variables={"input": wanted}).json()

    assert asked("INFLUENCE_CHANGED")["data"]["createWebhook"]["__typename"] == "CreateWebhookPayload"
    refused = asked("GRAPH_BEHIND")["data"]["createWebhook"]
    assert (refused["__typename"], refused["message"]) == ("InvalidInput", "Partners are not told GRAPH_BEHIND.")
    for topic, scope in {"CHAIN_STEPS_REACHED": "chains:read", "EXPORT_ENDED": "exports:read"}.items():
        assert asked(topic)["errors"][0]["extensions"]["missingScopes"] == [scope]


async def test_a_bearer_of_a_token_is_told_to_bring_a_key(book: WebhookBook):
    desk = Desk(book, lambda: None, lambda: NOON, Audiences(RecordingReader(), FakeIds))
    subject = Caller("sub", frozenset({"write"}), key="https://id.example sub", is_token=True)

    with pytest.raises(BadInput, match="needs an API key"):
        await desk.create(subject, "https://crm.example/hooks", ["score_run.published"], [])


async def test_an_export_that_ended_is_told_to_the_key_that_started_it(book: WebhookBook):
    desk = Desk(book, lambda: None, lambda: NOON, Audiences(RecordingReader(), FakeIds))
    book.add(hook("w1", "export.ended"))
    book.add(hook("w2"))
    book.add(replace(hook("w3", "export.ended"), owner="another key"))
    request = ExportRequest("customers", "jsonl", owner="key")

    await desk.export_ended(Export("export-1", request, "succeeded", NOON, NOON + timedelta(days=1), rows=7))

    [delivery] = book.deliveries("w1", Stretch(9))
    told = {"export": "export-1", "noun": "customers", "format": "jsonl", "state": "succeeded"}
    ends = {"url": "/exports/export-1", "expiresAt": "2026-03-03T04:00:00Z"}
    assert json.loads(delivery.body)["data"] == {**told, **ends}
    assert book.deliveries("w2", Stretch(9)) == book.deliveries("w3", Stretch(9)) == []


def test_a_book_of_an_earlier_release_is_gone_on_with(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "webhooks.sqlite")) as old:
        old.execute(
            "CREATE TABLE webhook (id TEXT PRIMARY KEY, owner TEXT NOT NULL, url TEXT NOT NULL, topics TEXT NOT NULL, "
            "kinds TEXT NOT NULL, secret TEXT NOT NULL, created REAL NOT NULL, disabled TEXT)"
        )
        old.execute("INSERT INTO webhook VALUES ('w1', 'key', 'https://crm.example/', 'test', '', 'whsec_', 1.0, NULL)")
        old.commit()

    book = WebhookBook.open(tmp_path / "webhooks.sqlite")
    book.post_to(["w1"], news(), NOON)

    assert [one.message for one in book.lease(NOON, 9)] == ["msg_1"]
    book.close()


# --- addresses -----------------------------------------------------------------------------------------------------


def looking_up(*addresses: str) -> Callable[[str, int], Any]:
    async def look_up(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return look_up


@pytest.mark.parametrize(
    "addresses",
    [("127.0.0.1",), ("10.1.2.3",), ("169.254.169.254",), ("::1",), ("fd00::1",), ("93.184.216.34", "192.168.0.9"), (),
     ("::ffff:127.0.0.1",), ("::127.0.0.1",), ("64:ff9b::a9fe:a9fe",), ("2002:7f00:1::",), ("fec0::1",), ("224.0.0.1",),
     ("ff0e::1",), ("0.0.0.0",), ("::",), ("100.64.0.1",), ("192.0.2.1",), ("fe80::1%eth0",)],
)  # fmt: skip
async def test_no_message_goes_to_an_address_of_the_own_network(addresses: tuple[str, ...]):
    receiver = Receiver(httpx2.Response(200))
    transport = PublicOnly(httpx2.MockTransport(receiver), looking_up(*addresses))

    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx2.ConnectError, match="no public address"):
            await client.post("https://crm.example/hooks")

    assert receiver.got == []


async def test_the_connection_goes_to_the_address_that_was_looked_at_under_the_name_that_was_asked_for():
    receiver = Receiver(httpx2.Response(200))
    transport = PublicOnly(httpx2.MockTransport(receiver), looking_up("93.184.216.34"))

    async with httpx2.AsyncClient(transport=transport) as client:
        await client.post("https://crm.example/hooks")

    [request] = receiver.got
    assert (request.url.host, request.headers["host"]) == ("93.184.216.34", "crm.example")
    assert request.extensions["sni_hostname"] == "crm.example"


def test_public_addresses_are_public_in_every_spelling():
    assert all(map(is_public, ("93.184.216.34", "2606:2800:21f:cb07::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822")))


async def test_a_name_that_means_another_address_a_moment_later_is_asked_for_its_first_one():
    receiver, answers = Receiver(httpx2.Response(200)), ["93.184.216.34", "127.0.0.1"]

    async def rebound(_host: str, _port: int) -> list[str]:
        return [answers.pop(0)]

    async with httpx2.AsyncClient(transport=PublicOnly(httpx2.MockTransport(receiver), rebound)) as client:
        await client.post("https://crm.example/hooks")

    assert [request.url.host for request in receiver.got] == ["93.184.216.34"]
    assert answers == ["127.0.0.1"]


async def test_a_redirect_is_no_way_round():
    receiver = Receiver(httpx2.Response(307, headers={"location": "http://169.254.169.254/"}))
    transport = PublicOnly(httpx2.MockTransport(receiver), looking_up("93.184.216.34"))

    async with httpx2.AsyncClient(transport=transport) as client:
        answer = await client.post("https://crm.example/hooks")

    assert (answer.status_code, len(receiver.got)) == (307, 1)


def test_plain_addresses_of_the_own_network_can_be_allowed():
    assert check_url("http://127.0.0.1:9/hooks", private=True).port == 9
    with pytest.raises(BadInput, match="https://"):
        check_url("http://127.0.0.1:9/hooks", private=False)


# --- telling -------------------------------------------------------------------------------------------------------


class Shop:
    """A log, a graph that follows when it is told to, and what is told of them."""

    def __init__(self, folder: Path, book: WebhookBook) -> None:
        self.log = EventLog.open(folder / "log")
        self.recorder = Recorder(self.log, DeadLetters.open(folder / "rejected"))
        self.reader = RecordingReader()
        self.book = book
        self.current = {"*": "run-1"}
        self.reader.when(run.CURRENT, lambda _: [{"scope": scope, "run": key} for scope, key in self.current.items()])
        changes, audiences = InfluenceChanges(self.reader, folder / "scores"), Audiences(self.reader, FakeIds)
        self.teller = Teller(book, self.log, self.reader, changes, audiences, ZoneInfo("Asia/Shanghai"))
        self.now = NOON

    def score(self, key: str, spreads: Mapping[str, float], scope: str = "*") -> None:
        """A run of influence is published."""
        rows = [
            {"customer_id": who, "spread": spread, "rank": place, "paths": "[]"}
            for place, (who, spread) in enumerate(sorted(spreads.items(), key=lambda one: -one[1]), 1)
        ]
        ScoreTable.open(self.log.address.removesuffix("log") + "scores", "influence").write(key, pl.DataFrame(rows))
        self.current[scope] = key

    def record(self, *kinds: str) -> None:
        at = "2026-03-02T12:00:00+08:00"
        events = [{"kind": kind, "at": at, "customer": f"c{place}"} for place, kind in enumerate(kinds)]
        self.recorder.record_events(events, received_at=NOON + timedelta(seconds=self.log.version))

    async def told(self, *, follow: bool = True) -> list[dict[str, Any]]:
        """The messages that one more look brings."""
        version = self.log.version if follow else 0
        self.reader.when(overview.PROJECTED, lambda _: [{"version": version}])
        before = {one.number for one in self.book.deliveries("w1", Stretch(999))}
        await self.teller.step(self.now)
        found = self.book.deliveries("w1", Stretch(999))[::-1]
        return [json.loads(one.body) for one in found if one.number not in before]


@pytest.fixture
def shop(tmp_path: Path, book: WebhookBook) -> Shop:
    return Shop(tmp_path, book)


async def test_events_of_the_wanted_kinds_are_told_once_the_graph_has_them(shop: Shop):
    shop.book.add(hook("w1", "events.recorded", kinds=["login"]))
    assert await shop.told() == []
    shop.record("login", "logout", "login")

    assert await shop.told(follow=False) == []
    [told] = await shop.told()

    assert (told["type"], told["data"]["kind"]) == ("events.recorded", "login")
    assert sorted(event["customer"] for event in told["data"]["events"]) == ["c0", "c2"]
    assert await shop.told() == []


async def test_many_events_are_told_in_several_messages(shop: Shop):
    shop.book.add(hook("w1", "events.recorded", kinds=["login"]))
    await shop.told()
    shop.record(*["login"] * (2 * EVENTS_A_MESSAGE + 1))

    told = await shop.told()

    assert [len(one["data"]["events"]) for one in told] == [EVENTS_A_MESSAGE, EVENTS_A_MESSAGE, 1]


async def test_what_happened_while_nothing_ran_is_told_later_and_once(shop: Shop, tmp_path: Path):
    shop.book.add(hook("w1", "events.recorded", kinds=["login"]))
    await shop.told()
    shop.record("login")
    after_a_restart = Shop(tmp_path, shop.book)

    assert len(await after_a_restart.told()) == 1
    assert await shop.told() == []


async def test_runs_are_told_when_they_ended_whoever_started_them(shop: Shop):
    shop.book.add(hook("w1", "score_run.published", "score_run.failed"))
    rows = [run_row("old") | {"finished_at": NOON - timedelta(hours=1)}]
    shop.reader.when(ALL_RUNS, lambda _: [dict(row, sort_value=NOON, sort_key=row["key"]) for row in rows])
    assert await shop.told() == []
    ended = {"finished_at": NOON + timedelta(minutes=1)}
    rows += [run_row("good") | ended, run_row("bad") | ended | {"state": "failed", "failure": "no events"}]
    rows += [run_row("busy") | {"state": "running"}]

    told = [(one["type"], one["data"]["run"], one["data"]["failure"]) for one in await shop.told()]

    assert told == [("score_run.published", "good", None), ("score_run.failed", "bad", "no events")]
    assert await shop.told() == []


@pytest.fixture
def scored(shop: Shop) -> Shop:
    shop.reader.when(run.BY_KEYS, lambda asked: [run_row(key) for key in asked["keys"]])
    shop.book.add(hook("w1", "influence.changed"))
    shop.score("run-1", {"ann": 4.0, "bob": 2.0, "cat": 1.0, "dan": 0.0})
    return shop


async def test_who_moved_with_a_new_run_is_told_once_and_nothing_of_the_run_before_the_webhook(scored: Shop):
    assert await scored.told() == []
    scored.score("run-2", {"ann": 4.5, "bob": 3.0, "eve": 0.5, "dan": 0.0})

    [told] = await scored.told()

    bob = {"customer": "bob", "spreadBefore": 2.0, "spreadAfter": 3.0, "rankBefore": 2, "rankAfter": 2, "top": None}
    eve = {"spreadBefore": None, "spreadAfter": 0.5, "rankBefore": None, "rankAfter": 3, "top": "entered"}
    cat = {"spreadBefore": 1.0, "spreadAfter": None, "rankBefore": 3, "rankAfter": None, "top": "left"}
    stated = {"scope": "*", "from": "run-1", "to": "run-2", "share": 0.2, "top": 100, "more": 0, "rest": None}
    changes = [bob, {"customer": "cat", **cat}, {"customer": "eve", **eve}]
    assert (told["type"], told["data"]) == ("influence.changed", {**stated, "changes": changes})
    assert await scored.told() == []


async def test_runs_between_two_looks_and_restarts_are_told_as_one_change(scored: Shop):
    await scored.told()
    scored.score("run-2", {"ann": 9.0})
    scored.score("run-3", {"ann": 4.0, "bob": 2.0, "cat": 3.0, "dan": 0.0})
    old = scored.teller
    scored.teller = Teller(scored.book, scored.log, scored.reader, old.changes, old.audiences, old.zone)

    [told] = await scored.told()

    assert (told["data"]["from"], told["data"]["to"]) == ("run-1", "run-3")
    assert [one["customer"] for one in told["data"]["changes"]] == ["cat"]


async def test_a_message_holds_the_farthest_moved_and_the_query_that_fetches_the_rest(scored: Shop, api: Any):
    await scored.told()
    scored.score("run-2", {f"new{number:03}": 1.0 + number for number in range(CHANGES_A_MESSAGE + 20)})

    [told] = await scored.told()

    changes, rest = told["data"]["changes"], told["data"]["rest"]
    assert (len(changes), told["data"]["more"]) == (CHANGES_A_MESSAGE, 24 - 1)
    found = await scored.teller.changes.between("run-1", "run-2", ChangesAsked())
    after = read_cursor("influenceChanges", rest["variables"]["after"])
    others = [entry.row.customer_id for entry in found.page(Slice(100, after=after)).entries]
    assert len(others) == 23
    assert not set(others) & {one["customer"] for one in changes}
    same = api.data(rest["query"], **rest["variables"] | {"to": "run-1"})["influenceChanges"]
    assert same == {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


async def test_tables_that_are_gone_stop_nothing(scored: Shop):
    await scored.told()
    scored.current["*"] = "run-2"
    assert await scored.told() == []
    scored.score("run-3", {"ann": 9.0})
    assert await scored.told() == []  # beside run-2, of which nothing is known
    scored.score("run-4", {"ann": 4.0})
    [told] = await scored.told()
    assert told["data"]["from"] == "run-3"


async def test_who_asks_later_is_told_what_changes_from_then_on(scored: Shop):
    await scored.told()
    scored.book.remove("w1")
    await scored.told()
    scored.score("run-2", {"ann": 9.0})
    scored.book.add(hook("w1", "influence.changed"))

    assert await scored.told() == []


async def test_a_run_published_at_once_after_the_first_webhook_is_told(scored: Shop):
    scored.book.remove("w1")
    desk = Desk(scored.book, lambda: None, lambda: scored.now, scored.teller.audiences)
    await scored.told()
    asked = ["influence.changed", "score_run.published"]
    made = await desk.create(Caller("key", frozenset(), key="key"), "https://crm.example/hooks", asked, [])
    scored.score("run-2", {"ann": 9.0})
    ended = run_row("run-2") | {"finished_at": NOON + timedelta(seconds=1), "sort_value": NOON, "sort_key": "run-2"}
    scored.reader.when(ALL_RUNS, lambda _: [dict(ended)])

    await scored.told()

    told = {one.topic: json.loads(one.body)["data"] for one in scored.book.deliveries(made.id, Stretch(9))}
    assert (told["influence.changed"]["from"], told["influence.changed"]["to"]) == ("run-1", "run-2")
    assert told["score_run.published"]["run"] == "run-2"


async def test_what_a_look_begun_before_the_webhook_finds_unwanted_is_told_all_the_same(scored: Shop):
    """The look read who wants what; then somebody asked; then it forgets what nobody wanted."""
    scored.book.remove("w1")
    scored.book.begin("changes *", "run-1")

    scored.book.add(hook("w1", "influence.changed"), {"changes *": "run-1"})
    scored.book.forget("changes", ["influence.changed"])

    assert scored.book.told("changes *") == "run-1"


async def test_runs_that_ended_before_anybody_asked_are_not_told(shop: Shop):
    await shop.teller.begin()
    rows = [run_row("old") | {"finished_at": NOON, "sort_value": NOON, "sort_key": "old"}]
    shop.reader.when(ALL_RUNS, lambda _: rows)
    shop.now += timedelta(hours=1)
    assert await shop.told() == []
    shop.book.add(hook("w1", "score_run.published"))

    assert await shop.told() == []


async def test_partners_are_told_of_whom_they_see_under_ids_of_their_own(scored: Shop):
    """Ann and cat moved, and log in; acme sees cat alone."""
    scored.book.add(
        replace(hook("p", "influence.changed", "events.recorded", kinds=["login"]), owner="acme", view=ACME)
    )
    scored.reader.when(
        ACME.narrowed(SEEN), lambda asked: [{"key": key} for key in asked["keys"] if key in {"cat", "c1"}]
    )
    await scored.told()
    scored.score("run-2", {"ann": 9.0, "bob": 2.0, "cat": 3.0, "dan": 0.0})
    scored.record("login", "login", "logout")

    [all_of_it] = await scored.told()

    events, changes = [json.loads(one.body)["data"] for one in scored.book.deliveries("p", Stretch(9))[::-1]]
    assert len(all_of_it["data"]["changes"]) == 2
    assert [one["customer"] for one in changes["changes"]] == ["acme/Customer/cat"]
    assert not {"more", "rest"} & changes.keys()
    assert [one["customer"] for one in events["events"]] == ["acme/Customer/c1"]
    ids = {one.message for hook in ("p", "w1") for one in scored.book.deliveries(hook, Stretch(9))}
    assert len(ids) == 3


async def test_more_purchases_than_are_looked_at_are_told_as_a_stretch(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.webhooks.telling.MOST_WAITING", 1)
    shop.book.add(hook("w1", "chain.steps_reached"))
    await shop.told()
    shop.record("login", "login")
    assert await shop.told() == []
    at = "2026-03-02T12:00:00+08:00"
    line = {"kind": "purchase", "at": at, "customer": "c1", "product": "tea", "quantity": 1, "amount": "12.00"}
    bought = [line | {"order": order} for order in ("o1", "o2")]
    shop.recorder.record_events(bought, received_at=NOON + timedelta(hours=1))

    [told] = await shop.told()

    skipped = {"afterLogVersion": 1, "logVersion": 2, "reason": "more than 10,000 events that may be steps at once"}
    assert (told["type"], told["data"]) == ("chain.steps_reached", {"steps": [], "skipped": skipped})
    assert await shop.told() == []


@pytest.mark.parametrize(
    ("topic", "scope"), [("INFLUENCE_CHANGED", "changes:read"), ("CHAIN_STEPS_REACHED", "chains:read")]
)
def test_news_are_told_to_those_who_may_read_them(api: Any, topic: str, scope: str):
    scopes = ["events:read", "webhooks:write"]
    api.secrets["narrow"] = api.keys.create_key("narrow", scopes, now=NOON, expires_at=None)
    wanted = {"url": "https://crm.example/hooks", "topics": [topic]}

    [refused] = api.post(CREATE, key="narrow", variables={"input": wanted}).json()["errors"]

    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert scope in refused["message"]
    assert api.data(CREATE, input=wanted)["createWebhook"]["webhook"]["topics"] == [topic]


CHANGES = """query($to: ID!, $share: Float, $after: String) {
  influenceChanges(from: "run-1", to: $to, share: $share, after: $after) { totalCount } }"""


def test_changes_that_cannot_be_asked_for_are_told_why(api: Any):
    foreign = write_cursor("influenceChanges", Position("text", "ann"))

    assert api.data(CHANGES, to="run-1")["influenceChanges"] == {"totalCount": 0}
    for wrong in ({"to": "nothing"}, {"to": "run-1", "share": 1.0}, {"to": "run-1", "after": foreign}):
        assert api.code(CHANGES, **{"share": 0.2} | wrong) == "BAD_USER_INPUT"


async def test_a_graph_that_stays_behind_is_told_once_and_again_when_it_has_caught_up(shop: Shop):
    shop.book.add(hook("w1", "alert.graph_behind", "alert.graph_caught_up"))
    shop.record("login")
    shop.reader.failure = StoreUnavailable("the graph is gone")

    assert await shop.told() == []
    shop.now += BEHIND_AFTER
    [alarm] = await shop.told()
    assert (alarm["type"], alarm["data"]["failure"]) == ("alert.graph_behind", "the graph is gone")
    assert await shop.told() == []

    shop.reader.failure = None
    [relief] = await shop.told()
    assert relief["type"] == "alert.graph_caught_up"

    # Away again, though nothing was recorded meanwhile: that is news of its own.
    shop.reader.failure = StoreUnavailable("the graph is gone")
    shop.now += BEHIND_AFTER
    await shop.told()
    shop.now += BEHIND_AFTER
    assert [one["type"] for one in await shop.told()] == ["alert.graph_behind"]
    shop.reader.failure = None
    assert [one["type"] for one in await shop.told()] == ["alert.graph_caught_up"]


def test_of_two_processes_one_tells(book: WebhookBook, tmp_path: Path):
    other = WebhookBook.open(tmp_path / "webhooks.sqlite")
    book.begin("events", "1")

    assert book.post([], NOON, told=("events", "1", "2"))
    assert not other.post([], NOON, told=("events", "1", "2"))
    assert other.told("events") == "2"


@dataclass
class Hanging:
    """One host answers when it is let, all others at once; everything that came is kept, in its order."""

    let: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[tuple[str, str]] = field(default_factory=list)

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.got.append((request.url.host, request.headers["webhook-id"]))
        if request.url.host == "slow.example":
            await self.let.wait()
        return httpx2.Response(200)


async def test_a_receiver_that_never_answers_keeps_nobody_waiting_but_itself(book: WebhookBook):
    book.add(replace(hook("slow"), url="https://slow.example/"))
    book.add(hook("quick"))
    messages = [news(f"msg_{number}") for number in range(5)]
    book.post(messages, NOON)
    receiver = Hanging()
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(receiver)) as client:
        sender = sender_of(book, client, Clock())
        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(30):
            while len(book.deliveries("quick", Stretch(9), "delivered")) < 5:
                await asyncio.sleep(0)
            waiting = book.deliveries("slow", Stretch(9), "pending")
            receiver.let.set()
            while len(book.deliveries("slow", Stretch(9), "delivered")) < 5:
                await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def order(host: str) -> list[str]:
        return [message for where, message in receiver.got if where == host]

    assert len(waiting) == 5
    assert order("crm.example") == order("slow.example") == [message.id for message in messages]


async def test_no_more_is_sent_at_once_than_there_is_room_for(book: WebhookBook, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.webhooks.sender.AT_ONCE", 2)
    for id in ("w1", "w2", "w3"):
        book.add(replace(hook(id), url="https://slow.example/"))
    book.post([news()], NOON)
    receiver = Hanging()

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(receiver)) as client:
        sender = sender_of(book, client, Clock())
        begun = [await sender.step(), await sender.step()]
        receiver.let.set()
        await sender.settled()
        begun.append(await sender.step())
        await sender.settled()

    assert begun == [2, 0, 1]
    assert len(receiver.got) == 3


async def test_what_follows_a_failure_goes_on_before_it_is_tried_again(book: WebhookBook):
    book.add(hook())
    book.post([news("msg_1"), news("msg_2")], NOON)
    receiver, clock = Receiver(httpx2.Response(500), httpx2.Response(200)), Clock()

    await sent(book, receiver, clock, waits=[RUNGS[0]])

    assert [request.headers["webhook-id"] for request in receiver.got] == ["msg_1", "msg_2", "msg_1"]


async def test_an_attempt_that_hangs_is_given_up_in_time(book: WebhookBook, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.webhooks.sender.ATTEMPT_SECONDS", 0.01)
    book.add(hook())
    book.post([news()], NOON)

    async def hanging(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(hanging)) as client:
        sender = sender_of(book, client, Clock())
        await sender.step()
        await sender.settled()

    [delivery] = book.deliveries("w1", Stretch(9), "pending")
    assert "no answer within" in (book.attempts([delivery.number])[delivery.number][0].problem or "")


def test_nothing_that_is_asked_of_the_book_looks_through_what_grows(book: WebhookBook, tmp_path: Path):
    """Deliveries and attempts are found by an index, whatever is asked: SQLite says how it would look."""
    asked: list[str] = []
    traced = WebhookBook(recording(tmp_path / "webhooks.sqlite", asked))
    traced.add(hook())
    traced.post([news(f"msg_{place}") for place in range(3)], NOON)
    [first] = traced.lease(NOON, 9)
    traced.tried(first, Attempt(NOON, 500, 1, None), "pending", NOON)
    [second] = traced.lease(NOON, 9)
    traced.postpone(second, NOON)
    for state in (None, "dead"):
        for stretch in (Stretch(9), Stretch(9, below=2), Stretch(9, above=1, oldest_first=True)):
            traced.deliveries("w1", stretch, state)
        traced.count("w1", state, 9)
    traced.attempts([1, 2])
    traced.delivery(1)
    traced.replay(1, NOON)
    traced.drop([first])
    traced.sweep(NOON)
    traced.disable("w1", "gone")
    traced.remove("w1")
    traced.close()

    assert len(asked) > 40
    assert list(looked_through(tmp_path / "webhooks.sqlite", asked, {"delivery", "attempt"})) == []


def recording(file: Path, asked: list[str]) -> sqlite3.Connection:
    """A connection that writes down what it is asked, with the values in it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.set_trace_callback(asked.append)
    return connection


def looked_through(file: Path, asked: Sequence[str], tables: Collection[str]) -> Iterator[str]:
    """Steps of plans that scan one of the tables, or sort a list of deliveries of which only the beginning is read."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in asked:
            if statement.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
                for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                    is_sorted = statement.startswith("SELECT * FROM delivery") and "ORDER BY" in step
                    if is_sorted or any(f"SCAN {table}" in step for table in tables):
                        yield f"{step}: {statement}"


async def test_what_ended_is_kept_as_long_as_it_is_wanted(book: WebhookBook):
    book.add(hook())
    book.post([news()], NOON)
    await sent(book, Receiver(httpx2.Response(204)), Clock())
    book.post([news("msg_2")], NOON)

    book.sweep(NOON + timedelta(days=7), timedelta(days=7))
    kept = [one.message for one in book.deliveries("w1", Stretch(9))]
    book.sweep(NOON + timedelta(days=8), timedelta(days=7))

    assert kept == ["msg_2", "msg_1"]
    assert [(one.message, one.state) for one in book.deliveries("w1", Stretch(9))] == [("msg_2", "pending")]
    assert book.attempts([1]) == {1: []}


async def test_a_partner_whose_ids_cannot_be_made_keeps_nobody_else_from_being_told(scored: Shop):
    def lost(partner: str) -> FakeIds:
        raise BadInput(f"the secret of {partner}'s ids is gone")

    scored.book.add(replace(hook("p", "influence.changed"), owner="acme", view=ACME))
    scored.teller.audiences = Audiences(scored.reader, lost)
    await scored.told()
    scored.score("run-2", {"ann": 9.0})

    assert len(await scored.told()) == 1
    assert scored.book.deliveries("p", Stretch(9)) == []
