"""Global ids: the noun and the retailer's own key, as one opaque text."""

import base64
import binascii

import strawberry

from api.graphql.errors import ApiError, bad_input


@strawberry.interface(description="Anything with a global id, to be fetched again with `node(id:)`.")
class Node:
    """Relay's node."""

    id: strawberry.ID = strawberry.field(description="Global id: opaque, and unique over all types.")


def global_id(noun: str, key: str) -> strawberry.ID:
    """The id of a noun's key."""
    return strawberry.ID(base64.b64encode(f"{noun}:{key}".encode()).decode())


def read_global_id(id: str) -> tuple[str, str]:
    """The noun and the key; BAD_USER_INPUT for a text that is none of our ids."""
    try:
        noun, colon, key = base64.b64decode(id, validate=True).decode().partition(":")
    except (ValueError, binascii.Error, UnicodeError):
        noun, colon, key = "", "", ""
    if not (noun and colon and key):
        raise bad_input(f"The id {id[:60]!r} is none of ours: pass an id as it came.", argument="id")
    return noun, key


def key_of(noun: str, id: str) -> str:
    """The key of an id that must be of this noun; a plain key is taken as it is."""
    try:
        found, key = read_global_id(id)
    except ApiError:  # what is no global id is a key
        return id
    return key if found == noun else id
