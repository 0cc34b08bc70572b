"""What the codec needs of a message library, and which library a class belongs to.

A backend answers questions about classes; it is asked once per class, when a
codec is compiled, never per message.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

__all__ = ["FieldAccess", "MessageBackend", "backend_of"]


class FieldAccess(NamedTuple):
    """How one field is reached on its message."""

    attribute: str
    cls: type | None
    """The class behind a message or enum: of the value, of a list's items or of a map's values."""


class MessageBackend(Protocol):
    """A message library, as the codec sees it.

    Messages are objects with one attribute per field. Unset is None; lists are
    `list`, maps `dict`; Timestamp is an aware `datetime`, Duration a
    `timedelta`, a wrapper its plain value. Serialized bytes are the common
    ground between libraries.
    """

    @property
    def name(self) -> str:
        """The name users choose it by."""
        ...

    def owns(self, message_type: type) -> bool:
        """Whether the class is one of this library's messages."""
        ...

    def fields(self, message_type: type) -> Mapping[int, FieldAccess]:
        """How each field is reached, by field number."""
        ...

    def blank(self, type_name: str) -> list[str]:
        """Source lines that make `m` an object of the class called `type_name` whose fields are all still to be set.

        The lines may use `new`, which is `object.__new__`.
        """
        ...

    def unbox(self, message: Any) -> Any:
        """The value that stands for a well-known message in a field (a Timestamp's datetime); others unchanged."""
        ...

    def box(self, message_type: type, value: Any) -> Any:
        """The other way round: the well-known message of a field's value; other messages unchanged."""
        ...

    def serialize(self, message: Any) -> bytes:
        """The message in binary."""
        ...

    def parse(self, message_type: type, data: bytes) -> Any:
        """A message from binary. Raises ValueError for bytes that are none."""
        ...


@functools.cache
def backend_of(message_type: type) -> MessageBackend:
    """The backend that owns a class. Raises TypeError for a class that is no message."""
    from iii_bridge.contract.betterproto import BETTERPROTO

    for backend in (BETTERPROTO,):
        if backend.owns(message_type):
            return backend
    raise TypeError(f"{message_type.__name__} is not a generated message class; generate it from its contract")
