"""Linking as the stage and the replay do it: by the policy, with findings, causes, cases and quality.

What a run leaves for the next goes to the lake, and is taken from there.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.policy import load_review
from pipelines.predecessors import Before, linkage_policy
from pipelines.store import runs
from pipelines.store.linking import Linking, left_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from pipelines.contract.model import Contract
    from pipelines.linkage.fitted import Fitted
    from pipelines.linkage.following import Followed, Known
    from pipelines.linkage.model import Estimator
    from pipelines.linkage.policy import LinkagePolicy
    from pipelines.linkage.resolve import Resolution
    from pipelines.linkage.traces import Traces
    from pipelines.settings import Settings
    from pipelines.speaking import Speaking
    from pipelines.store.lake import Lake
    from pipelines.store.postgres import Connection


_WRITERS: Final = 2


@dataclass(frozen=True)
class Linked:
    """What a run found and leaves.

    Attributes:
        resolution: of all records.
        records: how many there are.
        members: memberships that may be new.
        cases: for clerical review.
        quality: see hidden_quality.QUALITY; of a run that follows another, as it was when the model was fitted.
        traces: for the next run.
        fitted: the model, if it is new.
        model: its name.
        base_run: the run it follows, if any.
        reached: records looked at.
        changed: records changed since the model was fitted.
        reason: why everything was linked.
    """

    resolution: Resolution
    records: int
    members: pl.DataFrame
    cases: pl.DataFrame
    quality: pl.DataFrame
    traces: Traces
    fitted: pl.DataFrame | None
    model: str
    base_run: str | None
    reached: int
    changed: int
    reason: str | None

    def told(self, run_id: str) -> Linking:
        """How it linked, to be written down."""
        return Linking(
            run_id, self.model, self.base_run, self.records, self.reached, self.changed, self.reason
        )


@dataclass(frozen=True)
class Asked:
    """What is to be linked, and what is known beside it.

    Attributes:
        settings: where the policies are.
        conn: the pipeline's.
        speaking: the records of now.
        inputs: of the run.
        known: memberships are fetched as far as they are asked for.
        on: the day ages are taken at.
    """

    settings: Settings
    conn: Connection
    speaking: Speaking
    inputs: Mapping[str, Any]
    known: Known
    on: date

    @property
    def policy(self) -> LinkagePolicy:
        """The linkage policy."""
        return linkage_policy(self.settings)

    @property
    def contracts(self) -> Mapping[str, Contract]:
        """By feed."""
        return self.speaking.contracts


def hash_of(frame: pl.DataFrame) -> str:
    """SHA-256 of a frame's rows, as the inputs of a run name what it was made by."""
    spelled = json.dumps(frame.rows(), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()


def link(
    policy: LinkagePolicy,
    records: pl.DataFrame,
    contracts: Mapping[str, Contract],
    known: Known,
    fitted: Fitted | None = None,
    estimator: Estimator = "engine",
) -> Resolution:
    """Resolve all records by the policy and what is known, with causes and what people should look at.

    Args:
        policy: what the data office decides.
        records: see speaking.speaking_records.
        contracts: by feed.
        known: beside the records.
        fitted: the model of an earlier run; default: it is fitted to the records.
        estimator: see FellegiSunterEngine.
    """
    from pipelines.linkage.residual import FellegiSunterEngine  # noqa: PLC0415
    from pipelines.linkage.resolve import resolve as link_records  # noqa: PLC0415

    found = link_records(
        records,
        known.memberships,
        known.judged,
        policy,
        next_number=known.next_number,
        former=known.former,
        engine=FellegiSunterEngine(policy, estimator, fitted),
        history=known.history,
        kept_apart=_apart(contracts),
    )
    return _telling(contracts, known)(found, records)


def _apart(contracts: Mapping[str, Contract]) -> list[str]:
    return [feed for feed, contract in contracts.items() if contract.keeps_apart]


def _telling(
    contracts: Mapping[str, Contract], known: Known
) -> Callable[[Resolution, pl.DataFrame], Resolution]:
    """Adds findings, and causes of events."""
    from pipelines.linkage.causes import with_causes  # noqa: PLC0415
    from pipelines.linkage.findings import findings  # noqa: PLC0415

    once_each = [feed for feed, contract in contracts.items() if contract.once_each]

    def told(found: Resolution, records: pl.DataFrame) -> Resolution:
        every = pl.concat([found.conflicts, findings(records, found, once_each)]).sort("conflict_id")
        caused = with_causes(found, records, known.memberships, known.judged, known.undone)
        return replace(found, conflicts=every, events=caused)

    return told


def linked(asked: Asked, before: Before | None, reason: str | None) -> Linked:
    """Link what changed since the run before, or all.

    Args:
        asked: what.
        before: the run before, if one can be followed.
        reason: why none can.
    """
    from pipelines.linkage.following import follow  # noqa: PLC0415
    from pipelines.linkage.increment import Unfit  # noqa: PLC0415

    if before is None:
        return _all(asked, reason)
    content = _contents(asked, before)
    known = replace(asked.known, memberships=_belonged(asked.conn, content, before))
    share = asked.policy.refit_share - before.linking["changed"] / max(1, content.height)
    telling = _telling(asked.contracts, known)
    try:
        followed = follow(
            content,
            asked.speaking.take,
            known,
            before.earlier,
            asked.policy,
            telling,
            share,
            _apart(asked.contracts),
        )
    except Unfit as unfit:
        return _all(asked, str(unfit))
    return _following(asked, known, before, followed)


def _contents(asked: Asked, before: Before) -> pl.DataFrame:
    """Contents of all records; feeds of which nothing was delivered are as they were."""
    from pipelines.linkage.sorted_keys import in_order, of_prefix  # noqa: PLC0415
    from pipelines.linkage.traces import CONTENTS, contents  # noqa: PLC0415

    then, now = before.linking["inputs"], asked.inputs
    old = before.earlier.traces.records.select(CONTENTS.names())
    found = [CONTENTS.to_frame()]
    for feed, batches in now["feeds"].items():
        same = then["feeds"].get(feed) == batches and all(
            then["judged_by"].get(batch) == now["judged_by"][batch] for batch in batches
        )
        if same:
            found.append(of_prefix(old, f"{feed}|"))
        else:
            found.append(contents(asked.speaking.of(feed)))
    return in_order(pl.concat(found))


def _belonged(conn: Connection, content: pl.DataFrame, before: Before) -> pl.DataFrame:
    """To whom each record last belonged: those the run before had by its outcome, others by the database.

    A run that is repeated finds what it did done: the persons that it made are not made once more.
    """
    from pipelines.linkage.sorted_keys import in_order, places, spliced, without  # noqa: PLC0415

    there = before.earlier.outcome.memberships
    keys = content["record_key"]
    new = keys.filter(places(keys, there["record_key"]).is_null())
    known = spliced(there, in_order(runs.members_of(conn, new.to_list())))
    if before.repeated is None:
        return known
    mine = in_order(runs.members_by(conn, before.repeated))
    return spliced(without(known, mine["record_key"]), mine)


def _all(asked: Asked, reason: str | None) -> Linked:
    from pipelines.linkage.fitted import kept, name_of  # noqa: PLC0415
    from pipelines.linkage.following import traces_of  # noqa: PLC0415
    from pipelines.linkage.traces import contents  # noqa: PLC0415

    settings, records = asked.settings, asked.speaking.records()
    known = replace(asked.known, memberships=runs.memberships(asked.conn))
    found = link(asked.policy, records, asked.contracts, known, estimator=settings.estimator)
    if found.looked is None:
        raise ValueError("the engine does not tell where it looked")
    model = kept(found.looked.fitted)
    content = pl.concat([contents(asked.speaking.of(feed)) for feed in asked.inputs["feeds"]])
    return Linked(
        resolution=found,
        records=records.height,
        members=found.memberships,
        cases=_cases(settings, records, found, known),
        quality=quality_without_labels(asked.policy, records, found, asked.on),
        traces=traces_of(found, known, found.looked.fitted, content),
        fitted=model,
        model=name_of(model),
        base_run=None,
        reached=records.height,
        changed=0,
        reason=reason,
    )


def _following(asked: Asked, known: Known, before: Before, followed: Followed) -> Linked:
    touched = pl.concat([followed.records["record_key"], followed.gone]).to_frame("touched")
    stay = before.cases
    for side in ("record_a", "record_b"):
        stay = stay.join(touched, left_on=side, right_on="touched", how="anti")
    mine = _cases(asked.settings, followed.records, followed.part, known)
    return Linked(
        resolution=followed.resolution,
        records=followed.resolution.memberships.height,
        members=followed.part.memberships,
        cases=pl.concat([stay, mine]).sort("record_a", "record_b"),
        quality=before.quality,
        traces=followed.traces,
        fitted=None,
        model=before.linking["model"],
        base_run=before.linking["run_id"],
        reached=followed.reached,
        changed=before.linking["changed"] + followed.changed,
        reason=None,
    )


def _cases(settings: Settings, records: pl.DataFrame, found: Resolution, known: Known) -> pl.DataFrame:
    from pipelines.linkage.cases import cases  # noqa: PLC0415

    return cases(records, found, known.judged, load_review(settings.policies / "review.yml").doubt)


def quality_without_labels(
    policy: LinkagePolicy, records: pl.DataFrame, found: Resolution, on: date
) -> pl.DataFrame:
    """What linking is worth where no number helps, by the run's own model; see hidden_quality.QUALITY."""
    from pipelines.linkage.hidden_quality import hidden_quality, traits_of  # noqa: PLC0415
    from pipelines.linkage.hiding import hidden_links  # noqa: PLC0415
    from pipelines.linkage.residual import FellegiSunterEngine  # noqa: PLC0415

    hidden = hidden_links(records, found.memberships, FellegiSunterEngine, policy, found.model)
    return hidden_quality(hidden, traits_of(records, found.memberships), on)


def keep(lake: Lake, run_id: str, linked: Linked, known: Known) -> None:
    """What explains the run later, and what the next one follows."""
    found, traces = linked.resolution, linked.traces
    frames = {
        "judged": known.judged,
        "history": known.history,
        "refused": found.refused,
        "resolved": found.memberships.select("record_key", "person_id"),
        "links": found.links,
        "possible": found.possible,
        "conflicts": found.conflicts,
        "cases": linked.cases,
        "quality": linked.quality,
        "records": traces.records,
        "doubles": traces.doubles,
        "values": traces.values,
    }

    def write(what: str) -> None:
        name = left_name(run_id, what)
        lake.write(name, frames[what], is_scratch=name.startswith("linking/"))

    with ThreadPoolExecutor(_WRITERS) as beside:
        (keys,) = traces.keys
        written = [beside.submit(write, what) for what in frames]
        written.append(beside.submit(lake.write_mapped, left_name(run_id, "keys"), keys.frame()))
        if linked.fitted is not None:
            written.append(beside.submit(lake.write, f"model/{linked.model}", linked.fitted))
    for one in written:
        one.result()
