"""Operations as schemathesis draws them out of the schema, and what every answer to a stranger's operation must be."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import schemathesis
from graphql import build_schema, introspection_from_schema
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.graphql import nodes

from api.graphql.errors import Code
from api.graphql.schema import export_schema

LEAKS = re.compile(
    r"Traceback|File \"|\bMATCH \(|\bUNWIND\b|\bRETURN\b|neo4j|arcade|sqlite|deltalake|polars|bolt://|/site-packages/|"
    r"\.py\b|object at 0x|strawberry|<class|Error:",
    re.IGNORECASE,
)
"""What no message may tell of how we work."""
NOT_DRAWN = frozenset({"startScoreRun"})
"""It works in the background for longer than a test."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


_TEXTS = st.text(max_size=40)
SCALARS = {
    "Decimal": st.one_of(st.decimals(allow_nan=False).map(str), _TEXTS).map(nodes.String),
    "DateTime": st.one_of(st.datetimes().map(lambda at: f"{at.isoformat()}Z"), _TEXTS).map(nodes.String),
    "Date": st.one_of(st.dates().map(str), _TEXTS).map(nodes.String),
    "JSON": st.one_of(_TEXTS.map(nodes.String), st.integers().map(nodes.Int), st.just(nodes.Null)),
    "_Any": _TEXTS.map(nodes.String),
}
for _name, _values in SCALARS.items():
    schemathesis.graphql.scalar(_name, _values)


@dataclass(slots=True)
class Tally:
    """What came of the operations so far."""

    sent: int = 0
    ran: int = 0
    slowest: float = 0.0
    codes: dict[str, int] = field(default_factory=dict[str, int])
    faults: list[str] = field(default_factory=list[str])

    def check(self, answer: httpx2.Response, sent: str) -> None:
        """Counts an answer; one that is a mistake of ours is a fault."""
        self.sent += 1
        self.slowest = max(self.slowest, answer.elapsed.total_seconds())
        try:
            body = answer.json()
        except ValueError:
            self.faults.append(f"no JSON: {answer.status_code} {answer.text[:200]}\n{sent}")
            return
        errors: list[dict[str, Any]] = body.get("errors", [])
        self.ran += "data" in body
        codes = [error.get("extensions", {}).get("code", "none") for error in errors]
        for code in codes:
            self.codes[code] = self.codes.get(code, 0) + 1
        told = " ".join(error["message"] for error in errors)
        # What a client reads of its own text is no leak.
        leaks = [leak for leak in LEAKS.findall(told) if leak.lower() not in sent.lower()]
        if answer.status_code >= 500 or not set(codes) <= set(Code) - {"INTERNAL_SERVER_ERROR"} or leaks:
            self.faults.append(f"{answer.status_code} {leaks} {answer.text[:500]}\n{sent}")


def drawn(operations: int, at: int) -> Iterator[tuple[Any, int, GenerationMode, int]]:
    """Each way in with how many operations to draw of it, in both modes: what fits the schema and what does not."""
    # Newer than the validators of some tools: schemathesis takes the schema as introspection tells it.
    schema = schemathesis.graphql.from_dict({"data": introspection_from_schema(build_schema(export_schema()))}["data"])
    ways = [one.ok() for one in schema.get_all_operations()]
    ways = [way for way in ways if way.definition.field_name not in NOT_DRAWN]
    places = [(way, mode) for way in ways for mode in MODES]
    for number, (way, mode) in enumerate(places):
        count = operations // len(places) + (number < operations % len(places))
        yield way, count, mode, at + number


def fuzz(operations: int, at: int, send: Callable[[str], httpx2.Response], tally: Tally) -> None:
    """Draws operations, sends each and checks its answer."""
    until, again = tally.sent + operations, 0
    # Of some ways in there are but a few operations: the others make up for them.
    while tally.sent < until and again < 10:
        for way, count, mode, place in drawn(until - tally.sent, at + 1_000 * again):
            if count:
                _draw(way, count, mode, place, send, tally)
        again += 1


def _draw(
    way: Any, count: int, mode: GenerationMode, place: int, send: Callable[[str], httpx2.Response], tally: Tally
) -> None:
    @seed(place)
    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=way.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        text = str(case.body)
        tally.check(send(text), text)

    one()
