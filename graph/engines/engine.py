"""What every engine offers: run a request on its arrays, or say in a sentence why it cannot."""

from typing import Protocol, overload

from graph.algorithms.chains import Chains, ChainsRequest, Purchases
from graph.algorithms.influence import Influence, InfluenceGraph, InfluenceRequest
from graph.errors import BadInput


class Engine(Protocol):
    """One way to compute. Requests and arrays are those of the algorithms; so are the answers."""

    @property
    def name(self) -> str:
        """What users call it."""
        ...

    def refusal(self, request: ChainsRequest | InfluenceRequest, graph: Purchases | InfluenceGraph, /) -> str | None:
        """Why it cannot run this, in a sentence; None where it can."""
        ...

    @overload
    def run(self, request: ChainsRequest, graph: Purchases, /) -> Chains: ...
    @overload
    def run(self, request: InfluenceRequest, graph: InfluenceGraph, /) -> Influence: ...
    def run(
        self, request: ChainsRequest | InfluenceRequest, graph: Purchases | InfluenceGraph, /
    ) -> Chains | Influence:
        """The answer; `BadInput` with the refusal where there is one."""
        ...


def check(refusal: str | None) -> None:
    """Raise the refusal, if there is one."""
    if refusal is not None:
        raise BadInput(refusal)
