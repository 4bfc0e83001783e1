"""Manifests that are nearly right, and worse."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.fuzz.damage import damaged

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 2**31, 10**30, 1e308, float("nan"), float("inf"), "", "\0", "\ud800", "x" * 2000,
    "../a", "2026-02-30", "0001-01-01", 1_700_000_000, [], [1], {}, {"\0": 1}, {"A": {"sum": "x"}}, "合计", "12",
    "full", "a" * 64, {"A": {"distinct": 10**40}}, [[[[[]]]]],
)  # fmt: skip


def manifest(rng: Random) -> bytes:
    """A manifest's bytes."""
    told: dict[str, Any] = {
        "feed": "office/register",
        "data_date": "2026-06-30",
        "sequence": 12,
        "mode": "full",
        "file": "a_20260630.csv",
        "rows": 3,
        "sha256": "0" * 64,
        "encoding": "gb18030",
        "control_totals": {"BH": {"distinct": 3}},
        "sent_at": "2026-07-01T02:10:00+08:00",
        "sender": "某局",
    }
    for _ in range(rng.choice((0, 1, 1, 2))):
        key = rng.choice((*told, "table", "package", "replaces", "else", "\0", "\ud800"))
        told[key] = rng.choice(ODD)
    if rng.random() < 0.2:
        told.pop(rng.choice(list(told)))
    text = json.dumps(told, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass")
    text = rng.choice((b"", b"", b"", b"\xef\xbb\xbf")) + text
    if rng.random() < 0.05:
        text = rng.choice(
            (b"[" * 3000, b'{"a":' * 3000, b"9" * 5000, text.decode("utf-8", "ignore").encode("utf-16"))
        )
    return damaged(rng, text) if rng.random() < 0.4 else text
