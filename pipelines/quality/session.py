"""One run of Great Expectations: a suite on a frame, offline, in a context of its own.

The context is ephemeral (it costs 4 ms; the import is what is dear) and is dropped after the run
with the frame it holds.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read when it is imported

import great_expectations as gx
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from pipelines.quality.datasource import FRAME, PolarsDatasource
from pipelines.quality.engine import PolarsExecutionEngine
from pipelines.quality.metrics import register
from pipelines.quality.suite import Rule
from pipelines.quality.supported import UNEXPECTED_ROWS

COUNTS_ONLY: Final = {
    "result_format": "BASIC",
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
}
SEVERITIES: Final = {
    "reject_batch": FailureSeverity.CRITICAL,
    "quarantine_row": FailureSeverity.WARNING,
    "warn": FailureSeverity.INFO,
}


@dataclass(frozen=True)
class Run:
    """What Great Expectations said of each rule, and the masks behind its counts.

    Attributes:
        version: of Great Expectations.
        results: by rule id.
        engine: holds the masks.
    """

    version: str
    results: Mapping[str, ExpectationValidationResult]
    engine: PolarsExecutionEngine

    @property
    def row_ids(self) -> pl.Series | None:
        """The column that tells a row, where a pass has read it already."""
        return self.engine.swept.named

    @property
    def counts(self) -> dict[str, Mapping[str, Any]]:
        """Great Expectations' own `result` of each rule it answered, by rule id."""
        return {rule_id: found.result for rule_id, found in self.results.items() if found.result}

    def mask(self, rule_id: str) -> pl.Series | None:
        """The rows a row rule counted as failing; None when it counted none."""
        configuration = _configuration(self.results[rule_id])
        if configuration.type == UNEXPECTED_ROWS:
            return self.engine.queried.get(str(configuration.kwargs["unexpected_rows_query"]))
        expectation = configuration.to_domain_obj()
        asked = expectation.get_validation_dependencies(self.engine, {"result_format": dict(COUNTS_ONLY)})
        metric = f"{getattr(expectation, 'map_metric', None)}.unexpected_count"
        return self.engine.masks.get(asked.metric_configurations[metric].id)


def as_expectation(rule: Rule) -> Expectation:
    """The stock expectation of a rule; raises what GX raises at arguments it does not take."""
    configuration = ExpectationConfiguration(
        type=rule.expectation,
        kwargs=dict(rule.kwargs),
        meta={"rule": rule.id},
        description=rule.zh,
        severity=SEVERITIES[rule.severity],
    )
    return configuration.to_domain_obj()


def run_expectations(
    frame: pl.DataFrame | pl.LazyFrame, expectations: list[Expectation], today: dt.date, row_id: str
) -> Run:
    """Run a validation definition; `today` is the value of the suites' parameter of that name.

    Of a lazy frame it is first run on no rows: what that asks is then answered, and `row_id` read, in one pass.
    """
    register()
    context = gx.get_context(mode="ephemeral", project_config=in_memory())
    source: PolarsDatasource = context.data_sources.add_polars(name="frames")
    definition = gx.ValidationDefinition(
        name="validation",
        data=source.add_frame_asset("frame").add_batch_definition("whole"),
        suite=context.suites.add(gx.ExpectationSuite(name="suite", expectations=expectations)),
    )
    engine = source.get_execution_engine()
    if isinstance(frame, pl.LazyFrame):
        with suppress(
            Exception
        ):  # what Great Expectations trips over on no rows is asked when its turn comes
            _run(definition, frame.clear(), today)
        engine.look_ahead(frame, row_id)
    found = _run(definition, frame, today)
    results = {str(_configuration(result).meta["rule"]): result for result in found.results}
    return Run(gx.__version__, results, engine)


def _run(definition: gx.ValidationDefinition, frame: pl.DataFrame | pl.LazyFrame, today: dt.date) -> Any:
    return definition.run(
        batch_parameters={FRAME: frame},
        expectation_parameters={"today": today.isoformat()},
        result_format=dict(COUNTS_ONLY),
    )


def in_memory() -> DataContextConfig:
    """Nothing on disk (the default makes a folder for documents at every call), no bars."""
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    bars = ProgressBarsConfig(globally=False)
    return DataContextConfig(store_backend_defaults=stores, progress_bars=bars)


def _configuration(result: ExpectationValidationResult) -> ExpectationConfiguration:
    """What the result is about, with the batch and the parameters filled in."""
    if result.expectation_config is None:
        raise TypeError("a result without its expectation")
    return result.expectation_config
