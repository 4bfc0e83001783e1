"""The parts of a Chinese name: surname, given name, units that can be compared one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipelines.kernels.name_sounds import name_sound

LOST: Final = "?"
DOT: Final = "·"
COMPOUND_SURNAMES: Final = frozenset(
    [
        "欧阳",
        "上官",
        "司马",
        "司徒",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "宇文",
        "长孙",
        "夏侯",
        "轩辕",
        "端木",
        "南宫",
        "百里",
        "呼延",
        "澹台",
        "东郭",
        "西门",
        "公冶",
        "宗政",
        "濮阳",
        "淳于",
        "单于",
        "太叔",
        "申屠",
        "仲孙",
        "钟离",
        "鲜于",
        "闾丘",
        "司空",
        "亓官",
        "司寇",
        "子车",
        "颛孙",
        "巫马",
        "公西",
        "漆雕",
        "乐正",
        "壤驷",
        "公良",
        "拓跋",
        "夹谷",
        "宰父",
        "谷梁",
        "段干",
        "东门",
        "南门",
        "左丘",
        "梁丘",
        "公羊",
        "赫连",
        "万俟",
        "闻人",
        "第五",
        "纳兰",
        "完颜",
        "歐陽",
        "司馬",
        "諸葛",
        "東方",
        "尉遲",
        "公孫",
        "長孫",
        "軒轅",
        "南宮",
        "澹臺",
        "單于",
        "鍾離",
        "鮮于",
        "閭丘",
        "子車",
        "顓孫",
        "巫馬",
        "樂正",
        "宰父",
        "穀梁",
    ]
)
_CHINESE: Final = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_DEGRADED: Final = re.compile(r"[?？□■〓\ufffd*#\ue000-\uf8ff\U000f0000-\U0010ffff]|[\[({〔【（].*")
_UNITS: Final = re.compile(r"[A-Za-z]+|\S")
_DOTS: Final = re.compile(r"[·•‧・･∙⋅●.．]+")


@dataclass(frozen=True)
class NameParts:
    """A name in parts.

    Attributes:
        surname: of a Chinese name; of a dotted name the first part, of another one the first word.
        given: what follows, without dots.
        units: characters; a run of Latin letters within a Chinese name is one unit in lower case, a lost
            character is `?`.
        surname_units: how many of the units are the surname's.
        is_chinese: a Chinese character stands in it.
    """

    surname: str
    given: str
    units: tuple[str, ...]
    surname_units: int
    is_chinese: bool


@lru_cache(maxsize=1 << 16)
def parts(name: str) -> NameParts:
    """Take a name apart; the longest known compound surname wins where a given name is left."""
    plain = _DEGRADED.sub(LOST, name.strip())
    if not _CHINESE.search(plain):
        return _latin(plain)
    pieces = [piece for piece in _DOTS.split(plain.replace(" ", "")) if piece]
    units = [tuple(_unit(one) for one in _UNITS.findall(piece)) for piece in pieces]
    if len(pieces) > 1:
        first = len(units[0])
        return NameParts(
            pieces[0], "".join(pieces[1:]), tuple(u for piece in units for u in piece), first, True
        )
    whole = pieces[0]
    length = 2 if whole[:2] in COMPOUND_SURNAMES and len(units[0]) > 2 else 1
    return NameParts(whole[:length], whole[length:], units[0], length, True)


def _unit(one: str) -> str:
    return one.lower() if one.isascii() else one


def _latin(name: str) -> NameParts:
    letters = tuple(one for one in name.upper() if one.isalnum() or one == LOST)
    words = name.upper().split()
    surname = words[0] if words else ""
    return NameParts(surname, "".join(words[1:]), letters, len(surname), False)


def name_syllables(name: str) -> list[str]:
    """Toneless pinyin of a name, syllable by syllable, surnames read as surnames."""
    return name_sound(name).split()
