"""A medium world, generated once a session."""

import pytest
from generated_world import Generated, read

from loaders.world import WorldRequest, generate

REQUEST = WorldRequest(customers=8_000, days=120, seed=11, truth_runs=400)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    folder = tmp_path_factory.mktemp("world") / "hangzhou"
    generate(REQUEST, folder)
    return read(REQUEST, folder)
