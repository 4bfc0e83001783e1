"""The sound of a name: toneless pinyin, surnames read as surnames."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from pypinyin import Style, lazy_pinyin

UNKNOWN: Final = "?"
_ONLY_CHINESE: Final = re.compile("[\u4e00-\u9fff]+")
_TOKEN: Final = re.compile(r"[A-Za-z]+|[\[({〔【].*|[^\s·'’.,\-]")

# Characters that have another reading as a surname, and surnames of two characters.
SURNAME_READINGS: Final = {
    "万俟": "mo qi", "尉迟": "yu chi", "澹台": "tan tai", "单于": "chan yu", "乐正": "yue zheng",
    "子车": "zi ju", "单": "shan", "仇": "qiu", "解": "xie", "曾": "zeng", "区": "ou", "查": "zha",
    "朴": "piao", "盖": "ge", "缪": "miao", "乐": "yue", "秘": "bi", "折": "she", "员": "yun",
    "洗": "xian", "覃": "qin", "翟": "zhai", "黑": "he", "召": "shao", "隗": "wei", "繁": "po",
    "郇": "xun", "种": "chong", "重": "chong", "祭": "zhai", "佴": "nai", "乜": "nie", "句": "gou",
    "薄": "bo", "卜": "bu", "牟": "mu", "能": "nai", "都": "du", "阚": "kan",
    "么": "yao", "六": "lu", "粘": "nian", "贠": "yun", "藏": "zang", "泷": "shuang", "适": "kuo",
}  # fmt: skip


def name_sound(name: str) -> str:
    """Toneless pinyin of a canonical name, syllables joined by a blank.

    Runs of Latin letters are one syllable (pinyin stands in for rare characters); what has no
    reading is `?`, so that places stay comparable.
    """
    for length in (2, 1):
        reading = SURNAME_READINGS.get(name[:length]) if len(name) > length else None
        if reading:
            return f"{reading} {_syllables(name[length:])}"
    return _syllables(name)


def _syllables(text: str) -> str:
    tokens = text if _ONLY_CHINESE.fullmatch(text) else _TOKEN.findall(text)
    return " ".join(map(_syllable, tokens))


@cache
def _syllable(token: str) -> str:
    if token.isascii():
        return token.lower() if token.isalpha() else UNKNOWN
    return lazy_pinyin(token, style=Style.NORMAL, errors=lambda _: UNKNOWN)[0]
