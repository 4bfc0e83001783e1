"""Dirt in codes, telephones, addresses, amounts and credit codes."""

from __future__ import annotations

from pipelines.synthetic.changing import Change, Damage, as_damage, other_digit

_OFFICES = 9
_FLIPPED = {"1": "2", "2": "1", "男": "女", "女": "男"}


def _mobile(change: Change) -> Damage:
    return as_damage(change, r"^\d{11}$")


def _amount(change: Change) -> Damage:
    return as_damage(change, r"^\d+\.\d\d$")


def _credit(change: Change) -> Damage:
    return as_damage(change, r"^[0-9A-Z]{18}$")


def _other_check(value: str, number: int) -> str:
    others = "0123456789ABCDEFGHJKLMNPQRTUWXY".replace(value[17], "")
    return value[:17] + others[number % len(others)]


def _ten_thousands(value: str, _number: int) -> str:
    return f"{float(value) / 10_000:.6f}万元"


OTHERS: dict[str, Damage] = {
    "flipped": as_damage(lambda value, _: _FLIPPED.get(value)),
    "unknown": as_damage(lambda value, n: "09"[n % 2] if value in "12" else None),
    "unlisted": as_damage(lambda _, n: ("Z9", "待定")[n % 2]),
    "old_division": as_damage(lambda _, n: ("512928", "513623")[n % 2], "^511622$"),
    "unknown_division": as_damage(lambda value, _: value[:2] + "9999", r"^\d{6}$"),
    "cut": as_damage(lambda value, _: value[:-1], r"^\d{6,9}$"),
    "mistyped": _mobile(lambda value, n: other_digit(value, 3 + n % 8, n // 8)),
    "office": _mobile(lambda _, n: f"154{n % _OFFICES + 1}0000000"),
    "landline": _mobile(lambda _, n: f"0826-{6_000_000 + n % 3000}"),
    "local": _mobile(lambda _, n: str(6_000_000 + n % 3000)),
    "plus_86": _mobile(lambda value, n: ("+86" if n % 2 else "+86 ") + value),
    "in_blanks": _mobile(lambda value, _: f"{value[:3]} {value[3:7]} {value[7:]}"),
    "in_dashes": _mobile(lambda value, _: f"{value[:3]}-{value[3:7]}-{value[7:]}"),
    "two_telephones": _mobile(lambda value, n: f"{value}/0826-{6_000_000 + n % 3000}"),
    "digit_lost": _mobile(lambda value, n: value[: 3 + n % 8] + value[4 + n % 8 :]),
    "filler": _mobile(lambda _, n: ("11111111111", "0")[n % 2]),
    "masked": _mobile(lambda value, _: value[:3] + "****" + value[7:]),
    "word_for_address": as_damage(lambda _, n: ("不详", "无")[n % 2]),
    "lost_character": as_damage(lambda value, n: value[: 3 + n % 4] + "?" + value[4 + n % 4 :], ".{8}"),
    "thousands": _amount(lambda value, _: f"{float(value):,.2f}"),
    "ten_thousands": _amount(_ten_thousands),
    "with_unit": _amount(lambda value, n: value + ("元", "㎡")[n % 2]),
    "no_amount": as_damage(lambda _, n: ("面议", "1.2.3")[n % 2], r"^\d"),
    "half": as_damage(lambda value, _: value + ".5", r"^\d+$"),
    "credit_check": _credit(_other_check),
    "credit_lower": _credit(lambda value, _: value.lower()),
    "credit_short": _credit(lambda value, _: value[:-1]),
    "credit_letter": _credit(lambda value, n: value[:10] + "IOSVZ"[n % 5] + value[11:]),
}
