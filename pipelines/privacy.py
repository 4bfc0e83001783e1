"""What is said of persons where they must not show: in the names of records, and in errors of libraries."""

from __future__ import annotations

import errno
import hashlib
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import PopbaseError

OURS = Path(__file__).parent
AGAIN = "what was not finished is done anew when the same command is run again"
SYSTEM = tuple(
    map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ENOMEM))
)
"""What a machine says when it lacks something; libraries put it into errors of their own."""


def reference(record_key: str) -> str:
    """Twelve hexadecimal digits that name a record in texts and on terminals.

    A plain hash of a number is no secret to one who can enumerate numbers; it keeps values out of logs and
    screens, and is not a pseudonym for sharing.
    """
    return hashlib.sha256(record_key.encode()).hexdigest()[:12]


@contextmanager
def without_values() -> Iterator[None]:
    """Let only errors of ours leave the block: messages of libraries quote the values they stumbled over.

    Raises:
        PopbaseError: a fault of the system by its own words and its file; any other by its type and its places.
    """
    try:
        yield
    except PopbaseError:
        raise
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        raise PopbaseError(f"{error.strerror or type(error).__name__}{place}", hint=AGAIN) from None
    except Exception as error:  # noqa: BLE001 - nobody knows what a library puts into a message
        said = next((words for words in SYSTEM if words in str(error)), None)
        hint = AGAIN if said else None
        raise PopbaseError(f"{said or 'unforeseen'}: {_name(error)} at {_places(error)}", hint=hint) from None


def _name(error: Exception) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _places(error: Exception) -> str:
    """Files, lines and functions of ours, the innermost last; never the text of a line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if OURS in Path(f.filename).parents][-4:] or frames[-1:]
    return ", ".join(f"{Path(f.filename).stem}:{f.lineno} {f.name}" for f in ours)
