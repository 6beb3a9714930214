"""The event log: one Delta table of everything that happened, and the tables that stand beside it."""

from graph.log.clocks import DEFAULT_ZONE, Clocks
from graph.log.dead_letters import LETTERS, DeadLetters
from graph.log.event_log import Compacted, EventLog
from graph.log.once import Appended
from graph.log.schema import COLUMNS, CONTENT, EVENTS, GIVEN, MONEY, REQUIRED, Column, EventKind
from graph.log.scores import ScoreTable
from graph.log.unchanged import Unchanged

__all__ = [
    "COLUMNS",
    "CONTENT",
    "DEFAULT_ZONE",
    "EVENTS",
    "GIVEN",
    "LETTERS",
    "MONEY",
    "REQUIRED",
    "Appended",
    "Clocks",
    "Column",
    "Compacted",
    "DeadLetters",
    "EventKind",
    "EventLog",
    "ScoreTable",
    "Unchanged",
]
