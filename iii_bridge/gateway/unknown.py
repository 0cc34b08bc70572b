"""Fields of a binary message that its contract does not know, wherever in it they are: JSON has no place for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from iii_bridge.contract.problems import Path

__all__ = ["unknown_fields"]


def unknown_fields(message: object, path: Path | None = None) -> Iterator[Path]:
    """Their places, by number: `$.items[2]["127"]`. A message of another library than google's tells none."""
    if not isinstance(message, Message):
        return
    here = path or Path()
    unknown_here: Any = UnknownFieldSet(message)
    for unknown in unknown_here:
        yield here.unknown(str(unknown.field_number))
    for field, value in _fields(message):
        if field.message_type is None:
            continue
        place = here.member(field.json_name)
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for key in value:
                    yield from unknown_fields(value[key], place.key(str(key)))
        elif isinstance(value, Message):
            yield from unknown_fields(value, place)
        else:
            for index, item in enumerate(value):
                yield from unknown_fields(item, place.item(index))


def _fields(message: Message) -> list[tuple[Any, Any]]:
    """By its class: a field may have the name of the method."""
    fields: list[tuple[Any, Any]] = getattr(type(message), "ListFields")(message)  # noqa: B009 -- see above
    return fields
