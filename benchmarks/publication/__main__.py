"""What a publication costs.

    python -m benchmarks.publication copy --persons 100000     first and small publications against COPY of the same rows
    python -m benchmarks.publication layout --persons 50000    versioned rows against partitions, readers at work

Each makes an embedded server of its own and removes it; results go to benchmarks/results/publication-<what>-<persons>.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.publication import copying, layouts
from pipelines.settings import Settings, settings_from_environment
from pipelines.store.database import open_database
from pipelines.store.embedded import stop_server
from pipelines.store.postgres import fetch

RESULTS = Path(__file__).parents[1] / "results"
MEASURES = {"copy": copying.measure, "layout": layouts.measure}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=sorted(MEASURES))
    parser.add_argument("--persons", type=int, default=100_000)
    options = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="popbase-publication-"))
    base.chmod(0o755)  # the server's account looks in
    settings = Settings(home=base / "home", pg_bin=settings_from_environment().pg_bin)
    load = [round(one, 1) for one in os.getloadavg()]  # others at work on the machine show here
    try:
        with open_database(settings) as conn:
            server = fetch(conn, "select version() as v")[0]["v"].split(" on ", maxsplit=1)[0]
        figures = MEASURES[options.what](settings, options.persons)
    finally:
        stop_server(settings)
        shutil.rmtree(base, ignore_errors=True)
    result = {"machine": machine() | {"server": server, "load_average": load}, **figures}
    path = RESULTS / f"publication-{options.what}-{options.persons}.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, ensure_ascii=False))
    print(path)


if __name__ == "__main__":
    main()
