"""The suites of the feeds find nothing beyond their limits in a county without faults."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.intake.delivery import open_delivery
from pipelines.intake.manifest import find_deliveries, read_manifest
from pipelines.kernels.standard_rows import judged_rows, standard_rows
from pipelines.quality.gate import Verdict, judge
from pipelines.quality.run import validate_frame
from pipelines.quality.suite import load_suites
from pipelines.settings import Settings
from pipelines.synthetic.generate import generate
from pipelines.synthetic.rates import clean
from tests.acceptance.receiving import opened

SETTINGS = Settings(home=Path("/nonexistent"))


def verdicts(county: Path, feed: str) -> list[Verdict]:
    contract, suite, found = load_contracts()[feed], load_suites()[feed], []
    for delivery in find_deliveries(county / "inbox", feed):
        manifest = read_manifest(delivery)
        with opened(county, contract, manifest, delivery.folder) as source:
            with open_delivery(source, contract, manifest, {}) as reading:
                chunks = [chunk.rows for chunk in reading.chunks]
            raw = pl.concat(chunks).rename({name: f"raw.{name}" for name in reading.header.names})
        rows = standard_rows(
            raw, contract, mode=manifest.mode, as_of=manifest.data_date,
            code_lists=SETTINGS.code_lists, gazetteer=None,
        )  # fmt: skip
        found.append(judge(validate_frame(judged_rows(rows.frame), suite, today=manifest.data_date)))
    return found


def test_every_delivery_of_a_clean_county_is_released(tmp_path: Path) -> None:
    generate(1500, 3, tmp_path, 1, rates=clean())
    for feed in load_contracts():
        judged = verdicts(tmp_path, feed)
        assert judged
        assert [verdict.decision for verdict in judged] == ["release"] * len(judged), json.dumps(
            [(feed, reason.rule_id, reason.share) for verdict in judged for reason in verdict.reasons]
        )
