"""Generate a world: day by day into event files, with the planted truth beside them, all or nothing."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl

from graph.errors import BadInput
from loaders.world.catalogue import campaigns_of
from loaders.world.day import World
from loaders.world.habits import settle
from loaders.world.network import connect
from loaders.world.people import populate
from loaders.world.request import WorldRequest, WorldSummary
from loaders.world.spread import true_influence
from loaders.world.taste import Taste
from loaders.world.truth import Planted, write_truth
from loaders.world.writing import Writer

Progress = Callable[[int, int], None]


def quiet(_done: int, _total: int) -> None:
    """Tell nobody."""


def generate(request: WorldRequest, folder: Path, progress: Progress = quiet) -> WorldSummary:
    """Write `events-000.parquet` … and `truth/` into a new folder; `progress(days done, days)` is called once a day.

    The folder appears under its name only when it is complete: what is under way, or was killed, stands in a hidden
    folder beside it, which the next run clears away. Memory grows with the customers, not with the days.
    Raises BadInput where the folder exists or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is there already: choose another folder for the generated world, or remove it first")
    partial = folder.absolute().parent / f".{folder.absolute().name}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "truth").mkdir(parents=True)
        kinds, files = _fill(request, partial, progress)
        os.replace(partial, folder)
    except (OSError, pl.exceptions.ComputeError) as error:
        # Polars tells of a full disk with an error of its own.
        raise BadInput(f"the world cannot be written to {folder}: {error}; choose a place with room") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return WorldSummary(
        folder=folder,
        event_files=tuple(folder / name for name in files),
        truth=folder / "truth",
        events=kinds.total(),
        by_kind=dict(sorted(kinds.items())),
    )


def _fill(request: WorldRequest, folder: Path, progress: Progress) -> tuple[Counter[str], list[str]]:
    people = populate(request)
    habits, network = settle(request, people), connect(request, people)
    taste = Taste(request, people, habits)
    world = World(request, people, habits, network, taste)
    writer = Writer(request, people, campaigns_of(request.start, request.days))
    pages = _Pages(folder, request.rows_a_file)
    for day in range(request.days):
        pages.add(writer.events(day, world.live(day), world.registered_at))
        progress(day + 1, request.days)
    pages.close()
    influence = true_influence(network, taste.worth_cents(), request.truth_runs, request.seed)
    write_truth(folder / "truth", Planted(request, people, habits, network, taste, world, influence), pages.kinds)
    return pages.kinds, pages.names


class _Pages:
    """Event files of about the same size; holds at most one in memory."""

    def __init__(self, folder: Path, rows_a_file: int) -> None:
        self._folder, self._rows_a_file = folder, rows_a_file
        self._held, self._rows = list[pl.DataFrame](), 0
        self.names: list[str] = []
        self.kinds: Counter[str] = Counter()

    def add(self, events: pl.DataFrame) -> None:
        """Take a day's events."""
        self.kinds.update(dict(events["kind"].value_counts().iter_rows()))
        self._held.append(events)
        self._rows += events.height
        if self._rows >= self._rows_a_file:
            self.close()

    def close(self) -> None:
        """Write what is held."""
        if self._held:
            self.names.append(f"events-{len(self.names):03d}.parquet")
            pl.concat(self._held).write_parquet(self._folder / self.names[-1])
        self._held, self._rows = [], 0
