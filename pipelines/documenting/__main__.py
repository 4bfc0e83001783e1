"""`python -m pipelines.documenting` writes the pages; with `--check` it only tells which are out of date."""

from __future__ import annotations

import sys

from pipelines.documenting.pages import outdated, write_pages


def main() -> None:
    """Write or check; exit code 1 when a page is out of date."""
    if "--check" in sys.argv[1:]:
        stale = outdated()
        sys.stderr.write("".join(f"out of date: {name}\n" for name in stale))
        sys.exit(int(bool(stale)))
    sys.stdout.write("".join(f"{name}\n" for name in write_pages()))


main()
