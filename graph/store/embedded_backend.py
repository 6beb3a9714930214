"""What is particular to the embedded engine: its full-text indexes, its wiping and its filling."""

import asyncio
import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from graph.errors import QueryRefused, StoreUnavailable
from graph.store.bolt_backend import delete_everything
from graph.store.bolt_fill import fill_over_bolt
from graph.store.embedded_generation import fill_generation, switch
from graph.store.embedded_home import DATABASE
from graph.store.embedded_process import Server, locked
from graph.store.embedded_users import OWNER
from graph.store.failures import one_line
from graph.store.rows import NodeRows, TieRows
from graph.store.session import Channel
from graph.store.statement import Step, Walk, cypher, quoted

_EDGE_SECONDS = 2.0
"""A walk takes milliseconds; without it a page is only slower."""
_LITTLE = 5_000
"""Nodes or ties: about what is deleted in the second that a restart takes."""
_NODES_UP_TO = cypher("MATCH (n) WITH n LIMIT $most RETURN count(n) AS n")
_TIES_UP_TO = cypher("MATCH ()-[t]->() WITH t LIMIT $most RETURN count(t) AS n")


_HELD = {
    "INTEGER": "LONG",
    "CENTS": "LONG",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DATETIME": "ZONED_DATETIME",
    "DATE": "DATE",
}
"""What the model calls a type → what the engine does."""


class EmbeddedBackend:
    """The engine behind a folder, served by a child of this program or of another."""

    def __init__(self, server: Server, reader: Channel, writer: Channel) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer

    async def settle(self) -> None:
        """The engine builds its indexes before it answers."""

    async def ensure_types(self, types: Sequence[tuple[str, str, str]]) -> None:
        """An index on a property that was not declared compares texts: no range and no order is asked of it.

        One that is such is dropped, to be made anew.
        """
        made = {
            (label["name"], *index["properties"]): index["name"]
            for label in await self._sql("SELECT name, indexes FROM schema:types")
            for index in label["indexes"]
        }
        compared = {
            one["name"]: one["keyTypes"] for one in await self._sql("SELECT name, keyTypes FROM schema:indexes")
        }
        for label, name, kind in types:
            held = _HELD[kind]
            index = made.get((label, name))
            if index is not None and compared[index] != [held]:
                await self._sql(f"DROP INDEX {quoted(index)}")
            await self._sql(f"CREATE VERTEX TYPE {quoted(label)} IF NOT EXISTS")
            await self._sql(f"CREATE PROPERTY {quoted(label)}.{quoted(name)} IF NOT EXISTS {held}")

    async def ensure_fulltext(self, label: str, properties: Sequence[str], name: str) -> None:
        """Its Cypher knows no full-text index; its SQL does, and then Cypher can ask it."""
        await self._sql(f"CREATE VERTEX TYPE {quoted(label)} IF NOT EXISTS")
        for one in properties:
            await self._sql(f"CREATE PROPERTY {quoted(label)}.{quoted(one)} IF NOT EXISTS STRING")
        columns = ", ".join(quoted(one) for one in properties)
        await self._sql(f"CREATE INDEX {quoted(name)} IF NOT EXISTS ON {quoted(label)} ({columns}) FULL_TEXT")

    async def edge(self, walk: Walk) -> object:
        """Its SQL walks an index, its Cypher does not. Whoever asks next is told what is wrong with the graph."""
        label, name, beyond = quoted(walk.label), quoted(walk.name), walk.beyond
        sign, way = ("<=", "DESC") if walk.descending else (">=", "ASC")
        within = f"{name} IS NOT NULL" if beyond is None else f"{name} {sign} :beyond"
        text = f"SELECT {name} AS edge FROM {label} WHERE {within} ORDER BY {name} {way} SKIP {walk.rows - 1} LIMIT 1"  # noqa: S608  quoted
        if isinstance(beyond, datetime):
            beyond = beyond.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            found = await self._sql(text, {} if beyond is None else {"beyond": beyond}, _EDGE_SECONDS)
        except (QueryRefused, StoreUnavailable):
            return None
        return found[0]["edge"] if found else None

    async def fill(self, nodes: Sequence[NodeRows], ties: Sequence[TieRows], checkpoint: Step) -> None:
        """A new generation is filled beside the empty one, which serves on, and takes its place in one step."""
        if self._server.is_ours:
            await fill_generation(self._server, nodes, ties, checkpoint)
        else:
            await fill_over_bolt(self._writer, nodes, ties, checkpoint)

    async def wipe(self) -> None:
        """Deletes what is little; begins an empty generation instead of deleting much, where the server is ours."""
        if not self._server.is_ours or await self._holds_little():
            await delete_everything(self._writer)
        else:
            await asyncio.to_thread(self._begin_anew)

    async def _holds_little(self) -> bool:
        held = [await self._reader.rows(ask, {"most": _LITTLE}, 60) for ask in (_NODES_UP_TO, _TIES_UP_TO)]
        return all(rows[0]["n"] < _LITTLE for rows in held)

    def _begin_anew(self) -> None:
        server = self._server
        with locked(server.home):
            root = server.home.next_root()
            root.mkdir()
            switch(server, root)

    async def close(self) -> None:
        """Ends the connections, then the server where it is ours."""
        await self._reader.close()
        await self._writer.close()
        await asyncio.to_thread(self._server.close)

    async def _sql(
        self, text: str, parameters: Mapping[str, object] | None = None, seconds: float = 600
    ) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._post, text, parameters or {}, seconds)

    def _post(self, text: str, parameters: Mapping[str, object], seconds: float) -> list[dict[str, Any]]:
        """The engine takes its own SQL by HTTP, on 127.0.0.1, from the owner."""
        login = f"{OWNER}:{self._server.home.passwords().owner}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._server.serving.http_port}/api/v1/command/{DATABASE}",
            data=json.dumps({"language": "sql", "command": text, "params": parameters}).encode(),
            headers={
                "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=seconds) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            with error:
                raise QueryRefused(f"The graph refused {text.split()[0]}: {one_line(error.read().decode())}") from error
        except OSError as error:
            raise StoreUnavailable(
                f"The embedded graph in {self._server.home.folder} no longer answers: run the command again."
            ) from error
