"""The reference page says what the declarations say."""

from pathlib import Path

from graph.model import NODES, TIES
from graph.model.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "graph-model.md"


def test_the_page_in_docs_is_the_one_that_the_declarations_make():
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m graph.model.reference > docs/reference/graph-model.md"
    )


def test_every_label_and_every_tie_has_its_heading():
    headings = [line.removeprefix("### ") for line in page().splitlines() if line.startswith("### ")]

    assert sorted(headings) == sorted([node.label for node in NODES] + [tie.type for tie in TIES])


def test_personal_properties_are_marked():
    marked = [line for line in page().splitlines() if line.endswith("personal |")]

    assert len(marked) == sum(p.personal for node in NODES for p in node.all_properties())
    assert any(line.startswith("| `birth_year`") for line in marked)
