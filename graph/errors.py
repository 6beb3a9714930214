"""The one tree of failures that a user can mend.

RenmaiError                 everything below: one line, what happened and what to do
├── BadInput                a file, a record, a parameter or an address that cannot be used as it is
├── StoreUnavailable        the graph cannot be reached, refuses the login or refuses to write
├── QueryRefused            a statement that the store did not accept or that ran out of time
├── LogUnavailable          the event log cannot be read or written (folder, disk, lock)
├── NotFound                something asked for by name is not there
└── Forbidden               something is not told to who asks for it
"""


class RenmaiError(Exception):
    """A failure that the user can mend; its text is one line that says how."""


class BadInput(RenmaiError):
    """A file, a record, a parameter or an address cannot be used as it is."""


class StoreUnavailable(RenmaiError):
    """The graph cannot be reached, refuses the login, or refuses to write."""


class QueryRefused(RenmaiError):
    """The store did not accept a statement, or it ran out of time."""


class LogUnavailable(RenmaiError):
    """The event log cannot be read or written."""


class NotFound(RenmaiError):
    """Something asked for by name is not there."""


class Forbidden(RenmaiError):
    """Something is not told to who asks for it."""
