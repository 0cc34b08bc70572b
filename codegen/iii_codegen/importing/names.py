"""Names of a contract from the names there are in JSON: injective where two could meet, unchanged where they can be."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Final

__all__ = ["free_name", "is_identifier", "json_name", "pascal", "singular", "snake"]

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def is_identifier(text: str) -> bool:
    """Whether protobuf takes it as a name."""
    return _IDENTIFIER.fullmatch(text) is not None


def json_name(name: str) -> str:
    """The JSON name protobuf gives a field: `order_id` -> `orderId`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def snake(text: str) -> str:
    """A field's name: `orderId` -> `order_id`; a name that is in this form already stays as it is."""
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", text):
        return text
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    name = re.sub(r"[^A-Za-z0-9]+", "_", split).strip("_").lower()
    return name if is_identifier(name) else f"field_{name}" if name else "field"


def pascal(text: str) -> str:
    """A message's name: `place-order` -> `PlaceOrder`."""
    if re.fullmatch(r"[A-Z][A-Za-z0-9]*", text):
        return text
    name = "".join(word[:1].upper() + word[1:] for word in _WORD.findall(text))
    return name if is_identifier(name) else f"N{name}" if name else ""


def singular(text: str) -> str:
    """Of a list's name that of an item, where English is regular: `lines` -> `line`."""
    if text.endswith("ies") and len(text) > 4:
        return text[:-3] + "y"
    return text[:-1] if text.endswith("s") and not text.endswith(("ss", "us", "is")) and len(text) > 2 else text


def free_name(wanted: Iterable[str], taken: Container[str]) -> str:
    """The first name that is free, else the last one with a number."""
    last = ""
    for last in wanted:
        if last and last not in taken:
            return last
    number = 2
    while f"{last}{number}" in taken:
        number += 1
    return f"{last}{number}"
