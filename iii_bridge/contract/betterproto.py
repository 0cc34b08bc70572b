"""betterproto2 as the message backend: the only module besides well_known that imports it."""

from __future__ import annotations

import dataclasses
import enum
import struct
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any, Final

import betterproto2

from iii_bridge.contract.backend import FieldAccess, MessageBackend

__all__ = ["BETTERPROTO"]


class _BetterprotoBackend:
    """Dataclasses with one attribute per field; unset is None."""

    @property
    def name(self) -> str:
        return "betterproto2"

    def owns(self, message_type: type) -> bool:
        return issubclass(message_type, betterproto2.Message)

    def fields(self, message_type: type) -> Mapping[int, FieldAccess]:
        # Not `message_type._betterproto`: that resolves all hints once per field and makes a dataclass per map.
        hints = typing.get_type_hints(message_type, vars(sys.modules[message_type.__module__]), {})
        accesses: dict[int, FieldAccess] = {}
        for field in dataclasses.fields(message_type):
            meta: betterproto2.FieldMetadata = field.metadata["betterproto"]
            accesses[meta.number] = FieldAccess(field.name, _generated_class(hints[field.name]))
        return accesses

    def blank(self, type_name: str) -> list[str]:
        # betterproto2 sets it in __post_init__, which attribute stores on a bare object pass by.
        return [f"m = new({type_name})", "m._unknown_fields = b''"]

    def unbox(self, message: Any) -> Any:
        return message.to_wrapped() if hasattr(message, "to_wrapped") else message

    def box(self, message_type: type, value: Any) -> Any:
        make = getattr(message_type, "from_wrapped", None)
        return value if make is None else make(value)

    def serialize(self, message: Any) -> bytes:
        return bytes(message)

    def parse(self, message_type: type, data: bytes) -> Any:
        parse: Any = getattr(message_type, "parse")  # noqa: B009 -- the class is known to be a Message only at run time
        try:
            return parse(data)
        except (EOFError, ValueError, struct.error) as error:
            raise ValueError("the bytes are not a message of the type") from error


def _generated_class(hint: Any) -> type | None:
    """The message or enum in `X`, `X | None`, `list[X]` or `dict[K, X]`."""
    arguments = typing.get_args(hint)
    if arguments:
        if typing.get_origin(hint) in (typing.Union, types.UnionType):
            return _generated_class(next(argument for argument in arguments if argument is not type(None)))
        return _generated_class(arguments[-1])
    if isinstance(hint, type) and issubclass(hint, (betterproto2.Message, enum.IntEnum)):
        return hint
    return None


BETTERPROTO: Final[MessageBackend] = _BetterprotoBackend()
"""The default backend."""
