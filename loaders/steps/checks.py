"""Step 5: the rules that a record must keep; the first in the order below that fails is the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from graph.log import REQUIRED, EventKind
from graph.model.referral import Decision
from loaders.records import TEXTS
from loaders.rejection import RejectReason
from loaders.steps.properties import SUBJECTS

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
LONGEST = 512
"""Bytes of a text field: keys of the graph's indexes must stay short."""
DECISIONS = tuple(str(decision) for decision in Decision)
KINDS = tuple(str(kind) for kind in EventKind)


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: the reason and the field that are told where `fails` is true, and what would be valid."""

    reason: RejectReason
    field: str
    fails: pl.Expr
    valid: str


def checks(received_at: datetime) -> tuple[Check, ...]:
    """The rules over a frame that the steps before have read; `_at` is the completed time."""
    return (*_FIRST, _not_ahead(received_at), *_THEN)


def first_failure(received_at: datetime) -> pl.Expr:
    """The place in `checks` of the first rule that a row breaks; null where it keeps them all."""
    return pl.coalesce(_FIRST_BROKEN, _place(_not_ahead(received_at), len(_FIRST)), _THEN_BROKEN)


def _place(rule: Check, place: int) -> pl.Expr:
    return pl.when(rule.fails).then(pl.lit(place, dtype=pl.Int16))


def _not_ahead(received_at: datetime) -> Check:
    return Check(
        RejectReason.TIME_IN_FUTURE,
        "at",
        pl.col("_at") > received_at + AHEAD,
        f"at must not be more than a day after it is received ({received_at:%Y-%m-%dT%H:%M:%SZ})",
    )


def _time_checks() -> Iterable[Check]:
    yield Check(RejectReason.MISSING_FIELD, "at", pl.col("at").is_null(), "every event must carry at")
    yield Check(
        RejectReason.BAD_TIME,
        "at",
        pl.col("_at").is_null() | (pl.col("_at") < EARLIEST),
        "at must be ISO 8601 such as 2024-02-29T12:30:00+08:00, or milliseconds since 1970, and not before 1990",
    )


def _money_checks() -> Iterable[Check]:
    for name in ("amount", "discount"):
        yield _unread(RejectReason.BAD_MONEY, name, f"{name} must be a plain number with at most two decimals")
        yield Check(RejectReason.BAD_MONEY, name, pl.col(f"_{name}") < 0, f"{name} must not be negative")


def _unread(reason: RejectReason, name: str, valid: str) -> Check:
    return Check(reason, name, pl.col(name).is_not_null() & pl.col(f"_{name}").is_null(), valid)


def _too_long(name: str) -> Check:
    return Check(
        RejectReason.TOO_LONG, name, pl.col(name).str.len_bytes() > LONGEST, f"{name} must be at most {LONGEST} bytes"
    )


def _referral_checks() -> Iterable[Check]:
    def told(name: str) -> pl.Expr:
        return pl.col("_properties").str.json_path_match(f"$.{name}")

    decided = told("decision").is_in(DECISIONS).fill_null(value=False)
    yield Check(
        RejectReason.BAD_PROPERTIES,
        "properties",
        (pl.col("kind") == EventKind.REFERRAL_REVIEW.value) & ~decided,
        f"properties.decision must be one of {', '.join(DECISIONS)}",
    )
    scored = told("score").cast(pl.Float64, strict=False).is_between(0, 1).fill_null(value=False)
    yield Check(
        RejectReason.BAD_PROPERTIES,
        "properties",
        (pl.col("kind") == EventKind.REFERRAL_SIGN.value) & ~(told("sign").is_not_null() & scored),
        "properties must hold the name of a sign and its score from 0 to 1",
    )


def _required() -> Iterable[Check]:
    parsed = {"quantity": "_quantity", "amount": "_amount", "properties": "_properties"}
    fields = dict.fromkeys(name for names in REQUIRED.values() for name in names)
    for name in fields:
        kinds = [str(kind) for kind, names in REQUIRED.items() if name in names]
        absent = pl.col(parsed.get(name, name)).is_null()
        yield Check(
            RejectReason.MISSING_FIELD,
            name,
            pl.col("kind").is_in(kinds) & absent,
            f"{name} must be given for {', '.join(kinds)}",
        )


_FIRST: tuple[Check, ...] = (
    Check(RejectReason.MISSING_FIELD, "kind", pl.col("kind").is_null(), "every event must carry kind"),
    Check(
        RejectReason.UNKNOWN_KIND,
        "kind",
        ~pl.col("kind").is_in(KINDS),
        f"kind must be one of {', '.join(KINDS)}",
    ),
    *_time_checks(),
)
"""Built once, like `_THEN`: for a request of two events the rules took longer to build than to apply."""

_THEN: tuple[Check, ...] = (
    _unread(RejectReason.BAD_NUMBER, "quantity", "quantity must be a finite number"),
    Check(RejectReason.BAD_NUMBER, "quantity", pl.col("_quantity") < 0, "quantity must not be negative"),
    *_money_checks(),
    Check(
        RejectReason.BAD_CURRENCY,
        "currency",
        ~pl.col("currency").str.contains("^[A-Za-z]{3}$"),
        "currency must be an ISO 4217 code such as CNY",
    ),
    Check(
        RejectReason.BAD_PROPERTIES,
        "properties",
        pl.col("_properties_wrong").is_not_null(),
        "properties must be a JSON object",
    ),
    *(_too_long(name) for name in TEXTS if name not in {"kind", "currency"}),
    *_required(),
    *_referral_checks(),
    Check(
        RejectReason.PROFILE_SUBJECT,
        "kind",
        (pl.col("kind") == "profile") & (pl.sum_horizontal(pl.col(name).is_not_null() for name in SUBJECTS) != 1),
        f"a profile must describe exactly one of {', '.join(SUBJECTS)}",
    ),
)

_FIRST_BROKEN = pl.coalesce(*(_place(rule, place) for place, rule in enumerate(_FIRST)))
_THEN_BROKEN = pl.coalesce(*(_place(rule, place) for place, rule in enumerate(_THEN, start=len(_FIRST) + 1)))
