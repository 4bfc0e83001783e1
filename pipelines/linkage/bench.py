"""One linkage model on one or two tables, measured: time by step, memory, quality against a truth."""

from __future__ import annotations

import io
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.linkage.engine.fitting import Fitted, fit
from pipelines.linkage.engine.merging import link_merged
from pipelines.linkage.engine.model import LinkageModel
from pipelines.linkage.engine.model_files import version
from pipelines.linkage.engine.quality import AT_95, clusters, of_clusters, pairwise
from pipelines.linkage.engine.table import encode, unread

KEY, ORIGIN = "_key", "_table"
_LEAST_KEPT: Final = -6.63  # bits: a probability of 0.01; what is less is no candidate for any threshold
_SEPARATOR: Final = "\x1f"


@dataclass
class Measured:
    """What was measured.

    Attributes:
        figures: records, pairs, seconds, memory, quality; counts and shares only.
        model: the fitted model.
        pairs: see linking.Links.
    """

    figures: dict[str, Any]
    model: LinkageModel
    pairs: pl.DataFrame


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)


def measure(records: Path, other: Path | None, model: LinkageModel, truth: str | None) -> Measured:
    """Link a table within itself, or with another one, and measure it.

    Args:
        records: CSV (UTF-8, else GB18030) or Parquet.
        other: a second table: only records of different tables are compared.
        model: a plan, which is fitted here, or a fitted model, which is used as it is.
        truth: the column that names the person; records without one count as nobody's.

    Raises:
        UsageError: when a file cannot be read or lacks a column.
    """
    clock = _Clock()
    with clock.step("read"):
        table, plan = _together(records, other, model)
    if truth is not None and truth not in table.columns:
        raise UsageError(f"no column is called {truth}", hint=f"--truth is one of {_names(table)}")
    with clock.step("encode"):
        encoded = encode(table, plan)
    with clock.step("train"):
        fitted = Fitted(plan, {}, (), ()) if plan.is_fitted else fit(encoded, plan)
    with clock.step("predict"):
        links = link_merged(encoded, fitted.model)
    with clock.step("cluster"):
        found = clusters(links.pairs.filter(pl.col("weight") >= AT_95), table[KEY])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    seconds = clock.seconds | {"total": round(sum(clock.seconds.values()), 3)}
    figures = {
        "model": {"name": model.name, "version": version(fitted.model), "prior": fitted.model.prior.probability},
        "records": table.height,
        "pairs": links.compared,
        "pairs_kept": links.pairs.height,
        "seconds": seconds,
        "peak_rss_mib": peak,
        "faults": [*unread(encoded), *fitted.faults],
    }  # fmt: skip
    if truth is not None:
        figures |= _quality(links.pairs, table, truth, found)
    as_given = {name: getattr(model, name) for name in ("key", "apart", "possible_weight")}
    return Measured(figures, fitted.model.model_copy(update=as_given), links.pairs)


def _quality(pairs: pl.DataFrame, table: pl.DataFrame, truth: str, found: pl.Series) -> dict[str, Any]:
    told = table.select(
        key=KEY, person=_text(truth), **({"origin": ORIGIN} if ORIGIN in table.columns else {})
    )
    return pairwise(pairs, told) | {"clusters_at_95": of_clusters(found, told["person"])}


def _text(column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String)
    return pl.when(text.str.strip_chars() != "").then(text)


def _together(records: Path, other: Path | None, model: LinkageModel) -> tuple[pl.DataFrame, LinkageModel]:
    """Both tables as one, keys told apart by the table, and the model that knows of it."""
    kept = {"possible_weight": min(model.possible_weight, _LEAST_KEPT)}
    tables = [read_table(path) for path in (records, other) if path is not None]
    for path, table in zip((records, other), tables, strict=False):
        if model.key not in table.columns:
            hint = f"`key` of the model names the column that names a record; {path} has {_names(table)}"
            raise UsageError(f"no column is called {model.key}", hint=hint)
        if table[model.key].has_nulls() or table[model.key].is_duplicated().any():
            raise UsageError(f"{model.key} does not name each record of {path} once")
    if other is None:
        table = tables[0].with_columns(pl.col(model.key).alias(KEY))
        return table, model.model_copy(update=kept | {"key": KEY})
    marked = [
        table.with_columns(
            pl.lit(name).alias(ORIGIN), pl.lit(name + _SEPARATOR).add(pl.col(model.key).cast(pl.String)).alias(KEY)
        )
        for name, table in zip("ab", tables, strict=True)
    ]  # fmt: skip
    try:
        table = pl.concat(marked, how="diagonal_relaxed")
    except pl.exceptions.PolarsError:
        raise UsageError(
            "the two tables have columns of one name and kinds that do not go together"
        ) from None
    return table, model.model_copy(update=kept | {"key": KEY, "apart": ORIGIN})


def _names(table: pl.DataFrame) -> str:
    return ", ".join(name for name in table.columns if name not in (KEY, ORIGIN))


def read_table(path: Path) -> pl.DataFrame:
    """A Parquet file, or a CSV file whose columns all are text.

    Raises:
        UsageError: when there is no such file, or it is neither.
    """
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pl.read_parquet(path)
        return pl.read_csv(io.BytesIO(_utf8(path.read_bytes())), infer_schema=False)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError):
        raise UsageError(f"{path.name} is no CSV or Parquet table", hint="one header line, commas") from None


def _utf8(content: bytes) -> bytes:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("gb18030").encode()
    return content
