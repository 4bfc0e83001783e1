"""The one way a loop is compiled: cached beside the source, free of the interpreter's lock.

The cache notices changes of the loop's own file only: what a loop calls stands in the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use; other threads run while the loop does."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))
