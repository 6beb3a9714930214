"""The store itself: reading, writing and asking over Bolt, alike on both engines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from typing import Any, LiteralString, TypeVar, cast

from neo4j import READ_ACCESS, AsyncDriver, AsyncManagedTransaction, AsyncResult, AsyncSession, Query, unit_of_work
from neo4j.exceptions import AuthError, ConstraintError, DriverError, Neo4jError

from graph.store.config import Engine
from graph.store.failures import MEND_EMBEDDED, MEND_NEO4J, explained
from graph.store.statement import DAY, INSTANT, Statement, Step
from graph.store.values import PLAIN, from_wire, parameters_to_wire

Answer = TypeVar("Answer")

_WRITE_TRIES = 6
_ADMISSION_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6)
_LOST_PAUSES_SECONDS = (0.0, 0.1, 0.7)
_FETCH = 2_000
_GRACE_SECONDS = 2.0
"""The store ends a late statement itself; the client gives up this much later, for a store that does not."""


class Channel:
    """One login on one store: sessions, retries, time-outs and failures in one place."""

    def __init__(self, driver: AsyncDriver, engine: Engine, uri: str, user: str, database: str | None) -> None:
        self._driver = driver
        self._open = cast("Callable[..., AsyncSession]", driver.session)  # pyright: ignore[reportUnknownMemberType]
        self._database = database
        self.engine: Engine = engine
        self.uri = uri
        self.user = user
        self.mend = MEND_EMBEDDED if engine == "embedded" else MEND_NEO4J

    def session(self, *, read_only: bool) -> AsyncSession:
        """A session; with `read_only` the store itself refuses every write."""
        if read_only:
            return self._open(database=self._database, default_access_mode=READ_ACCESS, fetch_size=_FETCH)
        return self._open(database=self._database, fetch_size=_FETCH)

    def _explained(self, seconds: float, *, reading: bool = False) -> AbstractContextManager[None]:
        return explained(self.uri, self.user, timeout_seconds=seconds, reading=reading, mend=self.mend)

    async def rows(
        self, statement: Statement, parameters: Mapping[str, object] | None, seconds: float
    ) -> list[dict[str, Any]]:
        """All rows of one reading statement.

        It is its own transaction: a statement that only reads needs none around it, and so takes one way to the store
        and back, not two. A lost connection is tried again, for about a second in all.
        """
        query, sent = Query(_literal(statement.text), timeout=seconds), parameters_to_wire(parameters)
        with self._explained(seconds, reading=True):
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                told = unpacked if statement.packed else _told
                return told(statement, *await self._admitted(lambda: self._read(query, sent)))

    async def _read(self, query: Query, sent: dict[str, Any]) -> tuple[Sequence[str], list[list[Any]]]:
        for pause in _LOST_PAUSES_SECONDS:
            try:
                return await self._read_once(query, sent)
            except (Neo4jError, DriverError) as error:
                if not error.is_retryable():
                    raise
            await asyncio.sleep(pause)
        return await self._read_once(query, sent)

    async def _read_once(self, query: Query, sent: dict[str, Any]) -> tuple[Sequence[str], list[list[Any]]]:
        async with self.session(read_only=True) as session:
            result = await session.run(query, sent)
            return result.keys(), [record.values() async for record in result]

    async def stream(
        self, statement: Statement, parameters: Mapping[str, object] | None, seconds: float
    ) -> AsyncIterator[dict[str, Any]]:
        """The rows of one reading statement as they come, a few thousand in memory at a time."""
        sent = parameters_to_wire(parameters)
        with self._explained(seconds, reading=True):
            async with (
                self.session(read_only=True) as session,
                await session.begin_transaction(timeout=seconds) as transaction,
            ):
                result = await transaction.run(_literal(statement.text), sent)
                names = result.keys()
                async for record in result:
                    yield _row(names, record.values())

    async def apply(self, steps: Sequence[Step], seconds: float) -> None:
        """All steps in one transaction; run again where another writer was in the way."""
        sent = [(step.text, parameters_to_wire(parameters)) for step, parameters in steps]

        @unit_of_work(timeout=seconds)
        async def work(transaction: AsyncManagedTransaction) -> None:
            for text, parameters in sent:
                result = await transaction.run(_literal(text), parameters)
                await result.consume()

        with self._explained(seconds):
            async with asyncio.timeout(seconds + _GRACE_SECONDS):
                await _tried_again(lambda: self._execute_write(work))

    async def apply_as_is(self, statement: Statement, parameters: dict[str, Any], seconds: float) -> None:
        """One step in a transaction of its own; the parameters hold nothing that `to_wire` would change."""

        @unit_of_work(timeout=seconds)
        async def work(transaction: AsyncManagedTransaction) -> None:
            result = await transaction.run(_literal(statement.text), parameters)
            await result.consume()

        with self._explained(seconds):
            await self._execute_write(work)

    async def _execute_write(self, work: Callable[[AsyncManagedTransaction], Awaitable[None]]) -> None:
        async def written() -> None:
            async with self.session(read_only=False) as session:
                await session.execute_write(work)

        await self._admitted(written)

    async def _admitted(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """An embedded server that another program starts anew opens its port a moment before it knows its users."""
        for pause in _ADMISSION_PAUSES_SECONDS if self.engine == "embedded" else ():
            try:
                return await work()
            except Neo4jError as error:
                if not _is_too_early(error):
                    raise
            await asyncio.sleep(pause)
        return await work()

    async def asked(
        self, text: str, parameters: Mapping[str, object], limit: int, seconds: float
    ) -> tuple[list[str], list[list[object]]]:
        """The columns and the first `limit` rows of a user's own reading statement."""
        sent = parameters_to_wire(parameters)

        @unit_of_work(timeout=seconds)
        async def work(transaction: AsyncManagedTransaction) -> tuple[list[str], list[list[object]]]:
            result = await transaction.run(_literal(text), sent)
            return list(result.keys()), await _first(result, limit)

        with self._explained(seconds, reading=True):
            async with asyncio.timeout(seconds + _GRACE_SECONDS), self.session(read_only=True) as session:
                return await session.execute_read(work)

    async def close(self) -> None:
        """Ends the driver's connections."""
        await self._driver.close()


def _is_too_early(error: Neo4jError) -> bool:
    """The login was refused, or the work that was sent along with it was."""
    return isinstance(error, AuthError) or "not expected in state: AUTHENTICATION" in str(error)


async def _tried_again(attempt: Callable[[], Awaitable[None]]) -> None:
    """Two writers that merge one key: the embedded engine fails the later one, and the driver does not retry that."""
    for turn in range(_WRITE_TRIES):
        try:
            return await attempt()
        except ConstraintError:
            if turn == _WRITE_TRIES - 1:
                raise
            await asyncio.sleep(0.02 * 2**turn)
    return None


async def _first(result: AsyncResult, limit: int) -> list[list[object]]:
    rows: list[list[object]] = []
    async for record in result:
        if len(rows) == limit:
            break
        rows.append([from_wire(value) for value in record.values()])
    await result.consume()
    return rows


def _row(names: Sequence[str], values: Sequence[object]) -> dict[str, Any]:
    return {name: from_wire(value) for name, value in zip(names, values, strict=True)}


def _told(_: Statement, names: Sequence[str], records: Sequence[list[Any]]) -> list[dict[str, Any]]:
    """A row a record."""
    return [_row(names, values) for values in records]


def unpacked(statement: Statement, _: Sequence[str], records: Sequence[list[Any]]) -> list[dict[str, Any]]:
    """The rows of every record's one value, under their names; what travelled as text is a value again."""
    rows = [values for record in records for values in record[0]]
    names = statement.packed
    # Column by column: what all values of one are is seen at once.
    columns = (
        [_values(column, kind) for column, kind in zip(zip(*rows, strict=True), _kinds(statement), strict=True)]
        if rows
        else []
    )
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _kinds(statement: Statement) -> Sequence[str]:
    return statement.kinds or ("",) * len(statement.packed)


def _values(column: Sequence[Any], kind: str) -> Sequence[Any]:
    """The values of one column, each as the program has it."""
    if not PLAIN.issuperset(map(type, column)):
        column = [one if type(one) in PLAIN else from_wire(one) for one in column]
    if not kind:
        return column
    read = _FROM_TEXT[kind]
    return [read(one) if isinstance(one, str) else one for one in column]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_FROM_TEXT: Mapping[str, Callable[[str], object]] = {INSTANT: _instant, DAY: date.fromisoformat}


def _literal(text: str) -> LiteralString:
    """The driver asks for literals; ours are `cypher`, `generated` (out of the model) or a user's own, read only."""
    return cast("LiteralString", text)
