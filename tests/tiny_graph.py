"""A graph of dictionaries that applies the projector's writes, and a log of frames: the two ports, in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import polars as pl
from event_rows import frame

from graph.jobs.derive import NODE_TABLES, TIE_TABLES
from graph.log.schema import EVENTS
from graph.model.declarations import Owner, PropertyType
from graph.model.projection import PROJECTION
from graph.model.statements import (
    count_nodes,
    count_ties,
    read_keys,
    read_nodes,
    read_packed_nodes,
    read_packed_ties,
    remove_stale_ties,
    upsert_node,
    upsert_tie,
)

Row = Mapping[str, object]
NODES = (*(table.node for table in NODE_TABLES), PROJECTION)
TIES = tuple(table.tie for table in TIE_TABLES)


class Cut(Exception):
    """The program died here."""


@dataclass
class TinyLog:
    """Frames, one a version."""

    address: str = "memory://log"
    frames: list[pl.DataFrame] = field(default_factory=list)

    @property
    def version(self) -> int:
        return len(self.frames)

    def append(self, rows: Iterable[dict[str, object]]) -> None:
        """One more version; events whose id is there already are left out."""
        known = self.scan().select("id").collect()
        fresh = frame(rows).unique("id", keep="first", maintain_order=True).join(known, on="id", how="anti")
        version = pl.lit(self.version + 1, dtype=pl.Int64)
        self.frames.append(fresh.with_columns(log_version=version).select(EVENTS.names()))

    def scan(self, *, after: int = 0, up_to: int | None = None) -> pl.LazyFrame:
        kept = self.frames[after:up_to]
        return pl.concat([pl.DataFrame(schema=EVENTS), *kept]).lazy()

    def changed(self, *, after: int, up_to: int) -> pl.LazyFrame:
        return self.scan(after=after, up_to=up_to)


@dataclass
class TinyGraph:
    """Understands the statements that the model makes, and nothing else."""

    engine: str = "neo4j"
    writes_left: int | None = None
    """Dies at the write after so many."""
    nodes: dict[str, dict[str, Row]] = field(default_factory=lambda: {node.label: {} for node in NODES})
    ties: dict[str, dict[tuple[str, str], Row]] = field(default_factory=lambda: {tie.type: {} for tie in TIES})
    transactions: list[int] = field(default_factory=list)
    """How many steps each transaction had."""

    async def ensure(self, statements: Sequence[object]) -> None: ...

    async def ensure_types(self, types: Sequence[tuple[str, str, str]]) -> None: ...
    async def ensure_fulltext(self, label: str, properties: Sequence[str], name: str) -> None: ...

    async def is_empty(self) -> bool:
        return not any(self.nodes.values())

    async def read(self, statement, parameters=None, *, timeout_seconds: float = 1) -> list[dict]:
        return _answers(self, (parameters or {}).get("keys", []))[statement.text]()

    async def write(self, *steps, timeout_seconds: float = 1) -> None:
        if self.writes_left is not None:
            if self.writes_left == 0:
                raise Cut
            self.writes_left -= 1
        self.transactions.append(len(steps))
        for statement, parameters in steps:
            for row in parameters["rows"]:
                _writers(self)[statement.text](row)

    async def fill(self, nodes, ties, checkpoint) -> None:
        assert await self.is_empty()
        for part in nodes:
            [node] = [one for one in NODES if one.label == part.label]
            assert part.frame[part.key].is_unique().all()
            for row in part.frame.to_dicts():
                self.upsert_node(node, row)
        for part in ties:
            [tie] = [one for one in TIES if one.type == part.type]
            for row in part.frame.to_dicts():
                self.upsert_tie(tie, row)
        await self.write(checkpoint)

    def upsert_node(self, node, row: Row) -> None:
        key = row[node.key.name]
        assert isinstance(key, str)
        self.nodes[node.label][key] = _kept(node.properties, row)

    def upsert_tie(self, tie, row: Row) -> None:
        ends = (row["start"], row["end"])
        assert ends[0] in self.nodes[tie.start.label], f"{tie.type}: no {tie.start.label} {ends[0]}"
        assert ends[1] in self.nodes[tie.end.label], f"{tie.type}: no {tie.end.label} {ends[1]}"
        self.ties[tie.type][ends] = _kept(tie.properties, row)

    def remove_stale(self, tie, row: Row) -> None:
        held = self.ties[tie.type]
        if tie.owner is Owner.PAIR:
            held.pop((row["start"], row["end"]), None)
            return
        own, other = (0, 1) if tie.owner is Owner.START else (1, 0)
        for ends in [ends for ends in held if ends[own] == row["owner"] and ends[other] not in row["keep"]]:
            del held[ends]

    def told(self, label: str, key: str) -> dict[str, object]:
        """The node's properties that are there."""
        return {name: value for name, value in self.nodes[label][key].items() if value is not None}

    def tied(self, type: str) -> dict[tuple[str, str], dict[str, object]]:
        """The ties of the type, each with the properties that are there."""
        return {
            ends: {name: value for name, value in row.items() if value is not None}
            for ends, row in self.ties[type].items()
        }

    def content(self) -> tuple[object, object]:
        """Everything but the checkpoint."""
        return {label: rows for label, rows in self.nodes.items() if label != PROJECTION.label}, self.ties


def _kept(properties, row: Row) -> Row:
    """What a store would keep: instants and days come as text, or as themselves when it is filled."""
    read = {PropertyType.DATETIME: datetime.fromisoformat, PropertyType.DATE: date.fromisoformat}
    return {
        p.name: read[p.type](value) if isinstance(value := row.get(p.name), str) and p.type in read else value
        for p in properties
    }


def _writers(graph: TinyGraph):
    writers = {upsert_node(node, iso_text=True): lambda row, node=node: graph.upsert_node(node, row) for node in NODES}
    writers |= {upsert_tie(tie, iso_text=True): lambda row, tie=tie: graph.upsert_tie(tie, row) for tie in TIES}
    writers[upsert_node(PROJECTION)] = lambda row: graph.upsert_node(PROJECTION, row)
    return writers | {remove_stale_ties(tie): lambda row, tie=tie: graph.remove_stale(tie, row) for tie in TIES}


def _answers(graph: TinyGraph, keys: Sequence[str]):
    def nodes(node):
        return [{node.key.name: key, **row} for key, row in graph.nodes[node.label].items()]

    def packed_nodes(node):
        return [{"rows": [[key, *map(_packed, graph.nodes[node.label][key].values())] for key in keys]}]

    def packed_ties(tie):
        among = set(keys)
        return [
            {"rows": [[*e, *map(_packed, row.values())] for e, row in graph.ties[tie.type].items() if e[0] in among]}
        ]

    answers = {read_nodes(PROJECTION): lambda: nodes(PROJECTION)}
    answers |= {read_keys(node): lambda node=node: [{"keys": list(graph.nodes[node.label])}] for node in NODES}
    answers |= {count_nodes(node): lambda node=node: [{"count": len(graph.nodes[node.label])}] for node in NODES}
    answers |= {count_ties(tie): lambda tie=tie: [{"count": len(graph.ties[tie.type])}] for tie in TIES}
    answers |= {read_packed_nodes(node): lambda node=node: packed_nodes(node) for node in NODES}
    return answers | {read_packed_ties(tie): lambda tie=tie: packed_ties(tie) for tie in TIES}


def _packed(value: object) -> object:
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return value.isoformat() if isinstance(value, date) else value
