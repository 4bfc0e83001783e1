"""Dirt in dates, months and lists of dates."""

from __future__ import annotations

import re
from datetime import date, timedelta

from pipelines.synthetic.changing import DATE_CELL, NUMBER_CELL, Change, Damage, as_damage

_EPOCH = date(1899, 12, 30)  # of Excel
_DAY = re.compile(r"^(\d{4})(?:(\d{2})(\d{2})|[-/](\d{1,2})[-/](\d{1,2}))$")
_MOONS = ("正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬", "腊")
_MOON_DAYS = ("初一", "初八", "初十", "十五", "十九", "廿二", "廿九")


def _date(change: Change) -> Damage:
    """Restrict a change to dates; it gets the eight digits, however they were written."""

    def damage(value: str, number: int) -> str | None:
        found = _DAY.match(value.removeprefix(DATE_CELL))
        if found is None:
            return None
        year, *parts = (part for part in found.groups() if part)
        return change(year + "".join(part.zfill(2) for part in parts), number)

    return as_damage(damage)


def _day(digits: str) -> date:
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def _shifted(digits: str, days: int) -> str:
    day = _day(digits) + timedelta(days=days)
    return f"{day:%Y%m%d}" if day.year > 999 else digits


def _serial(marker: str) -> Damage:
    return _date(lambda digits, _: f"{marker}{(_day(digits) - _EPOCH).days}")


def _lunar_words(digits: str, number: int) -> str:
    moon, day = _MOONS[number % 12], _MOON_DAYS[number // 12 % 7]
    return f"农历{digits[:4]}年{moon}月{day}"


def _months(change: Change) -> Damage:
    return as_damage(change, r"^\d{6}$")


DATES: dict[str, Damage] = {
    "digit_wrong": _date(lambda digits, n: digits[:7] + str((int(digits[7]) + 1 + n % 8) % 10)),
    "other_day": _date(lambda digits, n: _shifted(digits, 1 + n % 30 if n % 2 else -1 - n % 30)),
    "lunar": _date(lambda digits, n: _shifted(digits, -20 - n % 30)),
    "lunar_words": _date(_lunar_words),
    "thirtieth_of_february": _date(lambda digits, _: digits[:4] + "0230"),
    "zeros": _date(lambda digits, _: digits[:4] + "0000"),
    "in_words": _date(lambda digits, _: f"{digits[:4]}年{int(digits[4:6])}月{int(digits[6:])}日"),
    "two_digit_year": _date(lambda digits, _: digits[2:]),
    "dashed": _date(lambda digits, _: f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"),
    "serial_day": _serial(""),
    "serial_cell": _serial(NUMBER_CELL),
    "default_day": _date(lambda _digits, n: ("19000101", "99991231")[n % 2]),
    "unreal_in_list": as_damage(lambda value, _: value[:4] + "0230" + value[8:], r"^\d{8}(;|$)"),
    "month_unreal": _months(lambda value, n: value[:4] + ("13", "00", "20")[n % 3]),
    "month_in_words": _months(lambda value, _: f"{value[:4]}年{int(value[4:])}月"),
}
