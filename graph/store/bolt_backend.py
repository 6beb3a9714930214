"""What is particular to a Neo4j over Bolt: waiting for indexes, wiping and filling in batches."""

from collections.abc import Sequence

from graph.store.bolt_fill import fill_over_bolt
from graph.store.rows import NodeRows, TieRows
from graph.store.session import Channel
from graph.store.statement import Step, Walk, cypher, generated, quoted

_AWAIT_INDEXES = cypher("CALL db.awaitIndexes(600)")


class BoltBackend:
    """A Neo4j that the user runs."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def settle(self) -> None:
        """Waits until the indexes are built."""
        await self._channel.rows(_AWAIT_INDEXES, None, 610)

    async def ensure_types(self, types: Sequence[tuple[str, str, str]]) -> None:
        """Its indexes see by themselves what they hold."""

    async def ensure_fulltext(self, label: str, properties: Sequence[str], name: str) -> None:
        """See `Store.ensure_fulltext`."""
        columns = ", ".join(f"n.{quoted(one)}" for one in properties)
        text = f"CREATE FULLTEXT INDEX {quoted(name)} IF NOT EXISTS FOR (n:{quoted(label)}) ON EACH [{columns}]"
        await self._channel.apply([(generated(text), {})], 600)

    async def edge(self, walk: Walk) -> object:
        """It walks its indexes by itself."""

    async def fill(self, nodes: Sequence[NodeRows], ties: Sequence[TieRows], checkpoint: Step) -> None:
        """See `Store.fill`."""
        await fill_over_bolt(self._channel, nodes, ties, checkpoint)

    async def wipe(self) -> None:
        """Deletes in batches, each in a transaction of its own, so that the server's memory stays bounded."""
        await delete_everything(self._channel)

    async def close(self) -> None:
        """Ends the connections."""
        await self._channel.close()


_LEFT = cypher("MATCH (n) RETURN 1 AS one LIMIT 1")
_DELETE_TIES = cypher("MATCH ()-[t]->() WITH t LIMIT $size DELETE t")
_TIES_LEFT = cypher("MATCH ()-[t]->() RETURN 1 AS one LIMIT 1")
_DELETE_NODES = cypher("MATCH (n) WITH n LIMIT $size DELETE n")


async def delete_everything(channel: Channel, size: int = 20_000) -> None:
    """First the ties, then the nodes: a node with a million ties would not fit into one transaction."""
    while await channel.rows(_TIES_LEFT, None, 60):
        await channel.apply([(_DELETE_TIES, {"size": size})], 600)
    while await channel.rows(_LEFT, None, 60):
        await channel.apply([(_DELETE_NODES, {"size": size})], 600)
