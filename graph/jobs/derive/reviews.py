"""Reviews of referrals: signs and decisions out of the log, and which referrals are void.

After a reopening, and at the start, the first decision by (at, id) counts and later ones do not: whoever decides later
has to reopen. So neither the order in which events arrive nor two reviewers at once can change the outcome.
"""

import json
from math import prod
from typing import Any

import polars as pl

from graph.jobs.derive.described import json_text, text_items
from graph.jobs.derive.expressions import cents, of_kind, restrict
from graph.log.schema import EventKind
from graph.model.referral import REFERRAL_REVIEW, Decision, ReviewState

_KEY = REFERRAL_REVIEW.key.name
_SIGN, _REVIEW, _REWARD = EventKind.REFERRAL_SIGN, EventKind.REFERRAL_REVIEW, EventKind.REFERRAL_REWARD
_NAMING = of_kind(EventKind.REFERRAL, EventKind.REGISTER, _SIGN, _REVIEW)


def mentioned_reviews(events: pl.LazyFrame) -> pl.LazyFrame:
    """Everybody about whose referral a sign or a decision speaks, and who has a part in what a review tells of it."""
    told = events.filter(of_kind(_SIGN, _REVIEW, _REWARD, EventKind.REFERRAL, EventKind.REGISTER))
    return told.select(pl.col("customer").alias(_KEY)).drop_nulls().unique()


def reviews(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """One for each referral that has a sign or a decision."""
    own = restrict(events.filter(_NAMING | of_kind(_REWARD)), "customer", keys, _KEY)
    own = own.with_columns(pl.col("customer").alias(_KEY))
    spoken = own.filter(of_kind(_SIGN, _REVIEW)).select(_KEY).unique()
    paid = own.filter(of_kind(_REWARD)).group_by(_KEY).agg(reward_cents=cents("amount").sum())
    return (
        spoken.join(_referrers(own), on=_KEY, how="left")
        .join(_signs(own), on=_KEY, how="left")
        .join(_standing(own, _KEY), on=_KEY, how="left")
        .join(paid, on=_KEY, how="left")
        .with_columns(
            pl.col("state").fill_null(ReviewState.PENDING.value),
            pl.col("suspicion").fill_null(0.0),
            pl.col("reward_cents").fill_null(0),
        )
    )


def concerns(events: pl.LazyFrame, keys: pl.LazyFrame | None) -> pl.LazyFrame:
    """Start review → end customer: the same key."""
    spoken = restrict(events.filter(of_kind(_SIGN, _REVIEW)), "customer", keys, "start")
    return spoken.select(start="customer", end="customer").unique()


def voided_referrals(events: pl.LazyFrame) -> pl.LazyFrame:
    """The customers whose referral is void, under `customer`."""
    standing = _standing(events.filter(of_kind(_REVIEW), pl.col("customer").is_not_null()), "customer")
    return standing.filter(pl.col("state") == ReviewState.VOIDED.value).select("customer")


def _referrers(own: pl.LazyFrame) -> pl.LazyFrame:
    """Who brought: the earliest referral or registration that names somebody else, or else whoever anything names."""
    naming = own.filter(pl.col("referrer").is_not_null()).with_columns(
        _is_tie=of_kind(EventKind.REFERRAL, EventKind.REGISTER) & (pl.col("referrer") != pl.col("customer"))
    )
    ordered = naming.select(_KEY, "_is_tie", "at", "id", referrer_id="referrer").sort(
        "_is_tie", "at", "id", descending=[True, False, False]
    )
    return ordered.group_by(_KEY, maintain_order=True).agg(pl.col("referrer_id").first())


def _signs(own: pl.LazyFrame) -> pl.LazyFrame:
    """Of each sign the newest word; together the suspicion."""
    said = own.filter(of_kind(_SIGN)).select(
        _KEY,
        "at",
        "id",
        sign=json_text("sign"),
        score=json_text("score").cast(pl.Float64, strict=False).clip(0, 1),
        sentence=json_text("sentence"),
        evidence=json_text("evidence"),
    )
    newest = said.sort("at", "id").group_by(_KEY, "sign").agg(pl.all().last())
    ordered = newest.sort("score", "sign", descending=[True, False])
    told = pl.struct("sign", "score", "sentence", "evidence", at=pl.col("at").dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ"))
    gathered = ordered.group_by(_KEY, maintain_order=True).agg(
        _told=told, raised_at=pl.col("at").max(), sign_names=pl.col("sign").sort()
    )
    together = gathered.with_columns(
        signs=pl.col("_told").map_elements(_written, return_dtype=pl.String),
        suspicion=pl.col("_told").map_elements(_together, return_dtype=pl.Float64),
    )
    return together.drop("_told")


def _written(signs: pl.Series) -> str:
    """The list as JSON; evidence is JSON already."""
    rows: list[dict[str, Any]] = signs.to_list()
    return json.dumps([row | {"evidence": _evidence(row["evidence"])} for row in rows], ensure_ascii=False)


def _evidence(text: str | None) -> list[str]:
    return [] if text is None else list(text_items(text))


def _together(signs: pl.Series) -> float:
    scores: list[float] = signs.struct.field("score").fill_null(0).to_list()
    return round(1 - prod(1 - score for score in scores), 9)


def _standing(own: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """state, decided_at, decided_by and reason of everything that was decided about."""
    decision = json_text("decision")
    said = own.filter(of_kind(_REVIEW)).select(
        key, "at", "id", decision=decision, by=json_text("by"), reason=json_text("reason")
    )
    ordered = said.filter(pl.col("decision").is_in([str(one) for one in Decision])).sort("at", "id")
    # Reopenings so far number the rounds; of the last round the first decision counts.
    reopened = (pl.col("decision") == Decision.REOPENED.value).cast(pl.Int64)
    rounds = ordered.with_columns(_round=reopened.cum_sum().over(key))
    last = rounds.filter(pl.col("_round") == pl.col("_round").max().over(key))
    decided = last.filter(pl.col("decision") != Decision.REOPENED.value)
    return decided.group_by(key, maintain_order=True).agg(
        state=pl.col("decision").first(),
        decided_at=pl.col("at").first(),
        decided_by=pl.col("by").first(),
        reason=pl.col("reason").first(),
    )
