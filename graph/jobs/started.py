"""How every score run begins: what it reads, its provenance, and who hears how far it is."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from graph.algorithms.affinity import AffinityRequest
from graph.algorithms.centrality import CentralityRequest
from graph.algorithms.chains import ChainsRequest
from graph.algorithms.influence import InfluenceRequest
from graph.algorithms.provenance import Provenance
from graph.engines import ENGINES, IN_PROCESS
from graph.errors import BadInput
from graph.jobs.publish import Progress, RunContext, Tell
from graph.jobs.score_read import Read, check_source
from graph.log.event_log import EventLog
from graph.queries.score_run import RunKind, ScoreRunRow

ScoreRequest = ChainsRequest | InfluenceRequest | AffinityRequest | CentralityRequest
_ENGINES_OF: Mapping[type[ScoreRequest], tuple[RunKind, Sequence[str]]] = {
    ChainsRequest: (RunKind.CHAINS, ("local",)),
    InfluenceRequest: (RunKind.INFLUENCE, tuple(IN_PROCESS)),
    AffinityRequest: (RunKind.AFFINITY, ("local",)),
    CentralityRequest: (RunKind.CENTRALITY, ENGINES),
}


def check_engine(request: ScoreRequest, name: str) -> None:
    """BadInput where no engine of this name runs such a request; it says which do."""
    kind, able = _ENGINES_OF[type(request)]
    if name not in able:
        those = f"engine {able[0]} alone" if len(able) == 1 else f"engines {', '.join(able)}"
        raise BadInput(f"{kind} runs on the {those}, not on {name}")


def quiet(_: Progress) -> None:
    """Tell nobody."""


class Stages:
    """Tells how far a run is."""

    def __init__(self, tell: Tell, run_id: str) -> None:
        """`tell` hears every step."""
        self._tell, self._run_id = tell, run_id

    def tell(self, stage: str, done: int, total: int) -> None:
        """So many of the stage's steps are done."""
        self._tell(Progress(self._run_id, stage, done, total))


async def started(
    log: EventLog,
    kind: RunKind,
    request: ScoreRequest,
    provenance: Provenance,
    context: RunContext,
) -> ScoreRunRow:
    """A run over the log as it is now, which stands nowhere yet; BadInput for an unknown source."""
    version = log.version
    await asyncio.to_thread(check_source, log, version, request.source)
    return ScoreRunRow(
        context.run_id,
        kind,
        request.scope,
        provenance.name,
        provenance.version,
        context.engine,
        json.dumps(asdict(request), ensure_ascii=False, sort_keys=True),
        request.seed,
        version,
        context.started_at,
    )


def seen_by(run: ScoreRunRow, read: Read, customers: int, ties: int) -> ScoreRunRow:
    """The run with what it read and how much it scored."""
    return replace(run, as_of=read.as_of, event_count=read.event_count, customer_count=customers, tie_count=ties)
