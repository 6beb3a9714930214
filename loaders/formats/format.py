"""What a format is: how its files are looked over, read as records, and asked for the stores' time zones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from graph.errors import BadInput
from graph.log import COLUMNS, GIVEN
from loaders.records import Records
from loaders.sources.files import SourceFile

FILLED_IN: tuple[str, ...] = tuple(column.name for column in COLUMNS if not column.given)
"""Columns that an export of the log has and a load passes over: they are computed anew."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format, as a row of the table of formats."""

    name: str
    meaning: str
    suffixes: tuple[str, ...]
    """Endings of file names that stand for this format; empty where it must be named."""
    look_over: Callable[[Path, str | None], SourceFile]
    """Finds what is wrong with the file as a whole (BadInput) before anything is loaded; takes an encoding or None."""
    read: Callable[[SourceFile, int], Iterator[Records]]
    """The records in their order, at most so many together; the same file is always cut at the same places."""
    profiles: Callable[[SourceFile], Iterator[pl.DataFrame]]
    """The records of kind `profile`, as frames like those of `Records`, read cheaply ahead of the rest."""


def profiles_among(
    read: Callable[[SourceFile, int], Iterator[Records]],
) -> Callable[[SourceFile], Iterator[pl.DataFrame]]:
    """For formats that have no quicker way: all records are read and the profiles are kept."""

    def profiles(file: SourceFile) -> Iterator[pl.DataFrame]:
        if not file.speaks_of_zones:
            return
        for records in read(file, 100_000):
            if "kind" in records.frame.columns:
                yield records.frame.filter(pl.col("kind") == "profile")

    return profiles


def check_columns(path: Path, found: list[str]) -> None:
    """BadInput where a file's columns are not those of the event schema: names the culprits and their nearest names."""
    doubled = sorted({name for name in found if found.count(name) > 1})
    if doubled:
        raise BadInput(f"{path} has the column {doubled[0]!r} twice; give each column once")
    missing = [name for name in ("kind", "at") if name not in found]
    unknown = [name for name in found if name not in GIVEN and name not in FILLED_IN]
    if missing:
        near = [f"{name!r} for {wanted}" for wanted in missing for name in get_close_matches(wanted, unknown, 1, 0.5)]
        hint = f"; rename {', '.join(near)}" if near else ""
        raise BadInput(f"{path} lacks {' and '.join(missing)}; its columns are {_listed(found)}{hint}")
    if unknown:
        near = get_close_matches(unknown[0], GIVEN, 1, 0.5)
        hint = f" (do you mean {near[0]}?)" if near else ""
        raise BadInput(
            f"{path} has the unknown column {unknown[0]!r}{hint}; columns may be {', '.join(GIVEN)}; "
            "put anything else into properties"
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "") if names else "none"
