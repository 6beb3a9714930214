"""What a client selects below the field that is being resolved, so that it can be read along."""

from collections.abc import Container, Iterable

from strawberry.types.nodes import SelectedField, Selection

from api.graphql.context import Info


def selected(info: Info) -> frozenset[str]:
    """The names of the fields right below, as clients write them, whatever fragments they stand in."""
    return frozenset(name for field in info.selected_fields for name in _below(field.selections))


def is_only(info: Info, names: Container[str]) -> bool:
    """Whether nothing but these is selected right below, so that what else the field holds need not be read."""
    return all(name in names for name in selected(info))


def _below(selections: Iterable[Selection]) -> Iterable[str]:
    for one in selections:
        if isinstance(one, SelectedField):
            yield one.name
        else:
            yield from _below(one.selections)
