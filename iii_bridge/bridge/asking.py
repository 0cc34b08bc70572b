"""Asking for what an answer carries beside its result (design decision 35)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from msgspec import Raw

from iii_bridge.protocol.response_metadata import ResponseMetadata, detach_response_metadata, error_metadata

__all__ = ["Asked", "asked_of", "asking"]


class Asked:
    """What the calls of one function were told, the latest answer in place of those before it."""

    __slots__ = ("function_id", "metadata")

    def __init__(self, function_id: str) -> None:
        self.function_id = function_id
        self.metadata = ResponseMetadata()

    def begins(self) -> None:
        """Forgets what another attempt was told."""
        self.metadata = ResponseMetadata()

    def answered(self, result: Raw) -> Raw:
        """Keeps what an answer carries and returns its result."""
        result, self.metadata = detach_response_metadata(result)
        return result

    def failed(self, stacktrace: str | None) -> None:
        """Keeps what an error carries; `stacktrace` is that of its frame."""
        self.metadata = error_metadata(stacktrace)


_asked: Final[ContextVar[Asked | None]] = ContextVar("iii_bridge_asked", default=None)


@contextmanager
def asking(asked: Asked) -> Generator[None]:
    """Inside `with`, calls of that function ask, also those of tasks that are created there."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def asked_of(function_id: str) -> Asked | None:
    """Who asks for the metadata of a call of this function; None for the calls beside it, as of a catalogue."""
    asked = _asked.get()
    return asked if asked is not None and asked.function_id == function_id else None
