"""Explanations as lines for a person: of two records, and of a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.report.basics import Language
from pipelines.report.texts import say, say_word

Told = Mapping[str, Any]
_WIDTHS = (16, 26, 10, 12, 9)


def pair_text(told: Told, language: Language) -> str:
    """What explaining.explain_pair found, as lines."""
    return "\n".join(_pair_lines(told, language))


def person_text(told: Told, language: Language) -> str:
    """What explaining.explain_person found, as lines."""
    return "\n".join(_person_lines(told, language))


def _pair_lines(told: Told, language: Language) -> Iterator[str]:
    a, b = told["a"], told["b"]
    number, persons = str(told["publication"]), list(dict.fromkeys(told["persons"]))
    names = {"a": f"{a['record']} ({a['feed']})", "b": f"{b['record']} ({b['feed']})", "number": number}
    if told["one_person"]:
        yield say("explain.one", language, names | {"person": persons[0]})
    else:
        yield say("explain.two", language, names | {"persons": " ".join(persons)})
    for link in told["links"]:
        method = say_word("method", link["method"], language)
        yield f"  {say('explain.direct', language, {'method': method})}{_weight(link, language)}"
    if told["path"] and not told["links"]:
        yield f"  {say('explain.path', language)}"
    for link in told["path"] if not told["links"] else []:
        yield f"    {_link(link, language)}"
    for link in told["possible"]:
        method = say_word("method", link["method"], language)
        yield f"  {say('explain.possible', language, {'method': method})}  {link['a']} — {link['b']}{_weight(link, language)}"
    yield from _barriers(told, language)
    yield from _evidence_lines(told, language)


def _barriers(told: Told, language: Language) -> Iterator[str]:
    for one in told["refused"]:
        why = say_word("constraint", one["why"], language)
        yield f"  {say('explain.refused', language, {'why': why})}  {one['a']} — {one['b']}"
    for one in told["judged"]:
        verdict = say_word("verdict", one["verdict"], language)
        yield f"  {say('explain.judged', language, {'verdict': verdict})}  {one['a']} — {one['b']}"
    yield from (f"  {_judgement(one, language)}" for one in told["judgements"])


def _evidence_lines(told: Told, language: Language) -> Iterator[str]:
    evidence = told["evidence"]
    if evidence["joined_by"] is not None:
        method = say_word("method", evidence["joined_by"], language)
        yield f"  {say('explain.by_number', language, {'method': method})}"
        evidence = told["beside"] or {}
    elif evidence["both_have_ids"]:
        yield f"  {say('explain.both_numbers', language)}"
    if "comparisons" in evidence:
        yield from (f"  {line}" for line in _weighed(evidence, language))


def _weighed(evidence: Told, language: Language) -> Iterator[str]:
    """The comparisons, then what of them counts, then the sum."""
    yield say("explain.evidence" if evidence["look"] == 1 else "explain.second", language)
    yield _row(say("explain.head", language).split("|"))
    for one in evidence["comparisons"]:
        yield _row(_comparison(one, evidence["population"], language))
    yield say("explain.counted", language)
    for step in evidence["steps"]:
        yield f"{_padded(say_word('comparison', step['evidence'], language), 52)}{step['bits']:>+9.2f}"
    yield say(
        "explain.sum",
        language,
        {
            "weight": f"{evidence['weight']:+.2f}",
            "probability": f"{evidence['probability']:.6f}",
            "threshold": f"{evidence['link_weight']:g}",
        },
    )
    plus = "＋" if language == "zh" else " + "
    rules = [plus.join(say_word("key_part", part, language) for part in rule) for rule in evidence["rules"]]
    joined = ("、" if language == "zh" else ", ").join(rules)
    yield say("explain.rules", language, {"rules": joined}) if rules else say("explain.no_rules", language)


def _comparison(one: Told, population: int, language: Language) -> list[str]:
    units = (
        {"count": f"{one['count']:,}", "population": f"{population:,}"} if one["count"] is not None else None
    )
    return [
        say_word("comparison", one["comparison"], language),
        say_word("agreement", one["level"], language),
        "" if one["m"] is None else f"{one['m']:.4f}",
        "" if one["u"] is None else f"{one['u']:.3g}",
        "" if one["m"] is None else f"{one['bits']:+.2f}",
        say("explain.units", language, units) if units else "",
    ]


def _person_lines(told: Told, language: Language) -> Iterator[str]:
    head = {"person": told["person_id"], "records": len(told["records"]), "number": str(told["publication"])}
    yield say("explain.person", language, head)
    if told["redirected_from"]:
        yield f"  {say('explain.redirected', language, {'person': told['redirected_from']})}"
    yield from (f"  {_origin(one, language)}" for one in told["records"])
    if told["links"]:
        yield say("explain.links", language)
    for link in told["links"]:
        yield f"  {_link(link, language)}"
        if link["evidence"] and "steps" in link["evidence"]:
            yield f"    {_in_short(link['evidence'], language)}"
    for one in told["refused"]:
        why = say_word("constraint", one["why"], language)
        yield f"  {say('explain.refused', language, {'why': why})}  {one['a']} — {one['b']}"
    yield from _history_lines(told, language)
    yield from _value_lines(told, language)


def _origin(one: Told, language: Language) -> str:
    """A record, the delivery and row it came in, and where it stands as a row."""
    if "delivery" not in one:
        return f"{one['record']}  {one['feed']}"
    where = say("explain.origin", language, {"delivery": one["delivery"], "row": str(one["row"])})
    table = f"  → shared.{one['table']}" if one["table"] else ""
    return f"{one['record']}  {one['feed']}  {where}{table}"


def _history_lines(told: Told, language: Language) -> Iterator[str]:
    if told["judgements"]:
        yield say("explain.judgements", language)
    yield from (f"  {one['a']} — {one['b']}  {_judgement(one, language)}" for one in told["judgements"])
    if told["conflicts"]:
        yield f"{say('explain.conflicts', language)}  {' '.join(told['conflicts'])}"
    if told["numbers"]:
        yield say("explain.numbers", language)
    for one in told["numbers"]:
        status = " ".join(say_word("number_status", status, language) for status in one["statuses"])
        facts = {"number": str(one["number"]), "status": status, "records": " ".join(one["records"])}
        new = {"number": str(one["corrected_to"])}
        corrected = f"  {say('explain.corrected', language, new)}" if one["corrected_to"] else ""
        yield f"  {say('explain.number', language, facts)}{corrected}"
    yield from (f"  {line}" for line in _number_changes(told["number_history"], language))
    if told["events"]:
        yield say("explain.events", language)
    yield from (f"  {_event(one, language)}" for one in told["events"])


def _number_changes(history: list[dict[str, Any]], language: Language) -> Iterator[str]:
    published = False
    for version in history:
        if version["is_other"]:
            key = (
                "number_gone"
                if not version["is_published"]
                else "number_changed"
                if published
                else "number_first"
            )
            yield say(f"explain.{key}", language, {"number": str(version["publication"])})
        published = version["is_published"]


def _value_lines(told: Told, language: Language) -> Iterator[str]:
    if told["values"]:
        yield say("explain.values", language)
    for one in told["values"]:
        winner, rule = one["winner"], say_word("survivorship", one["rule"], language)
        said = say_word("lost_by", "contested", language) if winner is None else f"{_claim(winner)}  {rule}"
        yield f"  {_padded(one[language], 18)}{said}"
        for loser in one["losers"]:
            words = [
                say_word("says", loser["says"], language),
                say_word("lost_by", loser["lost_by"], language),
            ]
            yield f"  {_padded('', 18)}  {_claim(loser)}  {' · '.join(words)}"
    for one in told["computed"]:
        rule = say_word("survivorship", one["rule"], language)
        yield f"  {_padded(one[language], 18)}{rule}  {' '.join(one['records'])}".rstrip()


def _claim(claim: Told) -> str:
    return f"{claim['record']} {claim['feed']} #{claim['rank']} {claim['dated'] or '—'}"


def _link(link: Told, language: Language) -> str:
    return (
        f"{link['a']} — {link['b']}  {say_word('method', link['method'], language)}{_weight(link, language)}"
    )


def _weight(link: Told, language: Language) -> str:
    return "" if link["weight"] is None else f"  {say('explain.weight', language)} {link['weight']:+.2f}"


def _in_short(evidence: Told, language: Language) -> str:
    steps = [step for step in evidence["steps"] if abs(step["bits"]) >= 0.01]
    return "  ".join(f"{say_word('comparison', s['evidence'], language)} {s['bits']:+.1f}" for s in steps)


def _judgement(one: Told, language: Language) -> str:
    gone = f"  ({say('explain.taken_back', language)})" if one["is_undone"] else ""
    return f"{one['by']}: {say_word('verdict', one['verdict'], language)}  {one['why']}{gone}"


def _event(one: Told, language: Language) -> str:
    what = say(f"happened.{one['kind']}", language, {"person": one["person_id"], "other": one["other_id"]})
    cause = say_word("cause", one["cause"], language)
    pair = f"  {one['a']} — {one['b']}" if one["a"] else ""
    undoes = f"  {say('explain.undoes', language, {'event': str(one['undoes'])})}" if one["undoes"] else ""
    where = f"#{one['event']} {one['at']}" + (f" ({one['publication']})" if one["publication"] else "")
    return (
        f"{where}  {what}：{cause}{pair}{undoes}"
        if language == "zh"
        else f"{where}  {what}: {cause}{pair}{undoes}"
    )


def _row(cells: list[str]) -> str:
    return "".join(
        _padded(cell, width) for cell, width in zip(cells, (*_WIDTHS, len(cells[-1])), strict=True)
    ).rstrip()


def _padded(text: str, width: int) -> str:
    """Filled with blanks to a width of terminal columns, in which a Chinese character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(1, width - taken)
