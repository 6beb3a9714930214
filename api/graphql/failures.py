"""Expected failures of mutations, as data."""

import strawberry


@strawberry.interface(description="An expected failure: what happened and what would be valid.")
class Failure:
    """What every failure tells."""

    message: str = strawberry.field(description="What happened, with which value, and what would be valid.")


@strawberry.type(description="The input cannot be used; nothing was done.")
class InvalidInput(Failure):
    """A value at fault."""

    field: str | None = strawberry.field(description="The field at fault, dotted; null where it is the whole.")


@strawberry.type(description="Something was said of the same subject meanwhile; nothing was done. Read it again.")
class VersionConflict(Failure):
    """Another write came between reading and writing."""

    bookmark: str | None = strawberry.field(
        description="Of everything that is recorded: a query that hands it in sees what came between."
    )


@strawberry.type(description="The log or the graph cannot be reached; nothing was done. Try again.")
class Unavailable(Failure):
    """For the moment."""
