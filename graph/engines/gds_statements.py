"""What is asked of Graph Data Science; these statements run on a Neo4j that has the library, and nowhere else.

Each answers with one list, which the driver reads far faster than a record for each customer. One thread where the
answer would depend on how threads take turns.
"""

from graph.store.statement import cypher

VERSION = cypher("RETURN gds.version() AS version")

PROJECT_TIMES = cypher(
    """
    UNWIND [tie IN range(0, size($source) - 1) | [$source[tie], $target[tie], $times[tie]]]
           + [row IN $alone | [row, null, 1]] AS tie
    UNWIND range(1, tie[2]) AS time
    WITH gds.graph.project($name, tie[0], tie[1], {}, {}) AS projected
    RETURN projected.nodeCount AS rows
    """
)
"""A tie as many times as it says."""

PROJECT_BOTH_WAYS = cypher(
    """
    UNWIND [tie IN range(0, size($source) - 1) | [$source[tie], $target[tie], $weight[tie]]]
           + [row IN $alone | [row, null, 0.0]] AS tie
    WITH gds.graph.project(
        $name, tie[0], tie[1],
        {relationshipType: 'TIE', relationshipProperties: {weight: tie[2]}},
        {undirectedRelationshipTypes: ['TIE']}
    ) AS projected
    RETURN projected.nodeCount AS rows
    """
)
"""A tie once, with a weight, without direction."""

DROP = cypher("CALL gds.graph.drop($name, false) YIELD graphName RETURN graphName AS name")

PAGE_RANK = cypher(
    """
    CALL gds.pageRank.stream($graph, {
        dampingFactor: $damping, maxIterations: $rounds, tolerance: $tolerance, concurrency: 1
    })
    YIELD nodeId, score
    RETURN collect([nodeId, score]) AS rows
    """,
    ("row", "score"),
)

NEARNESS = cypher(
    """
    CALL gds.pageRank.stream($graph, {
        dampingFactor: $damping, maxIterations: $rounds, tolerance: $tolerance, sourceNodes: $around, concurrency: 1
    })
    YIELD nodeId, score
    RETURN collect([nodeId, score]) AS rows
    """,
    ("row", "score"),
)

HITS = cypher(
    """
    CALL gds.hits.stream($graph, {hitsIterations: $rounds, concurrency: 1})
    YIELD nodeId, values
    RETURN collect([nodeId, values.hub, values.auth]) AS rows
    """,
    ("row", "hub", "authority"),
)

CORES = cypher(
    "CALL gds.kcore.stream($graph) YIELD nodeId, coreValue RETURN collect([nodeId, coreValue]) AS rows",
    ("row", "core"),
)

LEIDEN = cypher(
    """
    CALL gds.leiden.stream($graph, {
        relationshipWeightProperty: 'weight', gamma: $resolution, randomSeed: $seed, concurrency: 1
    })
    YIELD nodeId, communityId
    RETURN collect([nodeId, communityId]) AS rows
    """,
    ("row", "community"),
)

CELF = cypher(
    """
    CALL gds.influenceMaximization.celf.stream($graph, {
        seedSetSize: $k, monteCarloSimulations: $cascades, propagationProbability: $chance, randomSeed: $seed,
        concurrency: 1
    })
    YIELD nodeId, spread
    RETURN collect([nodeId, spread]) AS rows
    """,
    ("row", "gain"),
)
