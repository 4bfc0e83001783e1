"""The suites of the feeds find nothing beyond their limits in a county without faults."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.intake.delivery import open_delivery
from pipelines.intake.manifest import find_deliveries, read_manifest
from pipelines.kernels.schema_drift import retyped
from pipelines.kernels.standard_rows import judged_rows, standard_rows
from pipelines.quality.gate import judge
from pipelines.quality.outcome import Outcome
from pipelines.quality.run import validate_frame
from pipelines.quality.suite import load_suites
from pipelines.settings import Settings
from pipelines.synthetic.generate import generate
from pipelines.synthetic.rates import clean
from tests.acceptance.receiving import opened

SETTINGS = Settings(home=Path("/nonexistent"))


TRUE_OF_A_CLEAN_COUNTY = {
    "PB-EDU-030": "some pupils have neither parent nor grandmother living",
    "PB-RES-025": "some holders of a permit let a year go by",
    "PB-SOC-022": "who married under a new name has insurances that ended under the old one",
    "PB-SOC-024": "two offices that do not know of each other insure the same person",
}
"""Rules that find rows where no dirt was planted, and what of the county they rightly find."""


def outcomes(county: Path, feed: str) -> list[Outcome]:
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
        assert retyped(rows.frame, rows.faults, contract) == []
        found.append(validate_frame(judged_rows(rows.frame), suite, today=manifest.data_date))
    return found


@pytest.fixture(scope="module")
def clean_county(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Outcome]]:
    county = tmp_path_factory.mktemp("county")
    generate(1500, 3, county, 1, rates=clean())
    return {feed: outcomes(county, feed) for feed in load_contracts()}


def test_every_delivery_of_a_clean_county_is_released(clean_county: dict[str, list[Outcome]]) -> None:
    for feed, found in clean_county.items():
        judged_from = load_contracts()[feed].thresholds.judged_from
        judged = [judge(outcome, judged_from=judged_from) for outcome in found]
        assert judged
        assert [verdict.decision for verdict in judged] == ["release"] * len(judged), json.dumps(
            [(feed, reason.rule_id, reason.share) for verdict in judged for reason in verdict.reasons]
        )


def test_of_a_clean_county_no_row_is_a_finding_but_what_is_true_of_it(
    clean_county: dict[str, list[Outcome]],
) -> None:
    broken = [
        result.rule.id
        for found in clean_county.values()
        for outcome in found
        for result in outcome.rules
        if result.rule.finding and result.failed
    ]
    assert set(broken) <= TRUE_OF_A_CLEAN_COUNTY.keys()
