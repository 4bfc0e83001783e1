"""Several at a time, results in their order: loops are compiled free of the interpreter's lock, Polars and NumPy are too."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")
THREADS: Final = 2


def ahead(run: Callable[[T], R], items: Iterable[T], threads: int = THREADS) -> Iterator[R]:
    """`run` of each item, in their order; so many run at once, and at most one more is waiting."""
    rest = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        running = deque(pool.submit(run, one) for one in islice(rest, threads + 1))
        while running:
            found = running.popleft().result()
            running.extend(pool.submit(run, one) for one in islice(rest, 1))
            yield found
