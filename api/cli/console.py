"""What commands print with: answers on standard output, everything else on standard error."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import starmap
from typing import Protocol

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

# What is printed holds names out of data and files: brackets in it are no markup, and a sentence is one line anywhere.
answers = Console(highlight=False, markup=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
GUTTER = "  "  # between the columns of a table


def print_table(names: Iterable[str], rows: Iterable[Iterable[str]], to: Console = answers) -> None:
    """Rows under their names, a line each; on a terminal too narrow for that each row line by line, so that nothing
    is broken or cut. Into a pipe lines are as long as they are.
    """
    names = list(names)
    told = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(names, *told, strict=True)]
    if to.is_terminal and sum(widths) + len(GUTTER) * (len(widths) - 1) > to.width:
        _print_records(names, told, to)
        return
    for row in [names, *told]:
        to.print(GUTTER.join(starmap(_padded, zip(row, widths, strict=True))).rstrip())


def printable(text: str) -> str:
    """A text of others, such as a token's subject, that does not steer the terminal."""
    return "".join(one if one.isprintable() else "�" for one in text)


def _print_records(names: list[str], rows: list[list[str]], to: Console) -> None:
    width = max(map(cell_len, names))
    for number, row in enumerate(rows):
        if number:
            to.print()
        for name, cell in zip(names, row, strict=True):
            if cell:
                to.print(_padded(name, width), cell, sep=GUTTER)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


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
