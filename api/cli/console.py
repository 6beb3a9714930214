"""What commands print with: answers on standard output, everything else on standard error."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

# What is printed holds names out of data and files: brackets in it are no markup, and a sentence is one line anywhere.
answers = Console(highlight=False, markup=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class Advance(Protocol):
    """Tells a progress bar what is being done and how far it is."""

    def __call__(self, what: str, done: int, total: int | None) -> None: ...


@contextmanager
def progress_bar(task: str) -> Generator[Advance]:
    """A bar on standard error that shows the stage, how much of it is done and the time; silent without a terminal."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        shown = bar.add_task(task, total=None)

        def advance(what: str, done: int, total: int | None) -> None:
            bar.update(shown, description=what, completed=done, total=total)

        yield advance
