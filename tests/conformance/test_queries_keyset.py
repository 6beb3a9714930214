"""Pages stay right while rows come and go: nothing that was there throughout is repeated or skipped."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.jobs.project import prepare
from graph.queries import customer
from graph.queries.paging import Ordering, Position, Slice, turned
from graph.store import Statement, Store, cypher
from graph.store.statement import Walk as IndexWalk

START = datetime(2026, 1, 1, tzinfo=UTC)
PUT = cypher(
    "UNWIND $rows AS row MERGE (c:Customer {customer_id: row.key})"
    " SET c.name = row.name, c.registered_at = row.at, c.revenue_cents = row.cents"
)
DROP = cypher("UNWIND $keys AS key MATCH (c:Customer {customer_id: key}) DETACH DELETE c")


def person(random_: random.Random, number: int) -> dict[str, object]:
    """Few names, instants and sums, so that most are equal; some have none."""
    return {
        "key": f"{random_.choice(['a', 'B', '客', 'é', '𠮷'])}{number}",
        "name": random_.choice([None, "王", "Wang", "wang"]),
        "at": random_.choice([None, *(START + timedelta(microseconds=n) for n in range(3))]),
        "cents": random_.choice([None, 0, 5]),
    }


@dataclass
class Walk:
    """A walk over all pages of a list while others insert and delete between them."""

    store: Store
    random: random.Random
    still: set[str]
    """Who was there throughout."""
    there: set[str]
    born: int
    changes: int = 0

    async def over(self, ordering: Ordering, size: int, turnover: int, *, backward: bool) -> list[str]:
        """The keys that were met, in the list's order; `turnover` are inserted and as many deleted after each page."""
        met: list[str] = []
        slice_ = Slice(limit=size, backward=backward)
        while True:
            page = await customer.customers(self.store, {}, ordering, slice_)
            keys = [entry.row.key for entry in page.entries]
            met = [*keys, *met] if backward else [*met, *keys]
            if not (page.has_previous if backward else page.has_next):
                return met
            # Whatever the page ended with may go, too: its place in the list stays.
            await self.disturb(turnover, keys[-1:] + keys[:1])
            edge = page.entries[0] if backward else page.entries[-1]
            slice_ = Slice(limit=size, backward=backward, **{"before" if backward else "after": edge.position})

    async def disturb(self, turnover: int, ends: list[str]) -> None:
        gone = {*self.random.sample(sorted(self.there), turnover), *ends}
        fresh = [person(self.random, self.born + n) for n in range(turnover)]
        self.born += turnover
        self.still -= gone
        self.there = self.there - gone | {str(one["key"]) for one in fresh}
        self.changes += len(gone) + len(fresh)
        await self.store.write((DROP, {"keys": sorted(gone)}), (PUT, {"rows": fresh}))


async def begun(store: Store, seed: str, count: int) -> Walk:
    await prepare(store)
    random_ = random.Random(seed)
    people = [person(random_, number) for number in range(count)]
    await store.write((PUT, {"rows": people}))
    keys = {str(one["key"]) for one in people}
    return Walk(store, random_, keys, keys, count)


@pytest.mark.parametrize("name", ["key", "name", "registered_at", "revenue"])
@pytest.mark.parametrize("backward", [False, True])
async def test_what_stays_is_met_once_and_in_order(store: Store, name: str, backward: bool):
    walk = await begun(store, f"{name} {backward}", 150)
    ordering = customer.ORDERINGS[name] if walk.random.random() < 0.5 else turned(customer.ORDERINGS[name])
    expected = await all_at_once(store, ordering)

    met = await walk.over(ordering, 7, 3, backward=backward)

    assert len(met) == len(set(met))
    assert [key for key in met if key in walk.still] == [key for key in expected if key in walk.still]


async def test_ten_thousand_inserts_and_deletes_repeat_and_skip_nothing_that_stays(store: Store):
    walk = await begun(store, "ten thousand", 1_000)
    ordering = turned(customer.ORDERINGS["revenue"])
    while walk.changes < 10_000:
        expected = await all_at_once(store, ordering)
        walk.still = walk.there

        met = await walk.over(ordering, 100, 100, backward=walk.random.random() < 0.5)

        assert len(met) == len(set(met))
        assert [key for key in met if key in walk.still] == [key for key in expected if key in walk.still]
        assert len(walk.still) > 100


async def all_at_once(store: Store, ordering: Ordering) -> list[str]:
    page = await customer.customers(store, {}, ordering, Slice(limit=100_000))
    return [entry.row.key for entry in page.entries]


async def test_both_ends_and_both_ways_give_the_same_pages(store: Store):
    await prepare(store)
    random_ = random.Random(7)
    await store.write((PUT, {"rows": [person(random_, number) for number in range(40)]}))
    ordering = turned(customer.ORDERINGS["registered_at"])
    whole = await all_at_once(store, ordering)
    first = await customer.customers(store, {}, ordering, Slice(limit=10))
    last = await customer.customers(store, {}, ordering, Slice(limit=10, backward=True))
    lower, upper = first.entries[-1].position, last.entries[0].position

    between = await customer.customers(store, {}, ordering, Slice(limit=5, after=lower, before=upper))
    from_the_end = await customer.customers(store, {}, ordering, Slice(5, backward=True, after=lower, before=upper))

    assert [entry.row.key for entry in first.entries] == whole[:10]
    assert [entry.row.key for entry in last.entries] == whole[-10:]
    assert [entry.row.key for entry in between.entries] == whole[10:15]
    assert [entry.row.key for entry in from_the_end.entries] == whole[25:30]
    assert (between.has_next, from_the_end.has_previous) == (True, True)


@dataclass
class ToldOfEdges:
    """The store, what of it was read, and how many walks it was asked for."""

    store: Store
    reads: list[str] = field(default_factory=list)
    walks: int = 0

    async def read(self, statement: Statement, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        self.reads.append(statement.text)
        return await self.store.read(statement, parameters)

    async def edge(self, walk: IndexWalk) -> object:
        self.walks += 1
        return await self.store.edge(walk)


@pytest.mark.parametrize("name", ["registered_at", "revenue"])
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_within_an_edge_are_those_of_the_sorted_list(store: Store, name: str, descending: bool):
    await prepare(store)
    random_ = random.Random(f"{name} {descending}")
    people: list[dict[str, Any]] = [
        {
            "key": f"c{number:04}",
            "name": None,
            # Microseconds, whole minutes and whole seconds: as texts they would stand in another order.
            "at": random_.choice(
                [None, START + timedelta(microseconds=random_.choice([1, 10**6, 6 * 10**7]) * number)]
            ),
            "cents": random_.choice([None, -number, number, 5]),
        }
        for number in range(600)
    ]
    await store.write((PUT, {"rows": people}))
    ordering = turned(customer.ORDERINGS[name]) if descending else customer.ORDERINGS[name]
    value = {"registered_at": "at", "revenue": "cents"}[name]
    valued = sorted((one for one in people if one[value] is not None), key=lambda one: one["key"])
    valued.sort(key=lambda one: one[value], reverse=descending)
    whole = [*(one["key"] for one in valued), *sorted(one["key"] for one in people if one[value] is None)]
    reader = ToldOfEdges(store)

    met: list[str] = []
    slice_, more = Slice(limit=40), True
    while more:
        page = await customer.customers(reader, {}, ordering, slice_)
        met += [entry.row.key for entry in page.entries]
        slice_, more = Slice(limit=40, after=page.entries[-1].position), page.has_next
    back = await customer.customers(
        reader, {}, ordering, Slice(limit=40, backward=True, before=Position(valued[-1][value], valued[-1]["key"]))
    )

    assert met == whole
    assert [entry.row.key for entry in back.entries] == whole[len(valued) - 41 : len(valued) - 1]
    assert reader.walks > 5
    assert any("$edge" in text for text in reader.reads) == (store.engine == "embedded")
