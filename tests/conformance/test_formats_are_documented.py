"""docs/formats.md names every format, field, kind and reason."""

from pathlib import Path

import pytest

from graph.log import GIVEN, REQUIRED, EventKind
from loaders.formats import FORMATS
from loaders.rejection import RejectReason

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*FORMATS, *GIVEN, *map(str, EventKind), *map(str, RejectReason)])
def test_the_page_names_it(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("kind", REQUIRED)
def test_the_page_says_what_a_kind_must_carry(kind):
    table = PAGE.partition("| kind | must carry |")[2]
    row = next(line for line in table.splitlines() if line.startswith("| `") and f"`{kind}`" in line.split("|")[1])

    assert all(f"`{name}`" in row.split("|")[2] for name in REQUIRED[kind])


def test_the_order_of_the_hashed_fields_is_the_schemas():
    assert f"(`{' '.join(name for name in GIVEN if name != 'id')}`)" in PAGE.replace("\n", " ")
