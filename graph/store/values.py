"""Values on the wire: one form of instants on both stores, and the driver's own types turned into Python's."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, cast

import neo4j.graph
import neo4j.time


class _Zulu(tzinfo):
    """UTC under the zone name "Z".

    The embedded engine reads a parameter with a plain offset as a local date-time, and both stores order one in the
    zone "UTC" before or behind the same instant out of `datetime('…Z')`. Under the name "Z" both keep it exactly as
    `datetime()` makes it, so that =, <, >= and grouping agree.
    """

    key = "Z"

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, dt: datetime | None) -> str:
        return "Z"


ZULU = _Zulu()
PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types whose values are the same on the wire."""


def to_wire(value: object) -> object:
    """The value as it is sent: every instant in UTC, lists and maps walked through.

    A datetime without a zone is refused: nobody can tell which instant it is.
    """
    if type(value) is list and PLAIN.issuperset(map(type, cast("list[object]", value))):
        return cast("list[object]", value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone, not {value.isoformat()}")
        return value.astimezone(UTC).replace(tzinfo=ZULU)
    if isinstance(value, Mapping):
        return {key: to_wire(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return [to_wire(item) for item in cast("Sequence[object]", value)]
    return value


def parameters_to_wire(parameters: Mapping[str, object] | None) -> dict[str, Any]:
    """The parameters of a statement as they are sent."""
    return {name: to_wire(value) for name, value in (parameters or {}).items()}


def from_wire(value: object) -> object:
    """The value as Python knows it: instants tz-aware in UTC, dates as `date`, nodes and ties as their properties."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, neo4j.time.DateTime):
        native = value.to_native()
        return native if native.tzinfo is None else native.astimezone(UTC)
    if isinstance(value, (neo4j.time.Date, neo4j.time.Time)):
        return value.to_native()
    if isinstance(value, neo4j.time.Duration):
        return value.iso_format()
    if isinstance(value, (neo4j.graph.Node, neo4j.graph.Relationship)):
        return {key: from_wire(item) for key, item in value.items()}
    if isinstance(value, neo4j.graph.Path):
        return _path(value)
    if isinstance(value, (list, tuple)):
        return [from_wire(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        return {key: from_wire(item) for key, item in cast("dict[str, object]", value).items()}
    return value


def _path(path: neo4j.graph.Path) -> list[object]:
    """Node, type, node, type, …, node."""
    steps: list[object] = [from_wire(path.start_node)]
    for tie, node in zip(path.relationships, path.nodes[1:], strict=True):
        steps += [tie.type, from_wire(node)]
    return steps
