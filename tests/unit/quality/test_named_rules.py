"""The rules that a population database is asked for by name: each is in the suites it fits and finds its planted fault.

A feed's rows are planted as they are delivered and go through its contract; published rows as the audit sees them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from pipelines.contract.load import load_contracts
from pipelines.kernels.standard import standardise_columns
from pipelines.quality.run import validate_frame
from pipelines.quality.suite import load_suites

Row = dict[str, Any]
TODAY = dt.date(2026, 6, 30)
CONTRACTS, SUITES = load_contracts(), load_suites()
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CREDIT, WRONG_CREDIT = "91350100M000100Y43", "91350100M000100Y44"
DIED = dt.date(2025, 3, 1)
PERSONS = pl.DataFrame({
    "person_id": ["dead", "alive"], "born_on": [dt.date(1990, 5, 1)] * 2,
    "struck_off_on": [DIED, None], "struck_off_reason_code": ["1", None],
})  # fmt: skip


def number(serial: int, born: str = "19900501", division: str = "511622", sex: int = 1) -> str:
    digits = f"{division}{born}{serial:02d}{sex}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def damaged(good: str) -> str:
    return good[:-1] + ("1" if good[-1] != "1" else "2")


@dataclass(frozen=True)
class Case:
    """Rows that break a rule beside rows that keep it."""

    rule_id: str
    good: list[Row]
    bad: list[Row]

    @property
    def suite(self) -> str:
        return next(name for name, suite in SUITES.items() if any(r.id == self.rule_id for r in suite.rules))


NUMBERED = {
    "HHR": ("household/registration", "005", "009", "010", "022", "023", "021"),
    "RES": ("residence/permit", "005", "008", "009", "020", "021", "019"),
    "LAB": ("labour/employment", "006", "009", "010", "021", "022", "020"),
    "EDU": ("education/enrolment", "005", "008", "009", "020", "021", "019"),
    "SOC": ("social_insurance/contribution", "005", "008", "009", "021", "022", "020"),
    "HSG": ("housing/registration", "006", "008", "009", "020", "021", "019"),
}
"""Feed, then its rules: number valid, birth date and sex agree with it, its division existed, one person, name."""
CITIZEN = {"residence/permit": "01", "education/enrolment": "居民身份证", "housing/registration": "1"}


def about_numbers() -> Iterator[Case]:
    for letters, (feed, valid, born, sex, division, one, name) in NUMBERED.items():
        columns = {column.name: column.source for column in CONTRACTS[feed].columns}

        def row(columns: dict[str, str] = columns, feed: str = feed, **told: str) -> Row:
            kind = {"document_type_code": CITIZEN[feed]} if feed in CITIZEN else {}
            return {columns[column]: value for column, value in (kind | told).items()}

        a, b = number(10), number(11)
        yield Case(f"PB-{letters}-{valid}", [row(citizen_id=a)], [row(citizen_id=damaged(a))])
        yield Case(
            f"PB-{letters}-{born}",
            [row(citizen_id=a, born_on="19900501")],
            [row(citizen_id=a, born_on="19900502")],
        )
        yield Case(
            f"PB-{letters}-{sex}", [row(citizen_id=a, sex_code="1")], [row(citizen_id=a, sex_code="2")]
        )
        yield Case(
            f"PB-{letters}-{division}",
            [row(citizen_id=number(12, division="512928"))],
            [row(citizen_id=number(12, division="519999"))],
        )
        yield Case(
            f"PB-{letters}-{one}",
            [row(citizen_id=a, name="张伟"), row(citizen_id=a, name="张伟")],
            [row(citizen_id=b, name="张伟"), row(citizen_id=b, name="李强")],
        )
        yield Case(f"PB-{letters}-{name}", [row(name="买买提·艾力")], [row(name="王3")])


FEEDS = [
    # the division was in force in some year
    Case("PB-HHR-024", [{"SSXQ": "513623"}], [{"SSXQ": "519999"}]),
    Case("PB-RES-022", [{"HKSSXQ": "512928"}], [{"HKSSXQ": "519999"}]),
    Case("PB-LAB-023", [{"AAB301": "511622"}], [{"AAB301": "519999"}]),
    Case("PB-EDU-022", [{"户口所在地": "511622"}], [{"户口所在地": "519999"}]),
    # other people's numbers in a row
    Case("PB-EDU-016", [{"监护人身份证号": number(10)}], [{"监护人身份证号": damaged(number(10))}]),
    Case("PB-HSG-018", [{"CZRZJH": number(10)}], [{"CZRZJH": damaged(number(10))}]),
    # the order of dates
    Case("PB-HHR-019", [{"CSRQ": "19900101", "ZXRQ": "20200101"}], [{"CSRQ": "19900101", "ZXRQ": "19891231"}]),
    Case("PB-HHR-031", [{"CSRQ": "19900101", "QRRQ": "19900101"}], [{"CSRQ": "19900101", "QRRQ": "19891231"}]),
    Case("PB-RES-017", [{"DJRQ": "20200101", "QFRQ": "20200901"}], [{"DJRQ": "20200901", "QFRQ": "20200101"}]),
    Case("PB-LAB-019", [{"AAC006": "19900101", "DJRQ": "20200101"}], [{"AAC006": "19900101", "DJRQ": "19800101"}]),
    Case("PB-LAB-028", [{"DJRQ": "20200101", "AAE036": "20200101080000"}], [{"DJRQ": "20200101", "AAE036": "20191231080000"}]),
    Case("PB-SOC-019", [{"AAE041": "202001", "AAE042": "202001"}], [{"AAE041": "202001", "AAE042": "201912"}]),
    Case("PB-HSG-017", [{"QSRQ": "20200101", "JZRQ": "20210101"}], [{"QSRQ": "20210101", "JZRQ": "20200101"}]),
    # a pupil's age, and grade
    Case("PB-EDU-023", [{"出生日期": "2015-01-01", "入学年月": "202109"}], [{"出生日期": "2018-01-01", "入学年月": "202109"}]),
    Case(
        "PB-EDU-024",
        [{"出生日期": "2018-01-01", "年级": "二年级", "学籍状态": "在读"}],
        [{"出生日期": "2008-01-01", "年级": "二年级", "学籍状态": "在读"},
         {"出生日期": "2018-01-01", "年级": "九年级", "学籍状态": "在读"}],
    ),
    # working age
    Case("PB-LAB-024", [{"AAC006": "20000101", "DJRQ": "20160101"}], [{"AAC006": "20000102", "DJRQ": "20160101"}]),
    Case("PB-RES-027", [{"CSRQ": "20100630", "JZSY": "1"}], [{"CSRQ": "20100701", "JZSY": "1"}]),
    Case(
        "PB-SOC-025",
        [{"AAC006": "20000101", "AAE041": "201801", "AAE140": "110"}],
        [{"AAC006": "20000101", "AAE041": "201001", "AAE140": "110"}],
    ),
    # two insurances of a kind in the same month
    *(
        Case(
            rule_id,
            [{"AAC002": number(20), "AAE140": one, "AAC031": "1"}, {"AAC002": number(21), "AAE140": one, "AAC031": "1"},
             {"AAC002": number(21), "AAE140": other, "AAC031": "2"}],
            [{"AAC002": number(22), "AAE140": one, "AAC031": "1"}, {"AAC002": number(22), "AAE140": other, "AAC031": "1"}],
        )
        for rule_id, one, other in (("PB-SOC-023", "110", "170"), ("PB-SOC-024", "310", "390"))
    ),
    # a permit's chain of endorsements
    Case("PB-RES-024", [{"QFRQ": "20200101", "QZRQ": "20210101;20220101"}], [{"QFRQ": "20200101", "QZRQ": "20200301"},
                                                                           {"QFRQ": "20200101", "QZRQ": "20220101;20210101"}]),
    Case("PB-RES-025", [{"QFRQ": "20200101", "QZRQ": "20210101"}], [{"QFRQ": "20200101", "QZRQ": "20220101"}]),
    # credit codes
    Case("PB-LAB-025", [{"AAB003": CREDIT}], [{"AAB003": WRONG_CREDIT}]),
    Case("PB-SOC-030", [{"AAB003": CREDIT}], [{"AAB003": WRONG_CREDIT}]),
]  # fmt: skip
AFTER, BEFORE = dt.date(2025, 6, 1), dt.date(2025, 1, 1)
PUBLISHED = [
    Case("PB-PER-025", [{"citizen_id": number(30)}], [{"citizen_id": damaged(number(30))}]),
    Case("PB-PER-004", [{"citizen_id": number(31)}], [{"citizen_id": number(32)}, {"citizen_id": number(32)}]),
    Case("PB-PER-016", [{"name": "买买提·艾力"}], [{"name": "买买提•艾力"}]),
    Case("PB-PER-018", [{"registered_division_code": "512928"}], [{"registered_division_code": "519999"}]),
    Case("PB-PER-026", [{"employer_credit_code": CREDIT}], [{"employer_credit_code": WRONG_CREDIT}]),
    Case("PB-PEM-014", [{"employer_credit_code": CREDIT}], [{"employer_credit_code": WRONG_CREDIT}]),
    Case("PB-PIN-014", [{"employer_credit_code": CREDIT}], [{"employer_credit_code": WRONG_CREDIT}]),
    *(
        Case(
            rule_id,
            [{"person_id": "dead", day: before, **more}, {"person_id": "alive", day: after, **more}],
            [{"person_id": "dead", day: after, **more}],
        )
        for rule_id, day, before, after, more in (
            ("PB-PEM-009", "registered_on", BEFORE, AFTER, {}),
            ("PB-PRS-009", "registered_on", BEFORE, AFTER, {}),
            ("PB-PDW-009", "registered_on", BEFORE, AFTER, {}),
            ("PB-PEN-008", "enrolled_month", "2025-01", "2025-09", {}),
            ("PB-PIN-009", "last_paid_month", "2025-01", "2025-09", {"insurance_status_code": "1"}),
        )
    ),
    Case(
        "PB-PEM-010",
        [{"person_id": "alive", "registered_on": dt.date(2006, 5, 1)}],
        [{"person_id": "alive", "registered_on": dt.date(2006, 4, 30)}],
    ),
    *(
        Case(
            rule_id,
            [{"person_id": "dead", "insurance_code": one, "insurance_status_code": "1"}],
            [{"person_id": "alive", "insurance_code": one, "insurance_status_code": "1"},
             {"person_id": "alive", "insurance_code": other, "insurance_status_code": "1"}],
        )
        for rule_id, one, other in (("PB-PIN-011", "110", "170"), ("PB-PIN-012", "310", "390"))
    ),
    Case(
        "PB-PRS-011",
        [{"issued_on": dt.date(2020, 1, 1), "endorsed_on_dates": "2021-01-01"}],
        [{"issued_on": dt.date(2020, 1, 1), "endorsed_on_dates": "2020-02-01"}],
    ),
]  # fmt: skip
CASES = [*about_numbers(), *FEEDS, *PUBLISHED]


def standardised(feed: str, rows: list[Row]) -> pl.DataFrame:
    names = [column.source for column in CONTRACTS[feed].columns]
    cells = {f"raw.{name}": [row.get(name) for row in rows] for name in names}
    numbered = {"row_number": range(1, len(rows) + 1)}
    raw = pl.DataFrame(numbered | cells, schema={"row_number": pl.Int32, **dict.fromkeys(cells, pl.String)})
    columns, _ = standardise_columns(raw, CONTRACTS[feed], as_of=TODAY)
    return columns.with_columns(raw["row_number"], operation=pl.lit("F"), is_person=pl.lit(value=True))


@pytest.mark.parametrize("case", CASES, ids=[case.rule_id for case in CASES])
def test_a_named_rule_finds_its_planted_fault_and_nothing_else(case: Case) -> None:
    suite = SUITES[case.suite]
    alone = suite.model_copy(update={"rules": (suite.rule(case.rule_id),)})
    rows = [*case.good, *case.bad]
    frame = standardised(case.suite, rows) if case.suite in CONTRACTS else published(rows)
    outcome = validate_frame(frame, alone, today=TODAY, tables={"person": PERSONS}.get)
    assert outcome.rules[0].status != "not_checked", outcome.rules[0].reason_not_checked
    assert outcome.failing["row_number"].to_list() == list(range(len(case.good) + 1, len(rows) + 1))


def published(rows: list[Row]) -> pl.DataFrame:
    numbered = [{"row_number": place, **row} for place, row in enumerate(rows, 1)]
    return pl.DataFrame(numbered, infer_schema_length=None)
