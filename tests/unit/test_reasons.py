from __future__ import annotations

import re
from pathlib import Path

from pipelines import reasons
from pipelines.reasons import REASONS

PACKAGE = Path(reasons.__file__).parent


def test_every_reason_speaks_both_languages_and_gives_a_hint() -> None:
    for code, reason in REASONS.items():
        assert re.fullmatch(r"PB-[A-Z]{2}-[0-9]{3}", code)
        assert re.search("[\u4e00-\u9fff]", reason.zh + reason.hint_zh)
        assert (reason.en + reason.hint_en).strip()


def test_no_code_is_given_twice() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("reason_texts/*.py"))
    codes = re.findall(r"^(PB-\S+) ", texts, flags=re.MULTILINE)
    assert len(codes) == len(set(codes)) == len(REASONS)


def test_every_code_used_in_the_package_is_known() -> None:
    used = {
        code
        for path in PACKAGE.rglob("*.py")
        for code in re.findall(r"\"(PB-[A-Z]{2}-[0-9]{3})\"", path.read_text(encoding="utf-8"))
    }
    assert used <= set(REASONS)


def test_families_are_as_documented() -> None:
    families = {reason.family for reason in REASONS.values()}
    documented = set(re.findall(r"\b([A-Z]{2})\b", str(reasons.__doc__))) - {"ID", "PB"}
    assert families - {"ID"} == documented - {"ID"}
