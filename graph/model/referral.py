"""Reviews of referrals: what speaks against one, and what was decided about it."""

from enum import StrEnum

from graph.model.customer import CUSTOMER
from graph.model.declarations import Node, Owner, Property, PropertyType, Tie


class ReviewState(StrEnum):
    """Where a review stands."""

    PENDING = "pending"
    APPROVED = "approved"
    VOIDED = "voided"
    """The referral counts for nothing: its reward is due back, nobody is credited for it."""


class Decision(StrEnum):
    """What a reviewer may decide."""

    APPROVED = "approved"
    VOIDED = "voided"
    REOPENED = "reopened"
    """What was decided before counts no more: the review is pending again."""


REFERRAL_REVIEW = Node(
    "ReferralReview",
    Property("referral_id", PropertyType.STRING, "The key of the customer who was brought: each was brought once."),
    (
        Property("referrer_id", PropertyType.STRING, "The key of the customer who brought, as the log names it first."),
        Property("state", PropertyType.STRING, "pending, approved or voided.", indexed=True),
        Property("suspicion", PropertyType.FLOAT, "0 to 1: one less the product of what each sign leaves over."),
        Property("signs", PropertyType.STRING, "JSON list of {sign, score, sentence, evidence, at}, strongest first."),
        Property("sign_names", PropertyType.STRINGS, "The names of the signs."),
        Property("raised_at", PropertyType.DATETIME, "When the newest sign was raised."),
        Property("decided_at", PropertyType.DATETIME, "When it was decided; absent while pending."),
        Property("decided_by", PropertyType.STRING, "Who decided; absent while pending."),
        Property("reason", PropertyType.STRING, "Why, in the reviewer's words; absent while pending."),
        Property("reward_cents", PropertyType.CENTS, "What was paid as rewards for this referral."),
    ),
    "A referral that looks like fraud, or that somebody decided about.",
)

CONCERNS = Tie("CONCERNS", REFERRAL_REVIEW, CUSTOMER, "The customer who was brought.", Owner.START)
