"""Exports in the background: started, asked for, downloaded by ranges, gone after a day.

A job is a small JSON file beside its data, so that it outlives the process; one that a process left behind has failed,
and a note beside it stays until its end was told.
Other processes see one that runs as running, without its rows so far.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from api.claims import Claims
from api.graphql.context import Export, ExportRequest, TooManyExports
from graph.errors import LogUnavailable, RenmaiError
from graph.jobs.export import Form, export_rows
from graph.jobs.export_naming import Naming, all_still_seen
from graph.queries.export import ExportQuery
from graph.queries.overview import projected_version
from graph.queries.view import Ids, PartnerReader
from graph.store import Store

log = structlog.get_logger("renmai.exports")

KEPT_FOR = timedelta(hours=24)
MOST_RUNNING = 4
BROKE_OFF = "It was ended with the server."
WITHDRAWN = (
    "Somebody in it is no longer shown to you, so that the file is gone: start it anew, with a new idempotencyKey."
)
_ID = re.compile(r"export-[0-9a-f]{32}")


class BackgroundExports:
    """The exports of one data folder."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        now: Callable[[], datetime],
        ids: Callable[[str], Ids],
        ended: Callable[[Export], Awaitable[None]],
    ) -> None:
        """`folder` is made where it is missing; `ids` are a partner's own, by its name; `ended` hears of each end."""
        self._ended = ended
        self._store = store
        self._ids = ids
        self._folder = folder
        self._now = now
        self._running: dict[str, Export] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: dict[str, int] = {}
        """Partner's export → the version of the graph in which everybody in it was seen."""
        self._claims = Claims(folder / "running")

    async def start(self, request: ExportRequest) -> Export | TooManyExports:
        """Begins to write. LogUnavailable where the folder cannot be written."""
        if len(self._running) >= MOST_RUNNING:
            return TooManyExports(MOST_RUNNING)
        await asyncio.to_thread(self._sweep)
        at = self._now()
        export = Export(f"export-{secrets.token_hex(16)}", request, "running", at, at + KEPT_FOR)
        await asyncio.to_thread(self._claims.take, export.id)
        await asyncio.to_thread(self._write, export)
        self._running[export.id] = export
        task = asyncio.create_task(self._run(export))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return export

    async def find(self, id: str) -> Export | None:
        """The export as it stands; None for an unknown or an expired one.

        A partner's is withdrawn once somebody in it is not seen by the partner any more. RenmaiError where that cannot
        be asked.
        """
        found = self._running.get(id) or await asyncio.to_thread(self._read, id)
        return await self._as_it_may_be_told(found) if found else None

    def file(self, export: Export) -> Path | None:
        """What can be downloaded: the whole, or of an export that failed, or runs, what is there; None for nothing."""
        file = self._data(export) if export.state == "succeeded" else self._part(export)
        return file if file.is_file() else None

    async def close(self) -> None:
        """Ends what is under way; what was written stays, as the part of a failed export."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def tell_left_behind(self) -> None:
        """Tells of what ended with its process, or could not be told then; for whoever serves next."""
        for note in await asyncio.to_thread(lambda: sorted(self._folder.glob("export-*.untold"))):
            try:
                export = await asyncio.to_thread(self._read, note.stem)
                if export is None:
                    await asyncio.to_thread(note.unlink, missing_ok=True)
                elif export.state != "running":
                    await asyncio.to_thread(self._write, export)
                    await self._tell(export)
            except (RenmaiError, OSError, msgspec.DecodeError) as error:
                log.error("an ended export is not told", export=note.stem, exc_info=error)

    async def _tell(self, export: Export) -> None:
        try:
            await self._ended(export)
            await asyncio.to_thread(self._untold(export).unlink, missing_ok=True)
        except Exception as error:  # the export is there, whoever hears of it
            log.error("an ended export is not told", export=export.id, exc_info=error)

    async def _run(self, export: Export) -> None:
        request = export.request
        query = ExportQuery(request.noun, request.run, request.audience, request.personal, request.children)
        ended = replace(export, state="failed", failure=BROKE_OFF)

        def told(rows: int) -> None:
            self._running[export.id] = replace(export, rows=rows)

        try:
            rows = await self._written(export, query, told)
            await asyncio.to_thread(self._part(export).replace, self._data(export))
            ended = replace(export, state="succeeded", rows=rows)
        except RenmaiError as failure:
            ended = replace(ended, failure=str(failure))
        except OSError as failure:
            ended = replace(ended, failure=f"The file cannot be written: {failure.strerror}.")
        except Exception as error:
            log.error("export failed", export=export.id, exc_info=error)
            ended = replace(ended, failure="Internal error: the server's log says more.")
        finally:
            done = self._running.pop(export.id)
            ended = replace(ended, rows=max(ended.rows, done.rows), size=self._size(ended))
            self._write(ended)
            self._claims.release(export.id)
        await self._tell(ended)

    async def _written(self, export: Export, query: ExportQuery, told: Callable[[int], None]) -> int:
        request, file = export.request, self._part(export)
        if (view := request.view) is None:
            return await export_rows(self._store, query, Form(request.form), file, told)
        with Naming(self._store, self._named(export)) as store:
            reader = PartnerReader(store, view, self._ids(view.partner))
            return await export_rows(reader, query, Form(request.form), file, told)

    async def _as_it_may_be_told(self, export: Export) -> Export:
        """A partner's export whose people are not all seen any more is gone, with what it counted."""
        view = export.request.view
        if view is None or export.state == "running" or export.is_withdrawn:
            return export
        # Asked again when the graph has changed.
        version = await projected_version(self._store)
        if self._asked.get(export.id) != version:
            if not await all_still_seen(self._store, view, self._named(export)):
                return await asyncio.to_thread(self._withdraw, export)
            self._asked[export.id] = version
        return export

    def _withdraw(self, export: Export) -> Export:
        gone = replace(export, state="failed", rows=0, size=0, failure=WITHDRAWN, is_withdrawn=True)
        self._write(gone)
        for file in (self._data(export), self._part(export), self._named(export)):
            file.unlink(missing_ok=True)
        self._asked.pop(export.id, None)
        return gone

    def _size(self, export: Export) -> int:
        file = self.file(export)
        return file.stat().st_size if file else 0

    def _write(self, export: Export) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if export.state == "running":
                self._untold(export).touch()
            part = self._folder / f"{export.id}.json.part"
            part.write_bytes(msgspec.json.encode(export))
            part.replace(self._folder / f"{export.id}.json")
        except OSError as error:
            raise LogUnavailable(f"{self._folder} cannot be written: {error.strerror}") from error

    def _read(self, id: str) -> Export | None:
        file = self._folder / f"{id}.json"
        if not _ID.fullmatch(id) or not file.is_file():
            return None
        export = msgspec.json.decode(file.read_bytes(), type=Export)
        if export.expires_at <= self._now():
            return None
        if export.state == "running" and self._claims.about(id) is None:
            return replace(export, state="failed", failure=BROKE_OFF)
        return export

    def _sweep(self) -> None:
        for file in self._folder.glob("export-*.json"):
            if file.stem not in self._running and self._read(file.stem) is None:
                self._asked.pop(file.stem, None)
                for one in self._folder.glob(f"{file.stem}.*"):
                    one.unlink(missing_ok=True)

    def _data(self, export: Export) -> Path:
        return self._folder / f"{export.id}.{export.request.form}"

    def _named(self, export: Export) -> Path:
        """Whom a partner's export names."""
        return self._folder / f"{export.id}.named"

    def _untold(self, export: Export) -> Path:
        """There until its end was told."""
        return self._folder / f"{export.id}.untold"

    def _part(self, export: Export) -> Path:
        return self._folder / f"{export.id}.{export.request.form}.part"
