"""`python -m pipelines.cli` is `popbase`."""

from __future__ import annotations

from pipelines.cli import main

main()
