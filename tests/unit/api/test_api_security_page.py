"""`docs/security.md` names a test for every line, and each of them exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_each_line_names_a_test_and_each_test_exists():
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [
        line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| recom", "| attack"))
    ]
    written = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)\(", written, re.MULTILINE))

    named = [re.findall(r"`(test_\w+)`", row) for row in rows]

    assert len(rows) >= 30
    assert all(named)
    assert {name for names in named for name in names} - there == set()
