"""Deciding about a referral: what can be decided as it stands, and the event that says so."""

from dataclasses import dataclass
from datetime import datetime

from graph.errors import BadInput
from graph.log.schema import EventKind
from graph.model.referral import Decision, ReviewState
from graph.queries.referral_review import StandingRow

LONGEST_REASON = 2_000


class Undecidable(BadInput):
    """Nothing can be decided so; `field` names what is at fault: reason, customer or decision."""

    def __init__(self, message: str, field: str) -> None:
        """A line, and the field."""
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class ReferralDecision:
    """What is decided about the referral that brought a customer, why, and by whom.

    Raises Undecidable where the reason, less the spaces around it, is empty or longer than LONGEST_REASON.
    """

    customer: str
    """The key of who was brought."""
    decision: Decision
    reason: str
    by: str

    def __post_init__(self) -> None:
        """Check the reason."""
        length = len(self.reason.strip())
        if not 1 <= length <= LONGEST_REASON:
            raise Undecidable(f"`reason` must have 1 to {LONGEST_REASON:,} characters, not {length:,}.", "reason")

    @property
    def state(self) -> ReviewState:
        """Where the review stands by this decision."""
        return ReviewState.PENDING if self.decision is Decision.REOPENED else ReviewState(self.decision)

    def event(self, standing: StandingRow | None, at: datetime) -> dict[str, object]:
        """The event as loaders read it; Undecidable where the referral, as it stands, cannot be decided about so.

        What is pending is approved or voided; what is decided is reopened. `standing` is None for an unknown customer.
        """
        _check(self, standing)
        event = {"kind": EventKind.REFERRAL_REVIEW.value, "at": at.isoformat(), "customer": self.customer}
        referrer = {} if standing is None or standing.referrer is None else {"referrer": standing.referrer}
        decided = {"decision": self.decision.value, "reason": self.reason.strip(), "by": self.by}
        return {**event, **referrer, "properties": decided}


def _check(decided: ReferralDecision, standing: StandingRow | None) -> None:
    key = decided.customer
    if standing is None:
        raise Undecidable(f"There is no customer {key!r}: give the key of who was brought.", "customer")
    if standing.referrer is None and standing.state is None:
        raise Undecidable(f"Nobody brought the customer {key!r}: nothing to review.", "customer")
    state = standing.state or ReviewState.PENDING.value
    reopens = decided.decision is Decision.REOPENED
    if reopens == (state == ReviewState.PENDING.value):
        valid = "approve or void it" if reopens else "reopen it first"
        raise Undecidable(f"The referral of {key!r} is {state}: {valid}.", "decision")
