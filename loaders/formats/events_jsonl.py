"""events_jsonl: one event a line, as a JSON object of the event schema's fields."""

import re
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

import msgspec
import polars as pl

from graph.errors import BadInput
from graph.log import GIVEN
from loaders.formats.format import FILLED_IN, Format
from loaders.records import LINE, ROW, TEXTS, Records, joined, pieces
from loaders.rejection import Rejected, RejectReason
from loaders.sources.files import SourceFile, look_over_text

BOM = b"\xef\xbb\xbf"
ABSENT = msgspec.Raw()
TOKENS: tuple[str, ...] = tuple(name for name in GIVEN if name not in TEXTS)
"""Fields that are kept as they are spelt: a number in JSON is exact text until it is read as money."""

_Line = msgspec.defstruct(
    "Line",
    [
        *((name, str | int | None, None) for name in TEXTS),
        *((name, msgspec.Raw, ABSENT) for name in TOKENS),
        *((name, msgspec.Raw, ABSENT) for name in FILLED_IN),
    ],
    forbid_unknown_fields=True,
    gc=False,
)
_decoder = msgspec.json.Decoder(_Line)


def look_over(path: Path, encoding: str | None) -> SourceFile:
    """BadInput where the file is no text, is of another encoding, or is one JSON array."""
    file = look_over_text(path, encoding)
    with path.open(encoding=file.encoding, errors="replace") as text:
        start = text.read(64).lstrip("\ufeff").lstrip()
    if start.startswith("["):
        raise BadInput(f"{path} is a JSON array; one object a line is wanted: jq -c '.[]' {path} > NEW.jsonl")
    return file


def read(file: SourceFile, batch_rows: int) -> Iterator[Records]:
    """The file's lines, `batch_rows` together; blank lines are no records."""
    lines = numbered_lines(file)
    while parts := [read_lines(piece) for piece in pieces(lines, batch_rows)]:
        yield joined(parts)


def profiles(file: SourceFile) -> Iterator[pl.DataFrame]:
    """The profiles: of the lines that can be one."""
    if file.speaks_of_zones:
        lines = ((number, line) for number, line in numbered_lines(file) if b"profile" in line or b"\\u" in line)
        for piece in pieces(lines):
            yield read_lines(piece).frame.filter(pl.col("kind") == "profile")


def numbered_lines(file: SourceFile) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, as UTF-8, with their numbers from 1."""
    return ((number, line) for number, line in enumerate(_lines(file), start=1) if line and not line.isspace())


def read_lines(numbered: list[tuple[int, bytes]]) -> Records:
    """Records out of lines of JSON with their numbers."""
    read_well: list[Any] = []  # structs made at run time: their fields are those of the schema
    rows: list[int] = []
    unread: list[Rejected] = []
    for row, (number, line) in enumerate(numbered):
        try:
            read_well.append(_decoder.decode(line))
            rows.append(row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            unread.append(_unread(error, line, number, row))
    columns = {
        ROW: pl.Series(rows, dtype=pl.UInt32),
        LINE: pl.Series([numbered[row][0] for row in rows], dtype=pl.Int64),
        **{name: _texts(map(attrgetter(name), read_well)) for name in TEXTS},
        **{name: _tokens(map(attrgetter(name), read_well)) for name in TOKENS},
    }
    return Records(pl.DataFrame(columns), tuple(unread), lambda row: _shown(numbered[row][1]))


def _lines(file: SourceFile) -> Iterator[bytes]:
    if file.encoding != "utf-8":
        with file.path.open(encoding=file.encoding, newline="\n") as text:
            for line in text:
                yield line.removeprefix("\ufeff").encode()
        return
    with file.path.open("rb") as binary:
        for line in binary:
            yield line.removeprefix(BOM)


def _texts(values: Iterable[str | int | None]) -> pl.Series:
    found = list(values)
    try:
        return pl.Series(found, dtype=pl.String)
    except TypeError:
        return pl.Series([str(value) if isinstance(value, int) else value for value in found], dtype=pl.String)


def _tokens(values: Iterable[msgspec.Raw]) -> pl.Series:
    return pl.Series([None if value is ABSENT else _token(bytes(value)) for value in values], dtype=pl.String)


def _token(token: bytes) -> str | None:
    if token == b"null" or not token:
        return None
    if token[0] != ord('"'):
        return token.decode()
    return cast(str, msgspec.json.decode(token)) if b"\\" in token else token[1:-1].decode()


def _shown(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r\n")


def _unread(error: Exception, line: bytes, number: int, row: int) -> Rejected:
    text = str(error)
    unknown = re.search(r"unknown field `(.+?)`", text)
    wrong = re.search(r"at `\$\.(\w+)`", text)
    reason, field = RejectReason.UNREADABLE, None
    message = f"the line must be one JSON object: {text}"
    if unknown:
        reason, field = RejectReason.UNKNOWN_FIELD, unknown[1]
        message = f"fields may be {', '.join(GIVEN)}, not {field!r}; put anything else into properties"
    elif wrong:
        reason, field = RejectReason.WRONG_TYPE, wrong[1]
        message = f"{field} must be text: {text}"
    return Rejected(reason, field, None, message, _shown(line), None, number, row)


FORMAT = Format(
    name="events_jsonl",
    meaning="One event a line, a JSON object of the event schema's fields.",
    suffixes=(".jsonl", ".ndjson", ".json"),
    look_over=look_over,
    read=read,
    profiles=profiles,
)
