"""What every engine offers: run a request on its arrays, or say in a sentence why it cannot."""

from typing import Protocol, TypeAlias, overload

from graph.algorithms.centrality import Centrality, CentralityRequest, Follows
from graph.algorithms.chains import Chains, ChainsRequest, Purchases
from graph.algorithms.influence import Influence, InfluenceGraph, InfluenceRequest
from graph.algorithms.influence.selection.reverse_ties import ReverseTies
from graph.algorithms.influence.selection.select import Advocates, SelectAdvocates
from graph.errors import BadInput

Request: TypeAlias = ChainsRequest | InfluenceRequest | CentralityRequest | SelectAdvocates
Arrays: TypeAlias = Purchases | InfluenceGraph | Follows | ReverseTies
Answer: TypeAlias = Chains | Influence | Centrality | Advocates


class Engine(Protocol):
    """One way to compute. Requests and arrays are those of the algorithms; so are the answers."""

    @property
    def name(self) -> str:
        """What users call it."""
        ...

    def refusal(self, request: Request, graph: Arrays, /) -> str | None:
        """Why it cannot run this, in a sentence; None where it can."""
        ...

    @overload
    async def run(self, request: ChainsRequest, graph: Purchases, /) -> Chains: ...
    @overload
    async def run(self, request: InfluenceRequest, graph: InfluenceGraph, /) -> Influence: ...
    @overload
    async def run(self, request: CentralityRequest, graph: Follows, /) -> Centrality: ...
    @overload
    async def run(self, request: SelectAdvocates, graph: ReverseTies, /) -> Advocates: ...
    async def run(self, request: Request, graph: Arrays, /) -> Answer:
        """The answer, without holding up the event loop; `BadInput` with the refusal where there is one."""
        ...


def check(refusal: str | None) -> None:
    """Raise the refusal, if there is one."""
    if refusal is not None:
        raise BadInput(refusal)


def misfit(request: object, graph: object) -> TypeError:
    """What is raised where a request is asked of another's arrays."""
    return TypeError(f"{type(request).__name__} does not run on {type(graph).__name__}")
