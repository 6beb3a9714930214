# ruff: noqa: DTZ001 - times without a zone are what is tested
"""A store's time zone that becomes known after its events gives the same log and graph as one that was known before."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from tiny_graph import TinyGraph

from graph.jobs.digest import graph_digest
from graph.jobs.project import Sizes, project
from tests.unit.loaders.conftest import Place

NEW_YORK = {
    "kind": "profile",
    "at": "2024-01-01T00:00:00Z",
    "store": "s1",
    "properties": {"time_zone": "America/New_York"},
}
TOKYO = {"kind": "profile", "at": "2024-02-01T00:00:00Z", "store": "s1", "properties": {"time_zone": "Asia/Tokyo"}}
BATCHED = Sizes(events_at_once=0, batch_rows=3)


def bought(order: str, at: str, store: str = "s1") -> dict[str, object]:
    line = {"kind": "purchase", "customer": "ann", "product": "tea", "quantity": 1, "amount": "5"}
    return line | {"order": order, "at": at, "store": store}


SALES = [
    bought("instant", "2024-05-01T12:30:00Z"),
    bought("reading", "2024-05-01T12:30:00"),
    bought("skipped", "2024-03-10T02:30:00"),
    bought("elsewhere", "2024-05-01T12:30:00", store="s2"),
]


def told(place: Place) -> list[tuple[object, ...]]:
    columns = ["order", "at", "local_at", "slot", "day", "clock_zone"]
    return place.log.scan().filter(kind="purchase").select(columns).sort("order").collect().rows()


def test_the_instant_stands_where_it_was_given_and_the_reading_where_that_was_given(place: Place):
    place.load(place.jsonl("sales.jsonl", SALES))
    place.load(place.jsonl("stores.jsonl", [NEW_YORK]))

    found = {row[0]: row[1:] for row in told(place)}

    assert found["instant"] == (
        datetime(2024, 5, 1, 12, 30, tzinfo=UTC), datetime(2024, 5, 1, 8, 30), 8, date(2024, 5, 1), "America/New_York",
    )  # fmt: skip
    assert found["reading"][:2] == (datetime(2024, 5, 1, 16, 30, tzinfo=UTC), datetime(2024, 5, 1, 12, 30))
    assert found["skipped"][0] == datetime(2024, 3, 10, 7, 30, tzinfo=UTC)  # 03:30 by the summer clock
    assert found["elsewhere"][:2] == (datetime(2024, 5, 1, 4, 30, tzinfo=UTC), datetime(2024, 5, 1, 12, 30))


def test_an_earlier_version_is_read_as_it_was_known_then(place: Place):
    place.load(place.jsonl("sales.jsonl", SALES))
    before, version = told(place), place.log.version
    place.load(place.jsonl("stores.jsonl", [NEW_YORK]))

    columns = ["order", "at", "local_at", "slot", "day", "clock_zone"]
    then = place.log.scan(up_to=version).filter(kind="purchase").select(columns).sort("order").collect().rows()

    assert then == before != told(place)


def test_the_log_is_the_same_in_whatever_order_zones_and_events_come(new_place: Callable[[], Place]):
    parts = [("sales.jsonl", SALES), ("ny.jsonl", [NEW_YORK]), ("tokyo.jsonl", [TOKYO])]
    digests = set()
    for order in ((0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)):
        place = new_place()
        for part in order:
            place.load(place.jsonl(*parts[part]))
        digests.add(place.log.digest())

    assert len(digests) == 1


async def test_the_graph_is_the_same_whether_the_zone_came_first_or_last(new_place: Callable[[], Place]):
    early = new_place()
    early.load(early.jsonl("stores.jsonl", [NEW_YORK]), early.jsonl("sales.jsonl", SALES))
    expected = TinyGraph()
    await project(early.log, expected)

    for sizes in (Sizes(), BATCHED):
        late, graph = new_place(), TinyGraph()
        late.load(late.jsonl("sales.jsonl", SALES))
        await project(late.log, graph, sizes=sizes)
        assert await graph_digest(graph) != await graph_digest(expected)

        late.load(late.jsonl("stores.jsonl", [NEW_YORK]))
        await project(late.log, graph, sizes=sizes)
        assert await graph_digest(graph) == await graph_digest(expected)
