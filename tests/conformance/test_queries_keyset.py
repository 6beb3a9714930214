"""Pages stay right while rows come and go: nothing that was there throughout is repeated or skipped."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from graph.jobs.project import prepare
from graph.queries import customer
from graph.queries.paging import Ordering, Slice, turned
from graph.store import Store, cypher

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


@pytest.mark.parametrize("name", ["key", "name", "registered_at", "revenue"])
@pytest.mark.parametrize("backward", [False, True])
async def test_what_stays_is_met_once_and_in_order(store: Store, name: str, backward: bool):
    await prepare(store)
    random_ = random.Random(f"{name} {backward}")
    ordering = customer.ORDERINGS[name] if random_.random() < 0.5 else turned(customer.ORDERINGS[name])
    people = [person(random_, number) for number in range(150)]
    await store.write((PUT, {"rows": people}))
    still = {str(one["key"]) for one in people}
    expected = await all_at_once(store, ordering)

    met: list[str] = []
    slice_ = Slice(limit=7, backward=backward)
    number = len(people)
    while True:
        page = await customer.customers(store, {}, ordering, slice_)
        keys = [entry.row.key for entry in page.entries]
        met = [*keys, *met] if backward else [*met, *keys]
        if not (page.has_previous if backward else page.has_next):
            break
        # Whatever the page ended with may go, too: its place in the list stays.
        gone = random_.sample(sorted(still), 3) + keys[-1:] + keys[:1]
        fresh = [person(random_, number + n) for n in range(6)]
        number += 6
        still -= set(gone)
        await store.write((DROP, {"keys": gone}), (PUT, {"rows": fresh}))
        edge = page.entries[0] if backward else page.entries[-1]
        slice_ = Slice(limit=7, backward=backward, **{"before" if backward else "after": edge.position})

    assert len(met) == len(set(met))
    assert [key for key in met if key in still] == [key for key in expected if key in still]


async def all_at_once(store: Store, ordering: Ordering) -> list[str]:
    page = await customer.customers(store, {}, ordering, Slice(limit=1_000))
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
