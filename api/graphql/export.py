"""Exports: everything of a noun as one file, written in the background and downloaded by ranges."""

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.access.scopes import NOTHING, PERSONAL, to_read
from api.graphql.audience import AudienceWhere
from api.graphql.context import Export, ExportRequest, Info, TooManyExports
from api.graphql.errors import log
from api.graphql.failures import InvalidInput, Unavailable
from api.graphql.once import KEY_DESCRIPTION, IdempotencyConflict, once
from api.graphql.ordering import text_of
from api.graphql.run import RunState, run_key
from graph.errors import LogUnavailable
from graph.queries.export import NOUNS, OF_CUSTOMERS, OF_RUNS
from graph.queries.export_children import CHILDREN, adrift
from graph.queries.run import current_runs, runs_by_key
from graph.queries.score_run import RunKind

READABLE = {noun: to_read(node.label) for noun, node in NOUNS.items()}
"""Noun → what its readers need."""
CHILD_READABLE = {name: to_read(child.typename) for name, child in CHILDREN.items()}
"""Children → what their readers need; lines need nothing of their own, for they are never without their orders."""
KINDS = {"influence_scores": RunKind.INFLUENCE, "chains": RunKind.CHAINS}


@strawberry.enum(description="What an export holds; its columns are those of docs/reference/graph-model.md.")
class ExportNoun(Enum):
    """Names of the query's nouns."""

    CUSTOMERS = strawberry.enum_value("customers", description="Customers.")
    PRODUCTS = strawberry.enum_value("products", description="Products.")
    STORES = strawberry.enum_value("stores", description="Stores.")
    CHANNELS = strawberry.enum_value("channels", description="Channels.")
    ORDERS = strawberry.enum_value("orders", description="Orders.")
    SHARES = strawberry.enum_value("shares", description="Shares.")
    INFLUENCE_SCORES = strawberry.enum_value("influence_scores", description="Influence scores of one run.")
    CHAINS = strawberry.enum_value("chains", description="Chains of one run, the confirmed and the strongest others.")


@strawberry.enum(description="The form of an export's file.")
class ExportFormat(Enum):
    """Forms."""

    JSONL = strawberry.enum_value("jsonl", description="One JSON object a line; what is null is left out.")
    PARQUET = strawberry.enum_value("parquet", description="Parquet, typed.")


@strawberry.enum(description="What an export can nest: lines of their own that follow their parent's.")
class ExportChild(Enum):
    """Names of the lists of children."""

    ORDERS = strawberry.enum_value("orders", description="Orders, under the customers who placed them.")
    LINES = strawberry.enum_value("lines", description="What orders hold of each product, under the orders.")
    SHARES = strawberry.enum_value("shares", description="Shares, under the customers who made them.")
    REFERRALS = strawberry.enum_value("referrals", description="Whom customers brought, under those who brought them.")


@strawberry.input(description="What to export.")
class StartExportInput:
    """A request."""

    noun: ExportNoun = strawberry.field(description="What it holds.")
    format: ExportFormat = strawberry.field(default=ExportFormat.JSONL, description="The form of the file.")
    run: strawberry.ID | None = strawberry.field(
        default=None, description="For scores: another run than the current one, by its global id or its own id."
    )
    audience: AudienceWhere | None = strawberry.field(
        default=None, description="For customers and influence scores: of which customers."
    )
    personal: bool = strawberry.field(default=False, description="With what is personal, such as names.")
    children: list[ExportChild] = strawberry.field(
        default_factory=list[ExportChild],
        description="In JSONL: what follows each row, with `__typename` and `__parentId`, its parent's key. "
        "LINES hang under ORDERS, the others under CUSTOMERS.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type(description="An export and where its file is.")
class ExportJob:
    """A job."""

    id: strawberry.ID = strawberry.field(description="The export's id: ask for it with `export`.")
    noun: ExportNoun = strawberry.field(description="What it holds.")
    format: ExportFormat = strawberry.field(description="The form of the file.")
    state: RunState = strawberry.field(description="Running, succeeded or failed.")
    rows: int = strawberry.field(description="How many rows are written, those of children with them.")
    size: int = strawberry.field(description="Bytes of the file, once it ended, capped at 2,147,483,647.")
    url: str | None = strawberry.field(
        description="Where to download it with an API key; answers ranges. Of a failed export in JSONL, the lines "
        "that were written; null while it runs, and once somebody in it is no longer shown to you."
    )
    started_at: datetime = strawberry.field(description="When it started.")
    expires_at: datetime = strawberry.field(description="When its file goes.")
    failure: str | None = strawberry.field(description="Why it failed, in one line.")
    children: list[ExportChild] = strawberry.field(
        default_factory=list[ExportChild], description="What follows each row; none in a flat file."
    )

    @classmethod
    def of(cls, export: Export) -> "ExportJob":
        """The job as it stands."""
        kept = export.state == "succeeded" or (export.state == "failed" and export.request.form == "jsonl")
        is_there = kept and not export.is_withdrawn
        return cls(
            id=strawberry.ID(export.id),
            noun=ExportNoun(export.request.noun),
            format=ExportFormat(export.request.form),
            state=RunState(export.state),
            rows=export.rows,
            size=min(export.size, 2**31 - 1),
            url=f"/exports/{export.id}" if is_there else None,
            started_at=export.started_at,
            expires_at=export.expires_at,
            failure=export.failure,
            children=[ExportChild(child) for child in export.request.children],
        )


@strawberry.type(description="An export was started.")
class StartExportPayload:
    """Which."""

    export: ExportJob = strawberry.field(description="The export as it stands.")


ExportResult = Annotated[
    StartExportPayload | InvalidInput | IdempotencyConflict | Unavailable,
    strawberry.union("ExportResult", description="The export that was started, or why none was."),
]


async def export(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The export's id.")]
) -> ExportJob | None:
    """How far an export is; null for an unknown or an expired one, and for another caller's."""
    found = await info.context.services.exports.find(id)
    is_own = found is not None and found.request.owner == info.context.caller.owner
    return ExportJob.of(found) if found and is_own else None


async def start_export(
    info: Info, input: Annotated[StartExportInput, strawberry.argument(description="What to export.")]
) -> ExportResult:
    """Starts an export in the background."""
    return await once(info, input.idempotency_key, input, StartExportPayload, lambda: _started(info, input))


async def _started(info: Info, input: StartExportInput) -> StartExportPayload | InvalidInput | Unavailable:
    noun, audience = text_of(input.noun), input.audience.filters() if input.audience else {}
    children = tuple(dict.fromkeys(text_of(child) for child in input.children))
    told = READABLE[noun].union(*(CHILD_READABLE[child] for child in children))
    info.context.require(told | ({PERSONAL} if input.personal and noun == "customers" else NOTHING))
    if audience and noun not in OF_CUSTOMERS:
        return InvalidInput(message="`audience` narrows CUSTOMERS and INFLUENCE_SCORES alone.", field="audience")
    if wrong := _misplaced(noun, input.format, children):
        return wrong
    run = await _run_of(info, noun, input.run)
    if isinstance(run, InvalidInput):
        return run
    caller, form = info.context.caller, text_of(input.format)
    request = ExportRequest(noun, form, run, audience, input.personal, children, caller.owner, caller.view)
    try:
        found = await info.context.services.exports.start(request)
    except LogUnavailable as failure:
        log.error("exports unavailable", request_id=info.context.request_id, failure=str(failure))
        return Unavailable(message="Exports cannot be written at the moment: start it again later.")
    if isinstance(found, TooManyExports):
        return Unavailable(message=f"{found.running} exports are under way: start it again when one has ended.")
    return StartExportPayload(export=ExportJob.of(found))


def _misplaced(noun: str, form: ExportFormat, children: Collection[str]) -> InvalidInput | None:
    """Why the children cannot be nested so."""
    if children and form is not ExportFormat.JSONL:
        message = "`children` need the format JSONL: a Parquet file has rows of one kind."
        return InvalidInput(message=message, field="children")
    if (lost := adrift(noun, children)) is None:
        return None
    under = CHILDREN[lost].under.upper()
    message = f"{lost.upper()} hang under {under}, which an export of {noun.upper()} with these children lacks."
    return InvalidInput(message=message, field="children")


async def _run_of(info: Info, noun: str, given: str | None) -> str | InvalidInput | None:
    if noun not in OF_RUNS:
        return None if given is None else InvalidInput(message="`run` is for scores alone.", field="run")
    kind, reader = KINDS[noun], info.context.reader
    current = await current_runs(reader, kind)
    named = ", ".join(current.values()) or "none yet"
    if given is not None:
        key = run_key(given) or ""
        [row] = await runs_by_key(reader, [key])
        if row is None or row.kind != kind or row.state != "succeeded":
            message = f"{key!r} is no {kind} run that has ended; current: {named}."
            return InvalidInput(message=message, field="run")
        return key
    run = current.get("*") or (next(iter(current.values())) if len(current) == 1 else None)
    return run or InvalidInput(message=f"There is no one current {kind} run: name one; current: {named}.", field="run")
