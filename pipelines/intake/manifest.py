"""The manifest of a delivery, and finding deliveries in the inbox."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import DeliveryRefused

LARGEST_MANIFEST: Final = 1 << 20
LARGEST_NUMBER: Final = 2_000_000_000
LONGEST_TEXT: Final = 1000
_NAMED_KEYS: Final = 5


class ControlTotal(BaseModel):
    """What the sender counted over one column."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    distinct: int | None = Field(None, ge=0)
    sum: float | None = Field(None, allow_inf_nan=False)


class Manifest(BaseModel):
    """`manifest.json`, as the departments' interface fixes it; further keys are kept and ignored."""

    model_config = ConfigDict(extra="allow", frozen=True)
    feed: str
    data_date: date
    sequence: int = Field(ge=1, le=LARGEST_NUMBER)
    mode: Literal["full", "incremental"]
    rows: int = Field(ge=0, le=LARGEST_NUMBER)
    file: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    sha256: str | None = Field(None, pattern=r"^[0-9a-fA-F]{64}$")
    table: str | None = Field(None, max_length=LONGEST_TEXT)
    package: int | str | None = None
    replaces: int | None = Field(None, ge=1, le=LARGEST_NUMBER)
    control_totals: dict[str, ControlTotal] = Field(default_factory=dict, max_length=LONGEST_TEXT)
    sender: str | None = Field(None, max_length=LONGEST_TEXT)


@dataclass(frozen=True)
class Found:
    """A delivery's folder with the bytes of its manifest."""

    feed: str
    folder: Path
    text: bytes

    @property
    def name(self) -> str:
        """The folder's name as text: a GBK name becomes readable, and no byte of it is an error."""
        raw = os.fsencode(self.folder.name)
        for encoding in ("utf-8", "gb18030"):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
        return raw.decode("ascii", "backslashreplace")

    @property
    def manifest_sha256(self) -> str:
        """Hash by which a delivery that was seen before is known again."""
        return hashlib.sha256(self.text).hexdigest()


def find_deliveries(inbox: Path, feed: str) -> list[Found]:
    """Folders of that feed whose manifest is in place, by folder name."""
    paths = sorted((inbox / feed).glob("*/manifest.json"))
    texts = ((path, _limited(path)) for path in paths if path.is_file())
    return [Found(feed, path.parent, text) for path, text in texts if text is not None]


def unknown_feeds(inbox: Path, known: Iterable[str]) -> dict[str, int]:
    """Deliveries by feed that stay in the inbox because no contract is theirs."""
    feeds = ("/".join(path.parts[-4:-2]) for path in inbox.glob("*/*/*/manifest.json"))
    return dict(sorted(Counter(feed for feed in feeds if feed not in set(known)).items()))


def _limited(path: Path) -> bytes | None:
    """The manifest's bytes; none of them when it may not be read, None when it went away meanwhile."""
    try:
        with path.open("rb") as source:
            return source.read(LARGEST_MANIFEST + 1)
    except FileNotFoundError:
        return None
    except PermissionError:
        return b""


def read_manifest(found: Found) -> Manifest:
    """Parse and check the manifest.

    Raises:
        DeliveryRefused: PB-DL-001 when it cannot be read, PB-DL-003 when it names another feed,
            PB-DL-008 when its file name is not allowed.
    """
    try:
        manifest = Manifest.model_validate(kept_manifest(found))
    except ValidationError as error:
        places = sorted({".".join(map(str, e["loc"])) for e in error.errors(include_input=False)})
        code = "PB-DL-008" if places == ["file"] else "PB-DL-001"
        raise DeliveryRefused(code, keys=" ".join(places[:_NAMED_KEYS])[:LONGEST_TEXT]) from None
    except (ValueError, RecursionError):
        raise DeliveryRefused("PB-DL-001", keys="not JSON") from None
    if manifest.feed != found.feed:
        raise DeliveryRefused("PB-DL-003", folder=found.feed)
    return manifest


def kept_manifest(found: Found) -> dict[str, Any]:
    """The manifest's JSON, for the ledger.

    Raises:
        ValueError: when it is no JSON, or JSON that a database does not keep: NaN, NUL, half a
            surrogate pair. `read_manifest` accepts none of these.
    """
    declared: dict[str, Any] = json.loads(found.text.decode("utf-8-sig"))
    told = json.dumps(declared, ensure_ascii=False, allow_nan=False)
    if "\\u0000" in told.replace("\\\\", ""):
        raise ValueError("NUL")
    told.encode("utf-8")
    return declared
