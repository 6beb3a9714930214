"""The generated world: a plant-drink chain of Hangzhou, any size from a seed, with the planted truth beside it."""

from loaders.world.generate import generate
from loaders.world.request import WorldRequest, WorldSummary

__all__ = ["WorldRequest", "WorldSummary", "generate"]
