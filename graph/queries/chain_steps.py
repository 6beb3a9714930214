"""The steps of a chain as they are kept in its node: a JSON list, because lists of maps are no property."""

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class ChainStepRow:
    """One step: what is done, with what, slot in minutes of the store's day (the end is exclusive), kind of day."""

    category_id: str | None
    """None where what is done names no product."""
    start_minute: int
    end_minute: int
    day_kind: str
    gap: str | None
    """How far the next step lies; None at the last one."""
    behaviour: str = "purchase"
    """As runs of a release that knew purchases alone left it out."""


def to_steps(text: str) -> tuple[ChainStepRow, ...]:
    """The steps, in order, out of the node's property `steps`."""
    return msgspec.json.decode(text, type=tuple[ChainStepRow, ...])
