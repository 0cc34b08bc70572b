"""Where a function belongs: package, service and method, from its id or from the method it says it serves."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from iii_codegen.importing.draft import Function
from iii_codegen.importing.names import pascal, snake
from iii_codegen.model.library import is_library
from iii_codegen.model.naming import default_function_id, default_prefix, package_version

__all__ = ["Place", "place_of"]

_VERSION: Final = re.compile(r"v[0-9]+")
_LONE: Final = "functions"


@dataclass(frozen=True, slots=True)
class Place:
    """Of one function."""

    package: str
    service: str
    method: str
    prefix: str
    """What the ids of the service begin with; empty for an id of one part."""

    def function_id(self, method: str) -> str:
        """The id a method of this name gets by itself."""
        return default_function_id(self.prefix or default_prefix(self.service), self.package, method)


def place_of(function: Function, package: str | None, taken: Collection[str] = ()) -> Place:
    """`orders::place-order` is `orders.v1.OrdersService/PlaceOrder`; `package` puts everything into one package.

    A package that is `taken` gets `imported` in front.
    """
    *parts, last = [part for part in function.function_id.split("::") if part]
    version = "v1"
    if len(parts) > 1 and _VERSION.fullmatch(parts[-1]):
        version = parts.pop()
    if function.method:
        service, _, method = function.method.partition("/")
        own, _, name = service.rpartition(".")
        return Place(package or own or "functions.v1", name, method, "::".join(parts))
    words = [_word(part) for part in parts] or [_LONE]
    made = ".".join([*words, version])
    if made in taken:
        made = f"imported.{made}"
    if package is not None and version != (package_version(package) or "v1"):
        parts.append(version)  # the package says another version, so the ids are written out
    return Place(package or made, f"{pascal(words[-1])}Service", pascal(last) or "Call", "::".join(parts))


def _word(part: str) -> str:
    """A part of a package, which may not hide those of libraries."""
    word = snake(part)
    return f"{word}_functions" if is_library(f"{word}/") else word
