"""What the log gained last, in memory: whoever follows it opens no file, and a small log is there as a whole."""

from dataclasses import dataclass

import polars as pl

from graph.log.trimmed import trimmed

MOST_ROWS = 250_000
"""About 40 MiB of events. Where more come, the older half goes."""
_MOST_PIECES = 32
VERSION = "log_version"


@dataclass(frozen=True, slots=True)
class Recent:
    """All rows of the versions above `after`, up to and with `version`. Never changed, only replaced."""

    after: int
    version: int
    rows: pl.DataFrame
    most: int = MOST_ROWS

    def with_gained(self, gained: pl.DataFrame, version: int) -> "Recent":
        """The same at a later version, with the rows that the versions between brought."""
        rows = self.rows.vstack(gained)
        if rows.n_chunks() > _MOST_PIECES:
            rows = _joined(rows)
        if rows.height <= self.most:
            return Recent(self.after, version, rows, self.most)
        # A version stays or goes as a whole.
        after = int(rows[VERSION].sort(descending=True)[self.most // 2])
        return Recent(after, version, trimmed(rows.filter(pl.col(VERSION) > after)), self.most)

    def covers(self, after: int, up_to: int) -> bool:
        """Whether every row between these versions is here."""
        return self.after <= after and up_to <= self.version


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    """The same in few pieces, each longer than all that come after it: a row is copied once for each doubling."""
    kept, after = 0, rows.height
    for length in rows[VERSION].chunk_lengths():
        after -= length
        if length <= after:
            break
        kept += length
    return rows.head(kept).vstack(trimmed(rows.tail(rows.height - kept)))
