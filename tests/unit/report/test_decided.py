from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.report.decided import decided_of
from pipelines.report.model import Decided, Report
from pipelines.report.page import render_page
from pipelines.report.queries import Facts


def _run(facts: Facts, **other: Any) -> dict[str, Any]:
    return {**(facts.run or {}), **other}


def test_of_the_linkage_policy_each_setting_is_told(facts: Facts) -> None:
    assert decided_of(facts.run) == (
        Decided("policy", "linkage: blocking.local_number", None, "✓"),
        Decided("policy", "linkage: link_weight", "7", "6"),
    )


def test_of_contracts_suites_other_policies_and_code_hashes_are_told(facts: Facts) -> None:
    def inputs(letter: str, version: str) -> dict[str, Any]:
        judged = {"b-1": ["f" * 64, "f" * 64], "b-2": [letter * 64, "c" * 64]}
        return {
            "feeds": {"a/b": ["b-1", "b-2"]}, "judged_by": judged, "policies": {"release": letter * 64},
            "version": version,
        }  # fmt: skip

    run = _run(facts, base_inputs=inputs("a", "1"), inputs=inputs("b", "2"), base_linkage=None)
    assert decided_of(run) == (
        Decided("policy", "release", "a" * 12, "b" * 12),
        Decided("contract", "a/b", "a" * 12, "b" * 12),
        Decided("code", "popbase", "1", "2"),
    )


def test_without_a_publication_before_nothing_is_compared(facts: Facts) -> None:
    assert decided_of(None) == decided_of(_run(facts, base_inputs=None)) == ()


def test_the_page_shows_it_or_says_that_all_is_as_before(report: Report) -> None:
    assert "linkage: link_weight" in render_page(report, "zh")
    assert "均与上次发布相同" in render_page(replace(report, decided=()), "zh")
