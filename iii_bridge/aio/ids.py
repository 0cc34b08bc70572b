"""Fresh ids: UUID v4, lowercase with hyphens. They are the protocol's only secrets (wire.md 13.12)."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["new_id"]

_VARIANT: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def new_id() -> str:
    """As `str(uuid.uuid4())`, without the object in between: every call takes one."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
