"""What a parser of foreign bytes raises ends as a refusal with a code; what the machine raises does not."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.errors import DeliveryRefused, PopbaseError

_OF_THE_BYTES = (None, errno.EINVAL)
"""Numbers of an OSError that damaged bytes cause: bad offsets. Others are the disk's or the network's."""


@contextmanager
def refusing(code: str) -> Iterator[None]:
    """Refuse the delivery when the body fails over its bytes.

    A full disk or too little memory says nothing about the delivery and is raised as it is. A panic in
    a Rust library is a BaseException; it has no class to import.

    Raises:
        DeliveryRefused: with that code.
    """
    try:
        yield
    except (PopbaseError, MemoryError):
        raise
    except OSError as error:
        if error.errno not in _OF_THE_BYTES:
            raise
        raise DeliveryRefused(code) from None
    except Exception:  # noqa: BLE001 - parsers raise a dozen classes, and undocumented ones
        raise DeliveryRefused(code) from None
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        raise DeliveryRefused(code) from None
