"""`popbase-link-bench`: a linkage model on any table, measured."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.console import JsonOption, print_json, said, told
from pipelines.errors import PopbaseError

bench = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@bench.command()
def measure_model(
    records: Annotated[Path, typer.Option(help="CSV or Parquet; linked within itself, or with --other.")],
    model: Annotated[Path, typer.Option(help="A model file: docs/reference/linkage-model.md.")],
    other: Annotated[Path | None, typer.Option(help="A second table: only pairs between the two.")] = None,
    truth: Annotated[str | None, typer.Option(help="The column that names the person.")] = None,
    save_model: Annotated[Path | None, typer.Option(help="Write the fitted model here.")] = None,
    save_pairs: Annotated[Path | None, typer.Option(help="Write the scored pairs here, as Parquet.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Link the records by a model and tell pairs, seconds by step, peak memory and quality."""
    from pipelines.linkage.bench import measure
    from pipelines.linkage.engine.model_files import load_model
    from pipelines.linkage.engine.model_files import save_model as write_model

    measured = measure(records, other, load_model(model), truth)
    if save_model is not None:
        write_model(measured.model, save_model)
    if save_pairs is not None:
        measured.pairs.write_parquet(save_pairs)
    if as_json:
        print_json(measured.figures)
        return
    for name, value in measured.figures.items():
        said.print(f"{name:<16}{_told(value)}", markup=False)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {one}" for name, one in value.items())
    return "; ".join(value) if isinstance(value, list) else str(value)


def main() -> None:
    """Run the command; every error of ours ends in its message, its hint and its exit code."""
    try:
        bench()
    except PopbaseError as error:
        told.print(f"popbase-link-bench: {error}", style="red", markup=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
