"""A real Neo4j that says no: each refusal is one line, soon, and without the password."""

import socket
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from graph.errors import QueryRefused, StoreUnavailable
from graph.store import StoreConfig, cypher, open_store
from tests.conftest import Neo4jServer, server_script, start_neo4j

pytestmark = pytest.mark.neo4j


def config(server: Neo4jServer, **changes: str | None) -> StoreConfig:
    given = {"uri": server.uri, "user": server.user, "password": server.password} | changes
    return StoreConfig(Path("unused"), **given)  # pyright: ignore[reportArgumentType]


async def refusal(given: StoreConfig) -> str:
    with pytest.raises(StoreUnavailable) as told:
        async with open_store(given):
            pass
    return str(told.value)


async def test_a_wrong_password_is_told_and_not_shown(neo4j_server: Neo4jServer) -> None:
    if neo4j_server.password is None:
        pytest.skip("the given server asks nobody for a password")

    told = await refusal(config(neo4j_server, password="open-sesame"))

    assert "refused the login of user 'neo4j': set NEO4J_USER and NEO4J_PASSWORD" in told
    assert "open-sesame" not in told


async def test_a_database_that_is_not_there_is_named(neo4j_server: Neo4jServer) -> None:
    told = await refusal(config(neo4j_server, database="nowhere"))

    assert "nowhere" in told
    assert "NEO4J_DATABASE" in told


async def test_a_cluster_address_works_too(neo4j_server: Neo4jServer) -> None:
    async with open_store(config(neo4j_server, uri=neo4j_server.uri.replace("bolt://", "neo4j://"))) as store:
        assert await store.read(cypher("RETURN 1 AS one")) == [{"one": 1}]


async def test_nobody_at_the_address_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        uri = f"bolt://127.0.0.1:{taken.getsockname()[1]}"
        begin = time.monotonic()

        told = await refusal(StoreConfig(Path("unused"), uri, "neo4j", "open-sesame"))

    assert time.monotonic() - begin < 10
    assert told.startswith(f"Cannot reach the graph at {uri}: start it, or correct NEO4J_URI.")
    assert "open-sesame" not in told


async def test_somebody_who_does_not_answer_is_given_up_within_ten_seconds() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begin = time.monotonic()

        told = await refusal(StoreConfig(Path("unused"), f"bolt://127.0.0.1:{silent.getsockname()[1]}"))

    assert time.monotonic() - begin < 12
    assert "does not answer within 8 s" in told


@pytest.fixture(scope="module")
def read_only_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Neo4jServer]:
    """A Neo4j whose databases refuse to be written."""
    home = tmp_path_factory.mktemp("read-only")
    try:
        yield start_neo4j(home, "--read-only")
    finally:
        server_script("stop", home)


async def test_a_read_only_neo4j_is_read_and_says_that_it_may_not_be_written(read_only_server: Neo4jServer) -> None:
    async with open_store(config(read_only_server)) as store:
        assert await store.is_empty()

        with pytest.raises(StoreUnavailable, match="may only be read") as told:
            await store.write((cypher("CREATE (:Guest {guest_id: 'ann'})"), {}))
        with pytest.raises(QueryRefused, match="Only reading is allowed"):
            await store.ask("CREATE (:Guest)", {}, limit=1, timeout_seconds=5)

    assert "\n" not in str(told.value)


def test_the_script_says_what_runs(neo4j_server: Neo4jServer, tmp_path: Path) -> None:
    assert server_script("stop", tmp_path) == "not running"
