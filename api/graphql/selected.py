"""What a client selects below the field that is being resolved, so that it can be read along."""

from collections.abc import Iterable

from strawberry.types.nodes import SelectedField, Selection

from api.graphql.context import Info


def selected(info: Info) -> frozenset[str]:
    """The names of the fields right below, as clients write them, whatever fragments they stand in."""
    return frozenset(name for field in info.selected_fields for name in _below(field.selections))


def _below(selections: Iterable[Selection]) -> Iterable[str]:
    for one in selections:
        if isinstance(one, SelectedField):
            yield one.name
        else:
            yield from _below(one.selections)
