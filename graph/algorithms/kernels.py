"""The one door to Numba: a function becomes a compiled kernel, cached on disk beside its module."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def kernel(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Compile for one thread, without fast-math, so that the same input gives the same bits."""
    compiled = numba.njit(cache=True)(function)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return cast("Callable[Arguments, Answer]", compiled)
