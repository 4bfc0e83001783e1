"""Why two records are one person in a publication, or are not."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.errors import UsageError
from pipelines.explaining.made import WEIGHED, Made, made_by, named, told_link
from pipelines.linkage.explanation import explain_beside_number, explain_pairs, look_again
from pipelines.privacy import reference
from pipelines.report.explained import pair_text
from pipelines.report.site_rows import allowed
from pipelines.store import judging
from pipelines.store.database import open_database

if TYPE_CHECKING:
    from pipelines.report.basics import Language
    from pipelines.settings import Settings

Pair = tuple[str, str]


def explain_pair(
    settings: Settings, record_a: str, record_b: str, *, number: int | None = None, language: Language = "zh"
) -> dict[str, Any]:
    """The evidence for and against two records being one person, what joined or parted them, and what people said.

    Records are named as `explain_person` names them. Returns, beside `text`, `one_person`, `persons`, `links` (direct
    ones), `path` (links that join them through other records), `possible`, `refused`, `judged`, `evidence` (see
    linkage.explanation) and, of records of one citizen ID, `beside`: what they say without it.

    Raises:
        UsageError: when a record is not known in that publication, or nothing was published.
    """
    with open_database(settings) as conn:
        made = made_by(settings, conn, number)
        a, b = _keys(made, record_a, record_b)
        told = _told(made, (a, b))
        said = [
            row for row in judging.judgements_on(conn, None) if {row["record_a"], row["record_b"]} == {a, b}
        ]
    told["judgements"] = [
        {"by": row["judged_by"], "verdict": row["verdict"], "why": str(allowed({"reason": row["reason"]}, None)["reason"]), "is_undone": row["undone_at"] is not None}
        for row in said
    ]  # fmt: skip
    return told | {"text": pair_text(told, language)}


def _keys(made: Made, *given: str) -> list[str]:
    """The keys of records named by their reference, or by the whole key, which is not repeated to the screen."""
    known = {reference(key): key for key in made.members["record_key"]}
    names = [reference(name) if "|" in name else name for name in given]
    for name in names:
        if name not in known:
            raise UsageError(
                f"publication {made.number} has no record named {name}",
                hint="popbase explain PERSON_ID names its records",
            )
    return [known[name] for name in names]


def _told(made: Made, pair: Pair) -> dict[str, Any]:
    persons = dict(made.members.filter(pl.col("record_key").is_in(list(pair))).iter_rows())
    ids = [persons[key] for key in pair]
    keys = made.members.filter(pl.col("person_id").is_in(ids))["record_key"].to_list()
    policy, summary = made.model
    records, by = made.records_about(pair), made.fitted
    evidence = explain_pairs([pair], records, policy, summary, made.history, by)[0]
    beside = None
    if evidence["joined_by"] is not None and pair[0] != pair[1]:
        beside = explain_beside_number(pair, records, policy, summary, made.history, by)
    links = made.links(keys)
    possible = [link for link in made.possible(pair) if link["method"] in WEIGHED]
    known = made.weighed
    if possible:
        known = pl.concat([known, pl.DataFrame(possible).select(known.columns)])
    ordered = (min(pair), max(pair))
    evidence = look_again({ordered: evidence}, known, records, policy, summary, made.history, by)[ordered]
    return {
        "publication": made.number,
        "a": named(pair[0]),
        "b": named(pair[1]),
        "one_person": ids[0] == ids[1],
        "persons": ids,
        "links": [told_link(link) for link in made.links(pair)],
        "path": [told_link(link) for link in _path(links, pair)],
        "possible": [told_link(link) for link in made.possible(keys) if _between(link, persons, keys, pair)],
        "refused": [_refused(link) for link in made.refused(keys) if _between(link, persons, keys, pair)],
        "judged": [_refused(link) for link in made.judged(keys)],
        "evidence": evidence,
        "beside": beside,
    }


def _between(link: dict[str, Any], persons: dict[str, str], keys: list[str], pair: Pair) -> bool:
    """Whether a link is about the two: between them, or among the records of their persons when those are two."""
    direct = {link["record_a"], link["record_b"]} == set(pair)
    return direct or (
        persons[pair[0]] != persons[pair[1]] and {link["record_a"], link["record_b"]} <= set(keys)
    )


def _refused(link: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in link.items() if name in ("why", "verdict")}
    return {"a": reference(link["record_a"]), "b": reference(link["record_b"]), **rest}


def _path(links: list[dict[str, Any]], pair: Pair) -> list[dict[str, Any]]:
    """The fewest links from one record to the other; nothing when there is a direct one, or none at all."""
    beside = defaultdict[str, list[tuple[str, dict[str, Any]]]](list)
    for link in links:
        beside[link["record_a"]].append((link["record_b"], link))
        beside[link["record_b"]].append((link["record_a"], link))
    came: dict[str, list[dict[str, Any]]] = {pair[0]: []}
    waiting = deque([pair[0]])
    while waiting and pair[1] not in came:
        here = waiting.popleft()
        for there, link in beside[here]:
            if there not in came:
                came[there] = [*came[here], link]
                waiting.append(there)
    found = came.get(pair[1], [])
    return found if len(found) > 1 else []
