"""The lake: delivered bytes by their hash, and Parquet by batch and stage. Nothing in it is changed in place."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.store.mirror import keep_version, mirror_of

CHUNK = 1 << 20


def _refuse_on_full_disk(part: Path) -> None:
    """Polars calls a full disk an error of computing where it met it on closing the file."""
    if shutil.disk_usage(part.parent).free < CHUNK:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part)) from None


@dataclass(frozen=True)
class Lake:
    """A folder of content-addressed bytes (`bytes/`) and named frames."""

    root: Path

    @contextmanager
    def receive(self, source: IO[bytes]) -> Iterator[Received]:
        """Copy a stream beside the stored bytes and hash the copy; nothing stays of it unless it is kept."""
        digest = hashlib.sha256()
        with self._replacing(self.root / "bytes" / f"incoming-{secrets.token_hex(8)}") as (part, keep):
            with part.open("wb") as target:
                while block := source.read(CHUNK):
                    digest.update(block)
                    target.write(block)
            yield Received(part, digest.hexdigest(), keep, self._bytes_path(digest.hexdigest()))

    def put_bytes(self, source: IO[bytes]) -> str:
        """Copy a stream into the lake and return its SHA-256; the same bytes are stored once."""
        with self.receive(source) as received:
            received.keep()
        return received.sha256

    def open_bytes(self, sha256: str) -> IO[bytes]:
        """The stored bytes of that hash."""
        return self._bytes_path(sha256).open("rb")

    def write(self, name: str, frame: pl.DataFrame, *, is_scratch: bool = False) -> None:
        """Write a frame under a name such as `standard/<batch_id>`, wholly or not at all; scratch is written faster, not as small."""
        target = self.path(name)
        with self._replacing(target) as (part, keep):
            try:
                if is_scratch:
                    frame.write_parquet(part, compression="lz4")
                else:
                    frame.write_parquet(part, compression="zstd", compression_level=1)
            except pl.exceptions.ComputeError:
                _refuse_on_full_disk(part)
                raise
            keep(target)

    def write_chunks(self, name: str, chunks: Iterable[pl.DataFrame]) -> int:
        """Write frames of one schema as one file, a row group each; return the rows written."""
        target = self.path(name)
        rows = 0
        with self._replacing(target) as (part, keep):
            writer: pq.ParquetWriter | None = None
            try:
                for chunk in chunks:
                    table = chunk.to_arrow(compat_level=pl.CompatLevel.oldest())
                    writer = writer or pq.ParquetWriter(part, table.schema, compression="zstd")
                    writer.write_table(table)
                    rows += chunk.height
            finally:
                if writer is not None:
                    writer.close()
            if writer is None:
                raise ValueError(f"{name}: no chunk, so no schema")
            keep(target)
        return rows

    def put(self, name: str, source: Path) -> None:
        """Keep a copy of a Parquet file under a name, wholly or not at all."""
        target = self.path(name)
        with self._replacing(target) as (part, keep):
            shutil.copyfile(source, part)
            keep(target)

    def write_mapped(self, name: str, frame: pl.DataFrame) -> None:
        """Write numbers without nulls under a name so that they can be looked up in the file, see `mapped`."""
        target = self._mapped_path(name)
        batch = pa.RecordBatch.from_pydict({name: frame[name].to_numpy() for name in frame.columns})
        with self._replacing(target) as (part, keep):
            with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
                writer.write_batch(batch)
            keep(target)

    def mapped(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """The columns written under that name, of which only what is looked at is read."""
        with pa.memory_map(str(self._mapped_path(name))) as source:
            batch = pa.ipc.open_file(source).get_batch(0)
        return {column: batch[column].to_numpy() for column in batch.schema.names}

    def has_mapped(self, name: str) -> bool:
        """Whether columns were written under that name."""
        return self._mapped_path(name).exists()

    def read(self, name: str) -> pl.DataFrame:
        """The whole frame of that name."""
        return pl.read_parquet(self.path(name))

    def scan(self, name: str) -> pl.LazyFrame:
        """The frame of that name, lazily."""
        return pl.scan_parquet(self.path(name))

    def has(self, name: str) -> bool:
        """Whether a frame of that name was written."""
        return self.path(name).exists()

    def remove(self, name: str) -> None:
        """Delete the frame of that name, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Where the frame of that name lies."""
        return self.root / f"{name}.parquet"

    def _mapped_path(self, name: str) -> Path:
        return self.root / f"{name}.arrow"

    def _bytes_path(self, sha256: str) -> Path:
        return self.root / "bytes" / sha256[:2] / sha256

    @contextmanager
    def _replacing(self, target: Path) -> Iterator[tuple[Path, Keep]]:
        """A scratch file beside `target`, renamed into place by `keep` after its bytes are on disk."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            yield part, Keep(part, self.root)
        finally:
            part.unlink(missing_ok=True)


@dataclass(frozen=True)
class Keep:
    """Makes a scratch file durable and visible under its final name, of a lake that is backed up there too."""

    part: Path
    root: Path

    def __call__(self, target: Path) -> None:
        """Flush the scratch file to disk, mirror it, then rename it to `target`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.part.open("rb") as written:
            os.fsync(written.fileno())
        mirror = mirror_of(self.root)
        if mirror is not None:
            keep_version(self.part, target.relative_to(self.root), mirror)
        self.part.replace(target)


@dataclass(frozen=True)
class Received:
    """A copy of delivered bytes that nobody has decided about yet.

    What is read of a delivery is read here, so that it is just the bytes that were hashed, whatever happens to
    the sender's file meanwhile.
    """

    part: Path
    sha256: str
    _keep: Keep
    _target: Path

    def open(self) -> IO[bytes]:
        """The copy's bytes."""
        return self.part.open("rb")

    def keep(self) -> None:
        """Store the bytes under their hash, for good."""
        self._keep(self._target)
