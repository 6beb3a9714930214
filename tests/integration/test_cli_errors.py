"""What a user does wrong, or what fails under them, is told in one line that says what to do; nothing is half done."""

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from tests.command_line import RENMAI, content, done_well, refusal, renmai, surroundings
from tests.conftest import Neo4jServer, server_script, start_neo4j

EVENTS = [
    {"kind": "register", "at": "2026-03-02T09:00:00+08:00", "customer": "c1", "properties": {"name": "王芳"}},
    {"kind": "purchase", "at": "2026-03-02T12:10:00+08:00", "customer": "c1", "store": "hz-01", "order": "o1",
     "product": "latte", "quantity": 1, "amount": "20.00"},
    {"kind": "share", "at": "2026-03-02T12:30:00+08:00", "customer": "c1", "share": "s1", "product": "latte"},
]  # fmt: skip
HEADER = "kind,at,customer,properties\n"
CHINESE = HEADER + 'register,2026-03-02T09:00:00+08:00,c2,"{""name"": ""李娜""}"\n'


def written(path: Path, events: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def three_events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose log holds three events; tests that change it copy it."""
    folder = tmp_path_factory.mktemp("three")
    done_well(renmai("load", "--no-project", written(folder / "events.jsonl", EVENTS), data=folder / "data"))
    return folder / "data"


@pytest.fixture
def data(three_events: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three_events, tmp_path / "data"))


def frame() -> pl.DataFrame:
    return pl.DataFrame({name: [event.get(name) for event in EVENTS] for name in ("kind", "at", "customer")})


def cut_short(path: Path) -> None:
    frame().write_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("sheet.xml", "<sheet/>")


UNUSABLE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "missing": ("none.jsonl", lambda path: None, "does not exist; check the name"),
    "folder": ("folder.jsonl", lambda path: path.mkdir(), "is a folder; name the files in it"),
    "text called Parquet": (
        "text.parquet",
        lambda path: path.write_text(CHINESE),
        "is no Parquet file or is cut short",
    ),
    "Parquet cut short": ("cut.parquet", cut_short, "is no Parquet file or is cut short"),
    "Parquet of another table": (
        "other.parquet",
        lambda path: pl.DataFrame({"colour": ["red"]}).write_parquet(path),
        "colour",
    ),
    "Parquet called JSON lines": ("events.jsonl", lambda path: frame().write_parquet(path), "--format events_parquet"),
    "CSV of another table": ("other.csv", lambda path: path.write_text("colour,size\nred,1\n"), "colour"),
    "CSV in GBK": ("gbk.csv", lambda path: path.write_bytes(CHINESE.encode("gbk")), "--encoding gb18030"),
    "JSON array": ("array.json", lambda path: path.write_text(json.dumps(EVENTS)), "one object a line"),
    "gzip": ("events.jsonl", lambda path: path.write_bytes(gzip.compress(b"{}")), "gunzip"),
    "spreadsheet": ("events.xlsx", archive, "must end in .jsonl"),
    "unknown ending": ("events.doc", lambda path: path.write_text("x"), "--format"),
    "name that reads as markup": ("[/red] [bold].jsonl", lambda path: None, "[/red] [bold].jsonl does not exist"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_cannot_be_used_is_named_in_one_line(case: str, data: Path, tmp_path: Path) -> None:
    name, make, advice = UNUSABLE[case]
    make(tmp_path / name)
    before = content(data)

    sentence = refusal(renmai("load", written(tmp_path / "good.jsonl", EVENTS[:1]), tmp_path / name, data=data))

    assert name in sentence
    assert advice in sentence
    assert content(data) == before


def test_a_csv_in_gbk_loads_once_its_encoding_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "gbk.csv").write_bytes(CHINESE.encode("gbk"))

    said = done_well(renmai("load", "--no-project", "--encoding", "gbk", tmp_path / "gbk.csv", data=data))

    assert "1 records read: 1 accepted, 0 repeated, 0 rejected." in said
    assert content(data)[1] == len(EVENTS) + 1


def test_lines_of_another_table_are_rejected_each_with_its_reason(data: Path, tmp_path: Path) -> None:
    before = content(data)

    done = renmai("load", "--no-project", written(tmp_path / "other.jsonl", [{"colour": "red"}] * 2), data=data)

    assert "2 records read: 0 accepted, 0 repeated, 2 rejected (2 unknown_field)." in done_well(done)
    assert "not 'colour'" in done.stderr
    assert content(data) == before


WRONG_USE: dict[str, tuple[list[str], dict[str, str], list[str]]] = {
    "no port": (["serve"], {"RENMAI_PORT": "eighty"}, ["RENMAI_PORT=eighty", "integer"]),
    "port out of range": (["doctor"], {"RENMAI_PORT": "99999"}, ["RENMAI_PORT=99999", "65535"]),
    "port out of range on the command line": (["serve", "--port", "99999"], {}, ["99999", "65535"]),
    "host that is none": (["serve", "--host", "no.such.host.invalid", "--port", "0"], {}, ["no.such.host", "--host"]),
    "no time zone": (["load", "x.jsonl", "--zone", "Mars"], {}, ["Mars"]),
    "time zone in the environment": (["load", "x.jsonl"], {"RENMAI_TIME_ZONE": "Mars"}, ["Mars"]),
    "no encoding": (["load", "x.csv", "--encoding", "klingon"], {}, ["klingon", "utf-8"]),
    "no format": (["load", "x.jsonl", "--format", "word"], {}, ["word", "events_jsonl"]),
    "no name of a file": (["load", ""], {}, ["name"]),
    "no name of a folder": (["generate", ""], {}, ["there already", "folder"]),
    "folder that is in use": (["generate", "."], {}, ["there already", "folder"]),
    "no customers": (["generate", "new", "--customers", "0"], {}, ["customers", "0"]),
    "no day": (["generate", "new", "--start", "spring"], {}, ["--start", "spring"]),
    "no slot": (["score", "chains", "--slot", "noon"], {}, ["--slot", "noon"]),
    "no engine": (["score", "chains", "--engine", "abacus"], {}, ["abacus", "local"]),
    "no such data set": (["score", "chains", "--source", "nobody"], {}, ["nobody"]),
    "no such key": (["keys", "revoke", "abcdefgh"], {}, ["abcdefgh"]),
    "no Cypher": (["cypher", "MATSCH (n) RETURN n"], {}, ["MATSCH"]),
    "Cypher that writes": (["cypher", "CREATE (n) RETURN n"], {}, ["read"]),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_wrong_use_is_told_in_one_line(case: str, data: Path) -> None:
    arguments, environment, words = WRONG_USE[case]
    written(data.parent / "x.jsonl", EVENTS)
    (data.parent / "x.csv").write_text(CHINESE)
    before, beside = content(data), sorted(data.parent.iterdir())

    sentence = refusal(renmai(*arguments, data=data, **environment))

    assert [word for word in words if word not in sentence] == []
    assert content(data) == before
    assert sorted(data.parent.iterdir()) == beside


# --- a graph that cannot be used


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("command", [["load", "x.jsonl"], ["project"], ["serve", "--port", "0"], ["score", "chains"]])
def test_a_graph_that_does_not_answer_is_named(command: list[str], data: Path) -> None:
    written(data.parent / "x.jsonl", EVENTS)
    uri = f"bolt://127.0.0.1:{closed_port()}"
    before = content(data)

    done = renmai(*command, data=data, NEO4J_URI=uri, NEO4J_PASSWORD="not shown")

    sentence = refusal(done)
    assert uri in sentence
    assert "start it, or correct NEO4J_URI" in sentence
    assert "not shown" not in done.stdout + done.stderr
    assert content(data) == before


@pytest.mark.parametrize(
    "uri", ["http://localhost:7474", "localhost:7687", "bolt://", "bolt://localhost:port", "neo4j"]
)
def test_an_address_that_is_none_is_named(uri: str, data: Path) -> None:
    sentence = refusal(renmai("project", data=data, NEO4J_URI=uri))

    assert uri in sentence
    assert "NEO4J_URI" in sentence


def test_a_password_in_the_address_is_not_shown(data: Path) -> None:
    done = renmai("project", data=data, NEO4J_URI=f"bolt://ann:sesame@127.0.0.1:{closed_port()}")

    refusal(done)
    assert "sesame" not in done.stdout + done.stderr


@pytest.mark.neo4j
def test_a_wrong_password_is_told(data: Path, neo4j_server: Neo4jServer) -> None:
    done = renmai("project", data=data, **{**neo4j_server.environment(), "NEO4J_PASSWORD": "wrong password"})

    sentence = refusal(done)
    assert neo4j_server.uri in sentence
    assert "set NEO4J_USER and NEO4J_PASSWORD" in sentence
    assert "wrong password" not in sentence


@pytest.mark.neo4j
def test_a_database_that_is_not_there_is_told(data: Path, neo4j_server: Neo4jServer) -> None:
    sentence = refusal(renmai("project", data=data, **neo4j_server.environment(), NEO4J_DATABASE="nowhere"))

    assert "nowhere" in sentence
    assert "NEO4J_DATABASE" in sentence


@pytest.fixture(scope="module")
def read_only_neo4j(tmp_path_factory: pytest.TempPathFactory) -> Generator[Neo4jServer]:
    """A Neo4j of our own whose databases refuse to be written."""
    home = tmp_path_factory.mktemp("read-only-neo4j")
    try:
        yield start_neo4j(home, "--read-only")
    finally:
        server_script("stop", home)


@pytest.mark.neo4j
@pytest.mark.slow
def test_a_graph_that_may_only_be_read_is_told_and_the_log_is_kept(data: Path, read_only_neo4j: Neo4jServer) -> None:
    before = content(data)

    for command in (["load", str(written(data.parent / "x.jsonl", EVENTS))], ["project"], ["rebuild"]):
        sentence = refusal(renmai(*command, data=data, **read_only_neo4j.environment()))

        assert read_only_neo4j.uri in sentence
        assert "may only be read" in sentence
    assert content(data) == before


# --- a place that cannot be written


@pytest.fixture
def mounted(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """What runs a command with a file system of its own mounted on the folder `small` beside the data."""
    small = tmp_path / "small"
    small.mkdir()

    def before(script: str) -> tuple[str, ...]:
        return ("unshare", "--map-root-user", "--mount", "sh", "-ec", f'{script}; exec "$@"', "sh")

    probe = subprocess.run(
        [*before(f"mount -t tmpfs -o size=64k none {small}"), "true"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip(f"this machine lets nobody mount a small file system: {probe.stderr.decode().strip()}")
    return before


def many(path: Path, count: int) -> Path:
    events: list[dict[str, object]] = [
        {**EVENTS[1], "order": f"o{number}", "customer": f"c{number}", "properties": {"note": f"{number:x}" * 40}}
        for number in range(count)
    ]
    return written(path, events)


def test_a_full_disk_stops_a_load_before_the_log_is_touched(mounted, three_events: Path, tmp_path: Path) -> None:
    events, small, kept = many(tmp_path / "many.jsonl", 20_000), tmp_path / "small", tmp_path / "kept"
    # The small disk is gone when the command ends: what it held then is copied out of it.
    script = f'mount -t tmpfs -o size=3m none {small}; cp -r {three_events} {small}/data; "$@" || failed=$?; '
    script += f"cp -r {small}/data {kept}; exit ${{failed:-0}}"

    done = renmai("load", "--no-project", events, data=small / "data", before=mounted(script))

    sentence = refusal(done)
    assert "free some space" in sentence
    assert content(kept) == content(three_events)


def test_a_full_disk_stops_the_graph_and_leaves_it_to_be_projected_again(mounted, data: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    script = f"mount -t tmpfs -o size=2m none {small}; cp -r {data} {small}/data"

    sentence = refusal(renmai("project", data=small / "data", before=mounted(script)))

    assert "free some space" in sentence


def test_a_full_disk_leaves_no_half_of_a_world(mounted, tmp_path: Path) -> None:
    small, kept = tmp_path / "small", tmp_path / "kept"
    script = f'mount -t tmpfs -o size=64k none {small}; "$@" || failed=$?; ls -A {small} > {kept}; exit ${{failed:-0}}'

    sentence = refusal(
        renmai("generate", small / "world", "--customers", "500", "--days", "20", data=tmp_path / "data",
               before=mounted(script))
    )  # fmt: skip

    assert str(small / "world") in sentence
    assert "room" in sentence
    assert kept.read_text() == ""


@pytest.mark.parametrize("command", [["load", "x.jsonl"], ["project"], ["keys", "create", "ann", "--scope", "read"]])
def test_a_folder_that_may_not_be_written_is_named(command: list[str], mounted, data: Path, tmp_path: Path) -> None:
    many(tmp_path / "x.jsonl", 2)
    script = f"mount --bind {data} {data}; mount -o remount,ro,bind {data}"
    before = content(data)

    sentence = refusal(renmai(*command, data=data, before=mounted(script)))

    assert str(data) in sentence
    assert "writable" in sentence or "RENMAI_DATA" in sentence
    assert content(data) == before


def test_a_world_is_not_written_where_nothing_may_be_written(mounted, tmp_path: Path) -> None:
    small = tmp_path / "small"

    sentence = refusal(
        renmai("generate", small / "world", "--customers", "200", "--days", "7", data=tmp_path / "data",
               before=mounted(f"mount -t tmpfs -o ro none {small}"))
    )  # fmt: skip

    assert str(small) in sentence


@pytest.mark.parametrize(
    "command", [["load", "x.jsonl"], ["project"], ["doctor"], ["keys", "list"], ["serve", "--port", "0"]]
)
def test_a_data_folder_that_is_a_file_is_named(command: list[str], tmp_path: Path) -> None:
    written(tmp_path / "x.jsonl", EVENTS)
    (tmp_path / "data").write_text("notes")

    done = renmai(*command, data=tmp_path / "data")

    sentence = done.stdout if command == ["doctor"] else refusal(done)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "data") in sentence
    assert (tmp_path / "data").read_text() == "notes"


def test_a_log_without_events_is_no_fault(tmp_path: Path) -> None:
    done_well(renmai("score", "influence", data=tmp_path))

    found = renmai("doctor", data=tmp_path, RENMAI_PORT="0")

    assert "event log: It holds no event" in done_well(found)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no table": lambda log: shutil.rmtree(log / "_delta_log"),
    "commit cut short": lambda log: max((log / "_delta_log").glob("*.json")).write_text('{"add": {"pa'),
    "commit missing": lambda log: min((log / "_delta_log").glob("*.json")).unlink(),
    "data cut short": lambda log: next(log.rglob("*.parquet")).write_bytes(b"PAR1"),
    "data missing": lambda log: next(log.rglob("*.parquet")).unlink(),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_log_is_named(case: str, data: Path) -> None:
    log = data / "log" / "events"
    DAMAGE[case](log)
    found = {path: path.read_bytes() for path in log.rglob("*.*") if path.is_file() and path.suffix != ".lock"}

    sentence = refusal(renmai("project", data=data))

    assert str(log) in sentence
    assert {path: path.read_bytes() for path in found} == found


# --- others at the same time


def test_a_busy_port_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        sentence = refusal(renmai("serve", "--port", port, data=data))

    assert f"127.0.0.1:{port}" in sentence
    assert "choose another with --port, or 0 for a free one" in sentence


def test_two_loads_at_once_take_every_event_once(data: Path, tmp_path: Path) -> None:
    files = [many(tmp_path / f"{number}.jsonl", 3_000 + number) for number in range(2)]

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda file: renmai("load", file, data=data), files))

    accepted = [int(re.search(r"([\d,]+) accepted", done_well(one))[1].replace(",", "")) for one in both]  # type: ignore[index]
    assert sum(accepted) == 3_001
    assert content(data)[1] == len(EVENTS) + 3_001
    asked = renmai("cypher", "--json", "MATCH (o:Order) RETURN count(o) AS orders", data=data)
    assert json.loads(done_well(asked)) == {"orders": 3_001}


@pytest.mark.parametrize(
    "command", [["load", "x.jsonl"], ["generate", "world", "--days", "3000"], ["serve", "--port", "0"]]
)
def test_an_interrupted_command_ends_without_a_word_of_python(command: list[str], data: Path, tmp_path: Path) -> None:
    many(tmp_path / "x.jsonl", 30_000)
    before = content(data)[1]
    with subprocess.Popen(
        [RENMAI, *command],
        env=surroundings(data),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        if command[0] == "serve":
            assert "page" in started.stdout.readline()
        else:
            wait_until_it_works(started.pid, data, tmp_path)
        started.send_signal(signal.SIGINT)
        said, complained = started.communicate(timeout=60)

    assert started.returncode == 130, complained
    assert "Traceback" not in said + complained
    assert content(data)[1] in {before, before + 30_000}
    assert not (tmp_path / "world").exists()
    assert not (tmp_path / ".world.partial").exists()


def wait_until_it_works(process: int, data: Path, beside: Path) -> None:
    """Until the command has opened the log, or has begun the world."""
    until = time.monotonic() + 60
    signs = [beside / ".world.partial"]
    while time.monotonic() < until:
        opened = {os.path.realpath(path) for path in Path(f"/proc/{process}/fd").glob("*")}
        if any(sign.exists() for sign in signs) or any(str(beside / "x.jsonl") == path for path in opened):
            return
        time.sleep(0.01)
    raise AssertionError("the command did not begin its work in a minute")
