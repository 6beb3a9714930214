"""What keeps browsers from being used against us: headers that keep a page to our own files, and names we answer to."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
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


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class LoopbackNames:
    """Answers to names of this machine alone.

    A page may give its own host's name this machine's address (DNS rebinding): its requests are then, to the browser,
    of its own site. Where no key is needed, the name that the browser asked for is all that tells.
    """

    def __init__(self, app: ASGIApp) -> None:
        """`app` is what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket: 421, or 403 before it is accepted, under any other name."""
        if scope["type"] not in {"http", "websocket"} or _is_ours(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            message = "This server needs no key and answers to localhost alone: give it keys to serve other names."
            errors = [{"message": message, "extensions": {"code": "FORBIDDEN"}}]
            await JSONResponse({"errors": errors}, 421)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})


def _is_ours(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in LOOPBACK or name.endswith(".localhost")
