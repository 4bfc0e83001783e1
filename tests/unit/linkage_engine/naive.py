"""Definitions spelt out slowly: what the engine's loops are checked against."""

from __future__ import annotations

from datetime import date


def naive_jaro_winkler(a: str, b: str) -> float:
    """Jaro (1989) with Winkler's prefix (1990), counted above 0.7."""
    reach = max(max(len(a), len(b)) // 2 - 1, 0)
    left: list[str] = []
    taken: set[int] = set()
    for i, character in enumerate(a):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            if j not in taken and b[j] == character:
                taken.add(j)
                left.append(character)
                break
    if not left:
        return 0.0
    right = [b[j] for j in sorted(taken)]
    swaps = sum(x != y for x, y in zip(left, right, strict=True)) // 2
    common = len(left)
    jaro = (common / len(a) + common / len(b) + (common - swaps) / common) / 3
    prefix = 0
    while prefix < min(4, len(a), len(b)) and a[prefix] == b[prefix]:
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro) if jaro > 0.7 else jaro


def naive_edits(a: str, b: str) -> int:
    """Optimal string alignment distance."""
    table = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            differs = a[i - 1] != b[j - 1]
            costs = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + differs]
            if min(i, j) > 1 and a[i - 2 : i] == b[j - 2 : j][::-1]:
                costs.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(costs)
    return table[len(a), len(b)]


def naive_slip(a: date, b: date) -> bool:
    x, y = a.strftime("%Y%m%d"), b.strftime("%Y%m%d")
    differing = [i for i in range(8) if x[i] != y[i]]
    if len(differing) == 2 and differing[1] == differing[0] + 1:
        i = differing[0]
        if x[i] == y[i + 1] and x[i + 1] == y[i]:
            return True
    return len(differing) < 2 or x[:4] + x[6:] + x[4:6] == y
