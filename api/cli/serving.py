"""`renmai serve`: the API, the pages and, unless told otherwise, the projector, in one process."""

import errno
import logging
import socket
from contextlib import closing, suppress
from ipaddress import ip_address
from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.cli.console import answers
from api.cli.workers import keep_for_good, log_to_stderr, serve_by_several, server_config
from api.settings import Settings
from graph.errors import BadInput, RenmaiError


def register(app: typer.Typer) -> None:
    """Adds this file's commands."""
    app.command("serve")(serve_command)


def serve_command(
    host: Annotated[str | None, typer.Option(help="Address to serve on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve on; 0 takes a free one.")] = None,
    project: Annotated[bool, typer.Option("--project/--no-project", help="Follow the log in this process.")] = True,
    open_reads: Annotated[bool, typer.Option("--open-reads", help="Reading needs no key.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that serve; 1 unless said.")] = None,
) -> None:
    """Serve the API and the first page."""
    settings = Settings()
    changes: dict[str, object] = {"project": project and settings.project}
    changes |= {"host": host} if host is not None else {}
    changes |= {"port": port} if port is not None else {}
    changes |= {"open_reads": True} if open_reads else {}
    changes |= {"workers": workers} if workers is not None else {}
    serve(settings.model_copy(update=changes))


def serve(settings: Settings) -> None:
    """Serves until interrupted, and prints the addresses. BadInput where the port is taken."""
    log_to_stderr(settings)
    with closing(_listening(settings.host, settings.port, settings.stalled_seconds)) as listening:
        addresses = _addresses(settings, listening.getsockname()[1])
        if settings.workers == 1:
            _serve_alone(settings, listening, addresses)
        else:
            serve_by_several(settings, listening, lambda: _print(addresses))


def _serve_alone(settings: Settings, listening: socket.socket, addresses: list[str]) -> None:
    application = create_app(settings)
    # What could not be opened is told below in a line; uvicorn would add how it came to know.
    logging.getLogger("uvicorn.error").addFilter(lambda _: _failure(application) is None)
    with suppress(SystemExit):
        _Server(server_config(application, settings), addresses).run([listening])
    failure = _failure(application)
    if failure is not None:
        raise failure


def _print(addresses: list[str]) -> None:
    for address in addresses:
        answers.print(address)


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
            keep_for_good()
            _print(self._addresses)


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


def _listening(host: str, port: int, stalled_seconds: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Every connection inherits it. A client that lives and reads nothing would otherwise be kept for ever: what
        # answers the kernel's probes is not dead, and a server that closes waits until all it sent is taken.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1_000 * stalled_seconds)
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
