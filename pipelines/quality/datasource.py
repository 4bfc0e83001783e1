"""A data source of Great Expectations for Polars frames: `context.data_sources.add_polars(...)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal

import polars as pl
from great_expectations.core import IDDict
from great_expectations.core.batch import LegacyBatchDefinition
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.batch_request import BatchRequest
from great_expectations.datasource.fluent.constants import _DATA_CONNECTOR_NAME
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource

from pipelines.quality.engine import PolarsExecutionEngine

Engine = type[PolarsExecutionEngine]  # inside a data source `type` is a field
FRAME: Final = "dataframe"  # the one batch parameter that Great Expectations keeps out of its results


class PolarsFrameAsset(DataAsset[Any, Any]):
    """Whatever frame a run brings along."""

    type: Literal["polars_frame"] = "polars_frame"

    def test_connection(self) -> None:
        """There is nothing to connect to."""

    def get_batch_parameters_keys(self, partitioner: object = None) -> tuple[str, ...]:
        """A run gives the frame and nothing else."""
        del partitioner
        return (FRAME,)

    def build_batch_request(
        self, options: Any = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest[Any]:
        """A request that carries its frame."""
        del batch_slice, partitioner
        name = self.datasource.name
        return BatchRequest(datasource_name=name, data_asset_name=self.name, options=options or {})

    def _validate_batch_request(self, batch_request: BatchRequest[Any]) -> None:
        if not isinstance(batch_request.options.get(FRAME), pl.DataFrame | pl.LazyFrame):
            raise TypeError("a batch request needs a Polars frame")

    def get_batch_identifiers_list(self, batch_request: BatchRequest[Any]) -> list[dict[str, Any]]:
        """One batch, the frame."""
        return [IDDict(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest[Any]) -> Batch:
        """The batch of a request."""
        self._validate_batch_request(batch_request)
        spec = RuntimeDataBatchSpec(batch_data=batch_request.options[FRAME])
        engine = self.datasource.get_execution_engine()
        batch, markers = engine.get_batch_data_and_markers(batch_spec=spec)
        return Batch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=batch,
            metadata={},
            batch_markers=markers,
            batch_spec=spec,
            batch_definition=LegacyBatchDefinition(
                datasource_name=self.datasource.name,
                data_connector_name=_DATA_CONNECTOR_NAME,
                data_asset_name=self.name,
                batch_identifiers=make_batch_identifier(batch_request.options),
            ),
        )


class PolarsDatasource(Datasource[Any, PolarsExecutionEngine]):
    """Frames that are in memory, or lazy."""

    asset_types: ClassVar[Sequence[type[DataAsset[Any, Any]]]] = [PolarsFrameAsset]
    type: Literal["polars"] = "polars"
    assets: list[PolarsFrameAsset] = []  # noqa: RUF012 - a pydantic field: each instance gets its own

    @property
    def execution_engine_type(self) -> Engine:
        """What resolves the metrics of these frames."""
        return PolarsExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:  # noqa: FBT001, FBT002
        """There is nothing to connect to."""
        del test_assets

    def add_frame_asset(self, name: str) -> PolarsFrameAsset:
        """An asset that takes the frames of runs."""
        asset = PolarsFrameAsset(name=name)
        self._add_asset(asset)
        return asset
