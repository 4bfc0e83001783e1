from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.kernels.dates import standardise_dates
from pipelines.kernels.times import (
    standardise_date_lists,
    standardise_months,
    standardise_timestamps,
)

AS_OF = date(2026, 6, 30)
NEW_YEAR = date(1990, 1, 1)


def one(text: str | None) -> tuple[date | None, str | None]:
    row = standardise_dates(pl.Series([text], dtype=pl.String), as_of=AS_OF).row(0)
    return row[0], row[1]


@pytest.mark.parametrize(
    "text",
    ["19900101", "1990-01-01", "1990/1/1", "1990.1.1", "1990-01-01 00:00:00",
     "1990-01-01T08:30:00+08:00", "19900101083000", "19900101.0"],
)  # fmt: skip
def test_the_usual_forms_are_clean(text: str) -> None:
    assert one(text) == (NEW_YEAR, None)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("1990年1月1日", NEW_YEAR, "PB-DT-001"),
        ("一九九〇年一月一日", NEW_YEAR, "PB-DT-001"),
        ("二○○○年十二月三十一日", date(2000, 12, 31), "PB-DT-001"),
        ("32874", NEW_YEAR, "PB-DT-002"),
        ("32874.5", NEW_YEAR, "PB-DT-002"),
        ("１９９００１０１", NEW_YEAR, "PB-DT-003"),
        (" 19900101", NEW_YEAR, "PB-DT-003"),
        ("90-01-01", None, "PB-DT-005"),
        ("900101", None, "PB-DT-005"),
        ("90年1月1日", None, "PB-DT-005"),
        ("1990-02-30", None, "PB-DT-010"),
        ("19000229", None, "PB-DT-010"),
        ("19901301", None, "PB-DT-010"),
        ("19900000", None, "PB-DT-011"),
        ("19900100", None, "PB-DT-011"),
        ("199001", None, "PB-DT-011"),
        ("1990年", None, "PB-DT-011"),
        ("农历一九九〇年腊月初八", None, "PB-DT-012"),
        ("1990年正月初一", None, "PB-DT-012"),
        ("soon", None, "PB-DT-013"),
        ("01/02/1990", None, "PB-DT-013"),
        ("20300101", date(2030, 1, 1), "PB-DT-014"),
        ("10900101", None, "PB-DT-015"),
        ("19000101", None, "PB-DT-016"),
        ("99991231", None, "PB-DT-016"),
        ("00000000", None, "PB-DT-016"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_every_form_has_its_value_and_code(text: str | None, value: date | None, code: str | None) -> None:
    assert one(text) == (value, code)


def test_the_end_of_a_term_may_lie_ahead() -> None:
    ends = pl.Series(["20300101", "99991231"])
    read = standardise_dates(ends, as_of=AS_OF, allow_future=True)
    assert read.rows() == [(date(2030, 1, 1), None), (date(9999, 12, 31), None)]


days = st.integers(0, 64_000).map(lambda days: date(1850, 1, 1) + timedelta(days))
forms = st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d 10:00"])


@given(st.lists(st.tuples(days.filter(lambda day: day != date(1900, 1, 1)), forms), max_size=20))
def test_every_day_is_read_back_from_every_form(drawn: list[tuple[date, str]]) -> None:
    texts = pl.Series([day.strftime(form) for day, form in drawn], dtype=pl.String)
    assert standardise_dates(texts, as_of=AS_OF)["value"].to_list() == [day for day, _ in drawn]


@given(st.lists(st.from_regex(r"[12][0-9]{7}", fullmatch=True), max_size=30))
def test_a_value_is_given_exactly_for_days_of_the_calendar(texts: list[str]) -> None:
    def expected(text: str) -> date | None:
        try:
            day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            return None
        return day if day.year >= 1850 and text not in ("19000101", "29991231") else None

    read = standardise_dates(pl.Series(texts, dtype=pl.String), as_of=AS_OF)
    assert read["value"].to_list() == [*map(expected, texts)]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("199001", "1990-01", None),
        ("1990年1月", "1990-01", None),
        ("19900115", "1990-01", None),
        ("１９９００１", "1990-01", "PB-DT-003"),
        ("199013", None, "PB-DT-020"),
        ("January", None, "PB-DT-020"),
        ("", None, None),
    ],
)
def test_months(text: str, value: str | None, code: str | None) -> None:
    assert standardise_months(pl.Series([text])).row(0) == (value, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("20260701021000", datetime.fromisoformat("2026-07-01T02:10"), None),
        ("2026-07-01T02:10:00+08:00", datetime.fromisoformat("2026-07-01T02:10"), None),
        ("2026-07-01 02:10", datetime.fromisoformat("2026-07-01T02:10"), None),
        ("20260701", datetime.fromisoformat("2026-07-01"), None),
        ("20261301000000", None, "PB-DT-021"),
        ("", None, None),
    ],
)
def test_timestamps(text: str, value: datetime | None, code: str | None) -> None:
    assert standardise_timestamps(pl.Series([text])).row(0) == (value, code)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("20200101;20210101", "2020-01-01;2021-01-01", None),
        ("20200101；20210230;", "2020-01-01", "PB-DT-022"),
        ("20200101;20300101", "2020-01-01;2030-01-01", "PB-DT-014"),
        ("never", None, "PB-DT-022"),
        ("", None, None),
    ],
)
def test_lists_of_dates(text: str, value: str | None, code: str | None) -> None:
    assert standardise_date_lists(pl.Series([text]), as_of=AS_OF).row(0) == (value, code)
