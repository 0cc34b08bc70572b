"""How names of services and methods become function ids: the one algorithm, for every language.

name          words                kebab-case
PlaceOrder    Place Order          place-order
GetHTTPInfo   Get HTTP Info        get-http-info
SHA256Sum     SHA256 Sum           sha256-sum
OrderV2Beta   Order V2 Beta        order-v2-beta
place_order   place order          place-order
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "base_name",
    "default_function_id",
    "default_prefix",
    "is_function_id",
    "kebab_case",
    "package_version",
    "words",
]

# A run of capitals that ends before the next word, or one word; digits belong to the word before them.
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_VERSION: Final = re.compile(r"v[0-9]+((alpha|beta)[0-9]+|test)?|v[0-9]+p[0-9]+((alpha|beta)[0-9]+)?")


def words(name: str) -> list[str]:
    """Splits an identifier into words; a name of underscores only is one word."""
    return _WORD.findall(name) or [name]


def kebab_case(name: str) -> str:
    """`GetHTTPInfo` -> `get-http-info`."""
    return "-".join(word.lower() for word in words(name))


def base_name(service: str) -> str:
    """A service's name without a trailing "Service"; a service called just that keeps its name."""
    return service.removesuffix("Service") or service


def package_version(package: str) -> str | None:
    """The version a package ends in, such as `v1` or `v2beta1`; None when there is none."""
    last = package.rpartition(".")[2]
    return last if _VERSION.fullmatch(last) else None


def default_prefix(service: str) -> str:
    """The first part of a service's function ids: `OrdersService` -> `orders`."""
    return kebab_case(base_name(service))


def default_function_id(prefix: str, package: str, method: str) -> str:
    """`<prefix>::<method>`, with the version in between for packages other than v1."""
    version = package_version(package)
    middle = f"{version}::" if version not in (None, "v1") else ""
    return f"{prefix}::{middle}{kebab_case(method)}"


def is_function_id(text: str) -> bool:
    """Whether a text can be a function id: not empty, no spaces or control characters, and a first part."""
    return bool(text) and text.isprintable() and " " not in text and not text.startswith("::")
