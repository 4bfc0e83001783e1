"""The report as one HTML page a language: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.report import formats, pictures
from pipelines.report.basics import Fact, Language, Words
from pipelines.report.model import Report
from pipelines.report.names import sentence_of
from pipelines.report.texts import say, say_word

TEMPLATES: Final = Path(__file__).with_name("templates")
PAGES: Final[dict[Language, str]] = {"zh": "index.html", "en": "index.en.html"}
"""The page of each language, by file name."""
CERTIFICATES: Final[dict[Language, str]] = {"zh": "certificate.html", "en": "certificate.en.html"}
"""The certificate's page of each language."""
CONTENTS: Final = {
    "certificate": (
        "certified_tables", "certified_records", "certified_deliveries", "certified_checks", "certified_limits",
    ),
    "front": ("feeds_now", "departments", "publications", "mending", "waivers_now", "all_deliveries"),
    "delivery": (
        "flow", "by_indicator", "findings_by_rule", "overlap", "values", "drift", "schema", "work", "waivers", "silent", "signatures",
    ),
}  # fmt: skip
"""Sections of the site's pages, in their order."""


def render_page(report: Report, language: Language, *, has_certificate: bool = False) -> str:
    """The page; the same bytes for the same report. It leads to the page of the certificate where there is one."""
    other: Language = "en" if language == "zh" else "zh"
    template = _environment(language).get_template("page.html.j2")
    return template.render(
        report=report,
        other_page=PAGES[other],
        this_page=PAGES[language],
        certificate_page=CERTIFICATES[language] if has_certificate else None,
    )


def render_site(kind: str, language: Language, facts: dict[str, Any]) -> str:
    """A page of the site, of kind `front` or `delivery`; the same bytes for the same facts."""
    other: Language = "en" if language == "zh" else "zh"
    template = _environment(language).get_template(f"site/{kind}.html.j2")
    return template.render(
        **facts, contents=CONTENTS[kind], other_page=PAGES[other], this_page=PAGES[language]
    )


def render_certificate(language: Language, said: dict[str, Any], sha256: str, signature: str) -> str:
    """The page of a certificate that says `said`."""
    other: Language = "en" if language == "zh" else "zh"
    template = _environment(language).get_template("site/certificate.html.j2")
    return template.render(
        said=said,
        released_at=datetime.fromisoformat(said["released_at"]) if "released_at" in said else None,
        sha256=sha256,
        signature=signature,
        contents=CONTENTS["certificate"],
        report_page=PAGES[language],
        this_page=CERTIFICATES[language],
        other_page=CERTIFICATES[other],
    )


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def text(key: str, **facts: Fact) -> str:
        return say(key, language, facts)

    environment.globals.update(
        language=language,
        t=text,
        remark_text=lambda remark: say(f"remark.{remark.key}", language, remark.facts),
        word=partial(_word, language=language),
        pictures=pictures,
    )
    environment.filters.update(_filters(language))
    return environment


def _word(group: str, stored: str | None, *, language: Language) -> str:
    return say_word(group, stored, language)


def _filters(language: Language) -> dict[str, Any]:
    def spoken(words: Words | None) -> str:
        return words.of(language) if words else formats.DASH

    return {
        "words": spoken,
        "number": formats.number,
        "signed": formats.signed,
        "share": formats.share,
        "limit": formats.limit,
        "score": formats.score,
        "seconds": formats.seconds,
        "moment": formats.moment,
        "row_numbers": formats.row_numbers,
        "points": formats.points,
        "first_or_none": lambda rows: next(iter(rows), None),
        "sentence": lambda code: sentence_of(code, {}).of(language),
    }
