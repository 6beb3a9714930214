"""A calendar as it is given: a CSV or JSONL file of date, kind (holiday or workday) and name, or one that is known."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graph.algorithms.chains import Calendar
from graph.errors import BadInput

KNOWN = {"china": Path(__file__).parent / "calendars" / "china.csv"}
"""China, 2025 and 2026, out of the State Council's notices 国务院办公厅关于2025年部分节假日安排的通知
(国办发明电〔2024〕12号, 12 November 2024) and 国务院办公厅关于2026年部分节假日安排的通知 (4 November 2025)."""
KINDS = ("holiday", "workday")


def read_calendar(given: str | Path) -> Calendar:
    """The calendar of a known name or of a file; `BadInput` with the line where the file is not one."""
    path = KNOWN.get(str(given), Path(given))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the calendar {given} cannot be read ({error}); give a file or {', '.join(KNOWN)}") from error
    rows = _of_jsonl(text, path) if path.suffix in (".jsonl", ".ndjson") else _of_csv(text, path)
    days: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for line, row in rows:
        kind, day = row.get("kind"), row.get("date")
        if kind not in KINDS or not isinstance(day, str):
            told = f"needs a date such as 2026-10-01 and a kind, {' or '.join(KINDS)}, not {day!r} and {kind!r}"
            raise BadInput(f"{path}, line {line} {told}")
        days[kind].append(day.strip())
    try:
        return Calendar(tuple(days["holiday"]), tuple(days["workday"]))
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _of_csv(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines())
    if not {"date", "kind"} <= set(reader.fieldnames or ()):
        raise BadInput(f"{path} needs the columns date and kind, not {', '.join(reader.fieldnames or ()) or 'nothing'}")
    for row in reader:
        yield reader.line_num, row


def _of_jsonl(text: str, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        try:
            found = json.loads(row)
        except json.JSONDecodeError as error:
            raise BadInput(f"{path}, line {line} is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise BadInput(f"{path}, line {line} must be a JSON object, not {row}")
        yield line, found
