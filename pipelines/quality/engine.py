"""An execution engine of Great Expectations that computes on Polars.

Great Expectations asks for all counts at once as one bundle; the engine answers with one lazy
select whose bit masks it keeps, by full metric id (name, domain and arguments: two patterns on
one column are two masks). `masks` afterwards says which rows every count was counted from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl
from great_expectations.core.batch import BatchData, BatchMarkers
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfigurationID

from pipelines.quality import conditions
from pipelines.quality.checkable import NotCheckable
from pipelines.quality.masks import Mask

if TYPE_CHECKING:
    from great_expectations.core.batch_spec import RuntimeDataBatchSpec
    from great_expectations.execution_engine.execution_engine import (
        MetricComputationConfiguration,
    )
    from great_expectations.expectations.row_conditions import (
        AndCondition,
        ComparisonCondition,
        NullityCondition,
        OrCondition,
    )


class PolarsBatch(BatchData):
    """A frame, in the form in which Great Expectations carries batches about."""

    def __init__(self, engine: PolarsExecutionEngine, frame: pl.LazyFrame, *, is_streamed: bool) -> None:
        super().__init__(execution_engine=engine)
        self.frame = frame
        self.is_streamed = is_streamed
        self.schema = frame.collect_schema()


class PolarsExecutionEngine(ExecutionEngine[pl.Expr]):
    """Resolves metrics on one Polars frame; see `metrics` for those it knows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.masks: dict[MetricConfigurationID, pl.Series] = {}
        self.queried: dict[str, pl.Series] = {}

    def get_batch_data_and_markers(
        self, batch_spec: RuntimeDataBatchSpec
    ) -> tuple[PolarsBatch, BatchMarkers]:
        """The frame of the request. The markers carry no clock time: results do not depend on it."""
        frame: pl.DataFrame | pl.LazyFrame = batch_spec.batch_data
        batch_spec.batch_data = "PolarsFrame"  # what remains of it in Great Expectations' result
        batch = PolarsBatch(self, frame.lazy(), is_streamed=isinstance(frame, pl.LazyFrame))
        return batch, BatchMarkers({"ge_load_time": None})

    @property
    def batch(self) -> PolarsBatch:
        """The batch loaded last."""
        loaded = self.batch_manager.active_batch_data
        if not isinstance(loaded, PolarsBatch):
            raise NotCheckable("no frame is loaded")
        return loaded

    def where(self, domain: Mapping[str, Any]) -> pl.Expr | None:
        """The row condition of a metric's domain, if it has one."""
        declared = domain.get("row_condition")
        if not declared:
            return None
        condition = conditions.as_condition(declared)
        if isinstance(condition, str):
            return conditions.from_text(condition, self.batch.schema)
        return self.condition_to_filter_clause(condition)

    def resolve_metric_bundle(
        self, metric_fn_bundle: list[MetricComputationConfiguration]
    ) -> dict[MetricConfigurationID, Any]:
        """Counts of masks and single values, one select for each of the two kinds.

        Of a streamed frame the masks that need all rows are a select of their own: beside them nothing is streamed.
        """
        asked = {item.metric_configuration.id: item.metric_fn for item in metric_fn_bundle}
        masks = {metric: fn for metric, fn in asked.items() if isinstance(fn, Mask)}
        values = {metric: fn for metric, fn in asked.items() if isinstance(fn, pl.Expr)}
        apart = {m: mask.failing for m, mask in masks.items() if mask.needs_all and self.batch.is_streamed}
        kept = self._select({m: mask.failing for m, mask in masks.items() if m not in apart})
        kept |= self._select(apart)
        self.masks.update(kept)
        counts = {metric: int(mask.sum()) for metric, mask in kept.items()}
        return counts | {metric: cell.item() for metric, cell in self._select(values).items()}

    def one_value(self, expression: pl.Expr) -> Any:
        """The single cell that an aggregating expression yields on the frame."""
        with _without_values():
            return self._collect(self.batch.frame.select(expression)).item()

    def rows_of_query(self, query: str, rows: pl.LazyFrame) -> pl.Series:
        """The mask of a query's rows, kept under its text; `rows` is one column of row numbers from 0."""
        with _without_values():
            numbers = self._collect(rows).to_series()
        mask = pl.select(pl.int_range(self.one_value(pl.len())).is_in(numbers.implode())).to_series()
        self.queried[query] = mask
        return mask

    def _select(
        self, expressions: Mapping[MetricConfigurationID, pl.Expr]
    ) -> dict[MetricConfigurationID, pl.Series]:
        if not expressions:
            return {}
        named = [expression.alias(str(n)) for n, expression in enumerate(expressions.values())]
        with _without_values():
            found = self._collect(self.batch.frame.select(named))
        return dict(zip(expressions, found.get_columns(), strict=True))

    def _collect(self, asked: pl.LazyFrame) -> pl.DataFrame:
        return asked.collect(engine="streaming" if self.batch.is_streamed else "auto")

    def _comparison_condition_to_filter_clause(self, condition: ComparisonCondition) -> pl.Expr:
        return conditions.comparison(condition, self.batch.schema)

    def _nullity_condition_to_filter_clause(self, condition: NullityCondition) -> pl.Expr:
        return conditions.nullity(condition, self.batch.schema)

    def _and_condition_to_filter_clause(self, condition: AndCondition) -> pl.Expr:
        return pl.all_horizontal(map(self.condition_to_filter_clause, condition.conditions))

    def _or_condition_to_filter_clause(self, condition: OrCondition) -> pl.Expr:
        return pl.any_horizontal(map(self.condition_to_filter_clause, condition.conditions))


@contextmanager
def _without_values() -> Iterator[None]:
    """Polars' messages quote cells ("conversion failed for ..."): only the error's kind goes on."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise NotCheckable(f"Polars: {type(error).__name__}") from None
