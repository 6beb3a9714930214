"""What a command prints as a table: whole on a wide terminal and in a pipe, row by row on a narrow terminal."""

from io import StringIO

import pytest
from rich.console import Console

from api.cli.console import print_table

NAMES = ("prefix", "name", "scopes")
ROWS = (("rk_1a2b3c4d", "王芳", "read"), ("rk_5e6f7a8b", "till", "events:write"))


def told(width: int, *, terminal: bool, rows: tuple[tuple[str, ...], ...] = ROWS) -> list[str]:
    out = Console(file=StringIO(), force_terminal=terminal, width=width, markup=False, soft_wrap=True, no_color=True)
    print_table(NAMES, rows, out)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "terminal"), [(31, True), (200, True), (10, False)])
def test_a_row_is_a_line_where_it_fits_and_in_a_pipe_always(width: int, terminal: bool):
    assert told(width, terminal=terminal) == [
        "prefix       name  scopes",
        "rk_1a2b3c4d  王芳  read",
        "rk_5e6f7a8b  till  events:write",
    ]


def test_on_a_narrow_terminal_each_row_is_told_line_by_line_without_what_is_empty():
    assert told(30, terminal=True, rows=(*ROWS, ("rk_9", "", "a long list of scopes that is not broken"))) == [
        "prefix  rk_1a2b3c4d", "name    王芳", "scopes  read", "",
        "prefix  rk_5e6f7a8b", "name    till", "scopes  events:write", "",
        "prefix  rk_9", "scopes  a long list of scopes that is not broken",
    ]  # fmt: skip


def test_a_table_without_rows_is_its_names():
    assert told(80, terminal=True, rows=()) == ["prefix  name  scopes"]


def test_what_others_named_neither_styles_nor_steers_the_terminal():
    hostile = "[bold red]root[/]\x1b[2J\r\n2026-01-01 admin\u202e"

    assert told(20, terminal=False, rows=(("a", "b", hostile),))[1:] == [
        "a       b     [bold red]root[/]�[2J��2026-01-01 admin�"
    ]
