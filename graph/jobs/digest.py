"""What the graph holds, in short: a digest that does not depend on order or engine, and counts by label and type."""

import hashlib
from collections.abc import AsyncIterator, Sequence

import msgspec

from graph.model import PROJECTED_NODES, TIES
from graph.model.declarations import Node, Property, PropertyType
from graph.model.statements import count_nodes, count_ties, read_keys, read_packed_nodes, read_packed_ties
from graph.store.statement import Statement, generated
from graph.store.store import Store

KEYS_AT_ONCE = 2_000
READ_SECONDS = 600.0
_MODULUS = 1 << 256


async def graph_digest(store: Store) -> str:
    """256 bits, in hex, over every projected node and tie with its declared properties.

    Graphs with the same content have the same digest, whatever engine holds them and in whatever order they were
    written. Scores and the projector's own progress are left out. Reads the whole graph, some 2,000 nodes at a time.
    """
    total = 0
    for node in PROJECTED_NODES:
        keys = await _keys(store, node)
        statements = {node.label: (read_packed_nodes(node), (node.key, *node.properties))}
        ends = (node.key, node.key)
        statements |= {tie.type: (read_packed_ties(tie), (*ends, *tie.properties)) for tie in TIES if tie.start is node}
        for name, (text, properties) in statements.items():
            async for rows in _pages(store, generated(text), keys):
                total += sum(row_digest(name, properties, row) for row in rows)
    return f"{total % _MODULUS:064x}"


async def graph_counts(store: Store) -> dict[str, int]:
    """How many nodes each projected label and how many ties each type has."""
    counted = {node.label: count_nodes(node) for node in PROJECTED_NODES} | {tie.type: count_ties(tie) for tie in TIES}
    found = {name: await store.read(generated(text), timeout_seconds=READ_SECONDS) for name, text in counted.items()}
    return {name: rows[0]["count"] for name, rows in found.items()}


def row_digest(name: str, properties: Sequence[Property], row: Sequence[object]) -> int:
    """The number that one node or tie adds to the digest: a hash of its label or type and all that it holds.

    Rows are added up (and not, say, xor-ed), so that a row that is there twice is seen.
    """
    values = [_plain(p.type, value) for p, value in zip(properties, row, strict=True)]
    return int.from_bytes(hashlib.sha256(msgspec.json.encode([name, *values])).digest(), "big")


async def _keys(store: Store, node: Node) -> list[str]:
    [found] = await store.read(generated(read_keys(node)), timeout_seconds=READ_SECONDS)
    return found["keys"]


async def _pages(store: Store, statement: Statement, keys: list[str]) -> AsyncIterator[list[list[object]]]:
    for first in range(0, len(keys), KEYS_AT_ONCE):
        part = {"keys": keys[first : first + KEYS_AT_ONCE]}
        [found] = await store.read(statement, part, timeout_seconds=READ_SECONDS)
        yield found["rows"]


def _plain(kind: PropertyType, value: object) -> object:
    """An engine may hand over a whole float as an integer; as text they would differ."""
    return float(value) if kind is PropertyType.FLOAT and isinstance(value, int) else value
