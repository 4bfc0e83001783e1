"""The page of reason codes, by family."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from pipelines.documenting.markdown import Language, code, page, table
from pipelines.reasons import REASONS, Reason

FAMILIES: Final = {
    "ID": ("公民身份号码", "Citizen ID"),
    "UC": ("统一社会信用代码", "Unified social credit code"),
    "NM": ("姓名", "Names"),
    "DT": ("日期与时间", "Dates and times"),
    "CD": ("代码", "Codes"),
    "TL": ("电话", "Telephones"),
    "AD": ("地址", "Addresses"),
    "NB": ("数值", "Numbers"),
    "TX": ("文本", "Text"),
    "RW": ("无法读取的行", "Rows that cannot be read"),
    "HD": ("表头", "Headers"),
    "DL": ("交付", "Deliveries"),
    "DR": ("与以往交付的差异", "Drift against the deliveries before"),
    "SQ": ("交付次序", "The sequence of deliveries"),
    "LK": ("识别与关联", "Linkage"),
}
"""What the two letters of a code stand for."""
SEVERITIES: Final = {
    "refuse_delivery": ("退回整个交付", "the delivery is refused whole"),
    "quarantine_row": ("隔离该行", "the row is set aside"),
    "warn": ("提示，该行照常入库", "told to the department, the row goes on"),
    "note": ("仅作记录", "recorded only"),
}
_TITLE: Final = {"zh": "原因代码", "en": "Reason codes"}
_HEADER: Final = {
    "zh": ("代码", "后果", "含义", "处理办法"),
    "en": ("code", "what follows", "meaning", "what to do"),
}
_ABOUT: Final = {
    "zh": "代码的含义永不改变。后果有四种：{levels}。",
    "en": "A code never changes its meaning. What follows is one of four: {levels}.",
}


def reasons_page(language: Language) -> str:
    """Every reason code in one language."""
    place = 0 if language == "zh" else 1
    levels = "；" if language == "zh" else "; "
    about = levels.join(f"{code(name)} {told[place]}" for name, told in SEVERITIES.items())
    by_family = groupby(sorted(REASONS.values(), key=_order), key=lambda reason: reason.family)
    parts = [
        f"## PB-{family}: {FAMILIES.get(family, (family, family))[place]}\n"
        + table(_HEADER[language], [_row(reason, language) for reason in reasons])
        for family, reasons in by_family
    ]
    text = _ABOUT[language].format(levels=about)
    return page(_TITLE[language], "pipelines/reason_texts/", [text, *parts], language)


def _order(reason: Reason) -> tuple[int, str]:
    known = list(FAMILIES)
    return (known.index(reason.family) if reason.family in known else len(known), reason.code)


def _row(reason: Reason, language: Language) -> tuple[str, str, str, str]:
    said = (reason.zh, reason.hint_zh) if language == "zh" else (reason.en, reason.hint_en)
    return (code(reason.code), code(reason.severity), *said)
