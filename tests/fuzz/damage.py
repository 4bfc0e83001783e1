"""Damage to bytes that knows nothing of their form, or only where characters of two bytes begin."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

INTERESTING = (
    b"\0", b"\n", b"\r", b"\r\n", b"\x1a", b'"', b",", b"|", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\x81", b"\x81\x30", b"\x84\x31\x95\x33", b"\xfe\x59", b"\xe5\xbc\xa0\xe4\xbc\x9f", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"\xd8\x00", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
    b"\0\0\0\0\0\0\0\0", b"<", b"&", b"A" * 5000,
)  # fmt: skip

Damage = Callable[[Random, bytearray], None]


def damaged(rng: Random, content: bytes) -> bytes:
    """The bytes with one to eight faults in them."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        if changed:
            rng.choice(KINDS)(rng, changed)
    return bytes(changed)


def _place(rng: Random, content: bytearray) -> int:
    """Often near an end, where headers and directories are."""
    near = rng.randrange(min(len(content), 64))
    return rng.choice((near, len(content) - 1 - near, rng.randrange(len(content))))


def _bit(rng: Random, content: bytearray) -> None:
    content[_place(rng, content)] ^= 1 << rng.randrange(8)


def _byte(rng: Random, content: bytearray) -> None:
    content[_place(rng, content)] = rng.randrange(256)


def _inserted(rng: Random, content: bytearray) -> None:
    at = _place(rng, content)
    content[at:at] = rng.choice(INTERESTING)


def _overwritten(rng: Random, content: bytearray) -> None:
    at, word = _place(rng, content), rng.choice(INTERESTING)
    content[at : at + len(word)] = word


def _deleted(rng: Random, content: bytearray) -> None:
    at = _place(rng, content)
    del content[at : at + rng.choice((1, 2, 3, 16, 200))]


def _doubled(rng: Random, content: bytearray) -> None:
    at = _place(rng, content)
    content[at:at] = content[at : at + rng.choice((1, 7, 64, 512))]


def _cut(rng: Random, content: bytearray) -> None:
    del content[_place(rng, content) :]


def _swapped(rng: Random, content: bytearray) -> None:
    first, second = sorted((_place(rng, content), _place(rng, content)))
    content[first:] = content[second:] + content[first:second]


def _half_a_character(rng: Random, content: bytearray) -> None:
    """One byte of a character of several goes."""
    starts = [at for at in range(min(len(content), 4000)) if content[at] >= 0x80]
    if starts:
        del content[rng.choice(starts)]


KINDS: tuple[Damage, ...] = (
    _bit, _byte, _inserted, _overwritten, _deleted, _doubled, _cut, _swapped, _half_a_character,
)  # fmt: skip
