"""The app around GraphQL: errors are JSON everywhere, and other sites are let in by name alone."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from api_fakes import NOON, services, small_shop
from starlette.requests import Request
from starlette.testclient import TestClient

from api.answers import AnswerStore
from api.app import create_app
from api.auth import Gate, KeyStore
from api.graphql.http import GraphqlEndpoint
from api.graphql.operation import Engine
from api.graphql.schema import Schema
from api.policy import Policy
from api.settings import Settings

SHOP = "https://shop.example"


def client(tmp_path: Path, **settings: Any) -> TestClient:
    """The app before anything is opened: what needs no data answers."""
    return TestClient(create_app(Settings(_env_file=None, RENMAI_DATA=tmp_path, **settings)))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/web/../../pyproject.toml", 404, "NOT_FOUND"),
        ("GET", "/web/%2e%2e/%2e%2e/pyproject.toml", 404, "NOT_FOUND"),
        ("OPTIONS", "/graphql", 405, "BAD_REQUEST"),
        ("TRACE", "/graphql", 405, "BAD_REQUEST"),
        ("POST", "/healthz", 405, "BAD_REQUEST"),
    ],
)
def test_what_is_not_there_is_told_in_json(tmp_path: Path, method: str, path: str, status: int, code: str):
    answer = client(tmp_path).request(method, path)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)
    assert (status != 405) or answer.headers["allow"]


def test_what_an_address_may_be_asked_by_is_told(tmp_path: Path):
    assert client(tmp_path).options("/graphql").headers["allow"] == "GET, POST"


def inquiry(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def test_a_site_that_is_named_may_ask(tmp_path: Path):
    answer = client(tmp_path, RENMAI_ORIGINS=f"{SHOP}, https://b.example").options("/graphql", headers=inquiry(SHOP))

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, SHOP)


@pytest.mark.parametrize("origins", ["", "https://b.example"])
def test_other_sites_may_not(tmp_path: Path, origins: str):
    answer = client(tmp_path, RENMAI_ORIGINS=origins).options("/graphql", headers=inquiry(SHOP))

    assert answer.status_code in {400, 405}
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("is_production", "status"), [(False, 200), (True, 400)])
async def test_the_explorer_is_for_development(schema: Schema, tmp_path: Path, is_production: bool, status: int):
    page = tmp_path / "explorer.html"
    page.write_text("<!doctype html>", encoding="utf-8")
    scope = {"type": "http", "method": "GET", "path": "/graphql", "query_string": b"", "headers": [BROWSER]}
    with (
        closing(KeyStore.open(tmp_path / "keys.sqlite")) as keys,
        closing(AnswerStore.open(tmp_path / "answers.sqlite")) as answers,
    ):
        engine = Engine(schema, services(small_shop(), answers), Policy(is_production=is_production))
        endpoint = GraphqlEndpoint(engine, Gate(keys), lambda: NOON, page)

        assert (await endpoint.answer(Request(scope))).status_code == status


BROWSER = (b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")
