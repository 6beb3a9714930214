"""Trusted documents: asked by id, and nothing else where the server says so."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.documents import TrustedDocuments, document_id, read_manifest
from api.policy import Policy
from api.settings import Settings
from graph.errors import BadInput

NAME = "query Name($key: String!) { customer(key: $key) { name } }"
ID = document_id(NAME)


def manifest(tmp_path: Path, content: object) -> Path:
    file = tmp_path / "trusted.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.fixture
def trusting(serve: Any, tmp_path: Path) -> Any:
    file = manifest(tmp_path, {ID: NAME, "name": NAME, "x-shop:1": "{ __typename }"})
    return lambda **policy: serve(policy=Policy(documents=read_manifest(file, **policy)))


def sent(api: Any, **body: Any) -> Any:
    headers = {"X-API-Key": api.secrets["both"], "Accept": "application/graphql-response+json"}
    return api.client.post("/graphql", json=body, headers=headers)


def test_the_id_of_a_document_is_its_hash():
    # printf '{ __typename }' | sha256sum
    assert document_id("{ __typename }") == "sha256:7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b"


@pytest.mark.parametrize("name", [ID, "name"])
def test_a_trusted_document_is_asked_by_its_id(trusting: Any, name: str):
    answer = sent(trusting(only=True), documentId=name, variables={"key": "ann"})

    assert answer.json()["data"] == {"customer": {"name": "安"}}


def test_a_trusted_document_is_asked_by_get_too(trusting: Any):
    api = trusting(only=True)
    params = {"documentId": ID, "variables": '{"key": "ann"}'}

    answer = api.client.get("/graphql", params=params, headers={"X-API-Key": api.secrets["read"]})

    assert answer.json()["data"] == {"customer": {"name": "安"}}


def test_an_unknown_id_is_not_found(trusting: Any):
    answer = sent(trusting(only=False), documentId="sha256:" + "0" * 64)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_other_documents_run_only_where_the_server_lets_them(trusting: Any):
    assert sent(trusting(only=False), query="{ __typename }").status_code == 200
    refused = sent(trusting(only=True), query="{ x: __typename }")

    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


def test_the_text_of_a_trusted_document_is_trusted(trusting: Any):
    assert sent(trusting(only=True), query=NAME, variables={"key": "ann"}).json()["data"]["customer"]


def test_an_id_and_another_text_are_a_mistake(trusting: Any):
    assert sent(trusting(only=False), documentId=ID, query=NAME, variables={"key": "ann"}).status_code == 200
    assert sent(trusting(only=False), documentId=ID, query="{ __typename }").status_code == 400


@pytest.mark.parametrize("body", [{"documentId": 1}, {"documentId": ""}, {"documentId": None}, {"documentId": []}])
def test_an_id_that_is_no_text_is_a_mistake(trusting: Any, body: dict[str, Any]):
    answer = sent(trusting(only=False), **body)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


def test_a_manifest_of_apollos_tools_is_read(tmp_path: Path):
    operation = {"id": ID.removeprefix("sha256:"), "name": "Name", "type": "query", "body": NAME}
    file = manifest(tmp_path, {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]})

    assert read_manifest(file, only=False) == TrustedDocuments({ID: NAME})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([], "JSON object"),
        ({ID: 5}, "JSON object"),
        ({ID: NAME + " "}, "another hash"),
        ({"sha256:abc": NAME}, "neither sha256"),
        ({"md5:abc": NAME}, "neither sha256"),
        ({"a b": NAME}, "neither sha256"),
        ({"broken": "{"}, "no GraphQL"),
        ({"format": "apollo-persisted-query-manifest", "operations": [{}]}, "JSON object"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named_with_what_is_wrong(tmp_path: Path, content: object, told: str):
    with pytest.raises(BadInput, match=told) as wrong:
        read_manifest(manifest(tmp_path, content), only=True)

    assert "trusted.json" in str(wrong.value)


def test_the_settings_name_the_manifest(tmp_path: Path):
    file = manifest(tmp_path, {ID: NAME})

    policy = Settings(_env_file=None, RENMAI_TRUSTED_DOCUMENTS=file, RENMAI_ONLY_TRUSTED=True).policy()

    assert policy.documents == TrustedDocuments({ID: NAME}, only=True)
    with pytest.raises(BadInput, match="needs RENMAI_TRUSTED_DOCUMENTS"):
        Settings(_env_file=None, RENMAI_ONLY_TRUSTED=True).policy()
    with pytest.raises(BadInput, match="cannot be read"):
        Settings(_env_file=None, RENMAI_TRUSTED_DOCUMENTS=tmp_path / "none.json").policy()
