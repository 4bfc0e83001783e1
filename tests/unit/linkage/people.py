"""Invented records for the tests of resolution; the people look invented."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.linkage.frame import RECORDS
from pipelines.linkage.policy import LinkagePolicy, load_linkage

ROOT = Path(__file__).resolve().parents[3]
SOUNDS = {
    "甲": "jia", "乙": "yi", "丙": "bing", "丁": "ding", "戊": "wu", "己": "ji", "庚": "geng",
    "辛": "xin", "壬": "ren", "癸": "gui", "以": "yi", "兵": "bing", "新": "xin", "心": "xin",
    "行": "xing", "?": "?",
}  # fmt: skip
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@cache
def policy() -> LinkagePolicy:
    return load_linkage(ROOT / "policies" / "linkage.yml")


def citizen_id(born_on: date, order: int = 11, division: str = "511622") -> str:
    body = f"{division}{born_on:%Y%m%d}{order:03d}"
    remainder = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[remainder]


def sound(name: str) -> str:
    return " ".join(SOUNDS[character] for character in name)


def person(key: str, name: str | None = "甲乙丙", number: str | None = None, **given: Any) -> dict[str, Any]:
    """A record; a number of 18 characters is taken for a valid ID, unless a status is given."""
    status = given.pop("status", "blank" if number is None else "valid")
    usable = status in ("valid", "upgraded", "carried")
    row: dict[str, Any] = dict.fromkeys(RECORDS)
    row |= {
        "record_key": key,
        "feed": key.split("|", maxsplit=1)[0],
        "authority": 50,
        "citizen_id": number if usable else None,
        "citizen_id_status": status,
        "citizen_id_cleaned": number,
        "name": name,
        "name_key": name,
        "name_sound": name and sound(name),
        "name_is_degraded": "?" in (name or ""),
    }
    if usable and number is not None:
        row["citizen_id_born_on"] = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        row["citizen_id_sex_code"] = "1" if int(number[16]) % 2 else "2"
    return row | given


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=RECORDS)


def judged(a: str, b: str, verdict: str) -> pl.DataFrame:
    return pl.DataFrame({"record_a": [a], "record_b": [b], "verdict": [verdict]})


def clusters(memberships: pl.DataFrame) -> set[frozenset[str]]:
    """The partition that memberships make, whatever the ids."""
    grouped = memberships.group_by("person_id").agg("record_key")
    return {frozenset(keys) for keys in grouped["record_key"].to_list()}
