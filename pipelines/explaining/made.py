"""A published run as it was made: its records, memberships, links, judgements and model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.contract.load import load_contracts
from pipelines.errors import UsageError
from pipelines.linkage.clustering import JUDGEMENT
from pipelines.linkage.frame import LINKS
from pipelines.linkage.frequencies import frequencies
from pipelines.linkage.policy import LinkagePolicy, load_linkage
from pipelines.linkage.traces import standing
from pipelines.predecessors import kept_model
from pipelines.privacy import reference
from pipelines.speaking import Speaking, records_of_run
from pipelines.store import linking as left
from pipelines.store import publication, runs
from pipelines.store.erasing import erased
from pipelines.store.lake import Lake
from pipelines.store.ledger import batches_named
from pipelines.store.linking import left_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.contract.model import Contract
    from pipelines.linkage.fitted import Fitted
    from pipelines.settings import Settings
    from pipelines.store.postgres import Connection

WEIGHED = ("id_repair", "probabilistic")
"""Methods whose links weigh what was computed."""
_PAIRS = {"record_a": pl.String, "record_b": pl.String}


@dataclass(frozen=True)
class Made:
    """The run of a publication."""

    settings: Settings
    conn: Connection
    number: int
    run_id: str

    @cached_property
    def lake(self) -> Lake:
        """Where its frames lie."""
        return Lake(self.settings.lake)

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """Today's contracts."""
        return load_contracts(self.settings.contracts)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """What it was made of, see stages.resolve."""
        return runs.released_inputs(self.conn, self.number) or {"feeds": {}}

    @cached_property
    def members(self) -> pl.DataFrame:
        """record_key, person_id."""
        return self.lake.read(f"resolved/{self.run_id}")

    @cached_property
    def records(self) -> pl.DataFrame:
        """The records it resolved."""
        return records_of_run(self.conn, self.lake, self.inputs, self.contracts)

    @cached_property
    def linking(self) -> dict[str, Any] | None:
        """How it linked; None of a run that left nothing to follow, or whose traces the lake need not keep any more."""
        found = left.linking_of(self.conn, self.run_id)
        there = found is not None and all(
            self.lake.has(name)
            for name in (
                f"model/{found['model']}",
                *(left_name(run, "records") for run in left.chain(self.conn, self.run_id)),
                left_name(self.run_id, "values"),
            )
        )
        return found if there else None

    @cached_property
    def fitted(self) -> Fitted | None:
        """The model it weighed by, as it was kept."""
        if self.linking is None:
            return None
        fresh = frequencies(self.lake.read(left_name(self.run_id, "values")))
        return kept_model(self.settings, self.lake, self.linking["model"], self.model[1]).with_counts(fresh)

    def records_about(self, keys: Iterable[str]) -> pl.DataFrame:
        """Its records that the decisions about these depended on; all where it did not write them down."""
        if self.linking is None:
            return self.records
        runs = left.chain(self.conn, self.run_id)
        traces = standing([self.lake.read(left_name(run, "records")) for run in runs])
        families = traces.filter(pl.col("record_key").is_in(list(keys))).select("family").unique()
        asked = traces.join(families, on="family", how="semi")["record_key"]
        chains = {feed: batches_named(self.conn, ids) for feed, ids in self.inputs["feeds"].items()}
        there = {feed: chain for feed, chain in chains.items() if feed in self.contracts}
        return Speaking(self.lake, there, self.contracts).take(asked)

    @cached_property
    def model(self) -> tuple[LinkagePolicy, dict[str, Any]]:
        """Policy and summary of its model; today's policy for a run of which none was kept."""
        kept = runs.model_of(self.conn, self.run_id)
        if kept is None:
            return load_linkage(self.settings.policies / "linkage.yml"), {}
        return LinkagePolicy.model_validate(kept["policy"]), kept["summary"]

    @cached_property
    def history(self) -> pl.DataFrame | None:
        """Numbers that registers had corrected, see store.number_history."""
        name = f"history/{self.run_id}"
        return self.lake.read(name) if self.lake.has(name) else None

    @cached_property
    def weighed(self) -> pl.DataFrame:
        """record_a, record_b, weight of all its links that weigh what was computed."""
        rows = self.lake.scan(f"links/{self.run_id}").filter(pl.col("method").is_in(list(WEIGHED)))
        return rows.select("record_a", "record_b", "weight").collect()

    def links(self, keys: Iterable[str]) -> list[dict[str, Any]]:
        """Links among those records, the surest first."""
        return self._among("links", list(keys), dict(LINKS)).to_dicts()

    def possible(self, keys: Iterable[str]) -> list[dict[str, Any]]:
        """Links among those records that were left to clerical review."""
        return self._among("possible", list(keys), dict(LINKS)).to_dicts()

    def refused(self, keys: Iterable[str]) -> list[dict[str, Any]]:
        """Links among those records that a constraint forbade: record_a, record_b, why."""
        return self._among("refused", list(keys), _PAIRS | {"why": pl.String}).to_dicts()

    def judged(self, keys: Iterable[str]) -> list[dict[str, Any]]:
        """Judgements among those records that held when it was made: record_a, record_b, verdict."""
        return self._among("judged", list(keys), _PAIRS | {"verdict": pl.String}).to_dicts()

    def _among(self, what: str, keys: list[str], schema: Mapping[str, Any]) -> pl.DataFrame:
        name = f"{what}/{self.run_id}"
        if not self.lake.has(name):
            return pl.DataFrame(schema=dict(schema))
        inside = pl.col("record_a").is_in(keys) & pl.col("record_b").is_in(keys)
        found = self.lake.scan(name).filter(inside).collect()
        order = [pl.col("weight") * -1, pl.col("method") == JUDGEMENT] if "weight" in found.columns else []
        return found.sort(*order, "record_a", "record_b")


def made_by(settings: Settings, conn: Connection, number: int | None) -> Made:
    """The run of a publication, by default the one readers see. UsageError before the first."""
    chosen = publication.pointer(conn) if number is None else number
    if not chosen:
        raise UsageError("nothing was published yet", hint="popbase run --inbox DIR")
    made = Made(settings, conn, chosen, publication.run_of(conn, chosen))
    gone = erased(conn).keys() & {batch for feed in made.inputs["feeds"].values() for batch in feed}
    if gone:
        raise UsageError(
            f"publication {chosen} was made of deliveries that were erased: {', '.join(sorted(gone))}",
            hint=f"popbase verify {chosen} says by what order",
        )
    return made


def named(key: str) -> dict[str, str]:
    """A record by its name and feed."""
    return {"record": reference(key), "feed": key.split("|", 1)[0]}


def told_link(link: Mapping[str, Any]) -> dict[str, Any]:
    """A link by the names of its records; those by number and by judgement weigh nothing that was computed."""
    weighed = link["method"] in WEIGHED
    return {
        "a": reference(link["record_a"]),
        "b": reference(link["record_b"]),
        "method": link["method"],
        "weight": round(link["weight"], 2) if weighed else None,
        "probability": round(link["probability"], 6) if weighed else None,
    }
