"""Both stores keep the same promises to the rest of the program."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from graph.errors import QueryRefused
from graph.store import Statement, Store, cypher

KEY = cypher("CREATE CONSTRAINT thing_key IF NOT EXISTS FOR (t:Thing) REQUIRE t.thing_id IS UNIQUE")
BY_AT = cypher("CREATE INDEX thing_at IF NOT EXISTS FOR (t:Thing) ON (t.at)")
MERGE = cypher("UNWIND $rows AS row MERGE (t:Thing {thing_id: row.thing_id}) SET t += row.properties")
COUNT = cypher("MATCH (t:Thing) RETURN count(t) AS n")
NOON = datetime(2024, 5, 6, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def things(store: Store) -> Store:
    """The store with the key of Thing, the index on its instant, and nothing in it."""
    await store.ensure([KEY, BY_AT])
    return store


async def merge(store: Store, **properties: dict[str, object]) -> None:
    rows = [{"thing_id": thing_id, "properties": given} for thing_id, given in properties.items()]
    await store.write((MERGE, {"rows": rows}))


async def count(store: Store) -> int:
    return (await store.read(COUNT))[0]["n"]


async def test_what_was_written_is_read_back(things: Store) -> None:
    given = {"name": "鲜果茶", "price": 1_999_999_999_999, "share": 0.25, "hot": True, "tags": ["low", "无糖"]}

    await merge(things, tea=given)

    assert await things.read(cypher("MATCH (t:Thing) RETURN t AS thing")) == [{"thing": {"thing_id": "tea"} | given}]


async def test_instants_come_back_in_utc_and_days_as_days(things: Store) -> None:
    in_shanghai = NOON.astimezone(ZoneInfo("Asia/Shanghai"))

    await merge(things, a={"at": in_shanghai, "day": date(2024, 5, 6)})
    [row] = await things.read(cypher("MATCH (t:Thing) RETURN t.at AS at, t.day AS day"))

    assert row == {"at": NOON, "day": date(2024, 5, 6)}
    assert row["at"].utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (cypher("MATCH (t:Thing) WHERE t.at = $at RETURN t.thing_id AS id"), "now"),
        (cypher("MATCH (t:Thing) WHERE t.at >= $at RETURN t.thing_id AS id"), "now later"),
        (cypher("MATCH (t:Thing) WHERE t.at > $at RETURN t.thing_id AS id"), "later"),
        (cypher("MATCH (t:Thing) WHERE t.at <= $at RETURN t.thing_id AS id"), "earlier now"),
        (cypher("MATCH (t:Thing) WHERE t.at < $at RETURN t.thing_id AS id"), "earlier"),
        (cypher("MATCH (t:Thing) WHERE t.at IN [$at] RETURN t.thing_id AS id"), "now"),
        (cypher("MATCH (t:Thing) WHERE t.at = datetime($text) RETURN t.thing_id AS id"), "now"),
        (cypher("MATCH (t:Thing) WHERE t.at >= datetime($text) RETURN t.thing_id AS id"), "now later"),
        (cypher("MATCH (t:Thing) WHERE t.at < datetime($text) RETURN t.thing_id AS id"), "earlier"),
        (cypher("MATCH (t:Thing) WHERE t.at >= datetime($text) - duration('PT1S') RETURN t.thing_id AS id"),
         "earlier now later"),
        (cypher("MATCH (t:Thing) WHERE t.at < datetime($text) - duration('PT1S') RETURN t.thing_id AS id"), ""),
        (cypher("MATCH (t:Thing) WHERE t.day = $day RETURN t.thing_id AS id"), "earlier now later"),
        (cypher("MATCH (t:Thing) WHERE t.day > date('2024-05-06') RETURN t.thing_id AS id"), ""),
        (cypher("MATCH (t:Thing) WHERE t.at.epochMillis = 1714996800123 RETURN t.thing_id AS id"), "now"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["in a map", "as a value", "as text"])
async def test_an_instant_is_the_same_however_it_came(
    things: Store, way: str, condition: Statement, found: str
) -> None:
    for thing_id, at in {
        "earlier": NOON - timedelta(seconds=1),
        "now": NOON,
        "later": NOON + timedelta(days=1),
    }.items():
        await write_instant(things, way, thing_id, at)

    zone = timezone(timedelta(hours=-5))
    rows = await things.read(
        condition, {"at": NOON.astimezone(zone), "text": NOON.isoformat(), "day": date(2024, 5, 6)}
    )

    assert {row["id"] for row in rows} == set(found.split())


async def write_instant(store: Store, way: str, thing_id: str, at: datetime) -> None:
    day = date(2024, 5, 6)
    if way == "in a map":
        await merge(store, **{thing_id: {"at": at, "day": day}})
    elif way == "as a value":
        statement = cypher("MERGE (t:Thing {thing_id: $id}) SET t.at = $at, t.day = $day")
        await store.write((statement, {"id": thing_id, "at": at, "day": day}))
    else:
        statement = cypher("MERGE (t:Thing {thing_id: $id}) SET t.at = datetime($at), t.day = date($day)")
        await store.write((statement, {"id": thing_id, "at": at.isoformat(), "day": day.isoformat()}))


async def test_equal_instants_are_one_group_however_they_came(things: Store) -> None:
    for way in ("in a map", "as a value", "as text"):
        await write_instant(things, way, way, NOON)

    rows = await things.read(cypher("MATCH (t:Thing) RETURN t.at AS at, count(*) AS n"))

    assert rows == [{"at": NOON, "n": 3}]


async def test_an_instant_without_a_zone_is_refused(things: Store) -> None:
    with pytest.raises(ValueError, match="needs a time zone, not 2024-05-06T12:00:00"):
        await merge(things, a={"at": datetime(2024, 5, 6, 12)})  # noqa: DTZ001


async def test_all_steps_of_a_write_are_seen_or_none(things: Store) -> None:
    with pytest.raises(QueryRefused):
        await things.write(
            (MERGE, {"rows": [{"thing_id": "a", "properties": {}}]}), (cypher("RETURN 1 / $zero AS x"), {"zero": 0})
        )

    assert await count(things) == 0


async def test_a_later_step_sees_what_an_earlier_one_wrote(things: Store) -> None:
    await things.write(
        (MERGE, {"rows": [{"thing_id": "a", "properties": {}}]}),
        (cypher("MATCH (t:Thing {thing_id: $id}) SET t.seen = true"), {"id": "a"}),
    )

    assert await things.read(cypher("MATCH (t:Thing) RETURN t.seen AS seen")) == [{"seen": True}]


async def test_writing_the_same_again_changes_nothing(things: Store) -> None:
    for _ in range(2):
        await merge(things, a={"n": 1}, b={"n": 2})

    assert await count(things) == 2


async def test_many_writers_of_one_key_leave_one_node(things: Store) -> None:
    await asyncio.gather(*(merge(things, same={f"p{writer}": writer}) for writer in range(8)))

    [row] = await things.read(cypher("MATCH (t:Thing) RETURN count(t) AS n, sum(size(keys(t))) AS keys"))

    assert row == {"n": 1, "keys": 9}


async def test_a_key_that_is_taken_is_refused(things: Store) -> None:
    await merge(things, a={})

    with pytest.raises(QueryRefused):
        await things.write((cypher("CREATE (:Thing {thing_id: 'a'})"), {}))

    assert await count(things) == 1


@pytest.mark.parametrize(
    "text",
    [
        "CREATE (:Thing {thing_id: 'x'})",
        "MERGE (:Thing {thing_id: 'x'})",
        "MATCH (t:Thing) SET t.n = 2",
        "MATCH (t:Thing) REMOVE t.n",
        "MATCH (t:Thing) DETACH DELETE t",
        "CREATE (:Unheard)",
        "CREATE INDEX unheard FOR (t:Thing) ON (t.n)",
        "DROP CONSTRAINT thing_key",
    ],
)
async def test_reading_cannot_write(things: Store, text: str) -> None:
    await merge(things, a={"n": 1})

    with pytest.raises(QueryRefused) as asked:
        await things.ask(text, {}, limit=1, timeout_seconds=10)
    with pytest.raises(QueryRefused):
        await things.read(Statement(text))

    assert "\n" not in str(asked.value)
    assert await things.read(cypher("MATCH (t) RETURN t AS t")) == [{"t": {"thing_id": "a", "n": 1}}]


async def test_a_question_gets_its_columns_and_no_more_rows_than_asked(things: Store) -> None:
    columns, rows = await things.ask(
        "UNWIND range(1, $n) AS x RETURN x, x * 2 AS twice", {"n": 100}, limit=2, timeout_seconds=10
    )

    assert columns == ["x", "twice"]
    assert rows == [[1, 2], [2, 4]]


async def test_nodes_ties_and_paths_come_back_as_their_properties(things: Store) -> None:
    await things.write((cypher("CREATE (:Thing {thing_id: 'a'})-[:NEXT {n: 1}]->(:Thing {thing_id: 'b'})"), {}))

    _, rows = await things.ask("MATCH p = (a)-[t]->(b) RETURN a, t, p", {}, limit=5, timeout_seconds=10)

    assert rows == [[{"thing_id": "a"}, {"n": 1}, [{"thing_id": "a"}, "NEXT", {"thing_id": "b"}]]]


async def test_a_statement_with_a_mistake_is_refused_in_one_line(things: Store) -> None:
    with pytest.raises(QueryRefused) as refused:
        await things.ask("MATCH (t:Thing RETURN t", {}, limit=1, timeout_seconds=10)

    assert "\n" not in str(refused.value)
    assert "RETURN" in str(refused.value)


async def test_a_statement_that_takes_too_long_is_ended(things: Store) -> None:
    await things.write((cypher("UNWIND range(1, 3000) AS i CREATE (:Thing {thing_id: toString(i)})"), {}))

    with pytest.raises(QueryRefused, match=r"ran out of time \(1 s\)"):
        await things.ask(
            "MATCH (a:Thing), (b:Thing), (c:Thing) WHERE a.thing_id + b.thing_id = c.thing_id + 'x' RETURN count(*)",
            {},
            limit=1,
            timeout_seconds=1,
        )
    await things.ping()


async def test_many_rows_are_streamed(store: Store) -> None:
    total = 0

    async for row in store.stream(cypher("UNWIND range(1, $n) AS x RETURN x"), {"n": 50_000}):
        total += row["x"]

    assert total == 50_000 * 50_001 // 2


async def test_a_stream_may_be_left_early(store: Store) -> None:
    stream = store.stream(cypher("UNWIND range(1, 1000000) AS x RETURN x"))

    assert await anext(aiter(stream)) == {"x": 1}
    await stream.aclose()
    await store.ping()


async def test_words_are_found_by_a_full_text_index(things: Store) -> None:
    await things.ensure_fulltext("Thing", ["name"], "thing_words")
    await merge(things, a={"name": "fresh fruit tea"}, b={"name": "coffee"})
    ask = cypher("CALL db.index.fulltext.queryNodes('thing_words', $words) YIELD node RETURN node.thing_id AS id")

    assert await eventually(things, ask, {"words": "fruit"}) == [{"id": "a"}]


async def eventually(store: Store, statement: Statement, parameters: dict[str, object]) -> list[dict[str, object]]:
    """Neo4j's full-text index follows its commits after a moment."""
    for _ in range(100):
        rows = await store.read(statement, parameters)
        if rows:
            return rows
        await asyncio.sleep(0.05)
    return []


async def test_constraints_and_indexes_may_be_ensured_again(things: Store) -> None:
    await things.ensure([KEY, BY_AT])
    await things.ensure_fulltext("Thing", ["name"], "thing_words")
    await things.ensure_fulltext("Thing", ["name"], "thing_words")


async def test_wiping_leaves_an_empty_store_that_still_knows_its_keys(things: Store) -> None:
    await things.write(
        (cypher("UNWIND range(1, 500) AS i CREATE (:Thing {thing_id: toString(i)})-[:NEXT]->(:Other)"), {})
    )

    await things.wipe()

    assert await things.is_empty()
    await merge(things, a={})
    with pytest.raises(QueryRefused):
        await things.write((cypher("CREATE (:Thing {thing_id: 'a'})"), {}))
