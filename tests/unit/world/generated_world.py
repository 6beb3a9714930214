"""A generated world as the tests read it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from loaders.world import WorldRequest


@dataclass(frozen=True, slots=True)
class Generated:
    request: WorldRequest
    folder: Path
    events: pl.DataFrame
    truth: dict[str, Any]
    customers: pl.DataFrame
    ties: pl.DataFrame


def read(request: WorldRequest, folder: Path) -> Generated:
    return Generated(
        request,
        folder,
        pl.read_parquet(folder / "events-*.parquet"),
        json.loads((folder / "truth" / "truth.json").read_text(encoding="utf-8")),
        pl.read_parquet(folder / "truth" / "customers.parquet"),
        pl.read_parquet(folder / "truth" / "ties.parquet"),
    )
