"""Headers that keep a browser to our own files: nothing of another host is run, framed or told where it came from."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STRICT = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
# GraphiQL's editor sets styles in the page as it runs, and its fonts and pictures stand in its own style sheet.
EXPLORER = f"{STRICT}; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:"
EXPLORER_PATH = "/graphql"


class SafeHeaders:
    """Adds the headers to every answer over HTTP."""

    def __init__(self, app: ASGIApp) -> None:
        """`app` is what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; web sockets pass as they are."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = EXPLORER if scope["path"] == EXPLORER_PATH else STRICT
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, send_safely)
