"""Checking columns before they fill a store, and laying them down as Arrow files for the embedded filler."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from graph.store.embedded_fill import NodeFile, Plan, TieFile
from graph.store.rows import NodeRows, TieRows, check_types
from graph.store.statement import quoted


def check(nodes: Sequence[NodeRows], ties: Sequence[TieRows]) -> None:
    """Refuses what a store would refuse half-way or drop in silence: ValueError or TypeError, with the value."""
    keys: dict[str, pl.Series] = {}
    for some in nodes:
        _check_nodes(some)
        key = some.frame[some.key].alias("key")
        keys[some.label] = pl.concat([keys[some.label], key]) if some.label in keys else key
    for label, all_keys in keys.items():
        if all_keys.n_unique() != all_keys.len():
            twice = all_keys.filter(all_keys.is_duplicated())[0]
            raise ValueError(f"two nodes {label} have the key {twice!r}")
    for some in ties:
        check_types(quoted(some.type), some.frame)
        _check_values(some.type, some.frame)
        _check_ends(some, keys)


def _check_nodes(some: NodeRows) -> None:
    check_types(quoted(some.label), some.frame)
    _check_values(some.label, some.frame)
    if some.frame.schema[some.key] != pl.String:
        raise TypeError(f"the key {some.key} of {some.label} must be a string, not {some.frame.schema[some.key]}")
    if some.frame[some.key].null_count():
        raise ValueError(f"a node {some.label} has no {some.key}")


def _check_values(name: str, frame: pl.DataFrame) -> None:
    for column, dtype in frame.schema.items():
        quoted(column)
        if dtype == pl.Float64 and not frame[column].drop_nulls().is_finite().all():
            raise ValueError(f"column {column!r} of {name} holds a number that is not finite")


def _check_ends(some: TieRows, keys: dict[str, pl.Series]) -> None:
    for end, label in (("start", some.start_label), ("end", some.end_label)):
        known = keys.get(label, pl.Series("key", [], dtype=pl.String))
        lost = some.frame.select(key=pl.col(end)).join(known.to_frame(), on="key", how="anti")
        if lost.height:
            raise ValueError(f"{lost.height} ties {some.type} {end} at no {label}: {lost['key'][0]!r} is one")


def stage(folder: Path, database: Path, log: Path, nodes: Sequence[NodeRows], ties: Sequence[TieRows]) -> Plan:
    """Writes one Arrow file for each set of columns; uncompressed, because they live for a minute."""
    folder.mkdir(parents=True)
    node_files = [NodeFile(n.label, n.key, _write(folder, f"nodes{i}", n.frame)) for i, n in enumerate(nodes)]
    tie_files = [
        TieFile(t.type, t.start_label, t.end_label, _write(folder, f"ties{i}", t.frame)) for i, t in enumerate(ties)
    ]
    return Plan(str(database), str(log), node_files, tie_files)


def _write(folder: Path, name: str, frame: pl.DataFrame) -> str:
    path = folder / f"{name}.arrow"
    frame.write_ipc(path, compression="uncompressed")
    return str(path)
