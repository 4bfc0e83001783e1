from __future__ import annotations

import errno
import zlib

import pytest

from pipelines.errors import DeliveryRefused
from pipelines.intake.guard import refusing


class PanicException(BaseException):
    """Named as the one that Rust libraries raise."""


def meet(error: BaseException) -> BaseException:
    with pytest.raises(BaseException) as caught, refusing("PB-DL-017"):  # noqa: PT011 - any of them
        raise error
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        ValueError("甲某某"),
        zlib.error("x"),
        KeyError(1),
        OSError("bad"),
        OSError(errno.EINVAL, "x"),
        PanicException("甲"),
    ],
)
def test_what_bytes_cause_is_a_refusal_without_their_text(error: BaseException) -> None:
    refusal = meet(error)
    assert isinstance(refusal, DeliveryRefused)
    assert str(refusal) == "delivery refused: PB-DL-017"
    assert refusal.__suppress_context__


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOSPC, "full"),
        OSError(errno.EIO, "disk"),
        KeyboardInterrupt(),
        DeliveryRefused("PB-DL-009"),
    ],
)
def test_what_the_machine_or_a_person_causes_stays_what_it_is(error: BaseException) -> None:
    assert meet(error) is error
