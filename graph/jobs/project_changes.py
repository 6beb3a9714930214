"""What a window of the log changes in the graph: statements with their rows, out of touched keys alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from graph.jobs.derive import NODE_TABLES, TIE_TABLES, NodeTable, TieTable
from graph.jobs.derive.expressions import of_kind
from graph.log.schema import EventKind
from graph.model.declarations import Owner
from graph.model.statements import remove_stale_ties, upsert_node, upsert_tie
from graph.store.statement import Statement, Step, generated

Table = NodeTable | TieTable

_OWN_HISTORY = frozenset({"customer", "order", "share"})
"""Derived out of everything that names them; the other nouns, out of what describes them."""

TABLES: tuple[Table, ...] = (*NODE_TABLES, *TIE_TABLES)
"""In the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Change:
    """Rows for one statement; `nodes` and `ties` say how many of each it writes."""

    statement: Statement
    rows: pl.DataFrame
    nodes: int = 0
    ties: int = 0

    def step(self) -> Step:
        """The write itself, instants and days as ISO text."""
        text = self.rows.with_columns(
            pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), pl.selectors.date().dt.strftime("%Y-%m-%d")
        )
        return self.statement, {"rows": text.to_dicts()}

    def batches(self, size: int) -> Iterator["Change"]:
        """The same in pieces of at most `size` rows, in order."""
        for part in self.rows.iter_slices(size):
            yield Change(self.statement, part, part.height if self.nodes else 0, part.height if self.ties else 0)


def statements() -> list[str]:
    """Every statement that changes are written with."""
    return [statement for table in TABLES for statement in _statements(table)]


def _statements(table: Table) -> list[str]:
    if isinstance(table, NodeTable):
        return [upsert_node(table.node, iso_text=True)]
    return [remove_stale_ties(table.tie), upsert_tie(table.tie, iso_text=True)]


def changes(table: Table, events: pl.LazyFrame, keys: pl.DataFrame | None) -> list[Change]:
    """What brings the table's nodes or ties (of the keys, where given) to what `events`, the whole log, says."""
    if keys is not None and keys.is_empty():
        return []
    rows = table.rows(events, None if keys is None else keys.lazy()).collect()
    texts = [generated(text) for text in _statements(table)]
    if isinstance(table, NodeTable):
        return [Change(texts[0], rows, nodes=rows.height)]
    remove, upsert = texts
    stale = [] if keys is None else [Change(remove, _stale(table, keys, rows))]
    return [change for change in (*stale, Change(upsert, rows, ties=rows.height)) if not change.rows.is_empty()]


def relevant(events: pl.LazyFrame, touched: Mapping[str, Sequence[str]]) -> pl.LazyFrame:
    """All that the derivations read for the touched keys (by column of the log), so that the log is read once."""
    told = of_kind(EventKind.PROFILE, EventKind.CHANNEL_COST)
    # A clause less is a column less to look through: only what was touched is asked for.
    wanted = [
        _among(column, keys) if column in _OWN_HISTORY else told & _among(column, keys)
        for column, keys in touched.items()
        if keys
    ]
    return events.filter(pl.any_horizontal(wanted)) if wanted else events.filter(pl.lit(value=False))


def _among(column: str, keys: Sequence[str]) -> pl.Expr:
    return pl.col(column).is_in(list(keys))


def _stale(table: TieTable, owners: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of `remove_stale_ties`: what to keep of each owner, or the pairs that are no more."""
    columns = table.owner_columns()
    if table.tie.owner is Owner.PAIR:
        return owners.join(rows, on=columns, how="anti").sort(columns)
    [owner], other = columns, "end" if table.tie.owner is Owner.START else "start"
    keep = rows.group_by(owner).agg(pl.col(other).sort().alias("keep"))
    empty = pl.lit([], dtype=pl.List(pl.String))
    kept = owners.join(keep, on=owner, how="left").with_columns(pl.col("keep").fill_null(empty))
    return kept.rename({owner: "owner"}).sort("owner")
