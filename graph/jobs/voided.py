"""Void referrals, taken out of what influence is learned and credited from.

A void referral brought nobody: neither it nor anything else by which the same two moved each other counts. What the
customer does by others' shares, and by themselves, stays.
"""

import polars as pl

from graph.jobs.derive.customers import referred
from graph.jobs.derive.expressions import of_kind
from graph.jobs.derive.reviews import voided_referrals
from graph.log.event_log import EventLog
from graph.log.schema import EventKind

_COLUMNS = ("id", "at", "kind", "customer", "referrer", "channel", "campaign", "share", "properties")


def read_voided(log: EventLog, version: int) -> pl.DataFrame:
    """`customer` and `bringer` of every referral that is void at this version of the log; of all data sets."""
    decided = log.read(_COLUMNS, where=of_kind(EventKind.REFERRAL_REVIEW), up_to=version)
    void = voided_referrals(decided.lazy()).collect()
    if void.is_empty():
        return pl.DataFrame(schema={"customer": pl.String, "bringer": pl.String})
    joining = of_kind(EventKind.REGISTER, EventKind.REFERRAL) & pl.col("customer").is_in(void["customer"].implode())
    brought = referred(log.read(_COLUMNS, where=joining, up_to=version).lazy(), None)
    return brought.select(customer="end", bringer="start").collect().join(void, on="customer", how="semi")


def referrals_that_count(brought: pl.DataFrame, void: pl.DataFrame) -> pl.DataFrame:
    """Who brought whom (`start`, `end`), without the void."""
    return brought.join(void, left_on="end", right_on="customer", how="anti", maintain_order="left")


def clicks_that_count(clicks: pl.DataFrame, shares: pl.DataFrame, void: pl.DataFrame) -> pl.DataFrame:
    """Clicks (`customer`, `share`), without those of a void pair; `shares` says whose each `share` is."""
    if void.is_empty():
        return clicks
    return clicks.filter(~_between(clicks, _sharer(clicks, shares), void))


def acts_that_count(acts: pl.DataFrame, shares: pl.DataFrame, void: pl.DataFrame) -> pl.DataFrame:
    """Acts (`customer`, `share`, `referrer`): one that names its void bringer, or a share of theirs, names nobody."""
    if void.is_empty():
        return acts
    by_share = _between(acts, _sharer(acts, shares), void)
    by_name = _between(acts, acts["referrer"], void)
    none = pl.lit(None, pl.String)
    # A share names its sharer as the mover, whatever the referrer: where it goes, nobody else takes its place.
    return acts.with_columns(
        share=pl.when(~by_share).then("share").otherwise(none),
        referrer=pl.when(~(by_share | by_name)).then("referrer").otherwise(none),
    )


def _sharer(rows: pl.DataFrame, shares: pl.DataFrame) -> pl.Series:
    owners = shares.select("share", _sharer="customer")
    return rows.select("share").join(owners, on="share", how="left", maintain_order="left")["_sharer"]


def _between(rows: pl.DataFrame, bringer: pl.Series, void: pl.DataFrame) -> pl.Series:
    """True where the row's customer and this bringer are a void pair."""
    pairs = rows.select("customer", bringer=bringer)
    marked = pairs.join(void.with_columns(_void=True), on=["customer", "bringer"], how="left", maintain_order="left")
    return marked["_void"].fill_null(value=False)
