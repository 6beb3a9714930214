"""What the rest of the program sees of the graph: one class, the same on both engines."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from graph.errors import QueryRefused, StoreUnavailable
from graph.store.config import Engine
from graph.store.rows import NodeRows, TieRows
from graph.store.staging import check
from graph.store.statement import Statement, Step, Walk, cypher

if TYPE_CHECKING:
    from graph.store.session import Channel

READ_SECONDS = 30.0
WRITE_SECONDS = 120.0
PING_SECONDS = 5.0

_IS_EMPTY = cypher("MATCH (n) RETURN 1 AS one LIMIT 1")
_PING = cypher("RETURN 1 AS one")


PropertyTyped = tuple[str, str, str]
"""Label, property, and the name of its type (`graph.model.declarations`)."""


class Backend(Protocol):
    """What differs between the engines."""

    async def ensure_types(self, types: Sequence[PropertyTyped]) -> None: ...
    async def ensure_fulltext(self, label: str, properties: Sequence[str], name: str) -> None: ...
    async def edge(self, walk: Walk) -> object: ...
    async def settle(self) -> None: ...
    async def fill(self, nodes: Sequence[NodeRows], ties: Sequence[TieRows], checkpoint: Step) -> None: ...
    async def wipe(self) -> None: ...
    async def close(self) -> None: ...


class Store:
    """The graph. Every failure that a user can mend is StoreUnavailable or QueryRefused, one line each."""

    def __init__(self, reader: "Channel", writer: "Channel", backend: Backend) -> None:
        self._reader = reader
        self._writer = writer
        self._backend = backend
        self._ensured: list[Statement] = []
        self._types: list[PropertyTyped] = []
        self._fulltext: list[tuple[str, Sequence[str], str]] = []
        self.engine: Engine = writer.engine
        self.uri = writer.uri

    async def read(
        self,
        statement: Statement,
        parameters: Mapping[str, object] | None = None,
        *,
        timeout_seconds: float = READ_SECONDS,
    ) -> list[dict[str, Any]]:
        """All rows, as maps of the names after AS; instants come back tz-aware in UTC. Nothing can be written here."""
        return await self._reader.rows(statement, parameters, timeout_seconds)

    async def edge(self, walk: Walk) -> object:
        """The value of the last row of a walk, for a store whose Cypher sorts by no index.

        None from a store that needs none, and where the rows run out before. It only says where to look: rows come and
        go, so a page that falls short is read without it. An instant is ISO text.
        """
        return await self._backend.edge(walk)

    def stream(
        self,
        statement: Statement,
        parameters: Mapping[str, object] | None = None,
        *,
        timeout_seconds: float = 600,
    ) -> AsyncIterator[dict[str, Any]]:
        """The rows as they come: for answers of many rows, in bounded memory."""
        return self._reader.stream(statement, parameters, timeout_seconds)

    async def write(self, *steps: Step, timeout_seconds: float = WRITE_SECONDS) -> None:
        """All steps in one transaction: every one of them is seen afterwards, or none."""
        await self._writer.apply(steps, timeout_seconds)

    async def ask(
        self, text: str, parameters: Mapping[str, object] | None = None, *, limit: int, timeout_seconds: float
    ) -> tuple[list[str], list[list[object]]]:
        """The columns and at most `limit` rows of a user's own Cypher; QueryRefused where it writes or is late."""
        return await self._reader.asked(text, parameters or {}, limit, timeout_seconds)

    async def ensure(self, statements: Sequence[Statement]) -> None:
        """Constraints and indexes, each with IF NOT EXISTS; they stand when this returns, and again after `wipe`.

        What this store has ensured before is not asked for again.
        """
        missing = [statement for statement in statements if statement not in self._ensured]
        for statement in missing:
            await self._writer.apply([(statement, {})], 600)
        if missing:
            await self._backend.settle()
        self._ensured += missing

    async def ensure_types(self, types: Sequence[PropertyTyped]) -> None:
        """What the properties hold, where an engine's indexes must know it to keep them in order: before `ensure`."""
        if missing := [one for one in types if one not in self._types]:
            await self._backend.ensure_types(missing)
            self._types += missing

    async def ensure_fulltext(self, label: str, properties: Sequence[str], name: str) -> None:
        """A full-text index for `CALL db.index.fulltext.queryNodes(name, words)`; the properties hold strings."""
        if (label, properties, name) not in self._fulltext:
            await self._backend.ensure_fulltext(label, properties, name)
            await self._backend.settle()
            self._fulltext.append((label, properties, name))

    async def is_empty(self) -> bool:
        """True when no node stands in the store; constraints and indexes do not count."""
        return not await self.read(_IS_EMPTY)

    async def fill(
        self, nodes: Sequence[NodeRows], ties: Sequence[TieRows], checkpoint: tuple[Statement, Mapping[str, object]]
    ) -> None:
        """Puts everything into an empty store, the checkpoint last; `ensure` the keys' constraints before.

        ValueError and TypeError say what is wrong with the columns, before anything is written.
        Embedded: all of it appears at once, or nothing does, whenever the program dies. Neo4j: it appears batch by
        batch; a store that is not empty and has no checkpoint was left half-filled: `wipe` it and fill again.
        """
        await asyncio.to_thread(check, nodes, ties)
        if not await self.is_empty():
            raise QueryRefused("The graph is not empty, so it cannot be filled from scratch: run `renmai rebuild`.")
        await self._backend.fill(nodes, ties, checkpoint)

    async def wipe(self) -> None:
        """Removes every node and tie; what this program ensured stands again afterwards."""
        await self._backend.wipe()
        await self._backend.ensure_types(self._types)
        for label, properties, name in self._fulltext:
            await self._backend.ensure_fulltext(label, properties, name)
        ensured, self._ensured = self._ensured, []
        await self.ensure(ensured)

    async def ping(self) -> None:
        """Answers when the store does; StoreUnavailable when it cannot be reached."""
        try:
            await self._reader.rows(_PING, None, PING_SECONDS)
        except QueryRefused as error:
            raise StoreUnavailable(
                f"The graph at {self.uri} does not answer within {PING_SECONDS:g} s: {self._reader.mend}."
            ) from error

    async def close(self) -> None:
        """Ends the connections, and the embedded server if this program started it."""
        await self._backend.close()
