"""Sealed streams: what comes back is what went in, or nothing comes back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DependencyMissing, UsageError
from pipelines.store import sealing
from pipelines.store.sealing import SealingWriter, UnsealingReader, read_key

KEY = b"k" * 32
SIZES = st.one_of(st.integers(0, 200), st.sampled_from([63, 64, 65, 127, 128, 129, 192]))


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    """Chunks of 64 bytes, so that small streams have many."""
    patched = pytest.MonkeyPatch()
    patched.setattr(sealing, "CHUNK", 64)
    yield
    patched.undo()


def seal(plain: bytes, key: bytes = KEY, name: str = "wal/1", pieces: int = 50) -> bytes:
    out = io.BytesIO()
    with SealingWriter(out, key, name) as writer:
        for start in range(0, len(plain), pieces):
            writer.write(plain[start : start + pieces])
    return out.getvalue()


def unseal(sealed: bytes, key: bytes = KEY, name: str = "wal/1") -> bytes:
    with UnsealingReader(io.BytesIO(sealed), key, name) as reader:
        return reader.readall() or b""


@settings(max_examples=200)
@given(SIZES, st.integers(1, 200))
def test_what_was_sealed_comes_back_however_it_was_written(size: int, pieces: int) -> None:
    plain = bytes(n % 251 for n in range(size))
    assert unseal(seal(plain, pieces=pieces)) == plain


@settings(max_examples=300)
@given(SIZES, st.data())
def test_a_changed_or_cut_stream_is_refused(size: int, data: st.DataObject) -> None:
    sealed = bytearray(seal(bytes(size)))
    place = data.draw(st.integers(0, len(sealed) - 1))
    if data.draw(st.booleans()):
        sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del sealed[place:]
    with pytest.raises(DependencyMissing):
        unseal(bytes(sealed))


def test_chunks_that_are_swapped_repeated_or_left_out_are_refused() -> None:
    sealed = seal(bytes(range(200)))
    head, step = len(sealing.MAGIC) + sealing.SALT, 64 + sealing.TAG
    start, chunks = sealed[:head], [sealed[n : n + step] for n in range(head, len(sealed), step)]
    for others in ([1, 0, 2, 3], [0, 0, 1, 2, 3], [0, 2, 3], [0, 1, 2], [0, 1, 2, 3, 3]):
        with pytest.raises(DependencyMissing):
            unseal(start + b"".join(chunks[n] for n in others))


def test_another_key_and_another_name_open_nothing() -> None:
    for other in ({"key": b"o" * 32}, {"name": "wal/2"}):
        with pytest.raises(DependencyMissing):
            unseal(seal(b"plain"), **other)
    assert b"plain" not in seal(b"plain")
    assert seal(b"plain") != seal(b"plain")


def test_a_key_that_is_short_or_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(UsageError, match="cannot be read"):
        read_key(file)
    file.write_text("short\n")
    with pytest.raises(UsageError, match="too short"):
        read_key(file)
    file.write_text("0" * 64 + "\n")
    assert len(read_key(file)) == 64
