"""What one run of affinity is asked: the request is its parameters."""

from dataclasses import dataclass
from functools import partial

from graph.algorithms.affinity.next_product import NextProducts
from graph.algorithms.affinity.similar import SimilarProducts
from graph.algorithms.affinity.together import BoughtTogether
from graph.algorithms.provenance import Provenance

PROVENANCE = Provenance(
    "product-affinity",
    1,
    "Mantel and Haenszel 1959 (pairs); Hu, He, Gao and Zhang, SIGIR 2020 (habits and neighbours)",
    "Habits, neighbours, rhythm and favour are weighed by a regression that each run learns from its log's last days.",
)


@dataclass(frozen=True, slots=True)
class AffinityRequest:
    """Parameters of one run. Raises `BadInput` with the valid range when one of them cannot be used."""

    source: str | None = None
    """Score one data set only."""
    partners: int = 10
    """Products that are kept for each product, of each sort."""
    min_baskets: int = 20
    """Products in fewer baskets, or with fewer buyers, have no partners."""
    min_together: int = 5
    """Pairs in fewer baskets are counted as tried, but not told."""
    first: int = 10
    """Next products for each customer."""
    first_new: int = 10
    """Of those that the customer never bought, so many at least."""
    horizon_days: int = 28
    """The days that are foretold; at most a third of those that the log spans."""
    neighbours: int = 50
    sample: int = 1_000
    """Customers among whom everybody's neighbours are looked for."""
    learn_from: int = 1_000
    """Customers whose last days teach what the evidence is worth."""
    judge: bool = True
    """Whether the run also foretells the log's last days from what came before them, and says how well."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        for check in (self.pairs, self.likeness, partial(self.next_at, 0)):
            check()

    @property
    def scope(self) -> str:
        """The data set that is scored, or * for all."""
        return self.source or "*"

    def pairs(self) -> BoughtTogether:
        """What is asked of the baskets."""
        return BoughtTogether(self.min_baskets, self.min_together)

    def likeness(self) -> SimilarProducts:
        """What is asked of the buyers."""
        return SimilarProducts(self.partners, self.min_baskets, seed=self.seed)

    def next_at(self, day: int) -> NextProducts:
        """What is asked of the habits on a day."""
        return NextProducts(
            day, self.first, self.first_new, self.horizon_days, self.neighbours, self.sample, self.learn_from, self.seed
        )
