"""What the suites of all engines share."""

import pytest

from graph.engines import ENGINES, Engine, engine_named


@pytest.fixture(params=[name if name != "gds" else pytest.param(name, marks=pytest.mark.neo4j) for name in ENGINES])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of them; `gds` on a Neo4j of its own."""
    if request.param == "gds":
        return engine_named("gds", request.getfixturevalue("gds_store"))
    return engine_named(request.param)
