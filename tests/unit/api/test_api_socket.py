"""GraphQL over web sockets: the protocol's frames and close codes, and a fresh context for every operation."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from api_fakes import NOON
from starlette.websockets import WebSocketDisconnect

from api.policy import Policy
from graph.queries import customer

PROTOCOL = ["graphql-transport-ws"]
NAME = '{ customer(key: "ann") { name } }'


@contextmanager
def connected(api: Any, *, init: object | None = "key", subprotocols: list[str] = PROTOCOL) -> Iterator[Any]:
    with api.client.websocket_connect("/graphql", subprotocols=subprotocols) as socket:
        if init is not None:
            payload = {"Authorization": f"Bearer {api.secrets['both']}"} if init == "key" else init
            socket.send_json({"type": "connection_init", "payload": payload})
            assert socket.receive_json() == {"type": "connection_ack"}
        yield socket


def closed(socket: Any) -> int:
    with pytest.raises(WebSocketDisconnect) as end:
        socket.receive_json()
    return end.value.code


def subscribe(socket: Any, query: str, key: str = "1", **given: Any) -> None:
    socket.send_json({"id": key, "type": "subscribe", "payload": {"query": query, **given}})


def test_a_query_is_answered_and_completed(api: Any):
    with connected(api) as socket:
        subscribe(socket, NAME)

        answer = socket.receive_json()
        assert (answer["id"], answer["type"]) == ("1", "next")
        assert answer["payload"]["data"] == {"customer": {"name": "安"}}
        assert answer["payload"]["extensions"]["cost"]["actualQueryCost"] == 1
        assert socket.receive_json() == {"id": "1", "type": "complete"}


def test_a_second_operation_of_a_socket_reads_anew(api: Any):
    with connected(api) as socket:
        subscribe(socket, NAME)
        socket.receive_json(), socket.receive_json()
        api.reader.when(customer.BY_KEYS, lambda _: [])
        subscribe(socket, NAME)

        assert socket.receive_json()["payload"]["data"] == {"customer": None}


def test_a_run_is_watched_until_it_ends(api: Any):
    with connected(api) as socket:
        subscribe(socket, 'subscription { scoreRun(id: "r1") { key stage fraction state } }')

        frames = [socket.receive_json() for _ in range(3)]

    first = {"key": "r1", "stage": "compute", "fraction": 0.25, "state": "RUNNING"}
    last = {"key": "r1", "stage": "end", "fraction": 1.0, "state": "SUCCEEDED"}
    assert [frame.get("payload") for frame in frames] == [
        {"data": {"scoreRun": first}}, {"data": {"scoreRun": last}}, None
    ]  # fmt: skip
    assert frames[2]["type"] == "complete"


def test_an_unknown_run_is_an_error_frame(api: Any):
    with connected(api) as socket:
        subscribe(socket, 'subscription { scoreRun(id: "nothing") { stage } }')

        frame = socket.receive_json()

    assert frame["type"] == "error"
    assert frame["payload"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($k: String!) { customer(key: $k) { key } }", "BAD_USER_INPUT"),
        ("{ " + " ".join(f'a{n}: customer(key: "{n}") {{ key }}' for n in range(51)) + " }", "COST_EXCEEDED"),
    ],
)
def test_a_refused_operation_is_an_error_frame_and_the_socket_goes_on(api: Any, query: str, code: str):
    with connected(api) as socket:
        subscribe(socket, query)
        frame = socket.receive_json()
        subscribe(socket, NAME)

        assert (frame["id"], frame["type"]) == ("1", "error")
        assert frame["payload"][0]["extensions"]["code"] == code
        assert socket.receive_json()["type"] == "next"


def test_a_bug_is_masked_over_sockets_too(api: Any):
    api.reader.failure = RuntimeError("secret db url")
    with connected(api) as socket:
        subscribe(socket, NAME)

        payload = socket.receive_json()["payload"]

    assert payload["errors"][0]["message"] == "Internal error"
    assert "secret" not in str(payload)


@pytest.mark.parametrize(
    "frame",
    [
        "", " ", "nothing", "null", "1", "true", '"ping"', "[]", '[{"type": "ping"}]', "{}", "{", '{"type": null}',
        '{"type": 5}', '{"type": "start"}', '{"type": "connection_ack"}', '{"type": "next", "id": "1"}',
        '{"type": "ping", "payload": 1}', '{"type": "pong", "payload": []}', '{"type": "pong", "payload": "x"}',
        '{"type": "ping", "payload": "\\ud800"}', '{"type": "ping", "payload": ' + "[" * 5_000,
    ],
)  # fmt: skip
def test_a_frame_that_breaks_the_protocol_closes_with_4400(api: Any, frame: str):
    with connected(api) as socket:
        socket.send_text(frame)

        assert closed(socket) == 4400


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "subscribe", "payload": {"query": NAME}},
        {"type": "subscribe", "id": 5, "payload": {"query": NAME}},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": None},
        {"type": "subscribe", "id": "1", "payload": {"query": 5}},
        {"type": "subscribe", "id": "1", "payload": []},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "subscribe", "id": "", "payload": {"query": NAME}},
        {"type": "subscribe", "id": None, "payload": {"query": NAME}},
        {"type": "subscribe", "id": "1", "payload": {"query": None}},
        {"type": "subscribe", "id": "1", "payload": {"query": NAME, "variables": []}},
        {"type": "subscribe", "id": "1", "payload": {"query": NAME, "variables": "{}"}},
        {"type": "subscribe", "id": "1", "payload": {"query": NAME, "extensions": 1}},
        {"type": "subscribe", "id": "1", "payload": {"query": NAME, "operationName": 1}},
        {"type": "complete", "id": 1},
        {"type": "complete"},
    ],
)
def test_a_frame_of_the_wrong_shape_closes_with_4400(api: Any, frame: dict[str, Any]):
    with connected(api) as socket:
        socket.send_json(frame)

        assert closed(socket) == 4400


def test_a_frame_above_a_million_characters_closes_with_1009(api: Any):
    with connected(api) as socket:
        socket.send_json({"type": "ping", "payload": {"a": "x" * 1_000_000}})

        assert closed(socket) == 1009


SUBSCRIBE = {"type": "subscribe", "id": "2", "payload": {"query": NAME}}
ENDLESS = 'subscription { scoreRun(id: "endless") { stage } }'
FRAMES: Mapping[str, tuple[object, int | str | None, int | str | None]] = {
    "no text": (None, 4400, 4400),
    "no JSON": ("{", 4400, 4400),
    "no object": ("[]", 4400, 4400),
    "no type": ({"id": "1"}, 4400, 4400),
    "a type that is no text": ({"type": ["ping"]}, 4400, 4400),
    "an unknown type": ({"type": "stop", "id": "1"}, 4400, 4400),
    "the type in capitals": ({"type": "PING"}, 4400, 4400),
    "the server's own acknowledgement": ({"type": "connection_ack"}, 4400, 4400),
    "the server's own result": ({"type": "next", "id": "1", "payload": {}}, 4400, 4400),
    "the server's own error": ({"type": "error", "id": "1", "payload": []}, 4400, 4400),
    "init whose payload is a text": ({"type": "connection_init", "payload": "key"}, 4400, 4400),
    "init whose payload is a list": ({"type": "connection_init", "payload": []}, 4400, 4400),
    "init without a key": ({"type": "connection_init"}, 4403, 4429),
    "ping": ({"type": "ping"}, "pong", "pong"),
    "ping whose payload is a number": ({"type": "ping", "payload": 1}, 4400, 4400),
    "pong": ({"type": "pong"}, None, None),
    "pong whose payload is false": ({"type": "pong", "payload": False}, 4400, 4400),
    "subscribe": (SUBSCRIBE, 4401, "next"),
    "subscribe without an id": (SUBSCRIBE | {"id": None}, 4401, 4400),
    "subscribe whose id is a number": (SUBSCRIBE | {"id": 2}, 4401, 4400),
    "subscribe whose id is in use": (SUBSCRIBE | {"id": "1"}, 4401, 4409),
    "subscribe without a payload": ({"type": "subscribe", "id": "2"}, 4401, 4400),
    "subscribe to several requests": (SUBSCRIBE | {"payload": [{"query": NAME}]}, 4401, 4400),
    "subscribe without a query": (SUBSCRIBE | {"payload": {"variables": {}}}, 4401, 4400),
    "subscribe whose bookmark is no text": (
        SUBSCRIBE | {"payload": {"query": NAME, "extensions": {"bookmark": 1}}}, 4401, 4400
    ),
    "subscribe to what is no GraphQL": (SUBSCRIBE | {"payload": {"query": "{"}}, 4401, "error"),
    "subscribe with an unknown member": (SUBSCRIBE | {"more": 1}, 4401, "next"),
    "complete what runs": ({"type": "complete", "id": "1"}, None, None),
    "complete what does not": ({"type": "complete", "id": "9"}, None, None),
    "complete without an id": ({"type": "complete"}, 4400, 4400),
    "complete whose id is empty": ({"type": "complete", "id": ""}, 4400, 4400),
}  # fmt: skip
"""A frame, and what follows it before the init and behind it, while operation 1 runs: a close code, the type of the
server's next frame, or nothing."""


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("is_admitted", [False, True], ids=["before the init", "behind it"])
def test_every_frame_in_every_state_is_followed_as_the_protocol_says(api: Any, name: str, is_admitted: bool):
    frame, before, behind = FRAMES[name]
    expected = behind if is_admitted else before
    with connected(api, init="key" if is_admitted else None) as socket:
        if is_admitted:
            subscribe(socket, ENDLESS)
            assert socket.receive_json()["id"] == "1"
        if frame is None:
            socket.send_bytes(b'{"type": "ping"}')
        else:
            socket.send_text(frame if isinstance(frame, str) else json.dumps(frame))

        if isinstance(expected, int):
            assert closed(socket) == expected
        elif expected is not None:
            assert socket.receive_json()["type"] == expected
        else:
            socket.send_json({"type": "ping"})
            assert socket.receive_json() == {"type": "pong"}


def test_bytes_close_with_4400(api: Any):
    with connected(api) as socket:
        socket.send_bytes(b'{"type": "ping"}')

        assert closed(socket) == 4400


def test_an_operation_before_the_init_closes_with_4401(api: Any):
    with connected(api, init=None) as socket:
        subscribe(socket, NAME)

        assert closed(socket) == 4401


@pytest.mark.parametrize("payload", [{}, {"Authorization": "Bearer rk_0_wrong"}])
def test_an_init_without_a_valid_key_closes_with_4403(api: Any, payload: dict[str, str]):
    with connected(api, init=None) as socket:
        socket.send_json({"type": "connection_init", "payload": payload})

        assert closed(socket) == 4403


def test_an_open_server_needs_no_key(serve: Any):
    with connected(serve(open_reads=True), init={}) as socket:
        subscribe(socket, NAME)

        assert socket.receive_json()["type"] == "next"


def test_a_second_init_closes_with_4429(api: Any):
    with connected(api) as socket:
        socket.send_json({"type": "connection_init"})

        assert closed(socket) == 4429


def test_an_id_in_use_closes_with_4409(api: Any):
    with connected(api) as socket:
        subscribe(socket, 'subscription { scoreRun(id: "endless") { stage } }')
        socket.receive_json()
        subscribe(socket, NAME)

        assert closed(socket) == 4409


def test_a_completed_operation_frees_its_id(api: Any):
    with connected(api) as socket:
        subscribe(socket, 'subscription { scoreRun(id: "endless") { stage } }')
        socket.receive_json()
        socket.send_json({"id": "1", "type": "complete"})
        subscribe(socket, NAME)

        assert socket.receive_json()["payload"]["data"] == {"customer": {"name": "安"}}


@pytest.mark.parametrize("subprotocols", [[], ["graphql-ws"]])
def test_other_protocols_close_with_4406(api: Any, subprotocols: list[str]):
    with connected(api, init=None, subprotocols=subprotocols) as socket:
        assert closed(socket) == 4406


@pytest.mark.parametrize(
    ("ping", "pong"),
    [
        ({"type": "ping"}, {"type": "pong"}),
        ({"type": "ping", "payload": None}, {"type": "pong"}),
        ({"type": "ping", "payload": {}}, {"type": "pong", "payload": {}}),
    ],
)
def test_an_empty_ping_is_answered_before_the_init_too(api: Any, ping: dict[str, Any], pong: dict[str, Any]):
    with connected(api, init=None) as socket:
        socket.send_json({"type": "pong", "payload": None})
        socket.send_json(ping)

        assert socket.receive_json() == pong


def test_null_payloads_of_an_operation_count_as_absent(api: Any):
    with connected(api) as socket:
        subscribe(socket, NAME, variables=None, operationName=None, extensions=None)

        assert socket.receive_json()["type"] == "next"


def test_an_init_with_the_payload_null_is_an_init_without_a_key(api: Any):
    with connected(api, init=None) as socket:
        socket.send_json({"type": "connection_init", "payload": None})

        assert closed(socket) == 4403


def test_a_socket_that_stays_silent_closes_with_4408(serve: Any):
    with connected(serve(policy=Policy(init_seconds=0.01)), init=None) as socket:
        assert closed(socket) == 4408


def test_pings_do_not_put_the_init_off(serve: Any):
    with connected(serve(policy=Policy(init_seconds=1)), init=None) as socket:
        socket.send_json({"type": "ping"})

        assert socket.receive_json() == {"type": "pong"}
        assert closed(socket) == 4408


def test_an_operation_name_that_is_unknown_is_an_error_frame(api: Any):
    with connected(api) as socket:
        subscribe(socket, "query A { __typename }", operationName="B")

        frame = socket.receive_json()

    assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", "OPERATION_RESOLUTION_FAILURE")


def test_completing_what_is_unknown_changes_nothing(api: Any):
    with connected(api) as socket:
        socket.send_json({"type": "complete", "id": "never"})
        subscribe(socket, NAME)

        assert socket.receive_json()["type"] == "next"


def test_the_hundred_and_first_operation_of_a_socket_is_told_to_wait(api: Any):
    with connected(api) as socket:
        for number in range(101):
            subscribe(socket, 'subscription { scoreRun(id: "endless") { stage } }', str(number))
        frames = [socket.receive_json() for _ in range(101)]

    [refused] = [frame for frame in frames if frame["type"] == "error"]
    assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == ("100", "THROTTLED")


def test_a_caller_opens_as_many_sockets_as_the_policy_says(serve: Any):
    api = serve(policy=Policy(sockets=1))
    with connected(api):
        with connected(api, init=None) as second:
            second.send_json({"type": "connection_init", "payload": {"X-API-Key": api.secrets["both"]}})
            assert closed(second) == 1013
        with connected(api, init={"X-API-Key": api.secrets["read"]}):
            pass

    with connected(api):
        pass


def test_a_caller_watches_as_much_as_the_policy_says(serve: Any):
    with connected(serve(policy=Policy(subscriptions=1))) as socket:
        subscribe(socket, 'subscription { scoreRun(id: "endless") { stage } }')
        assert socket.receive_json()["type"] == "next"
        subscribe(socket, 'subscription { scoreRun(id: "endless") { stage } }', "2")

        [error] = socket.receive_json()["payload"]

    told = error["extensions"]
    assert (told["code"], told["limit"], told["maximum"]) == ("THROTTLED", "subscriptions", 1)


def test_a_key_that_is_revoked_meanwhile_runs_nothing_more(api: Any):
    with connected(api) as socket:
        api.keys.revoke_key("_".join(api.secrets["both"].split("_")[:2]), now=NOON)
        subscribe(socket, NAME)

        assert socket.receive_json()["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_of_another_site_opens_no_socket(serve: Any, origin: str):
    client = serve(is_open=True).client

    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/graphql", subprotocols=PROTOCOL, headers={"Origin": origin}),
    ):
        pass


def test_our_own_page_opens_a_socket(serve: Any):
    client = serve(is_open=True).client

    with client.websocket_connect("/graphql", subprotocols=PROTOCOL, headers={"Origin": "http://testserver"}) as socket:
        socket.send_json({"type": "connection_init"})

        assert socket.receive_json() == {"type": "connection_ack"}


def test_a_ping_is_answered_with_its_payload(api: Any):
    with connected(api) as socket:
        socket.send_json({"type": "ping", "payload": {"a": 1}})
        socket.send_json({"type": "pong"})

        assert socket.receive_json() == {"type": "pong", "payload": {"a": 1}}


def test_scopes_hold_on_sockets(api: Any):
    with connected(api, init={"X-API-Key": api.secrets["read"]}) as socket:
        subscribe(socket, "mutation { recordEvents(input: {events: []}) { __typename } }")

        assert socket.receive_json()["payload"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("ends", ["revoked", "expired"])
def test_a_socket_ends_with_its_key_whatever_it_listens_to(serve: Any, ends: str):
    api = serve(policy=Policy(recheck_seconds=0.05))
    with connected(api) as socket:
        subscribe(socket, 'subscription { scoreRun(id: "endless") { stage } }')
        assert socket.receive_json()["type"] == "next"
        prefix = "_".join(api.secrets["both"].split("_", 2)[:2])
        if ends == "revoked":
            api.keys.revoke_key(prefix, now=NOON)
        else:
            api.keys.rotate_key(prefix, now=NOON, overlap=timedelta())
        assert closed(socket) == 4403
