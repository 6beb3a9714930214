"""The child process that fills a folder of the embedded engine with its own bulk loader; it is run by its path.

Its input is one line, the plan as JSON (`Plan`); it then watches its input and dies when that ends. It answers DONE,
or FAILED and the reason. The folder counts for nothing until the parent makes it the current generation, so no log is
written ahead.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import polars as pl

ROWS = 50_000
"""Rows in memory as Python objects at a time."""


@dataclass(frozen=True, slots=True)
class NodeFile:
    """Nodes of one label, staged as an Arrow file."""

    label: str
    key: str
    path: str


@dataclass(frozen=True, slots=True)
class TieFile:
    """Ties of one type, staged as an Arrow file with the key values in the columns start and end."""

    type: str
    start_label: str
    end_label: str
    path: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to put into which database folder; `log` is the engine's own log folder."""

    database: str
    log: str
    nodes: list[NodeFile]
    ties: list[TieFile]

    def to_line(self) -> bytes:
        """One line of JSON."""
        return msgspec.json.encode(asdict(self)) + b"\n"


def main() -> None:
    """Fills the folder and says how it went."""
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    threading.Thread(target=_die_with_the_parent, daemon=True).start()
    try:
        _fill(plan)
    except Exception as error:  # noqa: BLE001  whatever it is, the parent tells the user
        _say("FAILED " + " ".join(f"{type(error).__name__}: {error}".split()))
        os._exit(1)
    _say("DONE")
    os._exit(0)


def _say(line: str) -> None:
    """To a program that may be gone: an error here would leave us behind, held by the engine's own threads."""
    with suppress(BrokenPipeError):
        print(line, flush=True)


def _die_with_the_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(2)


def _fill(plan: Plan) -> None:
    os.environ["ARCADEDB_LOG_DIR"] = plan.log
    os.environ["ARCADEDB_LOG_CONSOLE"] = "0"
    import arcadedb

    database: Any = arcadedb.open_database(plan.database)  # pyright: ignore[reportUnknownMemberType]
    for file in plan.nodes:
        database.schema.get_or_create_vertex_type(file.label)
        _declare_instants(database, file.label, file.path)
    for file in plan.ties:
        database.schema.get_or_create_edge_type(file.type)
        _declare_instants(database, file.type, file.path)
    with database.graph_batch(use_wal=False, commit_every=2_000) as batch:
        records = _create_nodes(batch, plan.nodes)
        for file in plan.ties:
            _create_ties(batch, file, records)
    database.close()


def _frame(path: str) -> pl.DataFrame:
    return pl.read_ipc(path)


def _declare_instants(database: Any, type_name: str, path: str) -> None:
    """The loader knows local date-times only; a declared property makes instants of them, as datetime() does."""
    for column, dtype in pl.read_ipc_schema(path).items():
        if isinstance(dtype, pl.Datetime):
            database.command("sql", f"CREATE PROPERTY `{type_name}`.`{column}` IF NOT EXISTS ZONED_DATETIME")


def _create_nodes(batch: Any, files: list[NodeFile]) -> dict[str, pl.DataFrame]:
    """For each label: key → the engine's own address of the record."""
    records: dict[str, pl.DataFrame] = {}
    for file in files:
        frame = _frame(file.path)
        addresses: list[str] = []
        for rows in _rows(frame):
            addresses += batch.create_vertices(file.label, rows)
        found = pl.DataFrame({"key": frame[file.key], "record": pl.Series(addresses, dtype=pl.String)})
        known = records.get(file.label)
        records[file.label] = found if known is None else pl.concat([known, found])
    return records


def _create_ties(batch: Any, file: TieFile, records: dict[str, pl.DataFrame]) -> None:
    frame = _frame(file.path)
    for part in frame.iter_slices(ROWS):
        starts = _addresses(part["start"], records[file.start_label])
        ends = _addresses(part["end"], records[file.end_label])
        properties = part.drop("start", "end")
        if not properties.width:
            batch.new_edges(starts, file.type, ends)
            continue
        for rows in _rows(properties):
            batch.new_edges(starts, file.type, ends, rows)


def _addresses(keys: pl.Series, records: pl.DataFrame) -> list[str]:
    wanted = pl.DataFrame({"key": keys})
    joined = wanted.join(records, on="key", how="left", maintain_order="left")
    return cast("list[str]", joined["record"].to_list())


def _rows(frame: pl.DataFrame) -> Iterator[list[dict[str, Any]]]:
    """Maps of the properties that are there; instants as text, because that is the quickest way across."""
    instants = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    holey = any(frame[name].null_count() for name in frame.columns)
    for part in frame.iter_slices(ROWS):
        text = part.with_columns(pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")) if instants else part
        rows = text.to_dicts()
        yield [{k: v for k, v in row.items() if v is not None} for row in rows] if holey else rows


def database_folder(root: Path) -> Path:
    """Where a server whose root is `root` keeps the one database."""
    return root / "databases" / "graph"


if __name__ == "__main__":
    main()
