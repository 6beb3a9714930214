"""Dead letters out of rejections: the rows of the table, and a file of them that can be repaired and loaded again."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import polars as pl

from graph.errors import BadInput
from graph.log import LETTERS, DeadLetters
from loaders.rejection import Rejected

PROCESSOR = "renmai"
EXPORTED = ("id", "reason", "field", "value", "message", "record", "raw", "format", "source", "file", "line")


def letters(
    rejected: Iterable[Rejected], *, origin: str, file: str, form: str, source: str, received_at: datetime
) -> pl.DataFrame:
    """One row a rejection. `origin` names the content it came from (a digest): with the place it makes the id."""
    rows = [
        {
            "id": _id(origin, one),
            "day": received_at.astimezone(UTC).date(),
            "received_at": received_at,
            "processor": PROCESSOR,
            "processor_version": processor_version(),
            "format": form,
            "source": source,
            "file": file,
            "line": one.line,
            "reason": str(one.reason),
            "field": one.field,
            "value": one.value,
            "message": one.message,
            "record": one.record,
            "raw": one.raw,
        }
        for one in rejected
    ]
    schema = {name: dtype for name, dtype in LETTERS.items() if name != "log_version"}
    return pl.DataFrame(rows, schema=schema, orient="row")


def processor_version() -> str:
    """The version of this program."""
    try:
        return version(PROCESSOR)
    except PackageNotFoundError:
        return "unknown"


def export_letters(dead: DeadLetters, path: Path, *, where: pl.Expr | None = None) -> int:
    """Writes dead letters as JSON lines (`record` is an object to repair); returns how many.

    Replaces the file as a whole or leaves it as it is.
    """
    found = dead.read(where=where)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            for row in found.iter_rows(named=True):
                shown: dict[str, object] = {name: row[name] for name in EXPORTED}
                shown["record"] = None if row["record"] is None else msgspec.Raw(row["record"].encode())
                file.write(msgspec.json.encode(shown) + b"\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadInput(f"{path} cannot be written: {error.strerror}; name another file") from error
    return found.height


def _id(origin: str, one: Rejected) -> str:
    parts = (origin, str(one.line), str(one.reason), one.raw)
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:32]
