"""Where the graph lives: a folder for the embedded engine, or the address of a Neo4j."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Engine = Literal["embedded", "neo4j"]


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Without `uri` the embedded engine runs on `data`/graph; with it, that Neo4j is used and `data` is left alone.

    `database` None is the server's own default. The password never stands in the object's text.
    """

    data: Path
    uri: str | None = None
    user: str = "neo4j"
    password: str | None = field(default=None, repr=False)
    database: str | None = None
