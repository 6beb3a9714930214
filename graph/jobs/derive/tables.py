"""How a node or a tie is derived out of the log: one function each, for all keys or for the touched ones."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from graph.jobs.derive.expressions import shaped
from graph.model.declarations import Node, Owner, Tie

Mentions = Callable[[pl.LazyFrame], pl.LazyFrame]
Derive = Callable[[pl.LazyFrame, pl.LazyFrame | None], pl.LazyFrame]


@dataclass(frozen=True, slots=True)
class NodeTable:
    """A node, who is mentioned in events (one column: the key), and what the log says of those."""

    node: Node
    column: str | None
    """The column of the log that names such nodes; None for those that only a profile's properties name, and for
    what is derived out of the events of another noun's column."""
    mentions: Mentions
    derive: Derive

    def touched(self, fresh: pl.LazyFrame) -> pl.LazyFrame:
        """The keys to derive again when `fresh` events came in; one column, in order."""
        return in_order(self.mentions, fresh)

    def named(self, found: pl.DataFrame) -> pl.DataFrame:
        """What its `mentions` found, as `touched` has it."""
        return found

    def rows(self, events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
        """The key and every declared property, a row for each key, in the order of the keys."""
        return shaped(self.derive(events, keys), [self.node.key.name], self.node.properties)


@dataclass(frozen=True, slots=True)
class TieTable:
    """A tie, the owners that events touch (`start`, `end` or both, as the tie's owner says), and its derivation."""

    tie: Tie
    owners: Mentions
    derive: Derive

    @property
    def mentions(self) -> Mentions:
        """Who finds the owners."""
        return self.owners

    def touched(self, fresh: pl.LazyFrame) -> pl.LazyFrame:
        """The owners whose ties are derived again when `fresh` events came in, in order."""
        columns = self.owner_columns()
        return in_order(self.owners, fresh).select(pl.all().name.map(lambda name: _renamed(name, columns)))

    def named(self, found: pl.DataFrame) -> pl.DataFrame:
        """What its `mentions` found, as `touched` has it."""
        columns = self.owner_columns()
        renamed = found.clone()
        renamed.columns = [_renamed(name, columns) for name in found.columns]
        return renamed

    def rows(self, events: pl.LazyFrame, owners: pl.LazyFrame | None) -> pl.LazyFrame:
        """start, end and every declared property, in the order of the two keys."""
        return shaped(self.derive(events, owners), ["start", "end"], self.tie.properties)

    def owner_columns(self) -> list[str]:
        """The columns that say whose ties are derived as a whole."""
        return {Owner.START: ["start"], Owner.END: ["end"], Owner.PAIR: ["start", "end"]}[self.tie.owner]


def in_order(mentions: Mentions, fresh: pl.LazyFrame) -> pl.LazyFrame:
    """What is mentioned, by the first of its columns and then the next."""
    return mentions(fresh).sort(pl.all())


def _renamed(name: str, columns: list[str]) -> str:
    # The mentions of a node come under its key's name; as the owner of ties they stand at one end.
    return name if name in columns else columns[0]
