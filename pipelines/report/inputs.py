"""By what a report was made: hashes of deliveries, contracts, suites, policies and code, and versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from pipelines import __version__
from pipelines.code import code_sha256
from pipelines.report.model import Batch, Hash
from pipelines.report.queries import Row

LIBRARIES: Final = ("polars", "great-expectations", "recordlinkage", "numpy", "pyarrow", "jinja2")


def hashes_of(run: Row | None, batches: tuple[Batch, ...], verdicts: list[Row]) -> tuple[Hash, ...]:
    """SHA-256 of what went in, in a fixed order, each kind and name once."""
    inputs = (run["inputs"] if run else None) or {}
    found = [Hash("publication", "content", run["content_hash"])] if run and run["content_hash"] else []
    found += [Hash("delivery", batch.batch_id, batch.content_sha256) for batch in batches]
    found += [Hash("contract", batch.feed, batch.contract_sha256) for batch in batches]
    found += [Hash("suite", b.feed, b.suite_sha256) for b in batches if b.suite_sha256]
    found += [
        Hash("suite", row["subject"].split("/", 1)[-1], row["suite_sha256"])
        for row in verdicts
        if row["subject"].startswith("publication:")
    ]
    if isinstance(inputs.get("contracts"), str):
        found.append(Hash("contracts", "contracts/", inputs["contracts"]))
    policies = inputs.get("policies") or {}
    found += [Hash("policy", name, policies[name]) for name in sorted(policies)]
    found.append(Hash("code", "pipelines/", code_sha256()))
    return tuple(dict.fromkeys(found))


def versions_of(run: Row | None) -> tuple[tuple[str, str], ...]:
    """Name and version of popbase, Python, the database server and the libraries that decide results."""
    server = [("PostgreSQL", str(run["server_version"]))] if run else []
    own = [("popbase", __version__), ("Python", platform.python_version()), *server]
    return tuple(own + [(name, _installed(name)) for name in LIBRARIES])


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "—"
