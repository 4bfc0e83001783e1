"""Comparison keys of names: traditional and variant characters folded, one by one."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import opencc
import yitizi

_LOST: Final = re.compile(r"[\[({〔【].*|[\ue000-\uf8ff\U000f0000-\U0010ffff\ufffd?□■▢☐〓*#]")
_LETTERS: Final = re.compile(r"[A-Za-z]+")
_ONLY_CHINESE: Final = re.compile("[\u4e00-\u9fff]+")
_CHINESE: Final = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class _Folding(dict[int, str]):
    """A table for `str.translate` that folds a character when it is first met."""

    def __missing__(self, code_point: int) -> str:
        folded = self[code_point] = _folded(chr(code_point))
        return folded


_FOLDING = _Folding()


def folded_name(name: str) -> str:
    """The key of a canonical name: folded, without dots and blanks.

    Characters are folded one at a time (OpenCC t2s, then yitizi for characters outside
    GB 2312), never by phrase, so that a character has the same key in every name. A lost
    character, or what stands for one (□, pinyin, a description in brackets), is one `?`.
    """
    if _ONLY_CHINESE.fullmatch(name):  # nearly all: nothing in them can be lost
        return name.translate(_FOLDING)
    known = _LOST.sub("?", name)
    if _CHINESE.search(known):
        known = _LETTERS.sub("?", known)
    return known.translate(_FOLDING)


def _folded(character: str) -> str:
    if not character.isalnum():
        return "" if character in "·-.' ’" else character
    if character.isascii():
        return character.upper()
    simplified = _simplified(character)
    if _is_common(simplified):
        return simplified
    variants = {_simplified(variant) for variant in yitizi.get(simplified)}
    return min((variant for variant in variants if _is_common(variant)), default=simplified)


def _is_common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _simplified(character: str) -> str:
    return str(_converter().convert(character))
