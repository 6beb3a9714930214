"""Keys, and who may do what with them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from api_fakes import NOON

from api.auth import Gate, KeyStore, secret_of
from api.graphql.context import Caller, Scope
from graph.errors import BadInput, NotFound

READ = '{ customer(key: "ann") { name } }'
WRITE = """mutation { recordEvents(input: {events: [{id: "e1", kind: LOGIN, at: "2026-03-02T12:00:00+08:00"}]})
  { __typename } }"""
FULL = {"customer": {"name": "安"}}


@pytest.mark.parametrize(
    ("key", "query", "status", "code"),
    [
        ("read", READ, 200, None),
        ("both", READ, 200, None),
        ("write", READ, 403, "FORBIDDEN"),
        (None, READ, 401, "UNAUTHENTICATED"),
        ("read", WRITE, 403, "FORBIDDEN"),
        ("both", WRITE, 200, None),
        ("write", WRITE, 200, None),
        (None, WRITE, 401, "UNAUTHENTICATED"),
    ],
)
def test_a_key_does_what_its_scopes_say(api: Any, key: str | None, query: str, status: int, code: str | None):
    answer = api.post(query, key=key)

    assert answer.status_code == status
    assert [error["extensions"]["code"] for error in answer.json().get("errors", [])] == ([code] if code else [])
    assert bool(api.recorder.taken) is (query is WRITE and status == 200)
    assert ("www-authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize(("query", "status"), [(READ, 200), (WRITE, 401)])
def test_open_reads_need_no_key_and_writes_still_do(serve: Any, query: str, status: int):
    assert serve(open_reads=True).post(query, key=None).status_code == status


def test_an_open_server_lets_everybody_write(serve: Any):
    assert serve(is_open=True).post(WRITE, key=None).status_code == 200


def test_a_wrong_key_is_refused_even_where_reading_is_open(serve: Any):
    api = serve(open_reads=True, is_open=True)

    answer = api.client.post("/graphql", json={"query": READ}, headers={"X-API-Key": "rk_0_wrong"})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_both_headers_carry_a_key(api: Any, header: str):
    secret = api.secrets["read"]
    value = f"bearer {secret}" if header == "Authorization" else secret

    assert api.client.post("/graphql", json={"query": READ}, headers={header: value}).json()["data"] == FULL


def test_another_kind_of_credential_is_not_taken_for_none():
    assert secret_of("Basic abc", None) == "Basic abc"
    assert secret_of(None, None) is None


@pytest.fixture
def keys(tmp_path: Path) -> Any:
    store = KeyStore.open(tmp_path / "keys" / "keys.sqlite")
    yield store
    store.close()


def test_a_secret_is_kept_nowhere(keys: KeyStore, tmp_path: Path):
    secret = keys.create_key("partner", [Scope.READ], now=NOON, expires_at=None)

    assert len(secret) > 50
    kept = b"".join(file.read_bytes() for file in (tmp_path / "keys").iterdir())
    assert secret.encode() not in kept
    assert secret.rpartition("_")[2].encode() not in kept


def test_only_the_owner_may_read_the_file(keys: KeyStore, tmp_path: Path):
    assert keys.list_keys() == []
    assert (tmp_path / "keys" / "keys.sqlite").stat().st_mode & 0o077 == 0


def test_a_key_opens_until_it_expires(keys: KeyStore):
    end = NOON + timedelta(days=1)
    secret = keys.create_key("partner", [Scope.READ], now=NOON, expires_at=end)

    assert keys.verify(secret, now=end - timedelta(seconds=1)) == Caller("partner", frozenset({Scope.READ}))
    assert keys.verify(secret, now=end) is None


def test_a_revoked_key_opens_nothing(keys: KeyStore):
    secret = keys.create_key("partner", [Scope.READ], now=NOON, expires_at=None)
    [key] = keys.list_keys()

    keys.revoke_key(key.prefix, now=NOON)

    assert keys.verify(secret, now=NOON) is None
    assert keys.list_keys()[0].revoked_at == NOON


@pytest.mark.parametrize("secret", ["", "rk", "rk_", "rk_00000000_x", "客"])
async def test_what_is_no_secret_opens_nothing(keys: KeyStore, secret: str):
    keys.create_key("partner", [Scope.READ], now=NOON, expires_at=None)

    assert await Gate(keys).admit(secret, now=NOON) is None


def test_the_beginning_of_a_secret_opens_nothing(keys: KeyStore):
    secret = keys.create_key("partner", [Scope.READ], now=NOON, expires_at=None)

    assert keys.verify(secret[:-1], now=NOON) is None


def test_keys_that_make_no_sense_are_refused(keys: KeyStore):
    with pytest.raises(BadInput, match="name"):
        keys.create_key(" ", [Scope.READ], now=NOON, expires_at=None)
    with pytest.raises(BadInput, match="scope"):
        keys.create_key("partner", [], now=NOON, expires_at=None)
    with pytest.raises(BadInput, match="future"):
        keys.create_key("partner", [Scope.READ], now=NOON, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(NotFound, match="rk_nothing"):
        keys.revoke_key("rk_nothing", now=NOON)


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path):
    file = tmp_path / "keys.sqlite"
    file.write_text("no database at all, but a text that is long enough to be looked at" * 20)

    with pytest.raises(BadInput, match="cannot be used"):
        KeyStore.open(file)
