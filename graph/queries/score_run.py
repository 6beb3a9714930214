"""Score runs as they are written: begun, published in one step, or failed. They are read in `graph/queries/run.py`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from graph.model.affinity import NEXT_PRODUCTS, PRODUCT_AFFINITY
from graph.model.score import CENTRALITY_SCORE, CHAIN, CURRENT_RUN, INFLUENCE_SCORE, SCORE_RUN
from graph.model.statements import upsert_node
from graph.store.statement import Step, cypher, generated


class RunKind(StrEnum):
    """What a run scores."""

    INFLUENCE = "influence"
    CHAINS = "chains"
    AFFINITY = "affinity"
    CENTRALITY = "centrality"


OF_CATEGORY = "influence of a category"
"""By this the current influence run of one category is found; whoever asks for influence alone does not see it."""


class RunState(StrEnum):
    """How far a run is; only a succeeded one is ever current."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ScoreRunRow:
    """One run with its provenance, named as the model names it."""

    run_id: str
    kind: RunKind
    scope: str
    algorithm: str
    algorithm_version: int
    engine: str
    parameters: str
    """The frozen request as a JSON object."""
    seed: int
    log_version: int
    started_at: datetime
    state: RunState = RunState.RUNNING
    as_of: datetime | None = None
    finished_at: datetime | None = None
    failure: str | None = None
    event_count: int = 0
    customer_count: int = 0
    tie_count: int = 0
    pointer_kind: str | None = None
    """What readers look the current run up by; None: its kind. Not kept."""
    said: str = ""
    """What was found, in a sentence for the one who asked; not kept."""

    @property
    def pointer_id(self) -> str:
        """The key of the pointer that this run may become the target of."""
        return f"{self.kind}|{self.scope}"


UPSERT_RUN = generated(upsert_node(SCORE_RUN))
UPSERT_INFLUENCE = generated(upsert_node(INFLUENCE_SCORE))
UPSERT_CENTRALITY = generated(upsert_node(CENTRALITY_SCORE))
UPSERT_CHAINS = generated(upsert_node(CHAIN))
UPSERT_AFFINITY = generated(upsert_node(PRODUCT_AFFINITY))
UPSERT_NEXT = generated(upsert_node(NEXT_PRODUCTS))
POINT_AT_RUN = generated(upsert_node(CURRENT_RUN))
ABANDON = cypher(
    "MATCH (r:ScoreRun {kind: $kind}) WHERE r.scope = $scope AND r.state = 'running' AND r.run_id <> $run_id"
    " SET r.state = 'failed', r.finished_at = $at, r.failure = $failure"
)
ABANDONED = "It ended without a word, killed perhaps; a later run found it so."


def begin(run: ScoreRunRow) -> tuple[Step, ...]:
    """The run is running; runs of its kind and scope that never ended count as failed."""
    earlier = {
        "kind": str(run.kind), "scope": run.scope, "run_id": run.run_id, "at": run.started_at, "failure": ABANDONED
    }  # fmt: skip
    return (ABANDON, earlier), state(run)


def state(run: ScoreRunRow) -> Step:
    """The run as it is now."""
    return UPSERT_RUN, {"rows": [_row(run)]}


def publish(run: ScoreRunRow) -> tuple[Step, ...]:
    """The run has succeeded and is the current one of its kind and scope: one transaction, so that nobody sees half."""
    pointer = {
        "pointer_id": run.pointer_id,
        "kind": run.pointer_kind or str(run.kind),
        "scope": run.scope,
        "run_id": run.run_id,
    }
    return state(run), (POINT_AT_RUN, {"rows": [pointer]})


def _row(run: ScoreRunRow) -> Mapping[str, object]:
    return {name: str(value) if isinstance(value, StrEnum) else value for name, value in asdict(run).items()}
