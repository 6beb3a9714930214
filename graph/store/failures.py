"""What the driver and the stores can refuse, as one line that says what to do."""

from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DriverError,
    Forbidden,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from graph.errors import QueryRefused, RenmaiError, StoreUnavailable

MEND_NEO4J = "start it, or correct NEO4J_URI"
MEND_EMBEDDED = "the program that served it has ended; run the command again"

_LONGEST = 500
_READ_ONLY = ("ForbiddenOnReadOnlyDatabase", "WriteOnReadOnlyAccessDatabase", "Database.General.ReadOnly")
_OUT_OF_TIME = ("Transaction.TransactionTimedOut", "Transaction.Terminated", "Transaction.LockClientStopped")


def one_line(text: str) -> str:
    """The text without line breaks, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def shown(uri: str) -> str:
    """The address without a user or password that somebody wrote into it."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def message_of(error: BaseException) -> str:
    """What the store itself said, on one line."""
    own = getattr(error, "message", None)
    return one_line(own if isinstance(own, str) and own else str(error) or type(error).__name__)


@contextmanager
def explained(
    uri: str, user: str, *, timeout_seconds: float, reading: bool = False, mend: str = MEND_NEO4J
) -> Generator[None]:
    """Turns whatever the driver raises inside into StoreUnavailable or QueryRefused.

    `reading` says that nothing was to be written, so that a refused write is the statement's fault, not the store's;
    `mend` is what a user does about a store that cannot be reached.
    """
    try:
        yield
    except RenmaiError:
        raise
    except (Neo4jError, DriverError, OSError, TimeoutError) as error:
        if isinstance(error, (ServiceUnavailable, SessionExpired, OSError)) and not isinstance(error, TimeoutError):
            said = message_of(error)
            raise StoreUnavailable(f"Cannot reach the graph at {shown(uri)}: {mend}. ({said})") from error
        raise _explain(error, shown(uri), user, timeout_seconds, reading) from error


def _explain(error: Exception, uri: str, user: str, timeout_seconds: float, reading: bool) -> RenmaiError:
    code = error.code or "" if isinstance(error, Neo4jError) else ""
    said = message_of(error)
    if isinstance(error, TimeoutError) or any(reason in code for reason in _OUT_OF_TIME):
        return QueryRefused(
            f"The statement ran out of time ({timeout_seconds:g} s): ask for less, or allow more time. ({said})"
        )
    if isinstance(error, AuthError) and not isinstance(error, Forbidden):
        return StoreUnavailable(
            f"The graph at {uri} refused the login of user {user!r}: set NEO4J_USER and NEO4J_PASSWORD. ({code})"
        )
    if "No space left" in said:
        return StoreUnavailable(f"The disk of the graph at {uri} is full: free some space. ({said})")
    if _may_not_write(error, code, said):
        if reading:
            return QueryRefused(f"Only reading is allowed here. ({said})")
        return StoreUnavailable(
            f"The graph at {uri} may only be read: give user {user!r} a database that it may write. ({said})"
        )
    if code.endswith("DatabaseUnavailable"):
        return StoreUnavailable(f"The database of the graph at {uri} is not running: look into its log. ({said})")
    if code.endswith("DatabaseNotFound"):
        return StoreUnavailable(f"{said}. Set NEO4J_DATABASE to a database that the graph at {uri} has.")
    if isinstance(error, ConfigurationError):
        return StoreUnavailable(f"The graph's address {uri} cannot be used: correct NEO4J_URI. ({said})")
    return QueryRefused(f"The graph refused the statement: {said}")


def _may_not_write(error: Exception, code: str, said: str) -> bool:
    read_only = code.endswith(_READ_ONLY) or "read-only" in said or "read only" in said
    return read_only or isinstance(error, Forbidden) or (isinstance(error, ClientError) and "AccessMode" in code)
