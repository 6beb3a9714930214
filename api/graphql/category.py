"""Categories in the API: read off their path, without asking the graph."""

import strawberry

from graph.model.product import SEPARATOR


@strawberry.type(description="A category of products; categories form a tree.")
class Category:
    """A place in the tree."""

    key: str = strawberry.field(description="The path from the root, joined by ' > '.")
    name: str = strawberry.field(description="The last part of the path.")
    level: int = strawberry.field(description="1 for a root category, 2 for its children, and so on.")
    path: list[str] = strawberry.field(description="The names from the root down to this one.")

    @classmethod
    def of(cls, key: str) -> "Category":
        """The category of a key."""
        path = key.split(SEPARATOR)
        return cls(key=key, name=path[-1], level=len(path), path=path)
