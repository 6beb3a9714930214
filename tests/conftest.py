"""The two stores that tests run on: the embedded engine and a real Neo4j, each started once by every worker."""

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from graph.store import Store, StoreConfig, open_store

ROOT = Path(__file__).parents[1]

# No example is late because the machine is busy.
settings.register_profile("any machine", parent=settings.default, deadline=None)
settings.load_profile("any machine")


@dataclass(frozen=True, slots=True)
class Neo4jServer:
    """Where the tests' Neo4j answers, and who may log in."""

    uri: str
    user: str
    password: str | None

    def environment(self) -> dict[str, str]:
        """The settings that lead a program to this server."""
        return {"NEO4J_URI": self.uri, "NEO4J_USER": self.user, "NEO4J_PASSWORD": self.password or ""}


def pytest_xdist_auto_num_workers() -> int:
    """Files of tests run side by side, each worker with stores of its own; one by one where there is but one Neo4j."""
    return 0 if given_neo4j() else min(4, os.cpu_count() or 1)


def server_script(command: str, home: Path, *options: str, password: str = "") -> str:
    """What scripts/neo4j_server.py prints; its own words are the failure."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "neo4j_server.py"), command, "--home", str(home), *options],
        env={**os.environ, "NEO4J_PASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def start_neo4j(home: Path, *options: str) -> Neo4jServer:
    """A Neo4j of our own; skipped only where a developer says so, a failure where the tests must be complete."""
    if os.environ.get("RENMAI_TEST_NEO4J") == "off" and os.environ.get("CI") != "true":
        pytest.skip("RENMAI_TEST_NEO4J=off")
    password = secrets.token_urlsafe(12)
    uri = server_script("start", home, "--port", "0", "--quick", *options, password=password)
    return Neo4jServer(uri, "neo4j", password)


def given_neo4j() -> Neo4jServer | None:
    """The server that NEO4J_URI names, only where its owner says that tests may wipe it."""
    uri = os.environ.get("NEO4J_URI")
    if uri is None or os.environ.get("RENMAI_TEST_NEO4J_WIPE") != "yes":
        return None
    return Neo4jServer(uri, os.environ.get("NEO4J_USER", "neo4j"), os.environ.get("NEO4J_PASSWORD"))


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Neo4jServer]:
    """A running Neo4j that tests may wipe; its content is whatever the test before left."""
    given = given_neo4j()
    if given is not None:
        yield given
        return
    home = tmp_path_factory.mktemp("neo4j")
    try:
        yield start_neo4j(home)
    finally:
        server_script("stop", home)


@pytest.fixture(scope="session")
async def gds_store(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Store]:
    """A Neo4j of its own that has Graph Data Science, the plugin fetched by the run itself."""
    home = tmp_path_factory.mktemp("gds")
    try:
        server = start_neo4j(home, "--gds")
        config = StoreConfig(tmp_path_factory.mktemp("unused"), server.uri, server.user, server.password)
        async with open_store(config) as opened:
            yield opened
    finally:
        server_script("stop", home)


@pytest.fixture
def embedded_data(tmp_path: Path) -> Path:
    """An empty data folder for a program that starts its own embedded engine."""
    return tmp_path / "data"


@pytest.fixture(
    scope="session", params=["embedded", pytest.param("neo4j", marks=pytest.mark.neo4j)], ids=["embedded", "neo4j"]
)
def store_config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StoreConfig:
    """How a program reaches each of the two stores."""
    if request.param == "embedded":
        return StoreConfig(tmp_path_factory.mktemp("embedded"))
    server: Neo4jServer = request.getfixturevalue("neo4j_server")
    return StoreConfig(tmp_path_factory.mktemp("unused"), server.uri, server.user, server.password)


@pytest.fixture(scope="session")
async def open_one(store_config: StoreConfig) -> AsyncGenerator[Store]:
    """The store, opened once for all tests of an engine."""
    async with open_store(store_config) as opened:
        yield opened


@pytest.fixture
async def store(open_one: Store) -> Store:
    """An empty store: nodes and ties are gone, constraints and indexes of earlier tests may stand."""
    if not await open_one.is_empty():
        await open_one.wipe()
    return open_one
