"""What may be a step of a chain now: purchases, and what else the current runs of chains were asked to look at."""

from datetime import datetime
from typing import Protocol

from graph.queries.reader import Reader
from graph.queries.recent_orders import TOLD
from graph.queries.run import CURRENT_CHAINS
from graph.store.statement import cypher

PURCHASE, VISIT = "purchase", "visit"

Did = tuple[str, str, str, datetime | None]
"""Customer, behaviour, order (of a purchase), store (of a visit) or product, and of all but purchases the instant."""


class Act(Protocol):
    """Something a customer did, as the log or the graph tells it."""

    @property
    def customer(self) -> str | None:
        """Who."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def order(self) -> str | None:
        """Of a purchase."""
        ...

    @property
    def product(self) -> str | None:
        """With what."""
        ...

    @property
    def store(self) -> str | None:
        """Where."""
        ...


def did(behaviour: str, act: Act) -> Did | None:
    """What names a step alike in the log and in the graph; None for what names no order, store or product.

    An order is one step, whenever its lines were paid. Of the views of a product the graph tells the newest: one that
    is recorded later but older is no step, so that the instant counts.
    """
    what = {PURCHASE: act.order, VISIT: act.store}.get(behaviour, act.product)
    if act.customer is None or not what:
        return None
    return act.customer, behaviour, what, None if behaviour == PURCHASE else act.at


KNOWN = cypher(
    f"{CURRENT_CHAINS} MATCH (r:ScoreRun {{run_id: pointer.run_id}})"
    " UNWIND $behaviours AS behaviour WITH r, behaviour WHERE r.parameters CONTAINS '\"' + behaviour + '\"'"
    " RETURN DISTINCT behaviour"
)


async def known_behaviours(reader: Reader) -> frozenset[str]:
    """Purchases always; of what else the graph tells the instants of (`TOLD`) that which a current run names."""
    found = await reader.read(KNOWN, {"behaviours": list(TOLD)})
    return frozenset({PURCHASE, *(record["behaviour"] for record in found)})
