"""Optimistic concurrency: an event goes in only if nothing else was said of its subject since its writer looked.

The condition is judged against the very version of the log that the commit builds on, so that of two writers who looked
at the same state one goes in and the other is held back, in whatever process they run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from graph.log.schema import EventKind

_SPEAK_OF_CUSTOMERS = (EventKind.PROFILE.value, EventKind.REGISTER.value, EventKind.CONSENT.value)
SUBJECT = (
    pl.when(pl.col("kind") == EventKind.REFERRAL_REVIEW.value)
    .then(pl.concat_str(pl.lit("review:"), "customer"))
    .when(pl.col("kind").is_in(_SPEAK_OF_CUSTOMERS) & pl.col("customer").is_not_null())
    .then(pl.concat_str(pl.lit("customer:"), "customer"))
    .when(pl.col("kind") == EventKind.PROFILE.value)
    .then(
        pl.coalesce(
            *(pl.concat_str(pl.lit(f"{noun}:"), noun) for noun in ("product", "store", "channel")),
        )
    )
    .alias("subject")
)
"""What an event says something lasting about: what a customer, product, store or channel is, or how a referral was
decided. Null for events that only add to what happened, such as purchases: they stand in nobody's way."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """For each row of a batch: the version since which nothing may have been said of its subject; None for any."""

    since: Sequence[int | None]

    @property
    def earliest(self) -> int | None:
        """The earliest of the versions; None where no row sets a condition."""
        return min((version for version in self.since if version is not None), default=None)

    def held(self, rows: pl.DataFrame, fresh: pl.Series, gained: pl.LazyFrame) -> pl.Series:
        """Which of the fresh rows must stay out; `gained` are the log's rows above `earliest`.

        A row that stands earlier in the batch and goes in counts as said before a later one.
        """
        subjects = rows.select(SUBJECT)["subject"]
        said = _newest(gained, subjects)
        held: list[bool] = []
        for subject, is_fresh, since in zip(subjects, fresh, self.since, strict=True):
            is_held = is_fresh and subject is not None and since is not None and said.get(subject, 0) > since
            held.append(is_held)
            if is_fresh and subject is not None and not is_held:
                said[subject] = _NOW
        return pl.Series(held, dtype=pl.Boolean)


_NOW = 2**63 - 1
"""Above every version: of the batch itself."""


def _newest(gained: pl.LazyFrame, subjects: pl.Series) -> dict[str, int]:
    """Subject → the newest version that said something of it."""
    wanted = subjects.drop_nulls().unique().to_frame().lazy()
    spoken = gained.select(SUBJECT, "log_version").join(wanted, on="subject", how="semi")
    found = spoken.group_by("subject").agg(pl.col("log_version").max()).collect()
    return dict(zip(found["subject"], found["log_version"], strict=True))
