"""What a scoring of influence may be asked: windows, simulations, shrinkage and the seed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from graph.errors import BadInput


class Attribution(StrEnum):
    """Which acts are traced back to shares."""

    AUTO = "auto"
    """NAMED where any act of the data names a share, else CLICKS: a source that names shares names them all."""
    NAMED = "named"
    """Acts that name their share or their referrer."""
    CLICKS = "clicks"
    """These, and every other act within the window after a click, the customer's own habits included."""


class CreditRule(StrEnum):
    """How a credit is divided between who moved it and whoever brought them."""

    PASSED_UP = "passed_up"
    """Everybody keeps 1 - decay and passes the rest up."""
    SHAPLEY = "shapley"
    """All without whom it had not come get the same."""


@dataclass(frozen=True, slots=True)
class InfluenceRequest:
    """Frozen parameters of one scoring. Raises `BadInput` with the valid range when one of them cannot be used."""

    window_days: float = 7.0
    """A click moves its customer only if the registration or purchase follows within so many days."""
    attribution: Attribution = Attribution.AUTO
    baseline: bool = True
    """Whether what would have come anyway is taken out of the orders that are traced to clicks."""
    half_life_days: float = 2.0
    """Of several clicks before one purchase, one that is older by this much weighs half."""
    prior_weight: float | None = None
    """None: priors are fitted to the data. A number: every rate is drawn towards the mean of all as if so many more
    trials had shown that mean, and nothing counts as unseen; 0 is plain counting."""
    fading_days: float | Literal["fitted"] | None = None
    """Half-life of what a share tells of a tie; None: ties do not fade. "fitted": the half-life that best foretells the
    later shares out of the earlier ones, None unless it is better by more than chance."""
    within_days: float | None = None
    """Spread counts who is moved within so many days of the share; None for whenever."""
    simulations: int = 1_000
    """How many cascades are simulated from every sharer."""
    coin_limit: int = 3_000_000_000
    """Tosses of a coin that a run may take: on a vast graph fewer cascades are simulated, never fewer than 50."""
    credit: CreditRule = CreditRule.PASSED_UP
    decay: float = 0.5
    """The part of a credit that the credited customer passes up to whoever brought them, 0 to below 1."""
    paths: int = 5
    """How many of the strongest paths explain a customer's score."""
    source: str | None = None
    """Score one data set only; None for all."""
    category: str | None = None
    """Count only who is moved to buy of this category or below it, and what they pay for that; None for everything."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every parameter against its range."""
        if self.attribution not in set(Attribution):
            raise BadInput(f"attribution must be one of {', '.join(Attribution)}, not {self.attribution!r}")
        if self.credit not in set(CreditRule):
            raise BadInput(f"credit must be one of {', '.join(CreditRule)}, not {self.credit!r}")
        for name, value in (("window_days", self.window_days), ("half_life_days", self.half_life_days)):
            if not value > 0:
                raise BadInput(f"{name} must be above 0 days, not {value}")
        fading = self.fading_days
        if not (fading is None or fading == "fitted" or fading > 0):
            raise BadInput(f'fading_days must be above 0 days, "fitted", or null for never, not {fading!r}')
        if self.within_days is not None and not self.within_days > 0:
            raise BadInput(f"within_days must be above 0 days, or null for no limit, not {self.within_days}")
        if self.prior_weight is not None and not self.prior_weight >= 0:
            raise BadInput(f"prior_weight must be 0 or more, or null for fitted priors, not {self.prior_weight}")
        if not 0 <= self.decay < 1:
            raise BadInput(f"decay must be in [0, 1), not {self.decay}")
        if not 50 <= self.simulations <= 1_000_000:
            raise BadInput(f"simulations must be from 50 to 1,000,000, not {self.simulations}")
        if self.coin_limit < 1:
            raise BadInput(f"coin_limit must be 1 or more, not {self.coin_limit}")
        if not 0 <= self.paths <= 50:
            raise BadInput(f"paths must be from 0 to 50, not {self.paths}")
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"seed must be from 0 to 2**63 - 1, not {self.seed}")

    @property
    def scope(self) -> str:
        """The data set that is scored, or * for all; of one category, with it behind a slash."""
        return (self.source or "*") + (f"/{self.category}" if self.category is not None else "")
