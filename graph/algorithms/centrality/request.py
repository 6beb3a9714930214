"""What a run of centrality may be asked: damping, nearness to whom, resolution of the communities, the seed."""

from dataclasses import dataclass

from graph.errors import BadInput


@dataclass(frozen=True, slots=True)
class CentralityRequest:
    """Frozen parameters of one run. Raises `BadInput` with the valid range when one of them cannot be used."""

    damping: float = 0.85
    """How often the walk of PageRank follows a tie instead of starting anew."""
    around: tuple[str, ...] = ()
    """Keys of customers: `nearness` is the PageRank of a walk that always starts anew at one of them."""
    resolution: float = 1.0
    """Of the communities: a higher one gives more and smaller ones."""
    source: str | None = None
    """One data set only; None for all."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        if not 0 <= self.damping < 1:
            raise BadInput(f"damping must be in [0, 1), not {self.damping}")
        if not 0 < self.resolution < float("inf"):
            raise BadInput(f"resolution must be above 0 and finite, not {self.resolution}")
        if not 0 <= self.seed < 2**32:
            raise BadInput(f"seed must be from 0 to 2**32 - 1, not {self.seed}")

    @property
    def scope(self) -> str:
        """The data set that is read, or * for all."""
        return self.source or "*"
