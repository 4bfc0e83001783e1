"""The run before: whether it can be followed, and what it left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.store import linking as left
from pipelines.store.linking import left_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.linkage.fitted import Fitted
    from pipelines.linkage.following import Earlier
    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.settings import Settings
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection

_READ: Final = (
    "resolved", "links", "possible", "refused", "conflicts", "values", "judged", "history", "cases",
    "quality",
)  # fmt: skip
MODEL: Final = "model"
"""In the inputs of a run: the kept model it linked by."""


@dataclass(frozen=True)
class Before:
    """The run that this one follows: what it left, how it linked, and the run that this one repeats, if any."""

    earlier: Earlier
    linking: dict[str, Any]
    cases: pl.DataFrame
    quality: pl.DataFrame
    repeated: str | None


def same_inputs(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Whether two runs are made of the same, by whatever model."""
    return one is not None and {**one, MODEL: None} == {**other, MODEL: None}


def linkage_policy(settings: Settings) -> LinkagePolicy:
    """What the data office decides about links."""
    from pipelines.linkage.policy import load_linkage  # noqa: PLC0415 - compiled loops are dear to import

    return load_linkage(settings.policies / "linkage.yml")


def earlier_of(
    settings: Settings, conn: Connection, lake: Lake, inputs: Mapping[str, Any], base: int
) -> tuple[Before | None, str | None]:
    """The run that can be followed, or why none can.

    Args:
        settings: where the policy is.
        conn: the pipeline's.
        lake: where its frames are.
        inputs: of the run that is to follow.
        base: the publication it starts from: a run that is repeated follows what it followed before.
    """
    rows, repeated = left.newest(conn), None
    if rows and rows[0]["base_publication"] == base and same_inputs(rows[0]["inputs"], inputs):
        repeated, rows = str(rows[0]["run_id"]), rows[1:]
    if not rows:
        return None, "first"
    row = rows[0]
    decided = ("policies", "contracts", "version", "estimator")
    changed = [name for name in decided if row["inputs"].get(name) != inputs.get(name)]
    if changed or row["made_with"] != left.made_with():
        return None, f"other {', '.join(changed) or 'versions'}"
    if settings.estimator != "engine":
        return None, "estimator"
    runs = left.chain(conn, row["run_id"])
    if len(runs) > linkage_policy(settings).refit_runs:
        return None, "many runs since the model was fitted"
    if not left.is_whole(lake, runs, row["model"]):
        return None, "what the run before left is gone"
    return _before(settings, lake, runs, row, repeated), None


def kept_model(settings: Settings, lake: Lake, name: str, summary: dict[str, Any]) -> Fitted:
    """A model that a run kept.

    Raises:
        FileNotFoundError: it is gone, or is not what its name says.
    """
    from pipelines.linkage.fitted import as_kept, name_of  # noqa: PLC0415

    frame = lake.read(f"model/{name}")
    if name_of(frame) != name:
        raise FileNotFoundError(name)
    return as_kept(frame, linkage_policy(settings), summary)


def _before(
    settings: Settings, lake: Lake, runs: list[str], row: dict[str, Any], repeated: str | None
) -> Before:
    from pipelines.linkage.carried import Outcome, numbered  # noqa: PLC0415
    from pipelines.linkage.following import Earlier  # noqa: PLC0415
    from pipelines.linkage.meeting import Meeting  # noqa: PLC0415
    from pipelines.linkage.traces import Traces, standing  # noqa: PLC0415

    with ThreadPoolExecutor() as ahead:
        model = ahead.submit(kept_model, settings, lake, row["model"], row["summary"])
        read = {what: ahead.submit(lake.read, left_name(runs[-1], what)) for what in _READ}
        doubles = ahead.map(lake.read, [left_name(run, "doubles") for run in runs])
        records = standing(list(ahead.map(lake.read, [left_name(run, "records") for run in runs])))
    left_by = {what: frame.result() for what, frame in read.items()}
    members = numbered(left_by["resolved"])
    found = Outcome(members, *(left_by[what] for what in ("links", "possible", "refused", "conflicts")))
    keys = tuple(Meeting.stored(lake.mapped(left_name(run, "keys"))) for run in runs)
    traces = Traces(records, keys, pl.concat(list(doubles)), left_by["values"])
    earlier = Earlier(model.result(), traces, found, left_by["judged"], left_by["history"])
    return Before(earlier, row, left_by["cases"], left_by["quality"], repeated)
