"""From records to events: the steps, one after another, for a file's batch and for a single event of the API alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec
import polars as pl

from graph.log import EVENTS, GIVEN, Clocks
from loaders.records import LINE, ROW, Records
from loaders.rejection import Rejected
from loaders.steps.checks import Check, checks, first_failure
from loaders.steps.complete import Defaults, completed, with_instants
from loaders.steps.identify import identified
from loaders.steps.numbers import read_numbers
from loaders.steps.properties import read_properties
from loaders.steps.tidy import tidy
from loaders.steps.times import read_times

LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Understood:
    """What the steps made of some records."""

    events: pl.DataFrame
    """The columns of the log but `log_version`, in the order of the records; with `_row`."""
    rejected: tuple[Rejected, ...]
    """The records that were not taken, in their order."""


def understand(records: Records, clocks: Clocks, defaults: Defaults, received_at: datetime) -> Understood:
    """Every record ends as an event or as a rejection; the zones that the records' profiles name are learnt first."""
    frame = tidy(records.frame)
    frame = read_times(frame)
    frame = read_numbers(frame)
    frame = read_properties(frame)
    clocks.learn(_profiles(frame))
    frame = with_instants(frame, clocks)
    frame = frame.with_columns(first_failure(received_at).alias("_failure"))
    refused = frame.filter(pl.col("_failure").is_not_null())
    frame = completed(frame.filter(pl.col("_failure").is_null()), defaults, received_at)
    frame = frame.with_columns(identified(frame))
    rejected = [*records.unread]
    if refused.height:
        rejected += _rejections(refused, checks(received_at), records)
    events = frame.select(ROW, *(pl.col(name).cast(EVENTS[name]) for name in EVENTS if name != "log_version"))
    return Understood(events, tuple(sorted(rejected, key=lambda one: one.row)))


def learn_zones(frame: pl.DataFrame, clocks: Clocks) -> None:
    """Learns the stores' zones from records of kind profile, ahead of everything else."""
    clocks.learn(_profiles(read_properties(read_times(tidy(frame)))))


def _profiles(frame: pl.DataFrame) -> pl.DataFrame:
    of_stores = (pl.col("kind") == "profile") & pl.col("store").is_not_null()
    at = pl.coalesce("_instant", pl.col("_local").dt.replace_time_zone("UTC"))
    return frame.filter(of_stores).select("kind", "store", at.alias("at"), pl.col("_properties").alias("properties"))


def _rejections(refused: pl.DataFrame, rules: tuple[Check, ...], records: Records) -> Iterable[Rejected]:
    given = refused.select(
        ROW, LINE, "_failure", "_properties_field", "_properties_wrong", *(_text(refused, name) for name in GIVEN)
    )
    for row in given.iter_rows(named=True):
        rule = rules[int(row["_failure"])]
        in_properties = rule.field == "properties" and row["_properties_wrong"] is not None
        value = row[rule.field]
        message = str(row["_properties_wrong"]) if in_properties else _message(rule, value)
        yield Rejected(
            reason=rule.reason,
            field=row["_properties_field"] if in_properties else rule.field,
            value=None if value is None else value[:LONGEST_VALUE],
            message=message,
            raw=records.raw(row[ROW]),
            record=msgspec.json.encode({name: row[name] for name in GIVEN if row[name] is not None}).decode(),
            line=row[LINE],
            row=row[ROW],
        )


def _message(rule: Check, value: str | None) -> str:
    if value is None:
        return f"{rule.valid}; it is absent"
    return f"{rule.valid}, not {value[:60]!r}"


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    dtype = frame.schema[name]
    if isinstance(dtype, pl.Datetime):
        pattern = "%Y-%m-%dT%H:%M:%S%.f" + ("" if dtype.time_zone is None else "%:z")
        return pl.col(name).dt.to_string(pattern)
    if isinstance(dtype, pl.Struct):
        return pl.col(name).struct.json_encode()
    return pl.col(name).cast(pl.String)
