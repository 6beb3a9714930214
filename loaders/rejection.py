"""Why a record was not taken: typed reasons, and the rejection that carries all that is needed to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class RejectReason(StrEnum):
    """Why a record was not taken."""

    UNREADABLE = "unreadable"
    """The text is no record of its format: broken JSON, too few or too many fields."""
    UNKNOWN_FIELD = "unknown_field"
    """A field that the event schema lacks; more than the schema knows belongs into `properties`."""
    WRONG_TYPE = "wrong_type"
    """A field holds another type: a list where text must stand."""
    MISSING_FIELD = "missing_field"
    """A field that this kind of event must carry is absent or empty."""
    UNKNOWN_KIND = "unknown_kind"
    """`kind` is none of the event kinds."""
    BAD_TIME = "bad_time"
    """A time that cannot be read, or one before 1990 (seconds where milliseconds must stand)."""
    TIME_IN_FUTURE = "time_in_future"
    """A time more than a day after it was received."""
    BAD_NUMBER = "bad_number"
    """A quantity that is no number, not finite or negative."""
    BAD_MONEY = "bad_money"
    """Money that is no number, has more than two decimals, or is negative."""
    BAD_CURRENCY = "bad_currency"
    """A currency that is not three letters."""
    BAD_PROPERTIES = "bad_properties"
    """Properties that are no JSON object, or a declared property of another type than declared."""
    PROFILE_SUBJECT = "profile_subject"
    """A profile that describes nothing, or more than one thing."""
    TOO_LONG = "too_long"
    """A text longer than a key may be."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that was not taken."""

    reason: RejectReason
    field: str | None
    """The field at fault, dotted where it lies within properties."""
    value: str | None
    """The value at fault, shortened."""
    message: str
    """What is wrong and what would be valid, in one line."""
    raw: str
    """The record as it came; for Parquet, as a JSON object."""
    record: str | None
    """What was understood of it: a JSON object of event fields; None where it could not be read."""
    line: int
    """Line of a text file, row of a Parquet file, place in a request; counted from 1."""
    row: int
    """Place among the records that were read together, counted from 0."""
