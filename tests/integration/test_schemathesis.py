"""Some of the operations of `scripts/fuzz_graphql.py`, of which a release sees 5,000 on each store."""

from collections.abc import Iterator

import httpx2
import pytest
from starlette.testclient import TestClient

from api.app import create_app, now
from api.auth import KeyStore
from api.graphql.context import Scope
from api.settings import Settings
from tests.schemathesis_cases import Tally, fuzz

OPERATIONS = 200
SEED = 2026


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A whole server in this process, without a socket between."""
    settings = Settings(_env_file=None, RENMAI_DATA=tmp_path_factory.mktemp("fuzzed"), RENMAI_PRODUCTION=True)
    keys = KeyStore.open(settings.keys_file)
    secret = keys.create_key("stranger", list(Scope), now=now(), expires_at=None)
    keys.close()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {secret}"}) as asking:
        yield asking


def test_what_schemathesis_draws_is_answered_without_a_fault(client: TestClient):
    tally = Tally()

    def send(text: str) -> httpx2.Response:
        return client.post("/graphql", json={"query": text})  # type: ignore[return-value]  alike where it is read

    fuzz(OPERATIONS, SEED, send, tally)

    assert tally.faults == []
    assert tally.sent >= OPERATIONS
    # Operations that are all refused would show nothing.
    assert tally.ran > OPERATIONS / 5
