"""Where an algorithm comes from and which version of it made a score."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """Name and version that stand next to every score; `version` grows when the same input would give another score."""

    name: str
    version: int
    source: str
    """The paper or textbook that states the method."""
    departs: str
    """Where this implementation does something else, in a sentence."""
