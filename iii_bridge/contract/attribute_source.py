"""Lines for libraries whose messages have one settable attribute per field.

Unset is None, lists are `list`, maps `dict`. A backend takes this class as it
is, or says in a subclass what is done faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iii_bridge.contract.backend import Item
from iii_bridge.contract.plan import Element, FieldPlan

__all__ = ["AttributeSource"]


class AttributeSource:
    """A `MessageSource` for classes that are called without arguments and check nothing themselves."""

    fills = False
    trusted = False

    @property
    def names(self) -> Mapping[str, Any]:
        """Nothing of its own."""
        return {}

    def begin(self, type_name: str) -> list[str]:
        """A call without arguments."""
        return [f"m = {type_name}()"]

    def create(self, type_name: str) -> str:
        """Not asked for: messages are made, then stored."""
        return f"{type_name}()"

    def read(self, element: Element, value: str, target: str) -> str | None:
        """As the exact codec does it."""
        return None

    def absent(self, field: FieldPlan, default: str) -> list[str]:
        """Attributes always hold something."""
        return [f"m.{field.attribute} = {default}"]

    def store(self, field: FieldPlan, key: str, item: Item) -> list[str]:
        """Lists and maps are made anew, but for those msgspec made already."""
        value = item("v" if field.is_plain else "x", "")
        if field.key is not None and (key, value) != ("k", "x"):
            value = f"{{{key}: {value} for k, x in v.items()}}"
        elif field.schema.repeated and value != "x":
            value = f"[{value} for x in v]"
        elif not field.is_plain:
            value = "v"
        return [f"m.{field.attribute} = {value}"]

    def load(self, field: FieldPlan) -> str:
        """The attribute."""
        return f"m.{field.attribute}"

    def if_present(self, field: FieldPlan, then: list[str]) -> list[str]:
        """Unset is None."""
        return [f"v = m.{field.attribute}", "if v is not None:", *(f"    {line}" for line in then)]

    def write(self, element: Element, value: str) -> str | None:
        """As the exact codec does it."""
        return None

    def unboxed(self, value: str) -> str:
        """Not asked for: fields hold plain values."""
        return value

    def listed(self, value: str) -> str:
        """Not asked for: lists are lists."""
        return value

    def entries(self, value: str) -> str:
        """Not asked for: dicts are dicts."""
        return f"k, x in {value}.items()"
