"""A chain told step by step: the JSON that tables and nodes of the graph keep, alike for two steps and for five."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl


def told_steps(
    behaviours: Sequence[str],
    categories: Sequence[str | None],
    slots: Sequence[Sequence[int]],
    kinds: Sequence[str],
    gaps: Sequence[str],
) -> str:
    """A JSON list of {behaviour, category_id, start_minute, end_minute, day_kind, gap}.

    `gaps` are one fewer than the others.
    """
    steps = zip(behaviours, categories, slots, kinds, [*gaps, None], strict=True)
    names = "behaviour", "category_id", "start_minute", "end_minute", "day_kind", "gap"
    return json.dumps(
        [
            dict(zip(names, (behaviour, category, *slot, kind, gap), strict=True))
            for behaviour, category, slot, kind, gap in steps
        ],
        ensure_ascii=False,
    )


def step_words(behaviour: str, category: str | None) -> str:
    """A step in words: `tea`, or `view of tea`, or `visit`."""
    if category is None:
        return behaviour
    return category if behaviour == "purchase" else f"{behaviour} of {category}"


def with_steps(pairs: pl.DataFrame) -> pl.DataFrame:
    """Rows of `chain_table` with their two steps told as longer chains tell theirs."""
    return pairs.with_columns(
        step_count=pl.lit(2, pl.Int64),
        steps=pl.Series([_pair(row) for row in pairs.iter_rows(named=True)], dtype=pl.String),
        behaviours=pl.concat_list("first_behaviour", "then_behaviour"),
        categories=pl.concat_list("first_category_id", "then_category_id").list.drop_nulls(),
        new=pl.lit(True),
    )


def _pair(row: dict[str, Any]) -> str:
    ends = "first", "then"
    return told_steps(
        [row[f"{end}_behaviour"] for end in ends],
        [row[f"{end}_category_id"] for end in ends],
        [(row[f"{end}_start_minute"], row[f"{end}_end_minute"]) for end in ends],
        [row[f"{end}_day_kind"] for end in ends],
        [row["gap"]],
    )
