"""A store that was filled in bulk cannot be told from one that was written row by row."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from graph.errors import QueryRefused
from graph.store import NodeRows, Statement, Store, TieRows, cypher

KEYS = [
    cypher("CREATE CONSTRAINT guest_key IF NOT EXISTS FOR (g:Guest) REQUIRE g.guest_id IS UNIQUE"),
    cypher("CREATE CONSTRAINT shop_key IF NOT EXISTS FOR (s:Shop) REQUIRE s.shop_id IS UNIQUE"),
    cypher("CREATE INDEX guest_since IF NOT EXISTS FOR (g:Guest) ON (g.since)"),
]
CHECKPOINT = (cypher("MERGE (c:Mark {mark_id: 'log'}) SET c.version = $version, c.at = $at"), {"version": 7})
NOON = datetime(2024, 5, 6, 12, 0, 0, 123456, tzinfo=UTC)
CUSTOMERS = pl.DataFrame(
    {
        "guest_id": ["ann", "bob", "王"],
        "since": [NOON, NOON + timedelta(hours=1), None],
        "day": [date(2024, 5, 6), None, date(2024, 5, 7)],
        "tags": [["a", "无糖"], [], None],
        "spent_cents": [5, 2**53 + 1, None],
        "share": [0.5, 2.0, None],
        "named": [True, False, None],
        "city": ["上海", None, ""],
    },
    schema_overrides={
        "since": pl.Datetime("us", "UTC"), "tags": pl.List(pl.String), "spent_cents": pl.Int64, "share": pl.Float64,
    },
)  # fmt: skip
STORES = pl.DataFrame({"shop_id": ["s1", "s2"]})
VISITED = pl.DataFrame(
    {"start": ["ann", "ann", "bob"], "end": ["s1", "s2", "s1"], "count": [3, 1, None], "last": [NOON, None, NOON]},
    schema_overrides={"last": pl.Datetime("us", "UTC")},
)
KNOWS = pl.DataFrame({"start": ["ann", "王"], "end": ["bob", "ann"]})
NODES = [NodeRows("Guest", "guest_id", CUSTOMERS), NodeRows("Shop", "shop_id", STORES)]
TIES = [
    TieRows("VISITED", "Guest", "guest_id", "Shop", "shop_id", VISITED),
    TieRows("KNOWS", "Guest", "guest_id", "Guest", "guest_id", KNOWS),
]


def without_nulls(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if value is not None}


async def fill(store: Store) -> Store:
    """Three guests, two shops and five ties."""
    await store.wipe()
    await store.ensure(KEYS)
    statement, parameters = CHECKPOINT
    await store.fill(NODES, TIES, (statement, {**parameters, "at": NOON}))
    return store


@pytest.fixture(scope="module")
async def filled(open_one: Store) -> Store:
    """Filled once for all tests that only read."""
    return await fill(open_one)


@pytest.fixture
async def refilled(open_one: Store) -> Store:
    """Filled anew for a test that writes; such tests stand at the end of the file."""
    return await fill(open_one)


async def test_every_node_is_there_as_it_was_given(filled: Store) -> None:
    guests = await filled.read(cypher("MATCH (g:Guest) RETURN g AS guest"))
    shops = await filled.read(cypher("MATCH (s:Shop) RETURN s.shop_id AS shop_id"))

    expected = [without_nulls(row) for row in CUSTOMERS.to_dicts()]
    assert sorted((row["guest"] for row in guests), key=lambda guest: guest["guest_id"]) == expected
    assert sorted(row["shop_id"] for row in shops) == ["s1", "s2"]


async def test_every_tie_is_there_as_it_was_given(filled: Store) -> None:
    visited = await filled.read(
        cypher("MATCH (g:Guest)-[v:VISITED]->(s:Shop) RETURN g.guest_id AS start, s.shop_id AS end, v AS tie")
    )
    knows = await filled.read(cypher("MATCH (a:Guest)-[t:KNOWS]->(b) RETURN a.guest_id AS a, b.guest_id AS b, t AS t"))

    found = [{"start": row["start"], "end": row["end"]} | row["tie"] for row in visited]
    expected = [without_nulls(row) for row in VISITED.to_dicts()]
    assert sorted(found, key=lambda row: (row["start"], row["end"])) == expected
    assert sorted((row["a"], row["b"], row["t"]) for row in knows) == [("ann", "bob", {}), ("王", "ann", {})]


async def test_ties_are_walked_from_both_ends(filled: Store) -> None:
    rows = await filled.read(
        cypher(
            "MATCH (:Shop {shop_id: 's1'})<-[:VISITED]-(g)-[:KNOWS]-(other) RETURN g.guest_id AS g, other.guest_id AS o"
        )
    )

    assert sorted((row["g"], row["o"]) for row in rows) == [("ann", "bob"), ("ann", "王"), ("bob", "ann")]


async def test_the_checkpoint_came_with_it(filled: Store) -> None:
    rows = await filled.read(cypher("MATCH (m:Mark {mark_id: 'log'}) RETURN m.version AS version, m.at AS at"))

    assert rows == [{"version": 7, "at": NOON}]


@pytest.mark.parametrize(
    "statement",
    [
        cypher("MATCH (n) WHERE n.since = $at RETURN n.guest_id AS id"),
        cypher("MATCH (n:Guest) WHERE n.since = $at RETURN n.guest_id AS id"),
        cypher("MATCH (n:Guest) WHERE n.since = datetime($text) RETURN n.guest_id AS id"),
        cypher("MATCH (n:Guest) WHERE n.since >= datetime($text) AND n.since <= $at RETURN n.guest_id AS id"),
        cypher("MATCH (n:Guest) WHERE n.since - duration('PT1S') < $at RETURN n.guest_id AS id"),
        cypher("MATCH (n:Guest) WHERE n.since.epochMillis = 1714996800123 RETURN n.guest_id AS id"),
        cypher("MATCH (n:Guest) WHERE toString(n.since) = '2024-05-06T12:00:00.123456Z' RETURN n.guest_id AS id"),
        cypher("MATCH (n:Guest) WHERE n.day = date('2024-05-06') RETURN n.guest_id AS id"),
        cypher(
            "MATCH (n:Guest)-[v:VISITED]->({shop_id: 's1'}) WHERE v.last = $at AND v.count = 3 RETURN n.guest_id AS id"
        ),
    ],
)
async def test_instants_and_days_compare_as_if_written_row_by_row(filled: Store, statement: Statement) -> None:
    rows = await filled.read(statement, {"at": NOON, "text": NOON.isoformat()})

    assert rows == [{"id": "ann"}]


async def test_an_instant_written_later_falls_into_the_same_group(refilled: Store) -> None:
    merge = cypher("UNWIND $rows AS row MERGE (g:Guest {guest_id: row.id}) SET g += row.properties")
    rows = [{"id": "ann", "properties": {"since": NOON}}, {"id": "new", "properties": {"since": NOON}}]

    await refilled.write((merge, {"rows": rows}))
    groups = await refilled.read(
        cypher("MATCH (g:Guest) WHERE g.since = $at RETURN g.since AS at, count(*) AS n"), {"at": NOON}
    )

    assert groups == [{"at": NOON, "n": 2}]


async def test_a_merge_finds_what_was_filled(refilled: Store) -> None:
    await refilled.write((cypher("MERGE (g:Guest {guest_id: 'ann'}) SET g.seen = true"), {}))
    await refilled.write(
        (
            cypher(
                "MATCH (g:Guest {guest_id: 'ann'}), (s:Shop {shop_id: 's1'}) MERGE (g)-[v:VISITED]->(s) SET v.count = 4"
            ),
            {},
        )
    )

    [row] = await refilled.read(
        cypher("MATCH (g:Guest) RETURN count(g) AS guests, sum(CASE WHEN g.seen THEN 1 END) AS seen")
    )
    ties = await refilled.read(
        cypher("MATCH (:Guest {guest_id: 'ann'})-[v:VISITED]->(s) RETURN s.shop_id AS shop, v.count AS n")
    )
    assert row == {"guests": 3, "seen": 1}
    assert sorted((tie["shop"], tie["n"]) for tie in ties) == [("s1", 4), ("s2", 1)]


async def test_keys_stay_unique_after_filling(refilled: Store) -> None:
    with pytest.raises(QueryRefused):
        await refilled.write((cypher("CREATE (:Guest {guest_id: 'ann'})"), {}))


async def test_only_an_empty_store_is_filled(refilled: Store) -> None:
    with pytest.raises(QueryRefused, match="renmai rebuild"):
        await refilled.fill(NODES, TIES, (CHECKPOINT[0], {"version": 8, "at": NOON}))


async def test_a_store_is_filled_again_after_a_wipe(refilled: Store) -> None:
    await refilled.wipe()

    await refilled.fill(NODES[1:], [], (CHECKPOINT[0], {"version": 8, "at": NOON}))

    assert await refilled.read(cypher("MATCH (n) WHERE n:Shop OR n:Guest RETURN count(n) AS n")) == [{"n": 2}]
    assert await refilled.read(cypher("MATCH (m:Mark) RETURN m.version AS version")) == [{"version": 8}]


async def test_thousands_of_rows_keep_their_partners(store: Store) -> None:
    await store.ensure(KEYS)
    number = pl.int_range(25_000, eager=True)
    guests = pl.DataFrame({"guest_id": "g" + number.cast(pl.String), "n": number})
    ring = pl.DataFrame(
        {"start": guests["guest_id"], "end": "g" + ((number + 1) % 25_000).cast(pl.String), "from": number}
    )
    ties = [TieRows("NEXT", "Guest", "guest_id", "Guest", "guest_id", ring)]

    await store.fill([NodeRows("Guest", "guest_id", guests)], ties, (CHECKPOINT[0], {"version": 1, "at": NOON}))

    wrong = cypher("MATCH (a:Guest)-[t:NEXT]->(b) WHERE t.from <> a.n OR b.n <> (a.n + 1) % 25000 RETURN count(*) AS n")
    every = cypher("MATCH (:Guest)-[t:NEXT]->(:Guest) RETURN count(t) AS n")
    assert await store.read(wrong) == [{"n": 0}]
    assert await store.read(every) == [{"n": 25_000}]
