"""Small SQLite files of the data folder that only their owner may read: API keys, kept answers."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from graph.errors import BadInput


def open_private(file: Path, holds: str, *statements: str) -> sqlite3.Connection:
    """Opens the file, makes it where there is none, and runs the statements that make its tables.

    For use by many threads under a lock, and by many processes. BadInput names the file and what it `holds` where it
    cannot be used.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            file.chmod(0o600)
            connection.execute("PRAGMA journal_mode=WAL")
            for statement in statements:
                connection.execute(statement)
        except sqlite3.Error:
            connection.close()
            raise
    except (OSError, sqlite3.Error) as error:
        raise BadInput(
            f"The file of {holds} {file} cannot be used ({error}): make its folder writable, or name another "
            "with RENMAI_DATA"
        ) from error
    return connection


def add_columns(connection: sqlite3.Connection, table: str, columns: Mapping[str, str]) -> None:
    """A table of an earlier release gains what came since; `columns` are those with their types."""
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    for name in columns.keys() - there:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
