"""Where the graph stands, for writes that rest on what was read."""

from api.graphql.context import Info


async def bookmark(info: Info) -> str | None:
    """The bookmark of what the graph has followed; None for partners, and where none are made."""
    bookmarks = info.context.services.bookmarks
    return await bookmarks.followed() if bookmarks and info.context.caller.view is None else None
