"""The examples, as their README says: generated from the schema, compiled under strict, run against a served world."""

import csv
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Watched
from tests.node_programs import installed_once, packages, run_node

ROOT = Path(__file__).parents[2]
SCHEMA = Path("api/graphql/schema.graphql")
ALL_KEYS = "{ customers(first: 40) { nodes { key influence { rank spread { value } } } } }"


def workplace(name: str, folder: Path) -> Path:
    """A copy of `examples/NAME`, with the schema where the example looks for it."""
    (folder / SCHEMA).parent.mkdir(parents=True)
    shutil.copy(ROOT / SCHEMA, folder / SCHEMA)
    return Path(shutil.copytree(ROOT / "examples" / name, folder / "examples" / name))


def with_packages(name: str, folder: Path) -> Path:
    """The same, with the packages of Node that it has pinned."""
    copy = workplace(name, folder)
    shutil.rmtree(copy / "node_modules", ignore_errors=True)
    (copy / "node_modules").symlink_to(packages(ROOT / "examples" / name) / "node_modules")
    return copy


def ask(address: str, query: str) -> Any:
    """The data of one query."""
    return httpx2.post(f"{address}graphql", json={"query": query}).raise_for_status().json()["data"]


async def test_the_react_page_compiles_with_relay_and_loads_more_than_one_page(
    served: str, watched: Watched, tmp_path: Path
) -> None:
    react = with_packages("react", tmp_path)
    run_node("node_modules/relay-compiler/cli.js", folder=react)
    run_node("node_modules/typescript/bin/tsc", "--noEmit", folder=react)
    run_node("build.mjs", folder=react)
    page = watched.page
    await _serve(page, f"{served}example/", react / "public")

    await page.goto(f"{served}example/index.html?api={served.rstrip('/')}")
    await expect(page.get_by_role("listitem")).to_have_count(10)
    await page.get_by_role("button", name="More").click()
    await expect(page.get_by_role("listitem")).to_have_count(20)

    shown = [text.split(":")[0] for text in await page.get_by_role("listitem").all_text_contents()]
    query = "{ customers(first: 20, orderBy: {field: REVENUE, direction: DESC}) { nodes { key } } }"
    assert shown == [customer["key"] for customer in ask(served, query)["customers"]["nodes"]]
    assert watched.complaints == []


async def _serve(page: Page, address: str, folder: Path) -> None:
    """The files of a folder under an address, without a server of their own."""

    async def answer(route: Route) -> None:
        await route.fulfill(path=folder / route.request.url.removeprefix(address).split("?")[0])

    await page.route(f"{address}**", answer)


def test_the_typescript_client_compiles_under_strict_and_reads_a_whole_district(served: str, tmp_path: Path) -> None:
    client = with_packages("typescript", tmp_path)
    run_node("node_modules/@graphql-codegen/cli/cjs/bin.js", "--config", "codegen.json", folder=client)
    run_node("node_modules/typescript/bin/tsc", "--noEmit", folder=client)

    printed = run_node("src/customers.ts", "西湖区", folder=client, RENMAI_URL=served.rstrip("/"))

    query = '{ customers(where: {district: {eq: "西湖区"}}) { totalCount } }'
    keys = {line.split(",")[0] for line in printed.splitlines()}
    assert len(keys) == len(printed.splitlines()) == ask(served, query)["customers"]["totalCount"] > 0


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The Python example with its generated client, and the Python that has what it needs."""
    folder = workplace("python", tmp_path_factory.mktemp("partner"))
    home = installed_once(ROOT / "examples" / "python", ("requirements.txt",), _install)
    subprocess.run([home / "venv/bin/ariadne-codegen"], cwd=folder, check=True, capture_output=True)
    return folder, home / "venv/bin/python"


def _install(folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True)
    install = [folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "-r", folder / "requirements.txt"]
    subprocess.run(install, check=True, capture_output=True)


def test_the_python_client_and_the_partner_script_are_typed_strictly(partner: tuple[Path, Path]) -> None:
    folder, python = partner
    settings = {"typeCheckingMode": "strict", "include": ["partner.py", "patience.py"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))

    checker = Path(sys.executable).with_name("basedpyright")
    found = subprocess.run(
        [checker, "--project", folder, "--pythonpath", python, "--level", "error"], capture_output=True, text=True
    )

    assert found.returncode == 0, found.stdout


def test_the_partner_script_writes_the_scores_of_the_customers_it_was_given(
    served: str, partner: tuple[Path, Path]
) -> None:
    customers = ask(served, ALL_KEYS)["customers"]["nodes"]

    lines = list(csv.DictReader(_partner(partner, served, [one["key"] for one in customers] + ["nobody"])))

    told = {line["customer"]: (int(line["rank"]), float(line["spread"])) for line in lines}
    scored = [one for one in customers if one["influence"]]
    assert told == {one["key"]: (one["influence"]["rank"], one["influence"]["spread"]["value"]) for one in scored}
    assert len(scored) > 0


def _partner(partner: tuple[Path, Path], address: str, keys: list[str]) -> list[str]:
    folder, python = partner
    (folder / "keys.txt").write_text("\n".join(keys), encoding="utf-8")
    done = subprocess.run(
        [python, "partner.py", "keys.txt"],
        cwd=folder,
        env={**os.environ, "RENMAI_URL": address.rstrip("/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class Busy(BaseHTTPRequestHandler):
    """Says twice that it is busy, then answers with no score."""

    answers: ClassVar = [429, 503, 200]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status = self.answers.pop(0)
        body = json.dumps({"data": {"influenceScores": [None] * len(asked["variables"]["keys"])}}).encode()
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def busy() -> Generator[str]:
    with HTTPServer(("127.0.0.1", 0), Busy) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever)
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_partner_script_waits_as_it_is_told_and_tries_again(busy: str, partner: tuple[Path, Path]) -> None:
    printed = _partner(partner, busy, ["ann"])

    assert Busy.answers == []
    assert [line.split(",")[0] for line in printed] == ["customer"]
