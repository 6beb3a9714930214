"""Which chains are wanted, and in which order."""

from enum import Enum

import strawberry

from api.graphql.behaviour import Behaviour
from api.graphql.filters import FloatFilter, IntFilter, TextFilter, filters_of
from api.graphql.ordering import Direction


@strawberry.input(description="Which chains are wanted: every given condition must hold.")
class ChainWhere:
    """Conditions on chains."""

    category: str | None = strawberry.field(default=None, description="A category's key, at any step.")
    first_category: TextFilter | None = strawberry.field(default=None, description="Category of the first step.")
    then_category: TextFilter | None = strawberry.field(default=None, description="Category of the last step.")
    behaviour: Behaviour | None = strawberry.field(default=None, description="What is done, at any step.")
    first_behaviour: Behaviour | None = strawberry.field(default=None, description="What is done in the first step.")
    then_behaviour: Behaviour | None = strawberry.field(default=None, description="What is done in the last step.")
    steps: IntFilter | None = strawberry.field(default=None, description="How many steps it has, 2 to 5.")
    new: bool | None = strawberry.field(
        default=None, description="Whether it says more than its last two steps alone; every pair does."
    )
    held: bool | None = strawberry.field(
        default=None, description="Whether it was found in the log's earlier half and again in the later one."
    )
    closed: bool | None = strawberry.field(
        default=None, description="Whether no longer chain that contains it has as many customers."
    )
    lift: FloatFilter | None = strawberry.field(default=None, description="The lift.")
    confidence: FloatFilter | None = strawberry.field(default=None, description="The confidence.")
    q_value: FloatFilter | None = strawberry.field(default=None, description="The q-value.")
    customers: IntFilter | None = strawberry.field(default=None, description="How many customers went through.")
    leverage: FloatFilter | None = strawberry.field(default=None, description="The leverage.")
    scope_key: TextFilter | None = strawberry.field(
        default=None, description="Which district, store, channel or segment."
    )
    source: TextFilter | None = strawberry.field(
        default=None,
        description="The data set that was scored: read by its own current run, also beside one of everything.",
    )

    def filters(self) -> dict[str, object]:
        """As filters of the query."""
        plain = {"category_eq": self.category, "new_eq": self.new, "held_eq": self.held, "closed_eq": self.closed}
        given: dict[str, object] = {name: value for name, value in plain.items() if value is not None}
        done = {
            "behaviour_eq": self.behaviour,
            "first_behaviour_eq": self.first_behaviour,
            "then_behaviour_eq": self.then_behaviour,
        }
        given |= {name: behaviour.value for name, behaviour in done.items() if behaviour is not None}
        return given | filters_of(
            {
                "first_category": self.first_category,
                "then_category": self.then_category,
                "steps": self.steps,
                "lift": self.lift,
                "confidence": self.confidence,
                "q_value": self.q_value,
                "customers": self.customers,
                "leverage": self.leverage,
                "scope_key": self.scope_key,
                "source": self.source,
            }
        )


@strawberry.enum(description="By what chains are sorted.")
class ChainOrderField(Enum):
    """Names of the query's orderings."""

    RANK = strawberry.enum_value("rank", description="By rank: lowest q, then highest lift.")
    STEPS = strawberry.enum_value("steps", description="By the number of steps.")
    LIFT = strawberry.enum_value("lift", description="By lift.")
    CONFIDENCE = strawberry.enum_value("confidence", description="By confidence.")
    SUPPORT = strawberry.enum_value("support", description="By support.")
    CUSTOMERS = strawberry.enum_value("customers", description="By the number of customers.")
    Q_VALUE = strawberry.enum_value("q_value", description="By q-value.")
    LEVERAGE = strawberry.enum_value("leverage", description="By leverage.")
    REVENUE = strawberry.enum_value("revenue", description="By revenue, those without any first.")


@strawberry.input(description="How chains are sorted; equals come by id.")
class ChainOrder:
    """Field and direction."""

    field: ChainOrderField = strawberry.field(default=ChainOrderField.RANK, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")
