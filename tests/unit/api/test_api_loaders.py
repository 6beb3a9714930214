"""However many ask in one turn, one statement answers them; and nobody pays for what nobody waits for any longer."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from api.graphql.loaders import LARGEST_BATCH, Loaders

ASKED: list[list[str]] = []
GONE: list[bool] = []
UNUSED: Any = None


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    ASKED.clear()
    GONE.clear()


async def lengths(_: Any, keys: Sequence[str]) -> list[int]:
    ASKED.append(list(keys))
    return [len(key) for key in keys]


async def endless(_: Any, keys: Sequence[str]) -> list[int]:
    try:
        await asyncio.Event().wait()
    finally:
        GONE.append(True)
    return [0 for _ in keys]


async def refused(_: Any, keys: Sequence[str]) -> list[int]:
    ASKED.append(list(keys))
    raise ConnectionError("away")


async def test_keys_of_one_turn_share_a_statement_and_later_ones_do_not_ask_again():
    loaders = Loaders(UNUSED)

    one, many, other = await asyncio.gather(
        loaders.load(lengths, "a"), loaders.load_all(lengths, ["bb", "a", "bb"]), loaders.load(lengths, "ccc")
    )
    again = await loaders.load_all(lengths, ["a", "dddd"])

    assert (one, many, other, again) == (1, {"bb": 2, "a": 1}, 3, {"a": 1, "dddd": 4})
    assert sorted(ASKED[0]) == ["a", "bb", "ccc"]
    assert ASKED[1:] == [["dddd"]]


async def test_more_keys_than_a_statement_takes_are_parted():
    keys = [f"k{number}" for number in range(LARGEST_BATCH + 1)]

    told = await Loaders(UNUSED).load_all(lengths, keys)

    assert told == {key: len(key) for key in keys}
    assert [len(part) for part in ASKED] == [LARGEST_BATCH, 1]


async def test_a_failure_is_everybodys_and_the_store_is_not_asked_again():
    loaders = Loaders(UNUSED)

    found = await asyncio.gather(loaders.load(refused, "a"), loaders.load_all(refused, ["b"]), return_exceptions=True)
    with pytest.raises(ConnectionError):
        await loaders.load(refused, "a")

    assert [type(one) for one in found] == [ConnectionError, ConnectionError]
    assert len(ASKED) == 1


async def _waiting(loaders: Loaders, key: str) -> asyncio.Task[Any]:
    task = asyncio.ensure_future(loaders.load(endless, key))
    await asyncio.sleep(0)
    return task


async def test_the_statement_ends_with_the_last_who_waits_for_it():
    loaders = Loaders(UNUSED)
    first, second = await _waiting(loaders, "a"), await _waiting(loaders, "a")
    for _ in range(5):
        await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first])
    before = list(GONE)
    second.cancel()
    await asyncio.wait([second])
    await asyncio.sleep(0)

    assert (before, GONE) == ([], [True])
