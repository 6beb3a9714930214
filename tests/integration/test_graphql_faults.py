"""`renmai serve` under strangers' hands: whatever is sent, the answer is typed, tells nothing of us, and comes."""

import base64
import json
import re
import socket
import time
from collections.abc import Generator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from api.app import now
from api.auth import KeyStore
from api.graphql.context import Scope
from api.graphql.errors import Code
from api.graphql.schema import core, make_schema
from tests.command_line import served
from tests.graphql_fuzz import Operations

OPERATIONS = 200
SEED = 2026
STALLED_SECONDS = 3
NOT_DRAWN = frozenset({"startScoreRun"})
"""It works in the background for longer than the tests."""
LEAKS = re.compile(
    r"Traceback|File \"|\bMATCH \(|\bUNWIND\b|neo4j|arcade|sqlite|deltalake|bolt://|/site-packages/", re.I
)
EVENTS = [
    {"kind": "REGISTER", "at": "2026-03-01T09:00:00+08:00", "customer": "ann", "channel": "app"},
    {"kind": "REFERRAL", "at": "2026-03-01T10:00:00+08:00", "customer": "bob", "referrer": "ann"},
    {"kind": "PURCHASE", "at": "2026-03-02T12:00:00+08:00", "customer": "ann", "order": "o1", "product": "latte",
     "quantity": 2, "amount": "37.00", "store": "hz-01"},
]  # fmt: skip
RECORD = "mutation($events: [EventInput!]!) { recordEvents(input: {events: $events}) { __typename } }"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx2.Client]:
    data = tmp_path_factory.mktemp("faults") / "data"
    with closing(KeyStore.open(data / "keys" / "keys.sqlite")) as keys:
        secret = keys.create_key("stranger", list(Scope), now=now(), expires_at=None)
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/graphql-response+json"}
    with (
        served(data, RENMAI_STALLED_SECONDS=str(STALLED_SECONDS)) as address,
        httpx2.Client(base_url=address, headers=headers, timeout=60) as asking,
    ):
        assert asked(asking, RECORD, events=EVENTS)["data"]
        yield asking


def asked(client: httpx2.Client, query: str, **variables: Any) -> dict[str, Any]:
    return client.post("/graphql", json={"query": query, "variables": variables}).json()


def check(answer: httpx2.Response, sent: str) -> set[str]:
    """The codes of an answer that is no mistake of ours."""
    body = answer.json()
    codes = {error["extensions"]["code"] for error in body.get("errors", [])}
    assert answer.status_code < 500, f"{sent}\n{answer.text}"
    assert codes <= set(Code) - {"INTERNAL_SERVER_ERROR"}, f"{sent}\n{answer.text}"
    told = " ".join(error["message"] for error in body.get("errors", []))
    # What a client reads of its own text is no leak.
    assert not [leak for leak in LEAKS.findall(told) if leak.lower() not in sent.lower()], f"{sent}\n{told}"
    return codes


@pytest.mark.parametrize(("kind", "count"), [("query", OPERATIONS), ("mutation", OPERATIONS // 3)])
def test_no_operation_is_too_strange_to_be_answered(client: httpx2.Client, kind: str, count: int) -> None:
    operations = Operations(core(make_schema()), SEED, NOT_DRAWN)
    ran = 0

    for _ in range(count):
        operation = operations.draw(kind)
        answer = client.post("/graphql", json={"query": operation})
        check(answer, operation)
        ran += "data" in answer.json()

    # A generator whose operations are all refused would show nothing.
    assert ran > count / 4


def poisoned(cursor: str) -> list[str]:
    """What a cursor of ours becomes in bad hands."""
    token = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    places = range(len(token))
    worse = (
        None,
        -1,
        2**63,
        2**64,
        1e308,
        "",
        "' OR 1=1",
        "\u0000",
        "x" * 10_000,
        [],
        {},
        True,
        "9999-12-31T23:59:59Z",
    )
    changed = [[*token[:place], one, *token[place + 1 :]] for place in places for one in worse]
    changed += [token[:place] for place in places]
    changed += [[*token, "more"], [token]]
    written = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in changed]
    return [*written, "", "=", "W10", cursor[:-1], cursor + "A", "😀", cursor * 50]


@pytest.mark.parametrize("field", ["customers", "chains", "scoreRuns"])
def test_a_poisoned_cursor_is_the_clients_mistake_or_a_place_in_the_list(client: httpx2.Client, field: str) -> None:
    page = asked(client, f"{{ {field}(first: 1) {{ pageInfo {{ endCursor }} }} }}")["data"][field]
    cursor = page["pageInfo"]["endCursor"] or "WzEsImN1c3RvbWVycyIsInMiLCJhIiwiYSJd"
    query = f"query($after: String) {{ {field}(after: $after) {{ nodes {{ __typename }} }} }}"

    for one in poisoned(cursor):
        answer = client.post("/graphql", json={"query": query, "variables": {"after": one}})

        assert check(answer, one) <= {"BAD_USER_INPUT"}, one


def test_a_query_of_ten_megabytes_is_refused_unread(client: httpx2.Client) -> None:
    answer = client.post("/graphql", content=b'{"query": "{ ' + b"__typename " * 900_000 + b'}"}', headers=JSON)

    assert answer.status_code == 413


def test_ten_megabytes_without_a_length_are_refused_too(client: httpx2.Client) -> None:
    answer = client.post("/graphql", content=(b" " * 100_000 for _ in range(100)), headers=JSON)

    assert answer.status_code == 413


JSON = {"Content-Type": "application/json"}


def test_clients_that_hang_up_at_any_moment_leave_a_server_that_answers(client: httpx2.Client) -> None:
    host, port = urlsplit(str(client.base_url)).netloc.split(":")
    body = json.dumps(
        {"query": "{ customers { nodes { key orders { nodes { lines { nodes { sku } } } } } } }"}
    ).encode()
    head = [f"{name}: {client.headers[name]}" for name in ("authorization", "accept")]
    head += [f"Host: {host}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    request = ("POST /graphql HTTP/1.1\r\n" + "\r\n".join(head) + "\r\n\r\n").encode() + body

    for sent in (*range(0, len(request), 40), *[len(request)] * 40):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(request[:sent])

    answer = client.post("/graphql", content=body, headers=JSON)
    assert answer.json()["data"]["customers"]["nodes"]
    assert client.get("/readyz").json()["ready"] is True
    assert answer.json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] > 0


def gauge(client: httpx2.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def until(client: httpx2.Client, name: str, value: float) -> None:
    end = time.monotonic() + 60
    while gauge(client, name) != value:
        assert time.monotonic() < end, f"{name} is {gauge(client, name)}, not {value}"
        time.sleep(0.1)


def test_who_takes_nothing_of_what_is_sent_is_cut_off_and_the_others_hear_everything(client: httpx2.Client) -> None:
    """2,400 messages of two kilobytes: more than the system keeps for a connection."""
    host, port = urlsplit(str(client.base_url)).netloc.split(":")
    long = " ".join(f"{name}: eventId" for name in ("a" * 40 + str(number) for number in range(40)))
    query = f"subscription {{ eventRecorded(kinds: [LOGIN]) {{ eventId {long} }} }}"
    body = json.dumps({"query": query}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: {client.headers['authorization']}\r\n"
    head += f"Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    rows = [
        {"kind": "LOGIN", "at": "2026-03-03T09:00:00+08:00", "customer": "ann", "id": f"l{n}"} for n in range(1_200)
    ]
    with socket.socket() as stalled, socket.create_connection((host, int(port))) as quick:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stalled.connect((host, int(port)))
        stalled.sendall(head.encode() + body)
        quick.sendall(head.encode() + body)
        until(client, "renmai_subscriptions", 2)
        time.sleep(1)  # a subscription is open a moment before it knows where the graph stands
        for part in (rows, [{**row, "id": row["id"] + "b"} for row in rows]):
            assert asked(client, RECORD, events=part)["data"]
        quick.settimeout(60)
        heard = 0
        for line in quick.makefile("rb"):
            heard += line == b"event: next\n"
            if heard == 2 * len(rows):
                break
        quick.shutdown(socket.SHUT_RDWR)
        # The other one is open still, and has not said that it goes.
        until(client, "renmai_subscriptions", 0)

    assert heard == 2 * len(rows)
