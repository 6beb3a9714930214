"""Chains of three steps in words."""

import json

import polars as pl
from chain_worlds import SLOTS
from test_chain_longer import REQUEST, world

from graph.algorithms.chains import find_chains, find_longer
from graph.jobs.longer_rows import longer_said, longer_table
from graph.jobs.score_read import PurchasesRead, Read

NAMES = pl.Series(["咖啡", "茶", "蛋糕", "奶"])


def test_a_chain_of_three_is_told_step_by_step():
    purchases = world(0.4, whatever_came_before=False)
    read = PurchasesRead(purchases, pl.Series([]), NAMES, Read(1, None, 0))

    table = longer_table(find_longer(REQUEST, purchases, find_chains(REQUEST, purchases)), REQUEST, read)

    [coffee, tea, cake] = json.loads(table["steps"][0])
    assert coffee == {"category": "咖啡", "slot": list(SLOTS[1]), "gap": "next_day"}
    assert tea == {"category": "茶", "slot": list(SLOTS[2]), "gap": "next_day"}
    assert cake == {"category": "蛋糕", "slot": list(SLOTS[0]), "gap": None}
    assert table["new"][0]
    assert "longer chains were tried" in longer_said(table, REQUEST)


def test_no_longer_chains_are_an_empty_table():
    read = PurchasesRead(world(0.4, whatever_came_before=False), pl.Series([]), NAMES, Read(1, None, 0))

    table = longer_table([], REQUEST, read)

    assert table.is_empty()
    assert longer_said(table, REQUEST).startswith("0 longer chains were tried; 0 are confirmed")
