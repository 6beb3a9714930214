"""`renmai serve`: the API, the pages and, unless told otherwise, the projector, in one process."""

import errno
import logging
import socket
import sys
from contextlib import closing, suppress
from ipaddress import ip_address
from typing import Annotated

import structlog
import typer
import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.cli.console import answers
from api.graphql.socket import LARGEST_FRAME
from api.settings import Settings
from graph.errors import BadInput, RenmaiError

SHUTDOWN_SECONDS = 10


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("serve")(serve_command)


def serve_command(
    host: Annotated[str | None, typer.Option(help="Address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve on; 0 takes a free one.")] = None,
    project: Annotated[bool, typer.Option("--project/--no-project", help="Follow the log in this process.")] = True,
    open_reads: Annotated[bool, typer.Option("--open-reads", help="Reading needs no key.")] = False,
) -> None:
    """Serve the API and the first page."""
    settings = Settings()
    changes: dict[str, object] = {"project": project and settings.project}
    changes |= {"host": host} if host is not None else {}
    changes |= {"port": port} if port is not None else {}
    changes |= {"open_reads": True} if open_reads else {}
    serve(settings.model_copy(update=changes))


def serve(settings: Settings) -> None:
    """Serves until interrupted, and prints the addresses. BadInput where the port is taken."""
    # Values of variables are people's data and secrets: a traceback without them tells enough.
    lines = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    processors = [*structlog.get_config()["processors"][:-1], lines]
    structlog.configure(processors, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with closing(_listening(settings.host, settings.port)) as listening:
        port = listening.getsockname()[1]
        application = create_app(settings)
        config = uvicorn.Config(
            application,
            log_level="debug" if settings.log_level == "DEBUG" else "warning",
            access_log=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            ws_max_size=4 * LARGEST_FRAME,  # bytes: a character of UTF-8 has up to four
        )
        # What could not be opened is told below in a line; uvicorn would add how it came to know.
        logging.getLogger("uvicorn.error").addFilter(lambda _: _failure(application) is None)
        with suppress(SystemExit):
            _Server(config, _addresses(settings, port)).run([listening])
    failure = _failure(application)
    if failure is not None:
        raise failure


def _failure(application: Starlette) -> RenmaiError | None:
    return getattr(application.state, "failure", None)


class _Server(uvicorn.Server):
    """Says where it serves once it does."""

    def __init__(self, config: uvicorn.Config, addresses: list[str]) -> None:
        super().__init__(config)
        self._addresses = addresses

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, and then the addresses."""
        await super().startup(sockets)
        if self.started:
            for address in self._addresses:
                answers.print(address)


def _addresses(settings: Settings, port: int) -> list[str]:
    base = f"http://{_reached(settings.host)}:{port}"
    keys = "" if settings.open_reads or settings.auth == "open" else "   a key: renmai keys create NAME --scope read"
    return [f"page      {base}/", f"GraphQL   {base}/graphql{keys}", f"health    {base}/healthz  {base}/readyz"]


def _reached(host: str) -> str:
    """The host as a client on this machine writes it."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{address}]" if address.version == 6 else str(address)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(2048)
    except (OSError, OverflowError) as error:
        made.close()
        raise BadInput(f"cannot serve on {host}:{port} ({_reason(error)}): {_advice(error)}") from error
    return made


def _reason(error: OSError | OverflowError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _advice(error: OSError | OverflowError) -> str:
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return "choose another with --port, or 0 for a free one"
        case errno.EACCES | errno.EPERM:
            return "choose a --port above 1023, or 0 for a free one"
        case _:
            return "--host must be an address of this machine, and --port 0 to 65535"
