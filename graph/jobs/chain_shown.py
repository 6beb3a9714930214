"""Which chains of everywhere readers are shown, with every figure: pairs and longer ones, or the closed alone."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import polars as pl

from graph.algorithms.chains import Chains, ChainsRequest, LongerChains, closed, extensions_of, pairs_of, published
from graph.algorithms.chains.longer import Prefix
from graph.jobs.chain_figures import Figures, Rows, located
from graph.jobs.chain_steps import with_steps
from graph.jobs.longer_rows import confirmed_longer, longer_shown


def everywhere_shown(
    request: ChainsRequest,
    figures: Figures,
    pairs: tuple[pl.DataFrame, Chains],
    longer: tuple[pl.DataFrame, list[LongerChains]],
) -> list[pl.DataFrame]:
    """The published pairs and the confirmed longer chains; `closed` of each among the run's confirmed chains.

    Where closed chains alone are asked for, a longer one is told only if it says more than its last two steps.
    """
    table, lengths = longer
    sure = table.with_row_index("row").filter(confirmed_longer(request))["row"].to_numpy().astype(np.int64)
    rows, chosen = published(pairs[1], request), longer_shown(table, request)
    own = chosen["row"].to_numpy().astype(np.int64)
    told_of = chain(pairs_of(figures.steps, pairs[1], rows), _chains(figures, lengths, own))
    is_closed = closed(told_of, _chains(figures, lengths, sure))
    told = [
        figures.of_pairs(with_steps(pairs[0][rows]), pairs[1], rows),
        figures.of_longer(chosen.drop("row"), lengths, own),
    ]
    parts = np.split(is_closed, [rows.size])
    told = [part.with_columns(closed=pl.Series(flags)) for part, flags in zip(told, parts, strict=True)]
    return [part.filter(pl.col("closed") & pl.col("new")) for part in told] if request.closed else told


def _chains(figures: Figures, lengths: list[LongerChains], rows: Rows) -> Iterator[Prefix]:
    """The chains of rows that are counted over all lengths, in their order."""
    for one, row in located(lengths, rows):
        yield from extensions_of(figures.steps, one, np.array([row], np.int64))
