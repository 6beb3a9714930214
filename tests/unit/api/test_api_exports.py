"""Exports: asked over the API, written in the background, downloaded by ranges."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from api_fakes import NOON, FakeAudit, FakeIds, run_row
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from api.auth import Gate, KeyStore
from api.downloads import Downloads
from api.exports import KEPT_FOR, WITHDRAWN, BackgroundExports
from api.graphql.context import Export, ExportRequest, Scope, TooManyExports
from graph.errors import LogUnavailable, StoreUnavailable
from graph.queries import overview, run
from graph.queries.export import ExportQuery
from graph.queries.export_children import CHILDREN
from graph.queries.view import SEEN_COUNTS, View
from graph.store.statement import Statement

START = """mutation($input: StartExportInput!) { startExport(input: $input) { __typename
  ... on StartExportPayload { export { id state url } } ... on Failure { message } ... on InvalidInput { field } } }"""
FIND = '{ export(id: "x0") { noun format state rows size url expiresAt failure } }'


@dataclass
class Streams:
    """A store that streams stores, and breaks off after some where it is told to."""

    breaks_after: int | None = None
    asked: list[tuple[Statement, Mapping[str, object]]] = field(default_factory=list)

    async def stream(
        self, statement: Statement, parameters: Mapping[str, object] | None = None, *, timeout_seconds: float = 1
    ) -> AsyncIterator[dict[str, Any]]:
        self.asked.append((statement, parameters or {}))
        for number in range(5_000):
            if number == self.breaks_after:
                raise StoreUnavailable("the graph at bolt://x is gone; start it again")
            yield {"store_id": f"s{number}", "name": "西湖店", "city": None, "latitude": 30.0}


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Any:
        return self.now


async def ended(exports: BackgroundExports, request: ExportRequest) -> Export:
    started = await exports.start(request)
    assert isinstance(started, Export)
    while (found := await exports.find(started.id)) and found.state == "running":
        await asyncio.sleep(0)
    assert found is not None
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def nobody_listens(_: Export) -> None:
    """No webhook hears of it."""


def made(store: Streams, folder: Path, clock: Clock) -> BackgroundExports:
    return BackgroundExports(store, folder / "exports", clock, FakeIds, nobody_listens)  # type: ignore[arg-type]


async def test_an_export_is_a_line_for_each_row(tmp_path: Path, clock: Clock):
    exports = made(Streams(), tmp_path, clock)

    export = await ended(exports, ExportRequest("stores", "jsonl"))

    file = exports.file(export)
    assert file is not None
    lines = file.read_text(encoding="utf-8").splitlines()
    assert (export.state, export.rows, export.size) == ("succeeded", 5_000, file.stat().st_size)
    assert json.loads(lines[0]) == {"store_id": "s0", "name": "西湖店", "latitude": 30.0}


async def test_parquet_is_typed_as_the_model_declares(tmp_path: Path, clock: Clock):
    exports = made(Streams(), tmp_path, clock)

    export = await ended(exports, ExportRequest("stores", "parquet"))

    file = exports.file(export)
    assert file is not None
    table = pl.read_parquet(file)
    assert (table.height, table.schema["latitude"], table.schema["time_zone"]) == (5_000, pl.Float64(), pl.String())


async def test_what_was_written_before_a_failure_can_be_had(tmp_path: Path, clock: Clock):
    exports = made(Streams(breaks_after=4_500), tmp_path, clock)

    export = await ended(exports, ExportRequest("stores", "jsonl"))

    assert (export.state, export.rows) == ("failed", 4_000)
    assert "start it again" in str(export.failure)
    file = exports.file(export)
    assert file is not None
    assert len(file.read_text(encoding="utf-8").splitlines()) == 4_000


async def test_exports_outlive_the_process_for_a_day(tmp_path: Path, clock: Clock):
    export = await ended(made(Streams(), tmp_path, clock), ExportRequest("stores", "jsonl"))
    later = made(Streams(), tmp_path, clock)
    assert await later.find(export.id) == export
    assert await later.find("export-../../keys") is None

    clock.now = NOON + KEPT_FOR + timedelta(seconds=1)

    assert await later.find(export.id) is None
    await ended(later, ExportRequest("stores", "jsonl"))
    assert len(list((tmp_path / "exports").glob("*.jsonl"))) == 1


async def test_an_export_that_a_process_left_behind_has_failed(tmp_path: Path, clock: Clock):
    exports = made(Streams(), tmp_path, clock)
    started = await exports.start(ExportRequest("stores", "jsonl"))
    assert isinstance(started, Export)

    (tmp_path / "dead" / "exports").mkdir(parents=True)
    shutil.copy(tmp_path / "exports" / f"{started.id}.json", tmp_path / "dead" / "exports")
    left = await made(Streams(), tmp_path / "dead", clock).find(started.id)
    running = await made(Streams(), tmp_path, clock).find(started.id)

    assert left is not None
    assert (left.state, left.failure) == ("failed", "It was ended with the server.")
    # Another process of the same folder sees that it is alive.
    assert running is not None
    assert (running.state, running.failure) == ("running", None)
    await exports.close()


async def test_an_export_that_ended_with_its_server_is_told_by_the_next_one_and_once(tmp_path: Path, clock: Clock):
    exports = made(Streams(), tmp_path, clock)
    stopped = await exports.start(ExportRequest("stores", "jsonl"))
    assert isinstance(stopped, Export)
    # A task that never began would hold its claim for as long as this process lives.
    await asyncio.sleep(0)
    await exports.close()
    whole = await ended(made(Streams(), tmp_path, clock), ExportRequest("stores", "jsonl"))

    heard: list[tuple[str, str]] = []
    failures = [LogUnavailable("the book of webhooks is away")]

    async def hears(export: Export) -> None:
        if failures:
            raise failures.pop()
        heard.append((export.id, export.state))

    for _ in range(3):
        await BackgroundExports(Streams(), tmp_path / "exports", clock, FakeIds, hears).tell_left_behind()  # type: ignore[arg-type]
    assert heard == [(stopped.id, "failed")]
    assert whole.id != stopped.id


async def test_what_another_process_still_writes_is_not_told(tmp_path: Path, clock: Clock):
    exports = made(Streams(), tmp_path, clock)
    await exports.start(ExportRequest("stores", "jsonl"))
    heard: list[Export] = []

    async def hears(export: Export) -> None:
        heard.append(export)

    other = BackgroundExports(Streams(), tmp_path / "exports", clock, FakeIds, hears)  # type: ignore[arg-type]
    await other.tell_left_behind()
    assert heard == []
    await exports.close()


def test_what_is_personal_is_left_out_unless_it_is_asked_for():
    assert "n.name AS name" not in ExportQuery("customers").statement().text
    assert "n.name AS name" in ExportQuery("customers", personal=True).statement().text


def test_files_are_downloaded_by_ranges_with_a_key(tmp_path: Path, clock: Clock):
    exports = made(Streams(), tmp_path, clock)
    keys = KeyStore.open(tmp_path / "keys.sqlite")
    secrets = {scope: keys.create_key("app", [scope], now=NOON, expires_at=None) for scope in (Scope.READ, Scope.WRITE)}
    route = Route("/exports/{id}", Downloads(exports, Gate(keys, open_reads=True), clock, FakeAudit()).answer)
    with TestClient(Starlette(routes=[route])) as client:
        assert client.portal is not None
        owner = "_".join(secrets[Scope.READ].split("_", 2)[:2])
        export = client.portal.call(ended, exports, ExportRequest("stores", "jsonl", owner=owner))
        path, key = f"/exports/{export.id}", {"Authorization": f"Bearer {secrets[Scope.READ]}"}

        whole = client.get(path, headers=key)
        part = client.get(path, headers=key | {"Range": "bytes=10-19"})
        rest = client.get(path, headers=key | {"Range": f"bytes={export.size - 5}-"})
        beyond = client.get(path, headers=key | {"Range": f"bytes={export.size}-"})

        assert (whole.status_code, len(whole.content)) == (200, export.size)
        assert whole.headers["content-disposition"].endswith('.jsonl"')
        assert (part.status_code, part.content) == (206, whole.content[10:20])
        assert (rest.status_code, rest.content) == (206, whole.content[-5:])
        assert beyond.status_code == 416
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"X-API-Key": secrets[Scope.WRITE]}).status_code == 403
        assert client.get("/exports/other", headers=key).status_code == 404
        stranger = keys.create_key("other", [Scope.READ], now=NOON, expires_at=None)
        assert client.get(path, headers={"X-API-Key": stranger}).status_code == 404
    keys.close()


def test_an_export_is_started_and_asked_for(api: Any):
    answer = api.data(START, input={"noun": "CUSTOMERS", "audience": {"consent": ["SHARING"]}, "personal": True})

    assert answer["startExport"]["export"] == {"id": "x0", "state": "RUNNING", "url": None}
    asked = ExportRequest("customers", "jsonl", None, {"consent_sharing": True}, personal=True)
    assert api.exports.started[0].request == asked
    assert api.data(FIND)["export"] == {
        "noun": "CUSTOMERS", "format": "JSONL", "state": "SUCCEEDED", "rows": 3, "size": 90, "url": "/exports/x0",
        "expiresAt": "2026-03-03T04:00:00Z", "failure": None,
    }  # fmt: skip
    assert api.data('{ export(id: "x9") { rows } }') == {"export": None}


def test_children_are_asked_for_with_their_parents(api: Any):
    given = {"noun": "CUSTOMERS", "children": ["LINES", "ORDERS", "LINES"], "idempotencyKey": "k1"}

    answers = [api.data(START, input=given) for _ in range(2)]

    assert answers[0] == answers[1]
    assert [one.request.children for one in api.exports.started] == [("lines", "orders")]
    assert api.data('{ export(id: "x0") { children } }') == {"export": {"children": ["LINES", "ORDERS"]}}


def test_children_need_the_scopes_of_what_they_are(api: Any):
    rights = ["customers:read", "exports:write", "exports:read"]
    api.secrets["crm"] = api.keys.create_key("crm", rights, now=NOON, expires_at=None)
    given = {"noun": "CUSTOMERS", "children": ["ORDERS"]}

    answer = api.post(START, key="crm", variables={"input": given})

    assert "orders:read" in answer.text
    assert api.exports.started == []


def test_scores_are_of_the_current_run_unless_another_is_named(api: Any):
    api.reader.when(run.CURRENT, lambda _: [{"scope": "*", "run": "r1"}])
    api.reader.when(run.BY_KEYS, lambda p: [run_row("r0")] if p["keys"] == ["r0"] else [])

    api.data(START, input={"noun": "INFLUENCE_SCORES", "format": "PARQUET"})
    api.data(START, input={"noun": "INFLUENCE_SCORES", "run": "r0"})
    wrong = api.data(START, input={"noun": "INFLUENCE_SCORES", "run": "r9"})["startExport"]

    assert [(one.request.form, one.request.run) for one in api.exports.started] == [("parquet", "r1"), ("jsonl", "r0")]
    assert (wrong["__typename"], wrong["field"]) == ("InvalidInput", "run")
    assert "current: r1" in wrong["message"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"noun": "STORES", "audience": {"city": {"eq": "x"}}}, "audience"),
        ({"noun": "STORES", "run": "r1"}, "run"),
        ({"noun": "CHAINS"}, "run"),
        ({"noun": "CUSTOMERS", "format": "PARQUET", "children": ["ORDERS"]}, "children"),
        ({"noun": "CUSTOMERS", "children": ["LINES"]}, "children"),
        ({"noun": "STORES", "children": ["ORDERS"]}, "children"),
    ],
)
def test_what_cannot_be_exported_is_invalid_input(api: Any, given: dict[str, Any], field: str):
    answer = api.data(START, input=given)["startExport"]

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)


def test_too_many_exports_at_once_are_told(api: Any):
    api.exports.answer = TooManyExports(4)

    answer = api.data(START, input={"noun": "STORES"})["startExport"]

    assert answer["__typename"] == "Unavailable"
    assert "4 exports are under way" in answer["message"]


def test_an_export_is_started_once_a_key(api: Any):
    given = {"noun": "STORES", "idempotencyKey": "k1"}

    first, again = api.data(START, input=given), api.data(START, input=given)

    assert first == again
    assert len(api.exports.started) == 1


# --- partners ------------------------------------------------------------------------------------------------------

ACME = View("acme", {"city": ("Hangzhou",)})
REQUEST = ExportRequest("customers", "jsonl", children=("orders", "lines", "referrals"), owner="acme", view=ACME)


@dataclass
class People:
    """Ann with an order of one line, and Bob, whom she brought: as long as they are seen."""

    seen: set[str] = field(default_factory=lambda: {"ann", "bob"})
    version: int = 1
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def read(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        if statement == overview.PROJECTED:
            return [{"version": self.version}]
        given = parameters or {}
        noun = next(noun for noun, one in SEEN_COUNTS.items() if ACME.narrowed(one) == statement)
        assert given["only_city"] == ["Hangzhou"]
        self.asked.append(tuple(given["keys"]))
        seen = self.seen if noun == "Customer" else {"o1"} if "ann" in self.seen else set[str]()
        return [{"seen": len(seen.intersection(given["keys"]))}]

    async def stream(
        self, statement: Statement, parameters: Mapping[str, object] | None = None, *, timeout_seconds: float = 1
    ) -> AsyncIterator[dict[str, Any]]:
        rows = {
            CHILDREN["orders"].statement.text: {"parent": "ann", "order_id": "o1"},
            CHILDREN["lines"].statement.text: {"parent": "o1", "sku": "latte"},
            CHILDREN["referrals"].statement.text: {"parent": "ann", "referred_id": "bob", "share": "s1"},
        }
        narrowed = {ACME.narrowed(CHILDREN[name].statement).text: CHILDREN[name].statement.text for name in CHILDREN}
        if (child := narrowed.get(statement.text)) in rows:
            yield rows[child]
        else:
            yield {"customer_id": "ann", "city": "Hangzhou"}


async def test_a_partner_is_handed_no_file_that_names_somebody_who_is_not_seen_any_more(tmp_path: Path, clock: Clock):
    people = People()
    exports = made(people, tmp_path, clock)  # type: ignore[arg-type]

    export = await ended(exports, REQUEST)
    file = exports.file(export)
    assert file is not None
    assert "acme/Customer/bob" in file.read_text(encoding="utf-8")
    for _ in range(3):
        await exports.find(export.id)
    people.version, people.seen = 2, {"ann"}
    gone = await exports.find(export.id)
    still_gone = await made(People(), tmp_path, clock).find(export.id)  # type: ignore[arg-type]

    # Once for each state of the graph: the people, the order of the lines, and no more once one is missing.
    assert people.asked == [("ann", "bob"), ("o1",), ("ann", "bob")]
    assert gone is not None
    assert (gone.state, gone.rows, gone.size, gone.is_withdrawn) == ("failed", 0, 0, True)
    assert exports.file(gone) is None
    assert still_gone == gone
    assert [one.name for one in (tmp_path / "exports").glob("export-*")] == [f"{export.id}.json"]


async def test_a_partner_is_handed_nothing_that_was_left_half_noted(tmp_path: Path, clock: Clock):
    export = await ended(made(People(), tmp_path, clock), REQUEST)  # type: ignore[arg-type]
    noted = tmp_path / "exports" / f"{export.id}.named"
    noted.write_bytes(noted.read_bytes()[:-1])

    found = await made(People(), tmp_path, clock).find(export.id)  # type: ignore[arg-type]

    assert found is not None
    assert found.is_withdrawn


def test_a_withdrawn_file_is_410_with_the_reason(tmp_path: Path, clock: Clock):
    people = People()
    exports = made(people, tmp_path, clock)  # type: ignore[arg-type]
    keys = KeyStore.open(tmp_path / "keys.sqlite")
    secret = keys.create_key("acme", ["exports:read"], now=NOON, expires_at=None, view=ACME)
    owner = keys.find_key("_".join(secret.split("_")[:2])).account
    downloads = Downloads(exports, Gate(keys), clock, FakeAudit())
    app = Starlette(routes=[Route("/exports/{id}", downloads.answer)])
    with TestClient(app, headers={"Authorization": f"Bearer {secret}"}) as client:
        assert client.portal is not None
        export = client.portal.call(ended, exports, replace(REQUEST, owner=owner))
        first = client.get(f"/exports/{export.id}")
        people.seen, people.version = set(), 2
        second = client.get(f"/exports/{export.id}")
    keys.close()

    assert (first.status_code, second.status_code) == (200, 410)
    assert second.json() == {"error": WITHDRAWN}
