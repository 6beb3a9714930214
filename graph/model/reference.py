"""The reference page of the graph model, written out of the declarations.

`python -m graph.model.reference > docs/reference/graph-model.md` makes it anew; a test compares.
"""

from collections.abc import Iterable, Sequence

from graph.model import NODES, PROJECTED_NODES, TIES
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie
from graph.model.statements import fulltext_index

_INTRODUCTION = """\
# The graph model

Written by `python -m graph.model.reference` out of the declarations in `graph/model`; change those, not this page.

Every node has a key: unique, a string, never absent. Between two nodes stands at most one tie of a type. Instants are
in UTC. Money is held in cents: a whole number of hundredths of its currency's unit. A property that nothing was said
about is absent. **Personal** properties are masked, exported and erased with the person.
"""

_OWNERS = {
    Owner.START: "all of one start node together",
    Owner.END: "all of one end node together",
    Owner.PAIR: "each pair by itself",
}

_TYPES = {PropertyType.CENTS: "INTEGER (cents)", PropertyType.STRINGS: "LIST of STRING"}


def page() -> str:
    """The whole page as Markdown."""
    scores = [node for node in NODES if node not in PROJECTED_NODES]
    parts = [
        _INTRODUCTION,
        _picture(TIES),
        "## Nodes that are derived from the event log\n",
        *map(_node, PROJECTED_NODES),
        "## Ties\n\nAll are derived from the event log.\n",
        *map(_tie, TIES),
        "## Nodes that scoring and the projector write\n",
        *map(_node, scores),
    ]
    return "\n".join(parts)


def _picture(ties: Iterable[Tie]) -> str:
    arrows = [f"    {tie.start.label} -- {tie.type} --> {tie.end.label}" for tie in ties]
    return "\n".join(["```mermaid", "graph LR", *arrows, "```", ""])


def _node(node: Node) -> str:
    found = [p.name for p in node.all_properties() if p.fulltext]
    search = f"\nFull-text index `{fulltext_index(node)}` on {', '.join(f'`{n}`' for n in found)}.\n" if found else ""
    table = _table(node.all_properties(), key=node.key)
    return f"### {node.label}\n\n{node.meaning}\n\n{table}{search}"


def _tie(tie: Tie) -> str:
    heading = f"### {tie.type}\n\n`(:{tie.start.label})-[:{tie.type}]->(:{tie.end.label})`\n\n{tie.meaning}"
    derived = f"Derived again: {_OWNERS[tie.owner]}.\n"
    return "\n\n".join([heading, _table(tie.properties), derived] if tie.properties else [heading, derived])


def _table(properties: Sequence[Property], key: Property | None = None) -> str:
    rows = [
        f"| `{p.name}` | {_TYPES.get(p.type, p.type.value)} | {p.meaning} | {_marks(p, is_key=p is key)} |"
        for p in properties
    ]
    return "\n".join(["| Property | Type | Meaning | |", "|---|---|---|---|", *rows, ""])


def _marks(wanted: Property, *, is_key: bool) -> str:
    marks = {"key": is_key, "personal": wanted.personal, "indexed": wanted.indexed}
    return ", ".join(name for name, is_so in marks.items() if is_so)


if __name__ == "__main__":
    print(page(), end="")
