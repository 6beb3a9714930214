"""The command line: one command a task, every expected failure one line and a code other than 0."""

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from shutil import disk_usage

import typer
from pydantic import ValidationError
from rich.text import Text

from api.cli.console import errors
from api.settings import Settings, unusable
from graph.errors import RenmaiError

COMMANDS: dict[str, str] = {
    "demo": "demonstration",
    "generate": "data",
    "load": "data",
    "rejected": "data",
    "project": "projection",
    "rebuild": "projection",
    "cypher": "projection",
    "score": "scoring",
    "advocates": "advocates",
    "referrals": "referrals",
    "serve": "serving",
    "doctor": "administration",
    "schema": "administration",
    "keys": "access",
    "audit": "access",
}
"""Each command and the file of this folder that holds it."""

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130
LEAST_FREE_BYTES = 16 << 20


def main() -> None:
    """Run the command line; the process's exit code says whether it worked."""
    try:
        application(sys.argv[1:2])()
    except RenmaiError as error:
        _fail(f"{error}{_lack_of_room()}")
    except ValidationError as error:
        _fail(unusable(error))
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except OSError as error:
        if os.environ.get("RENMAI_DEBUG"):
            raise
        _fail(_system_failure(error))


def application(asked: Sequence[str] = ()) -> typer.Typer:
    """The command line with every command, or with those of the file that holds the one that is asked for.

    A question in Cypher need not wait until the libraries of scoring and serving are imported.
    """
    app = typer.Typer(name="renmai", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_about)
    for file in dict.fromkeys([COMMANDS[name] for name in asked if name in COMMANDS] or COMMANDS.values()):
        importlib.import_module(f"{__name__}.{file}").register(app)
    return app


def _about() -> None:
    """Renmai 人脉: who influences whom, and which purchase leads to which."""


def _fail(sentence: str) -> None:
    errors.print(Text.assemble(("error:", "red"), " ", " ".join(sentence.split())))
    sys.exit(EXIT_FAILED)


def _lack_of_room() -> str:
    """A sentence where the disk of the data is full: an engine that fails for it seldom says so."""
    folder = Settings().data.absolute()
    standing = next(place for place in (folder, *folder.parents) if place.exists())
    free = disk_usage(standing).free
    return "" if free >= LEAST_FREE_BYTES else f" (The disk of {folder} has {free >> 20} MiB left: free some space.)"


def _system_failure(error: OSError) -> str:
    """What the operating system refused, and what the user can do about it."""
    place = f" ({error.filename})" if error.filename else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"the disk is full{place}: free some space and run the command again; nothing is half-written"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"no permission to write{place}: choose another folder with RENMAI_DATA or mend its rights"
        case errno.EADDRINUSE:
            return "the port is taken: choose another with --port"
        case _:
            return f"{error.strerror or error}{place}; RENMAI_DEBUG=1 shows where it happened"
