"""The embedded engine's folder survives being left at any moment."""

import json
import stat
from pathlib import Path

import pytest

from graph.errors import StoreUnavailable
from graph.store.embedded_home import Home, Serving
from graph.store.embedded_users import write_users


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "graph")
    made.prepare()
    return made


def test_a_new_folder_begins_with_generation_one(home: Home) -> None:
    assert home.root == home.folder / "1"
    assert home.next_root() == home.folder / "2"


def test_a_switch_makes_the_next_generation_count(home: Home) -> None:
    root = home.next_root()
    root.mkdir()
    (root / "file").write_text("x")

    home.switch_to(root)

    assert home.root == root
    assert home.next_root() == home.folder / "3"


def test_generations_that_do_not_count_are_swept(home: Home) -> None:
    for name in ("1", "2", "3"):
        (home.folder / name).mkdir()
    home.switch_to(home.folder / "2")

    home.sweep()

    assert sorted(path.name for path in home.folder.iterdir() if path.is_dir()) == ["2", "log"]


def test_a_damaged_pointer_is_told(home: Home) -> None:
    (home.folder / "current").write_text("../..")

    with pytest.raises(StoreUnavailable, match="damaged"):
        home.generation()


def test_passwords_are_made_once_and_for_the_owner_alone(home: Home) -> None:
    first = home.passwords()

    assert home.passwords() == first
    assert first.owner != first.reader
    assert stat.S_IMODE((home.folder / "passwords.json").stat().st_mode) == 0o600


def test_an_announcement_is_read_back_until_it_is_withdrawn(home: Home) -> None:
    home.announce(Serving(1, 2, 3))

    assert home.serving() == Serving(1, 2, 3)
    home.withdraw()
    assert home.serving() is None


def test_half_an_announcement_counts_for_nothing(home: Home) -> None:
    (home.folder / "server.json").write_text('{"pid": 1')

    assert home.serving() is None


def test_no_password_stands_in_the_engines_files_and_the_reader_may_only_read(home: Home) -> None:
    write_users(home.root, home.passwords())

    users = (home.root / "config" / "server-users.jsonl").read_text()
    groups = json.loads((home.root / "config" / "server-groups.json").read_text())
    reader = groups["databases"]["*"]["groups"]["reader"]
    assert home.passwords().owner not in users
    assert home.passwords().reader not in users
    assert reader["access"] == []
    assert reader["types"] == {"*": {"access": ["readRecord"]}}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable, match="RENMAI_DATA"):
        Home(tmp_path / "file" / "graph").prepare()
