"""The audits of graphql-http (npm) against `renmai serve`: GraphQL over HTTP as others read the specification."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from api.app import now
from api.auth import KeyStore
from api.graphql.context import Scope
from tests.command_line import served
from tests.node_programs import node

AUDITS = 61


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audits") / "data"


@pytest.fixture(scope="module")
def secret(data: Path) -> Generator[str]:
    keys = KeyStore.open(data / "keys" / "keys.sqlite")
    yield keys.create_key("auditor", [Scope.READ], now=now(), expires_at=None)
    keys.close()


@pytest.fixture(scope="module")
def address(data: Path, secret: str) -> Generator[str]:
    with served(data, "--open-reads") as found:
        yield found


@pytest.mark.parametrize("with_key", [True, False])
def test_every_audit_passes_and_none_warns(address: str, secret: str, with_key: bool) -> None:
    outcomes = json.loads(node("audits", "audit.mjs", f"{address}/graphql", *([secret] if with_key else [])))

    assert len(outcomes) == AUDITS
    assert [outcome for outcome in outcomes if outcome["status"] != "ok"] == []
