"""Whatever is loaded, counts are conserved, a second load changes nothing, and order does not matter."""

import hashlib
import json
import random
import struct
from datetime import timedelta
from decimal import Decimal

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.load import LoadOptions, LoadProgress, load_files

KINDS = ["login", "view", "purchase", "profile", "dance"]
RECORDS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "at": st.sampled_from(["2024-05-01T00:00:00Z", "2024-05-02 09:00:00", "soon", None]),
    },
    optional={
        "id": st.sampled_from(["a", "b"]),
        "customer": st.sampled_from(["王", "c2", 7, ""]),
        "product": st.sampled_from(["p1", "p2"]),
        "order": st.just("o1"),
        "quantity": st.sampled_from([1, 2.5, "3", -1]),
        "amount": st.sampled_from(["1.50", 1.5, 2, "x"]),
        "properties": st.sampled_from([{"a": 1}, {"b": "二"}, {}, "[1]", 3]),
        "colour": st.just("red"),
    },
)
LINES = st.lists(st.one_of(RECORDS.map(json.dumps), st.sampled_from(["{", "null", "  ", '"x"'])), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(1, 30))
def test_every_record_ends_as_accepted_repeated_or_rejected(new_place, lines, batch_rows):
    place = new_place()
    path = place.jsonl("mix.jsonl", lines)
    options = LoadOptions(batch_rows=batch_rows)
    given_count = sum(1 for line in lines if line.strip())

    first = place.load(path, options=options)

    assert first.read == given_count
    assert first.accepted + first.repeated + first.rejected_count == given_count
    assert place.log.scan().select(pl.len()).collect().item() == first.accepted
    assert place.dead.read().height == first.rejected_count
    digest, version = place.log.digest(), place.log.version
    second = place.load(path, options=options)
    assert (second.accepted, second.repeated) == (0, first.accepted + first.repeated)
    assert second.rejected == first.rejected
    assert (place.log.digest(), place.log.version) == (digest, version)
    assert place.dead.read().height == first.rejected_count


def many(count: int) -> list[dict[str, object]]:
    stores = [
        {"kind": "profile", "store": f"s{n}", "at": "2024-01-01T00:00:00Z", "properties": {"time_zone": zone}}
        for n, zone in enumerate(["Asia/Shanghai", "America/New_York", "Europe/London"])
    ]
    views = [
        {
            "kind": "visit",
            "customer": f"c{n % 17}",
            "store": f"s{n % 4}",
            "at": f"2024-03-{n % 28 + 1:02}T{n % 24:02}:00:00",
        }
        for n in range(count)
    ]
    return [*views, *stores]


def test_the_order_of_files_and_the_size_of_batches_do_not_change_the_log(new_place):
    records = many(300)
    digests: set[str] = set()
    for seed, batch_rows in enumerate([7, 100, 1000]):
        place = new_place()
        random.Random(seed).shuffle(records)
        half = len(records) // 2
        paths = [place.jsonl("one.jsonl", records[:half]), place.jsonl("two.jsonl", records[half:])]
        place.load(*paths[:: -1 if seed % 2 else 1], options=LoadOptions(batch_rows=batch_rows))
        digests.add(place.log.digest())

    assert len(digests) == 1


ROW = {
    "kind": "purchase",
    "customer": "王小明",
    "at": "2024-05-01T12:30:00+08:00",
    "product": "tea",
    "order": "o1",
    "quantity": 2,
    "amount": "25.60",
    "properties": {"b": [1, {"z": 1, "a": 2}], "a": "桂花"},
}


def test_the_same_event_in_every_format_and_column_order_is_one_event(place):
    properties = '{"a":"桂花","b":[1,{"a":2,"z":1}]}'
    csv_text = (
        "amount;order;product;customer;at;quantity;kind;properties\r\n"
        "25.6;o1;tea; 王小明 ;2024-05-01 04:30:00Z;2.0;purchase;" + '"' + properties.replace('"', '""') + '"\r\n'
    )
    frame = pl.DataFrame([{**ROW, "properties": properties}]).with_columns(
        pl.col("at").str.to_datetime(time_unit="ns", time_zone="UTC"),
        pl.col("amount").cast(pl.Float64),
    )
    frame.select(sorted(frame.columns)).write_parquet(place.folder / "day.parquet")
    paths = [
        place.jsonl("day.jsonl", [ROW]),
        place.jsonl("turned.jsonl", [dict(reversed(ROW.items()))]),
        place.write("day.csv", csv_text),
        place.folder / "day.parquet",
    ]

    summary = place.load(*paths)

    assert (summary.accepted, summary.repeated, summary.rejected_count) == (1, 3, 0)


def test_each_field_of_an_event_tells_it_from_others(place):
    changes = {
        "kind": "refund",
        "customer": "王大明",
        "at": "2024-05-01T12:30:00.001+08:00",
        "product": "tea ",
        "order": "o2",
        "quantity": 2.0000000001,
        "amount": "25.61",
        "discount": 0,
        "store": "o1",
        "share": "o1",
        "session": "o1",
        "source": "elsewhere",
        "currency": "USD",
        "properties": None,
    }
    variants = [{**ROW, name: value} for name, value in changes.items() if name != "product"]

    summary = place.load(place.jsonl("day.jsonl", [ROW, *variants]))

    assert summary.accepted == 1 + len(variants)


def test_an_id_is_the_hash_of_the_documented_spelling(place):
    place.load(place.jsonl("day.jsonl", [ROW]))

    properties = '{"a":"桂花","b":[1,{"a":2,"z":1}]}'
    two = str(struct.unpack("<q", struct.pack("<d", 2.0))[0])
    said = ["purchase", "王小明", "1714537800000000", None, None, "tea", "o1", two, "25.60", None, "CNY"]
    said += [None, None, None, None, "files", properties]
    spelt = "".join("-" if text is None else f"{len(text.encode())}:{text}" for text in said)
    expected = hashlib.sha256(spelt.encode()).hexdigest()[:32]
    assert place.events("id", "quantity", "amount", "properties") == [(expected, 2.0, Decimal("25.60"), properties)]
    assert expected == "4901ef98d19ce5d92a120fd352f9272a"


def test_a_file_whose_time_is_no_longer_in_the_future_is_taken_when_it_is_loaded_again(place):
    soon = {**ROW, "at": "2024-06-05T00:00:00Z"}
    path = place.jsonl("day.jsonl", [ROW, soon])
    assert place.load(path).rejected_count == 1

    later = load_files([path], place.log, place.dead, LoadOptions(), received_at=place.received + timedelta(days=10))

    assert (later.accepted, later.repeated, later.rejected_count) == (1, 1, 0)


def test_an_export_of_the_log_loads_as_repeats(place):
    place.load(place.jsonl("day.jsonl", [ROW, {**ROW, "order": "o2"}]))
    place.log.scan().collect().write_parquet(place.folder / "export.parquet")

    summary = place.load(place.folder / "export.parquet")

    assert (summary.accepted, summary.repeated, summary.rejected_count) == (0, 2, 0)


def test_progress_tells_how_far_each_file_is(place):
    path = place.jsonl("day.jsonl", [{**ROW, "order": str(n)} for n in range(5)])
    told: list[LoadProgress] = []

    load_files(
        [path], place.log, place.dead, LoadOptions(batch_rows=2), received_at=place.received, progress=told.append
    )

    assert [(one.done, one.total, one.accepted) for one in told] == [(2, 5, 2), (4, 5, 4), (5, 5, 5)]
