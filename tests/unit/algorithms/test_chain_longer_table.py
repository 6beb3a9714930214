"""Chains of three steps in words."""

import json

import numpy as np
import polars as pl
from chain_worlds import SLOTS
from test_chain_longer import REQUEST, world

from graph.algorithms.chains import Purchases, find_chains, find_longer
from graph.jobs.longer_rows import longer_said, longer_shown, longer_table
from graph.jobs.score_read import PurchasesRead, Read

NAMES = pl.Series(["咖啡", "茶", "蛋糕", "奶"])


def reading(purchases: Purchases) -> PurchasesRead:
    paid = np.zeros(purchases.customer.size, np.int64)
    return PurchasesRead(purchases, pl.Series([]), NAMES, Read(1, None, 0), pl.Series(["purchase"] * 4), paid)


def test_a_chain_of_three_is_told_step_by_step():
    purchases = world(0.4, whatever_came_before=False)
    read = reading(purchases)

    table = longer_table(find_longer(REQUEST, purchases, find_chains(REQUEST, purchases)), REQUEST, read)

    [coffee, tea, cake] = json.loads(table["steps"][0])
    assert coffee == step("咖啡", 1, "any", "next_day")
    assert tea == step("茶", 2, "any", "next_day")
    assert cake == step("蛋糕", 0, "any", None)
    first = table.row(0, named=True)
    assert (first["step_count"], first["categories"]) == (3, ["咖啡", "茶", "蛋糕"])
    assert (first["first_category_id"], first["then_category_id"], first["gap"]) == ("咖啡", "蛋糕", "next_day")
    assert first["new"]
    assert longer_shown(table, REQUEST).row(0, named=True) == {"row": 0, **first}
    assert "longer chains were tried" in longer_said(table, REQUEST)


def step(category: str, slot: int, day_kind: str, gap: str | None) -> dict[str, object]:
    start, end = SLOTS[slot]
    told = {"behaviour": "purchase", "category_id": category, "start_minute": start, "end_minute": end}
    return {**told, "day_kind": day_kind, "gap": gap}


def test_no_longer_chains_are_an_empty_table():
    read = reading(world(0.4, whatever_came_before=False))

    table = longer_table([], REQUEST, read)

    assert table.is_empty()
    assert longer_said(table, REQUEST).startswith("0 longer chains were tried; 0 are confirmed")
