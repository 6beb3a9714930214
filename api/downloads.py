"""Downloading exports: whole or by ranges, with an API key."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from api.access.audit import PersonalRead
from api.access.scopes import Scope
from api.auth import Gate, secret_of
from api.exports import BackgroundExports
from api.graphql.context import Audit, Caller, Export
from api.sandbox import World
from graph.errors import LogUnavailable
from graph.queries.export import ExportQuery

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, GONE, UNAVAILABLE = 401, 403, 404, 410, 503


class Downloads:
    """The ASGI endpoint of `/exports/{id}`."""

    def __init__(
        self,
        exports: BackgroundExports,
        gate: Gate,
        now: Callable[[], datetime],
        audit: Audit,
        sandbox: Callable[[], World] | None = None,
    ) -> None:
        """`gate` says who may come in: never somebody without a key, unless everything is open.

        `audit` records who fetches what is personal. `sandbox` is the data of callers who are answered from generated
        data.
        """
        self._exports = exports
        self._audit = audit
        self._gate = gate
        self._now = now
        self._sandbox = sandbox

    async def answer(self, request: Request) -> Response:
        """The file, or a part of it (`Range`, `If-Range`); 401, 403, 404 and 410 say why not."""
        secret = secret_of(request.headers.get("authorization"), request.headers.get("x-api-key"))
        caller = await self._gate.admit(secret, now=self._now())
        if caller is None or not _may_read(caller):
            status = FORBIDDEN if caller and not caller.is_anonymous else UNAUTHORIZED
            return _refused(
                status, "An API key with the scope exports:read is needed: send it as `Authorization: Bearer rk_…`."
            )
        world = self._sandbox() if caller.is_sandbox and self._sandbox else None
        exports, audit = (world.exports, world.services.audit) if world else (self._exports, self._audit)
        export = await exports.find(request.path_params["id"])
        if export is not None and export.request.owner != caller.owner:
            export = None
        if export is not None and export.is_withdrawn:
            return _refused(GONE, str(export.failure))
        file = exports.file(export) if export else None
        if export is None or file is None or export.state == "running":
            return _refused(NOT_FOUND, "There is no such file: the export is unknown, under way or expired.")
        try:
            await self._record(caller, export, audit)
        except LogUnavailable:
            return _refused(UNAVAILABLE, "The file cannot be sent at the moment: try again later.")
        part = "" if export.state == "succeeded" else "partial-"
        media = "application/x-ndjson" if export.request.form == "jsonl" else "application/vnd.apache.parquet"
        name = f"{part}{export.request.noun}-{export.started_at:%Y%m%d}.{export.request.form}"
        return FileResponse(file, media_type=media, filename=name, headers={"Cache-Control": "private"})

    async def _record(self, caller: Caller, export: Export, audit: Audit) -> None:
        request = export.request
        columns = ExportQuery(request.noun, personal=request.personal).columns()
        if personal := tuple(column.name for column in columns if column.personal):
            partner = caller.view.partner if caller.view else None
            what = f"export of {request.noun}"
            read = PersonalRead(self._now(), caller.name, caller.owner, partner, what, export.id, personal, export.rows)
            await asyncio.to_thread(audit.record, read)


def _may_read(caller: Caller) -> bool:
    return "exports:read" in caller.rights and (not caller.is_anonymous or Scope.WRITE in caller.scopes)


def _refused(status: int, message: str) -> Response:
    return JSONResponse(
        {"error": message}, status, headers={"WWW-Authenticate": "Bearer"} if status == UNAUTHORIZED else None
    )
