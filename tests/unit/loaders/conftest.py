"""A place to load into, and short ways to write files of events."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graph.log import DeadLetters, EventLog
from loaders.load import LoadOptions, LoadSummary, load_files


@dataclass
class Place:
    """A log, its dead letters and a folder for files."""

    folder: Path
    received: datetime = datetime(2024, 6, 1, 8, tzinfo=UTC)
    log: EventLog = field(init=False)
    dead: DeadLetters = field(init=False)

    def __post_init__(self) -> None:
        self.log = EventLog.open(self.folder / "log")
        self.dead = DeadLetters.open(self.folder / "rejected")

    def load(self, *paths: Path, options: LoadOptions | None = None) -> LoadSummary:
        return load_files(paths, self.log, self.dead, options or LoadOptions(), received_at=self.received)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def jsonl(self, name: str, records: Sequence[object]) -> Path:
        lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
        return self.write(name, "".join(f"{line}\n" for line in lines))

    def events(self, *columns: str) -> list[tuple[object, ...]]:
        return self.log.read(columns).rows()

    def letters(self, *columns: str) -> list[tuple[object, ...]]:
        return self.dead.read().select(columns).rows()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    return lambda: Place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def purchase() -> dict[str, object]:
    return {
        "kind": "purchase",
        "customer": "王小明",
        "at": "2024-05-01T12:30:00+08:00",
        "store": "西湖店",
        "product": "tea-1",
        "order": "o-1",
        "quantity": 2,
        "amount": "25.60",
    }
