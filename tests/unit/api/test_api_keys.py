"""Keys: how they rotate, what is kept of them, and what a file of an earlier release gains."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from api_fakes import NOON

from api.access.scopes import FOR_PARTNERS, READS, SCOPES, WRITTEN, Scope, expanded
from api.auth import KeyStore
from graph.errors import BadInput, NotFound
from graph.queries.view import View

DAY = timedelta(days=1)
XIHU = View("acme", {"district": ("西湖", "拱墅"), "channel": ("app",)})


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyStore]:
    store = KeyStore.open(tmp_path / "keys.sqlite")
    yield store
    store.close()


def prefix(secret: str) -> str:
    return "_".join(secret.split("_", 2)[:2])


def test_a_rotated_key_is_followed_by_one_that_does_the_same(keys: KeyStore):
    old = keys.create_key("crm", ["influence:read"], now=NOON, expires_at=NOON + 10 * DAY, view=XIHU)

    new = keys.rotate_key(prefix(old), now=NOON + DAY, overlap=timedelta(hours=2))

    first, second = keys.find_key(prefix(old)), keys.find_key(prefix(new))
    assert (second.name, second.scopes, second.view, second.account) == (
        "crm", frozenset({"influence:read"}), XIHU, first.account
    )  # fmt: skip
    assert (first.expires_at, second.expires_at) == (NOON + DAY + timedelta(hours=2), NOON + 11 * DAY)


def test_both_keys_open_during_the_overlap_and_are_one_caller(keys: KeyStore):
    old = keys.create_key("crm", ["read"], now=NOON, expires_at=None)
    new = keys.rotate_key(prefix(old), now=NOON, overlap=DAY)

    before, after = keys.verify(old, now=NOON), keys.verify(new, now=NOON)

    assert before is not None
    assert after is not None
    assert before.owner == after.owner == prefix(old)
    assert keys.verify(old, now=NOON + DAY) is None
    assert keys.verify(new, now=NOON + DAY) is not None


def test_rotation_never_lengthens_a_life(keys: KeyStore):
    old = keys.create_key("crm", ["read"], now=NOON, expires_at=NOON + DAY)

    keys.rotate_key(prefix(old), now=NOON, overlap=7 * DAY)

    assert keys.find_key(prefix(old)).expires_at == NOON + DAY


def test_what_opens_nothing_is_not_rotated(keys: KeyStore):
    old = prefix(keys.create_key("crm", ["read"], now=NOON, expires_at=None))
    keys.revoke_key(old, now=NOON)

    with pytest.raises(BadInput, match="revoked"):
        keys.rotate_key(old, now=NOON, overlap=DAY)
    with pytest.raises(NotFound, match="rk_none"):
        keys.rotate_key("rk_none", now=NOON, overlap=DAY)


def test_the_last_use_is_written_once_a_minute(keys: KeyStore):
    secret = keys.create_key("crm", ["read"], now=NOON, expires_at=None)
    assert keys.list_keys()[0].last_used_at is None

    uses = []
    for seconds in (0, 59, 60, 90, 121):
        keys.verify(secret, now=NOON + timedelta(seconds=seconds))
        used = keys.list_keys()[0].last_used_at
        uses.append(used and (used - NOON).seconds)

    assert uses == [0, 0, 60, 60, 121]


def test_a_partner_s_key_carries_what_it_sees(keys: KeyStore):
    secret = keys.create_key("crm", ["customers:read"], now=NOON, expires_at=None, view=XIHU)

    caller = keys.verify(secret, now=NOON)

    assert caller is not None
    assert caller.view == XIHU


@pytest.mark.parametrize("scope", ["read", "write", "*", "events:write", "advocates:read", "overview:read"])
def test_a_partner_is_given_nothing_that_reaches_beyond_its_audience(keys: KeyStore, scope: str):
    with pytest.raises(BadInput, match="partner's key must name scopes"):
        keys.create_key("crm", [scope], now=NOON, expires_at=None, view=XIHU)


@pytest.mark.parametrize("scope", ["reed", "customers", "customers:delete", "read write", ""])
def test_an_unknown_scope_is_refused(keys: KeyStore, scope: str):
    with pytest.raises(BadInput, match="must be one of"):
        keys.create_key("crm", [scope], now=NOON, expires_at=None)


def test_shorthands_stand_for_what_they_say():
    assert expanded(frozenset({Scope.READ})) == READS
    assert expanded(frozenset({Scope.WRITE})) == WRITTEN
    assert expanded(frozenset({"*"})) == READS | WRITTEN == SCOPES
    assert expanded(frozenset({"orders:read", "nothing"})) == {"orders:read"}
    assert FOR_PARTNERS < SCOPES


def test_a_file_of_an_earlier_release_gains_the_columns_that_came_since(tmp_path: Path):
    file = tmp_path / "keys.sqlite"
    with sqlite3.connect(file) as old:
        old.execute(
            "CREATE TABLE api_key (prefix TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, "
            "scopes TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT)"
        )
        row = ("rk_1", "till", "x", "read write", NOON.isoformat(), None, None)
        old.execute("INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    old.close()

    keys = KeyStore.open(file)

    [key] = keys.list_keys()
    assert (key.scopes, key.account, key.view, key.last_used_at) == (frozenset({"read", "write"}), "rk_1", None, None)
    keys.close()


@pytest.mark.parametrize(("partner", "only"), [(" ", {}), ("acme", {"name": ("x",)}), ("acme", {"city": ()})])
def test_a_view_that_makes_no_sense_is_refused(partner: str, only: dict[str, tuple[str, ...]]):
    with pytest.raises(BadInput):
        View(partner, only)
