"""Maps of enum values, as betterproto2 0.10 should parse them from binary.

It makes the zero of such a map with the class of the message's last map,
because its functions share one variable, and so fails, or gives a value of
another type, when a map of anything else follows. Here each map has its own.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import betterproto2

__all__ = ["mend_maps"]

_mended: Final[set[type]] = set()


def mend_maps(message_type: type) -> None:
    """Corrects a class, and all classes its messages hold; once for each."""
    waiting: list[Any] = [message_type]
    while waiting:
        cls = waiting.pop()
        if cls in _mended:
            continue
        _mended.add(cls)
        known: betterproto2.ProtoClassMetadata = cls._betterproto
        for name, meta in known.meta_by_field_name.items():
            if meta.map_meta and meta.map_meta[1].proto_type == betterproto2.TYPE_ENUM:
                known.cls_by_field[name] = _entry(meta.map_meta, known.cls_by_field[f"{name}.value"])
        inner = known.cls_by_field.values()
        waiting.extend(held for held in inner if issubclass(held, betterproto2.Message))


def _entry(map_meta: tuple[betterproto2.FieldMetadata, betterproto2.FieldMetadata], enum: Any) -> type:
    key, value = map_meta
    fields = [
        ("key", _KEYS.get(key.proto_type, int), betterproto2.field(1, key.proto_type)),
        ("value", enum, betterproto2.field(2, value.proto_type, default_factory=lambda: enum(0))),
    ]
    return dataclasses.make_dataclass("Entry", fields, bases=(betterproto2.Message,))


_KEYS: Final[dict[str, type]] = {betterproto2.TYPE_STRING: str, betterproto2.TYPE_BOOL: bool}
