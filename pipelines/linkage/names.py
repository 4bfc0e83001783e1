"""Levels of agreement of Chinese names, character by character, by their sounds.

String distances of the West do not work on names of two or three characters (a homophone typed
for one of two characters looks like a stranger); what people mistype are sounds: same sound, near
sound (zh/z, n/l, an/ang), seldom shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.linkage.engine.characters import near_sound
from pipelines.linkage.policy import MISSING, level

Ints = npt.NDArray[np.int32]
Levels = npt.NDArray[np.int8]

SAME, FORMER, SOUND, NEAR, FITS, ONE_CHARACTER, SURNAME, OTHER = (
    level("name", name)
    for name in ("same", "former", "sound", "near", "fits", "one_character", "surname", "other")
)
AGREES_UP_TO: Final = NEAR
_SYLLABLES: Final = 12
_PAD: Final = 0
_ANY: Final = 1


@dataclass(frozen=True)
class Names:
    """Distinct names as integers; row `i` of each array is name `i`.

    Attributes:
        key: identity of the comparison key, -1 where there is none.
        sounds, near: codes of the syllables and of their near sounds, shape (n, 12); 0 pads, 1 is
            a lost character that fits any.
        length: number of syllables.
        joined: identity of the syllables without blanks, -1 where there are none.
        is_degraded: a character was lost.
        is_latin: written in Latin letters.
    """

    key: Ints
    sounds: Ints
    near: Ints
    length: Ints
    joined: Ints
    is_degraded: npt.NDArray[np.bool_]
    is_latin: npt.NDArray[np.bool_]


def encode_names(names: pl.DataFrame) -> Names:
    """Encode names; columns `name_key`, `name_sound`, `name_is_degraded`, one row a name."""
    joined = names["name_sound"].str.replace_all(" ", "").replace("", None)
    latin = names["name_key"].str.contains(r"^[A-Z .'-]+$").fill_null(value=False)
    parts = [(sound or "").split()[:_SYLLABLES] for sound in names["name_sound"].to_list()]
    length = np.array([len(part) for part in parts], dtype=np.int32)
    known = sorted({syllable for part in parts for syllable in part})
    sounds = _matrix(parts, {syllable: syllable for syllable in known})
    near = _matrix(parts, {syllable: near_sound(syllable) for syllable in known})
    return Names(
        key=_identities(names["name_key"]),
        sounds=sounds,
        near=near,
        length=length,
        joined=_identities(joined),
        is_degraded=names["name_is_degraded"].to_numpy(),
        is_latin=latin.to_numpy(),
    )


def _identities(values: pl.Series) -> Ints:
    codes: Ints = values.rank("dense").cast(pl.Int32).fill_null(-1).to_numpy()
    return codes


def _matrix(parts: list[list[str]], folded: dict[str, str]) -> Ints:
    codes = {sound: code for code, sound in enumerate(sorted(set(folded.values())), start=2)}
    codes["?"] = _ANY
    matrix = np.full((len(parts), _SYLLABLES), _PAD, dtype=np.int32)
    for row, part in enumerate(parts):
        matrix[row, : len(part)] = [codes[folded[syllable]] for syllable in part]
    return matrix


def name_levels(names: Names, a: Ints, b: Ints) -> Levels:
    """Level of each pair of names; `a` and `b` are rows of `names`.

    A name that lost characters never agrees by its key: its sounds are compared, and a lost
    character fits any. A name in Latin letters is either the other's pinyin or no evidence:
    names of minorities are transliterated in many ways.
    """
    equal, near = _matches(names.sounds, a, b), _matches(names.near, a, b)
    used = np.arange(_SYLLABLES) < names.length[a][:, None]
    alike_length = names.length[a] == names.length[b]
    wrong = (used & ~near).sum(axis=1)
    degraded = names.is_degraded[a] | names.is_degraded[b]
    lost = ((names.sounds[a] == _ANY) | (names.sounds[b] == _ANY)).any(axis=1)
    found = np.full(len(a), OTHER, dtype=np.int8)
    found[near[:, 0]] = SURNAME
    found[alike_length & (wrong == 1) & (names.length[a] > 1)] = ONE_CHARACTER
    found[alike_length & (wrong == 0)] = NEAR
    found[alike_length & ~(used & ~equal).any(axis=1)] = SOUND
    found[(found <= NEAR) & lost] = FITS
    seen = used & (names.sounds[a] != _ANY) & (names.sounds[b] != _ANY)
    unheard = (names.length[a] == 0) | (names.length[b] == 0) | (degraded & ~alike_length)
    found[unheard | (lost & ~seen.any(axis=1))] = MISSING
    found[names.is_latin[a] != names.is_latin[b]] = MISSING
    spelt = (names.joined[a] == names.joined[b]) & (names.joined[a] >= 0) & ~lost
    found[spelt] = SOUND
    nameless = (names.key[a] < 0) | (names.key[b] < 0)
    found[nameless] = MISSING
    found[(names.key[a] == names.key[b]) & ~degraded & ~nameless] = SAME
    return found


def _matches(codes: Ints, a: Ints, b: Ints) -> npt.NDArray[np.bool_]:
    left, right = codes[a], codes[b]
    fits_any = ((left == _ANY) & (right != _PAD)) | ((right == _ANY) & (left != _PAD))
    return np.asarray((left == right) | fits_any)
