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
from pipelines.quality.query import rows_of
from pipelines.quality.sweep import Asked, Swept, sweep

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
        self.asked, self.swept = Asked(), Swept()

    def look_ahead(self, frame: pl.LazyFrame, name: str) -> None:
        """Answer in one pass over `frame` all that was asked of the frames so far; keep its column `name`."""
        self.swept = sweep(frame, self.asked, name)

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
        """Counts of masks and single values, one select for each of the two kinds; a sweep's answers are taken first.

        Of a streamed frame the masks that need all rows are a select of their own: beside them nothing is streamed.
        """
        wanted = {item.metric_configuration.id: item.metric_fn for item in metric_fn_bundle}
        masks = {metric: fn for metric, fn in wanted.items() if isinstance(fn, Mask)}
        values = {metric: fn for metric, fn in wanted.items() if isinstance(fn, pl.Expr)}
        self.asked.masks.update(masks)
        self.asked.values.update(values)
        kept = self._masked(masks)
        self.masks.update(kept)
        counts = {metric: int(mask.sum()) for metric, mask in kept.items()}
        return counts | self._valued(values)

    def _masked(self, masks: Mapping[MetricConfigurationID, Mask]) -> dict[MetricConfigurationID, pl.Series]:
        known = {metric: self.swept.masks[metric] for metric in masks if metric in self.swept.masks}
        open_ = {metric: mask for metric, mask in masks.items() if metric not in known}
        apart = {m: mask.failing for m, mask in open_.items() if mask.needs_all and self.batch.is_streamed}
        found = self._select({m: mask.failing for m, mask in open_.items() if m not in apart})
        return known | found | self._select(apart)

    def _valued(self, values: Mapping[MetricConfigurationID, pl.Expr]) -> dict[MetricConfigurationID, Any]:
        known = {metric: self.swept.values[metric] for metric in values if metric in self.swept.values}
        found = self._select({metric: value for metric, value in values.items() if metric not in known})
        return known | {metric: cell.item() for metric, cell in found.items()}

    def one_value(self, expression: pl.Expr) -> Any:
        """The single cell that an aggregating expression yields on the frame."""
        if not self.batch.is_streamed:
            return self._one_value(expression)
        key = expression.meta.serialize()
        self.asked.values[key] = expression
        return self.swept.values[key] if key in self.swept.values else self._one_value(expression)

    def _one_value(self, expression: pl.Expr) -> Any:
        with _without_values():
            return self._collect(self.batch.frame.select(expression)).item()

    def rows_of_query(self, query: str) -> pl.Series:
        """The mask of the rows that an SQL query gives, kept under its text."""
        numbers = self.swept.queries.get(query)
        if numbers is None:
            rows = rows_of(self.batch.frame, query)
            self.asked.queries[query] = None
            with _without_values():
                numbers = self._collect(rows).to_series()
        every = pl.int_range(self.one_value(pl.len()))
        self.queried[query] = pl.select(every.is_in(numbers.implode())).to_series()
        return self.queried[query]

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
