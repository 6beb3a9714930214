"""The ids that partners have: unlike ours, unlike each other's, and reversible by us alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access.virtual_ids import PartnerIds, VirtualIds
from graph.errors import BadInput

SECRET = bytes(range(32))
ACME, OTHER = PartnerIds(SECRET, "acme"), PartnerIds(SECRET, "other")
keys = st.text(min_size=1, max_size=40)


@given(keys)
def test_an_id_stands_for_its_key_and_no_other_partner_reads_it(key: str):
    id = ACME.shown("Customer", key)

    assert ACME.meant("Customer", id) == key
    assert OTHER.meant("Customer", id) is None
    assert ACME.meant("Order", id) is None
    assert OTHER.shown("Customer", key) != id


@given(keys, keys)
def test_two_keys_have_two_ids_and_one_key_has_one(one: str, other: str):
    assert (ACME.shown("Customer", one) == ACME.shown("Customer", other)) == (one == other)


@given(keys, st.integers(min_value=0), st.sampled_from("ABCxyz019-_."))
def test_an_id_that_was_changed_is_nobody_s(key: str, place: int, letter: str):
    id = ACME.shown("Customer", key)
    at = 3 + place % (len(id) - 3)
    changed = id[:at] + letter + id[at + 1 :]

    assert changed == id or ACME.meant("Customer", changed) is None


@pytest.mark.parametrize("text", ["", "ann", "v1_", "v1_!", "v1_AAAA", "v1_" + "A" * 43, "安", "Q3VzdG9tZXI6YW5u"])
def test_what_is_no_id_is_nobody_s(text: str):
    assert ACME.meant("Customer", text) is None


def test_ids_of_keys_of_one_block_have_one_length():
    assert {len(ACME.shown("Customer", "x" * length)) for length in range(1, 16)} == {46}


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path):
    file = tmp_path / "keys" / "virtual-ids.secret"

    first, again = VirtualIds(file), VirtualIds(file)

    id = first.of("acme").shown("Customer", "ann")
    assert again.of("acme").meant("Customer", id) == "ann"
    assert file.stat().st_mode & 0o077 == 0
    assert [one.name for one in file.parent.iterdir()] == ["virtual-ids.secret"]


def test_a_secret_that_was_cut_is_told(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_bytes(b"short")

    with pytest.raises(BadInput, match="must hold 32 bytes, not 5"):
        VirtualIds(file).of("acme")
