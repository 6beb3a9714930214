"""The one door to Numba: a function becomes a compiled kernel, cached on disk beside its module."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def kernel(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Compile without fast-math, so that the same input gives the same bits.

    A kernel uses one thread and lets others run beside it: an event loop goes on answering meanwhile, and several
    kernels may work at once, each on arrays of its own.
    """
    compile_for_one = numba.njit(cache=True, nogil=True)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    compiled = compile_for_one(function)
    return cast("Callable[Arguments, Answer]", compiled)
