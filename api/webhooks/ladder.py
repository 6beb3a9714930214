"""When a delivery that failed is tried again, and when it is given up."""

from datetime import datetime, timedelta

RUNGS = tuple(
    timedelta(**wait)
    for wait in (
        {"seconds": 5},
        {"minutes": 5},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 5},
        {"hours": 10},
        {"hours": 14},
    )
)
"""Waits between attempts, as Standard Webhooks recommends: eight attempts over a day and a half."""
GONE = 410


def next_attempt(failed: int, at: datetime, retry_after: timedelta = timedelta()) -> datetime | None:
    """When to try again after so many failures, no sooner than the receiver asks for; None where it is given up."""
    if failed > len(RUNGS):
        return None
    return at + max(RUNGS[failed - 1], min(retry_after, RUNGS[-1]))
