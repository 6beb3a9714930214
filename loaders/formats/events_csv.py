"""events_csv: one event a row, the event schema's fields as columns, `properties` as a JSON object in one of them."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import polars as pl

from graph.errors import BadInput
from graph.log import GIVEN
from loaders.formats.format import Format, check_columns
from loaders.records import LINE, ROW, Records, joined, pieces
from loaders.rejection import Rejected, RejectReason
from loaders.sources.files import SourceFile, look_over_text

DELIMITERS = (",", ";", "\t")


def look_over(path: Path, encoding: str | None) -> SourceFile:
    """BadInput where the file is no text, is of another encoding, or is no CSV under a header of the event schema."""
    file = look_over_text(path, encoding)
    if not file.size:
        return file
    header, delimiter = _header(file)
    check_columns(path, header)
    return replace(file, records=sum(1 for _ in _rows(file, delimiter)))


def read(file: SourceFile, batch_rows: int) -> Iterator[Records]:
    """The file's rows, `batch_rows` together; empty lines are no records."""
    if not file.size:
        return
    header, delimiter = _header(file)
    rows = _rows(file, delimiter)
    while parts := [_records(header, delimiter, piece) for piece in pieces(rows, batch_rows)]:
        yield joined(parts)


def profiles(file: SourceFile) -> Iterator[pl.DataFrame]:
    """The rows of kind profile."""
    if not file.size or not file.speaks_of_zones:
        return
    header, delimiter = _header(file)
    kind = header.index("kind")
    rows = (row for row in _rows(file, delimiter) if len(row[1]) > kind and row[1][kind].strip() == "profile")
    for piece in pieces(rows):
        yield _records(header, delimiter, piece).frame


def _rows(file: SourceFile, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows under the header, each with the number of its first line."""
    with _opened(file) as text:
        reader = csv.reader(text, delimiter=delimiter)
        end = 0
        try:
            for cells in reader:
                if end and cells:
                    yield end + 1, cells
                end = reader.line_num
        except csv.Error as error:
            advice = "look for a quotation mark that is not closed"
            raise BadInput(f"{file.path}, line {end + 1}: {error}; {advice}") from error


def _records(header: list[str], delimiter: str, rows: list[tuple[int, list[str]]]) -> Records:
    width = len(header)
    whole = [place for place, (_, cells) in enumerate(rows) if len(cells) == width]
    unread = tuple(_ragged(header, delimiter, row, place) for place, row in enumerate(rows) if len(row[1]) != width)
    filled = [rows[place][1] for place in whole]
    cells: list[tuple[str, ...]] = list(zip(*filled, strict=True)) if filled else [()] * width
    columns = {
        ROW: pl.Series(whole, dtype=pl.UInt32),
        LINE: pl.Series([rows[place][0] for place in whole], dtype=pl.Int64),
        **{
            name: pl.Series(column, dtype=pl.String)
            for name, column in zip(header, cells, strict=True)
            if name in GIVEN
        },
    }
    frame = pl.DataFrame(columns)
    # Written anew from the frame: keeping the rows would keep a million lists for the few that are refused.
    place_in_frame = dict(zip(whole, range(len(whole)), strict=True)) if unread else None

    def raw(place: int) -> str:
        row = frame.row(place if place_in_frame is None else place_in_frame[place], named=True)
        return _written([row.get(name) or "" for name in header], delimiter)

    return Records(frame, unread, raw)


def _ragged(header: list[str], delimiter: str, row: tuple[int, list[str]], place: int) -> Rejected:
    line, cells = row
    message = f"a row must have {len(header)} cells as its header has, not {len(cells)}"
    understood = {name: cell for name, cell in zip(header, cells, strict=False) if cell and name in GIVEN}
    record = msgspec.json.encode(understood).decode()
    return Rejected(RejectReason.UNREADABLE, None, None, message, _written(cells, delimiter), record, line, place)


def _written(cells: list[str], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(cells)
    return text.getvalue()


def _header(file: SourceFile) -> tuple[list[str], str]:
    """The names in the first row, and the delimiter that makes most of them names of the schema."""
    with _opened(file) as text:
        try:
            first = text.readline()
            choices: list[tuple[list[str], str]] = [(_cells(first, one), one) for one in DELIMITERS]
        except csv.Error as error:
            raise BadInput(f"{file.path}, line 1: {error}; the first line must name the columns") from error
    names, delimiter = max(choices, key=lambda choice: sum(name.strip() in GIVEN for name in choice[0]))
    return [name.strip() for name in names], delimiter


def _cells(line: str, delimiter: str) -> list[str]:
    for cells in csv.reader([line], delimiter=delimiter):
        return cells
    return []


def _opened(file: SourceFile) -> io.TextIOWrapper:
    return file.path.open(encoding="utf-8-sig" if file.encoding == "utf-8" else file.encoding, newline="")


FORMAT = Format(
    name="events_csv",
    meaning="One event a row under a header of the event schema's fields; cells separated by comma, semicolon or tab.",
    suffixes=(".csv", ".tsv"),
    look_over=look_over,
    read=read,
    profiles=profiles,
)
