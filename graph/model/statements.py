"""Cypher made out of the declarations: constraints, indexes, upserts, removals. It runs unchanged on every store.

Names cannot be parameters in Cypher, so each one is checked before it becomes part of a statement.
"""

import re
from collections.abc import Iterable

from graph.model.declarations import Node, Owner, Property, PropertyType, Tie

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


def identifier(name: str) -> str:
    """The name itself; ValueError where it could not stand in a statement unquoted."""
    if _IDENTIFIER.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no identifier: a letter, then at most 62 letters, digits or underscores")
    return name


def constraints(nodes: Iterable[Node]) -> list[str]:
    """One uniqueness constraint a label, on its key."""
    return [_constraint(node) for node in nodes]


def indexes(nodes: Iterable[Node]) -> list[str]:
    """One range index for each property that is declared `indexed`."""
    return [_index(node, wanted) for node in nodes for wanted in node.properties if wanted.indexed]


def index_types(nodes: Iterable[Node]) -> list[tuple[str, str, PropertyType]]:
    """(label, property, type) of each property that is declared `indexed` and holds no text."""
    wanted = [(node, one) for node in nodes for one in node.properties if one.indexed]
    return [(node.label, one.name, one.type) for node, one in wanted if one.type is not PropertyType.STRING]


def fulltexts(nodes: Iterable[Node]) -> list[tuple[str, list[str], str]]:
    """(label, properties, name of the index) for each label with properties declared `fulltext`."""
    wanted = [(node, [p.name for p in node.all_properties() if p.fulltext]) for node in nodes]
    return [(node.label, names, fulltext_index(node)) for node, names in wanted if names]


def fulltext_index(node: Node) -> str:
    """The name of the label's full-text index."""
    return f"{identifier(node.label).lower()}_text"


def upsert_node(node: Node, *, iso_text: bool = False) -> str:
    """`$rows`: maps with the key and every declared property; null takes a property away.

    With `iso_text`, instants and days are given as ISO text, which packs many times faster.
    """
    label, key = identifier(node.label), identifier(node.key.name)
    return f"UNWIND $rows AS row MERGE (n:{label} {{{key}: row.{key}}}){_assignments('n', node.properties, iso_text)}"


def upsert_tie(tie: Tie, *, iso_text: bool = False) -> str:
    """`$rows`: maps with `start`, `end` (the keys of the two nodes, which exist) and every declared property.

    `iso_text` is as for nodes.
    """
    return (
        f"UNWIND $rows AS row MATCH (a:{_keyed(tie.start, 'start')}) MATCH (b:{_keyed(tie.end, 'end')}) "
        f"MERGE (a)-[t:{identifier(tie.type)}]->(b){_assignments('t', tie.properties, iso_text)}"
    )


def remove_stale_ties(tie: Tie) -> str:
    """Takes away what was not derived again.

    `$rows` for an owner at one side: maps with `owner` (a touched key) and `keep` (the keys at the other side whose
    tie stays). For a pair: maps with `start` and `end` of each tie that goes.
    """
    kind = identifier(tie.type)
    if tie.owner is Owner.PAIR:
        start, end = _keyed(tie.start, "start"), _keyed(tie.end, "end")
        return f"UNWIND $rows AS row MATCH (a:{start})-[t:{kind}]->(b:{end}) DELETE t"
    owner, other, pattern = (
        (tie.start, tie.end, f"-[t:{kind}]->") if tie.owner is Owner.START else (tie.end, tie.start, f"<-[t:{kind}]-")
    )
    return (
        f"UNWIND $rows AS row MATCH (a:{_keyed(owner, 'owner')}){pattern}(b:{identifier(other.label)}) "
        f"WHERE NOT b.{identifier(other.key.name)} IN row.keep DELETE t"
    )


def remove_nodes(node: Node) -> str:
    """Takes away at most `$limit` nodes of the label with the ties they still have."""
    return f"MATCH (n:{identifier(node.label)}) WITH n LIMIT $limit DETACH DELETE n"


def remove_ties(tie: Tie) -> str:
    """Takes away at most `$limit` ties of the type."""
    return f"MATCH {_pattern(tie)} WITH t LIMIT $limit DELETE t"


def count_nodes(node: Node) -> str:
    """How many nodes the label has, as `count`."""
    return f"MATCH (n:{identifier(node.label)}) RETURN count(n) AS count"


def count_ties(tie: Tie) -> str:
    """How many ties of the type stand between the declared labels, as `count`."""
    return f"MATCH {_pattern(tie)} RETURN count(t) AS count"


def read_nodes(node: Node) -> str:
    """Every node of the label: the key, then every declared property, each under its own name."""
    columns = ", ".join(f"n.{identifier(p.name)} AS {p.name}" for p in node.all_properties())
    return f"MATCH (n:{identifier(node.label)}) RETURN {columns}"


def read_keys(node: Node) -> str:
    """The keys of every node of the label as one list, `keys`."""
    return f"MATCH (n:{identifier(node.label)}) RETURN collect(n.{identifier(node.key.name)}) AS keys"


def read_packed_nodes(node: Node) -> str:
    """The nodes whose key is among `$keys`, as one list, `rows`: of each, the key and every declared property.

    Many rows in one record, instants as microseconds since 1970 and days as ISO text: so the driver reads them
    ten times faster.
    """
    values = ", ".join(_packed("n", p) for p in node.all_properties())
    return f"UNWIND $keys AS key MATCH (n:{_keyed(node, None)}) RETURN collect([{values}]) AS rows"


def read_packed_ties(tie: Tie) -> str:
    """The ties whose start is among `$keys`, as one list, `rows`: the two keys, then every declared property."""
    keys = [f"a.{identifier(tie.start.key.name)}", f"b.{identifier(tie.end.key.name)}"]
    values = ", ".join([*keys, *(_packed("t", p) for p in tie.properties)])
    pattern = f"(a:{_keyed(tie.start, None)})-[t:{identifier(tie.type)}]->(b:{identifier(tie.end.label)})"
    return f"UNWIND $keys AS key MATCH {pattern} RETURN collect([{values}]) AS rows"


def _constraint(node: Node) -> str:
    label, key = identifier(node.label), identifier(node.key.name)
    return f"CREATE CONSTRAINT {label.lower()}_{key} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{key} IS UNIQUE"


def _index(node: Node, wanted: Property) -> str:
    label, name = identifier(node.label), identifier(wanted.name)
    return f"CREATE INDEX {label.lower()}_{name} IF NOT EXISTS FOR (n:{label}) ON (n.{name})"


def _pattern(tie: Tie) -> str:
    return f"(a:{identifier(tie.start.label)})-[t:{identifier(tie.type)}]->(b:{identifier(tie.end.label)})"


def _keyed(node: Node, column: str | None) -> str:
    """The node whose key is that column of `row`, or `key` itself."""
    given = "key" if column is None else f"row.{column}"
    return f"{identifier(node.label)} {{{identifier(node.key.name)}: {given}}}"


def _packed(variable: str, wanted: Property) -> str:
    held = f"{variable}.{identifier(wanted.name)}"
    match wanted.type:
        case PropertyType.DATETIME:
            return f"{held}.epochMillis * 1000 + {held}.microsecond % 1000"
        case PropertyType.DATE:
            return f"toString({held})"
        case _:
            return held


def _assignments(variable: str, properties: tuple[Property, ...], iso_text: bool) -> str:
    if not properties:
        return ""
    # Property by property, so that what others keep on the node (or a tie) stays, and null takes a value away.
    return " SET " + ", ".join(f"{variable}.{identifier(p.name)} = {_value(p, iso_text)}" for p in properties)


def _value(wanted: Property, iso_text: bool) -> str:
    readers = {PropertyType.DATETIME: "datetime", PropertyType.DATE: "date"}
    given = f"row.{wanted.name}"
    return f"{readers[wanted.type]}({given})" if iso_text and wanted.type in readers else given
