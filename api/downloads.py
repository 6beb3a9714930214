"""Downloading exports: whole or by ranges, with an API key."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from api.auth import Gate, secret_of
from api.exports import BackgroundExports
from api.graphql.context import Caller, Scope

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404


class Downloads:
    """The ASGI endpoint of `/exports/{id}`."""

    def __init__(self, exports: BackgroundExports, gate: Gate, now: Callable[[], datetime]) -> None:
        """`gate` says who may come in: never somebody without a key, unless everything is open."""
        self._exports = exports
        self._gate = gate
        self._now = now

    async def answer(self, request: Request) -> Response:
        """The file, or a part of it (`Range`, `If-Range`); 401, 403 and 404 say why not."""
        secret = secret_of(request.headers.get("authorization"), request.headers.get("x-api-key"))
        caller = self._gate.admit(secret, now=self._now())
        if caller is None or not _may_read(caller):
            status = FORBIDDEN if caller and not caller.is_anonymous else UNAUTHORIZED
            return _refused(status, "An API key with scope read is needed: send it as `Authorization: Bearer rk_…`.")
        export = await self._exports.find(request.path_params["id"])
        file = self._exports.file(export) if export else None
        if export is None or file is None or export.state == "running":
            return _refused(NOT_FOUND, "There is no such file: the export is unknown, under way or expired.")
        part = "" if export.state == "succeeded" else "partial-"
        media = "application/x-ndjson" if export.request.form == "jsonl" else "application/vnd.apache.parquet"
        name = f"{part}{export.request.noun}-{export.started_at:%Y%m%d}.{export.request.form}"
        return FileResponse(file, media_type=media, filename=name, headers={"Cache-Control": "private"})


def _may_read(caller: Caller) -> bool:
    return Scope.READ in caller.scopes and (not caller.is_anonymous or Scope.WRITE in caller.scopes)


def _refused(status: int, message: str) -> Response:
    return JSONResponse(
        {"error": message}, status, headers={"WWW-Authenticate": "Bearer"} if status == UNAUTHORIZED else None
    )
