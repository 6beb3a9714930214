"""The compose file that users get: valid in shape, without a default password, on the Neo4j that the tests run."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_the_three_services_are_there_and_redis_for_who_asks(compose: dict[str, Any]) -> None:
    assert {name for name, given in compose["services"].items() if "profiles" not in given} == {
        "neo4j",
        "api",
        "projector",
    }
    assert compose["services"]["redis"]["profiles"] == ["redis"]


def test_every_service_that_asks_the_graph_waits_for_its_health(compose: dict[str, Any]) -> None:
    for name in ("api", "projector"):
        assert compose["services"][name]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert compose["services"]["neo4j"]["healthcheck"]["test"][0] == "CMD-SHELL"


def test_there_is_no_default_password() -> None:
    given = re.findall(r"\$\{NEO4J_PASSWORD([^}]*)\}", (ROOT / "docker-compose.yml").read_text())

    assert given
    assert all(rest.startswith(":?") for rest in given)


def test_nothing_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_volumes_that_are_mounted_are_declared(compose: dict[str, Any]) -> None:
    mounted = {
        volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])
    }

    assert mounted == set(compose["volumes"])


def test_users_get_the_neo4j_that_the_tests_run(compose: dict[str, Any]) -> None:
    tested = re.search(r'"(5\.26\.\d+)"', (ROOT / "scripts" / "neo4j_server.py").read_text())

    assert tested
    assert compose["services"]["neo4j"]["image"] == f"neo4j:{tested[1]}-community"
