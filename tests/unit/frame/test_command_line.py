"""The command line's own shape: every command is documented, the page is up to date, imports are few."""

import subprocess
import sys
from pathlib import Path

from api.cli import COMMANDS, application
from api.cli.reference import reference

ROOT = Path(__file__).parents[3]


def test_the_reference_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8") == reference()


def test_every_command_is_found_where_the_table_says() -> None:
    for name in COMMANDS:
        known = {command.name for command in application([name]).registered_commands}
        known |= {group.name for group in application([name]).registered_groups}

        assert name in known


def test_the_table_names_every_command() -> None:
    everything = application()
    known = {command.name for command in everything.registered_commands}
    known |= {group.name for group in everything.registered_groups}

    assert known == set(COMMANDS)


def test_a_question_in_cypher_imports_neither_numba_nor_the_server() -> None:
    asked = "import sys; from api.cli import application; application(['cypher']); print(*sys.modules)"

    printed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()

    assert "polars" in printed
    assert not {"numba", "strawberry", "uvicorn", "networkx"} & set(printed)
