"""To which scope each customer belongs: store, district or channel of most of their purchases, or a named segment."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.algorithms.chains import ChainsRequest, ScopeKind
from graph.jobs.derive.described import described, json_text, profiles
from graph.jobs.derive.stores import stores
from graph.log.event_log import EventLog
from graph.log.schema import EventKind

PROFILE_COLUMNS = ("id", "at", "kind", "customer", "product", "store", "channel", "campaign", "source", "properties")


@dataclass(frozen=True, slots=True)
class Scopes:
    """Names of the scopes, and each customer's as a place among them, -1 for none."""

    names: list[str]
    of_customer: NDArray[np.int32]


def read_scopes(log: EventLog, version: int, request: ChainsRequest, customers: pl.Series) -> Scopes:
    """Equals are settled by name; customers whose purchases, or profiles, name nothing belong nowhere."""
    belongs = (
        _segments(log, version) if request.scope_kind is ScopeKind.SEGMENT else _bought_most(log, version, request)
    )
    names = belongs["scope"].unique().sort().to_list()
    known = (
        customers.rename("customer")
        .cast(pl.String)
        .to_frame()
        .join(
            belongs.with_columns(pl.col("customer", "scope").cast(pl.String)),
            on="customer",
            how="left",
            maintain_order="left",
        )
    )
    places = {name: place for place, name in enumerate(names)}
    codes = [places.get(scope, -1) for scope in known["scope"].to_list()]
    return Scopes(names, np.array(codes, np.int32))


def _bought_most(log: EventLog, version: int, request: ChainsRequest) -> pl.DataFrame:
    """`customer` and the `scope` of most of their purchases."""
    column = "channel" if request.scope_kind is ScopeKind.CHANNEL else "store"
    wanted = pl.col("kind") == EventKind.PURCHASE
    if request.source is not None:
        wanted &= pl.col("source") == request.source
    bought = log.read(["customer", column], where=wanted, up_to=version).drop_nulls()
    named = bought.lazy().rename({column: "scope"})
    if request.scope_kind is ScopeKind.DISTRICT:
        districts = _districts(log, version)
        named = named.join(districts, left_on="scope", right_on="store").select("customer", scope="district")
    return (
        named.group_by("customer", "scope")
        .len()
        .sort("customer", "len", "scope", descending=[False, True, False])
        .group_by("customer", maintain_order=True)
        .first()
        .collect()
    )


def _segments(log: EventLog, version: int) -> pl.DataFrame:
    """`customer` and as `scope` the segment that their newest profile with one names."""
    told = log.read(list(PROFILE_COLUMNS), where=pl.col("kind") == EventKind.PROFILE, up_to=version).lazy()
    own = profiles(told, "customer", None, "customer").with_columns(pl.col("customer").cast(pl.String))
    return described(own, "customer", (), {"scope": json_text("segment")}).drop_nulls().collect()


def _districts(log: EventLog, version: int) -> pl.LazyFrame:
    described = (pl.col("kind") == EventKind.PROFILE) & pl.col("store").is_not_null()
    profiles = log.read(list(PROFILE_COLUMNS), where=described, up_to=version)
    return stores(profiles.lazy(), None).select(store="store_id", district="district").drop_nulls()
