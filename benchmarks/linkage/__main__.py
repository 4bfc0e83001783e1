"""`python -m benchmarks.linkage`: see compare.py."""

from __future__ import annotations

from benchmarks.linkage.compare import main

main()
