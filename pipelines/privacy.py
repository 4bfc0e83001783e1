"""How a record is named where its key must not show: keys may hold a citizen ID."""

from __future__ import annotations

import hashlib


def reference(record_key: str) -> str:
    """Twelve hexadecimal digits that name a record in texts and on terminals.

    A plain hash of a number is no secret to one who can enumerate numbers; it keeps values out of logs and
    screens, and is not a pseudonym for sharing.
    """
    return hashlib.sha256(record_key.encode()).hexdigest()[:12]
