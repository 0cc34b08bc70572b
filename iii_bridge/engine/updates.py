"""Update operations on stored values: decoded, changed and encoded inside the write (wire.md 7.3)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET

from iii_bridge.engine.builtins import BuiltinFailure
from iii_bridge.protocol.update_ops import OpError, UpdateOp, apply_ops

__all__ = ["updated"]


def updated(
    ops: list[UpdateOp], code: str, check_size: Callable[[int], None] | None = None
) -> tuple[Callable[[bytes | None], bytes], list[OpError]]:
    """The step that makes the new value of the old one, and the list its errors will be in.

    The step fails with `code` when the old value cannot be read; `check_size` gets the new value's length in bytes and
    raises to undo the write.
    """
    errors: list[OpError] = []

    def step(old: bytes | None) -> bytes:
        try:
            value = UNSET if old is None else msgspec.json.decode(old)
        except (msgspec.DecodeError, RecursionError) as error:  # half a surrogate pair, or a very deep value
            raise BuiltinFailure(code, f"the stored value cannot be changed: {error}; set it anew") from None
        value, errors[:] = apply_ops(value, ops)
        new = msgspec.json.encode(value)
        if check_size is not None:
            check_size(len(new))
        return new

    return step, errors
