"""What a check says when it has no answer on a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MARK: Final = "not checkable: "
"""Begins every message that is safe to show; other exceptions' texts may hold values."""

Values = Mapping[str, Any]
"""The arguments of a check, by Great Expectations' names."""


class NotCheckable(Exception):
    """A check has no answer on this frame. The message names columns and types, never values."""

    def __init__(self, reason: str) -> None:
        super().__init__(MARK + reason)
