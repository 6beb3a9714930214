"""An API without a store: a reader that answers from a table and records, and a recorder and runs that obey."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from api.access.audit import PersonalRead
from api.graphql.context import (
    AlreadyRunning,
    Answers,
    Export,
    ExportRequest,
    FellBehind,
    LogEvent,
    Refusal,
    RunProgress,
    RunRequest,
    Services,
    TooManyExports,
    Verdict,
    Wanted,
)
from api.webhooks.desk import Desk
from graph.errors import BadInput
from graph.jobs.advocates import Advocate, AdvocatesChosen, AdvocatesRequest
from graph.jobs.drift import Drifted
from graph.jobs.referral_economics import EconomicsAsked, EconomicsReport
from graph.jobs.score_changes import Changed, ChangesAsked, changed
from graph.model.score import INFLUENCE_FIGURES
from graph.queries import channel, customer, influence, order, product, referral, run
from graph.queries.listing import page_statement, pages_statement
from graph.queries.packing import column_beside
from graph.store.statement import Statement

Rows = list[dict[str, Any]]
Answer = Callable[[Mapping[str, Any]], Rows]
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
UNUSED: Any = None


@dataclass
class RecordingReader:
    """Answers a statement by its text; a statement that is not in the table answers nothing."""

    answers: dict[str, Answer] = field(default_factory=dict)
    reads: list[tuple[Statement, Mapping[str, Any]]] = field(default_factory=list)
    failure: Exception | None = None

    async def read(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> Rows:
        self.reads.append((statement, parameters or {}))
        if self.failure:
            raise self.failure
        answer = self.answers.get(statement.whole or statement.text)
        rows = answer(parameters or {}) if answer else []
        return [{name: row[name] for name in statement.packed} for row in rows] if statement.whole else rows

    def when(self, statement: Statement, answer: Answer) -> None:
        self.answers[statement.text] = answer


@dataclass
class FakeRecorder:
    """Accepts what has an id, refuses what has none."""

    taken: list[Mapping[str, Any]] = field(default_factory=list)
    refused: list[Mapping[str, Any]] = field(default_factory=list)
    failure: Exception | None = None
    newest: int = 0
    """The version that said something of everything."""

    async def record(
        self,
        events: Sequence[Mapping[str, Any]],
        source: str,
        refused: Mapping[int, Refusal],
        since: Mapping[int, int] | None = None,
    ) -> list[Verdict]:
        if self.failure:
            raise self.failure
        if any(version < self.newest for version in (since or {}).values()):
            return [Verdict("CONFLICT", f"made-{place}") for place in range(len(events))]
        self.taken += [event for place, event in enumerate(events) if place not in refused]
        self.refused += [events[place] for place in refused]
        return [self._verdict(event, refused.get(place)) for place, event in enumerate(events)]

    @staticmethod
    def _verdict(event: Mapping[str, Any], refusal: Refusal | None) -> Verdict:
        if refusal:
            return Verdict("REJECTED", None, refusal.reason, refusal.field, refusal.message)
        for name in ("kind", "at"):
            if name not in event:
                return Verdict("REJECTED", None, "missing_field", name, f"every event must carry {name}")
        if "id" in event or event["kind"] in {"profile", "referral", "referral_review"}:
            return Verdict("ACCEPTED", event.get("id", "made"))
        return Verdict("REJECTED", reason="missing_field", field="id", message="id must be given")


@dataclass
class FakeRuns:
    """Starts nothing, and shows two steps of the run `r1` and one of `endless`."""

    answer: RunProgress | AlreadyRunning | Exception = field(
        default_factory=lambda: RunProgress("r1", "chains", "running", "start", 0, 0)
    )
    asked: list[RunRequest] = field(default_factory=list)

    async def start(self, request: RunRequest) -> RunProgress | AlreadyRunning:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def watch(self, run_id: str) -> AsyncIterator[RunProgress] | None:
        return _endless() if run_id == "endless" else _steps() if run_id == "r1" else None


async def _endless() -> AsyncIterator[RunProgress]:
    yield RunProgress("endless", "chains", "running", "compute", 1, 4)
    await asyncio.Event().wait()


async def _steps() -> AsyncIterator[RunProgress]:
    yield RunProgress("r1", "chains", "running", "compute", 1, 4)
    yield RunProgress("r1", "chains", "succeeded", "end", 1, 1)


@dataclass
class FakeAdvocates:
    """Chooses ann, whatever is asked, or fails."""

    asked: list[AdvocatesRequest] = field(default_factory=list)
    failure: Exception | None = None

    async def choose(self, request: AdvocatesRequest) -> AdvocatesChosen:
        self.asked.append(request)
        if self.failure:
            raise self.failure
        advocate = Advocate("ann", 2.5, 3.5)
        return AdvocatesChosen("r1", 7, (advocate,), 3.5, 3.0, 4.0, 1.0, 2.4, 3.0, 0.8, 0.999, request.sets)


@dataclass
class FakeReferrals:
    """Reports of nobody, whatever is asked, or fails."""

    asked: list[EconomicsAsked] = field(default_factory=list)
    failure: Exception | None = None
    report_: EconomicsReport | None = None

    async def report(self, asked: EconomicsAsked) -> EconomicsReport:
        self.asked.append(asked)
        if self.failure:
            raise self.failure
        assert self.report_
        return self.report_


@dataclass
class FakeFeed:
    """Tells three deliveries, then falls behind."""

    wanted: list[Wanted] = field(default_factory=list)

    async def listen(self, wanted: Wanted) -> AsyncIterator[list[LogEvent]]:
        self.wanted.append(wanted)
        yield [log_event("e1", "login", "ann", 1)]
        yield [log_event("e2", "login", "bob", 2), log_event("e3", "referral", "bob", 2, referrer="ann")]
        raise FellBehind(10_000)

    async def joined(self) -> int:
        return 0


@dataclass
class FakeExports:
    """Starts what it is asked, and knows what it started; it is done at once."""

    started: list[Export] = field(default_factory=list)
    answer: TooManyExports | None = None

    async def start(self, request: ExportRequest) -> Export | TooManyExports:
        if self.answer:
            return self.answer
        later = NOON + timedelta(hours=24)
        self.started.append(Export(f"x{len(self.started)}", request, "succeeded", NOON, later, rows=3, size=90))
        return replace(self.started[-1], state="running", rows=0, size=0)

    async def find(self, id: str) -> Export | None:
        return next((export for export in self.started if export.id == id), None)


@dataclass
class FakeIds:
    """`acme/Customer/ann` is what acme calls ann."""

    partner: str

    def shown(self, noun: str, key: str) -> str:
        return f"{self.partner}/{noun}/{key}"

    def meant(self, noun: str, id: str) -> str | None:
        return id.removeprefix(f"{self.partner}/{noun}/") if id.startswith(f"{self.partner}/{noun}/") else None


@dataclass
class FakeAudit:
    """Keeps what is recorded."""

    lines: list[PersonalRead] = field(default_factory=list)
    failure: Exception | None = None

    def record(self, *reads: PersonalRead) -> None:
        if self.failure:
            raise self.failure
        self.lines += reads


def log_event(id: str, kind: str, customer: str | None, version: int, **given: Any) -> LogEvent:
    nothing: dict[str, Any] = dict.fromkeys(LogEvent.__dataclass_fields__)
    told: dict[str, Any] = {"id": id, "kind": kind, "customer": customer, "at": NOON, "log_version": version}
    return LogEvent(**nothing | told | given)


class NoDrift:
    """No run differs from another."""

    async def between(self, before: str, after: str) -> list[Drifted]:
        if before == after:
            return []
        raise BadInput(f"there is no run {before!r}")


class NoChanges:
    """No score differs from another."""

    async def between(self, before: str, after: str, asked: ChangesAsked) -> Changed:
        if before == after:
            nobody = pl.DataFrame(schema={"customer_id": pl.String, "spread": pl.Float64, "rank": pl.Int64})
            return Changed(changed(nobody, nobody, asked))
        raise BadInput(f"there is no run {before!r}")


def services(
    reader: RecordingReader,
    answers: Answers,
    recorder: FakeRecorder | None = None,
    runs: FakeRuns | None = None,
    advocates: FakeAdvocates | None = None,
    exports: FakeExports | None = None,
    referrals: FakeReferrals | None = None,
    webhooks: Desk | None = None,
    audit: "FakeAudit | None" = None,
) -> Services:
    return Services(
        reader,
        recorder or FakeRecorder(),
        runs or FakeRuns(),
        advocates or FakeAdvocates(),
        referrals or FakeReferrals(),
        answers,
        FakeFeed(),
        exports or FakeExports(),
        webhooks or Desk(UNUSED, lambda: None, lambda: NOON, UNUSED),
        NoDrift(),
        NoChanges(),
        ZoneInfo("Asia/Shanghai"),
        lambda: NOON,
        FakeIds,
        audit or FakeAudit(),
    )


def customer_row(key: str, **given: object) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(customer.CustomerRow.__dataclass_fields__)
    return row | {"key": key, "order_count": 0, "revenue_cents": 0} | given


def order_row(key: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(order.OrderRow.__dataclass_fields__)
    cents = {"amount_cents": 1850, "discount_cents": 0, "refunded_cents": 0}
    return row | {"key": key, "at": NOON, "line_count": 1, "quantity": 1.0} | cents


def score_row(key: str, run_id: str = "r1", **figures: float) -> dict[str, Any]:
    """A score as the store tells it by key; what is not given is 0."""
    told = msgspec.json.encode([*(dict.fromkeys(INFLUENCE_FIGURES, 0) | {"rank": 1} | figures).values()]).decode()
    return {"run_id": run_id, "customer_id": key, "figures": told, "paths": None}


def run_row(key: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(run.RunRow.__dataclass_fields__)
    return row | {"key": key, "kind": "influence", "scope": "*", "state": "succeeded", "is_current": True}


def small_shop() -> RecordingReader:
    """Ann and Bob (brought by Ann), an order each with one line of latte, scores of both by the run r1."""
    reader = RecordingReader()
    people = {"ann": customer_row("ann", name="安"), "bob": customer_row("bob")}
    latte: dict[str, Any] = dict.fromkeys(product.ProductRow.__dataclass_fields__) | {"key": "latte"}
    app: dict[str, Any] = dict.fromkeys(channel.ChannelRow.__dataclass_fields__) | {"key": "app"}
    referral_row = dict.fromkeys(referral.ReferralRow.__dataclass_fields__) | {"referrer": "ann", "referred": "bob"}

    reader.when(customer.BY_KEYS, lambda p: [dict(people[key]) for key in p["keys"] if key in people])
    reader.when(product.BY_KEYS, lambda p: [dict(latte) for key in p["keys"] if key == "latte"])
    reader.when(run.BY_KEYS, lambda p: [run_row(key) for key in p["keys"] if key == "r1"])
    reader.when(channel.OF_CUSTOMERS, lambda p: [dict(app, parent=parent) for parent in p["parents"]])
    reader.when(influence.BY_CUSTOMERS, lambda p: [score_row(key) for key in p["keys"] if key in people])
    reader.when(
        referral.TO_CUSTOMERS, lambda p: [dict(referral_row, parent="bob") for key in p["parents"] if key == "bob"]
    )
    reader.when(
        pages_statement(order.OF_CUSTOMERS, order.NEWEST_FIRST, False, False, False),
        lambda p: [
            order_row(f"o-{parent}") | {"parent": parent, "sort_value": NOON, "sort_key": f"o-{parent}"}
            for parent in p["parents"]
        ],
    )
    reader.when(
        pages_statement(order.LINES, order.BY_SKU, False, False, False),
        lambda p: [
            {"sku": "latte", "quantity": 1.0, "amount_cents": 1850, "discount_cents": 0}
            | {"parent": parent, "sort_value": "latte", "sort_key": "latte"}
            | {column_beside("product", name): value for name, value in latte.items()}
            for parent in p["parents"]
        ],
    )
    reader.when(
        page_statement(customer.LISTING, customer.ORDERINGS["key"], (), False, False, False),
        lambda p: [dict(row, sort_value=key, sort_key=key) for key, row in list(people.items())[: p["limit"]]],
    )
    return reader
