"""Python names: one escaping table for each scope. See docs/reference/generated-code.md.

    scope      names in it                                  reserved in it
    module     messages, enums, packages, file modules      keywords, imported modules, endings _pb, _pb2, _schemas
    message    fields, nested messages and enums            these, and attributes of betterproto2.Message
    enum       values                                       these, and attributes of betterproto2.Enum
    service    methods                                      keywords, imported modules, mro

No name begins with an underscore: what generated modules and bases keep for
themselves does, so it is never in the way. The tables are written out, not
computed, so that a name does not depend on the versions of Python or betterproto2.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from iii_codegen.emit.ident import Escaper
from iii_codegen.model.naming import words

__all__ = [
    "ENUM_ATTRIBUTES",
    "IMPORTED",
    "KEYWORDS",
    "MESSAGE_ATTRIBUTES",
    "enum_value_name",
    "member_name",
    "method_names",
    "module_name",
    "path_names",
    "type_name",
]

KEYWORDS: Final = frozenset(
    [
        "False",
        "None",
        "True",
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "else",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "if",
        "import",
        "in",
        "is",
        "lambda",
        "nonlocal",
        "not",
        "or",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
        "yield",
    ]
)
IMPORTED: Final = frozenset(
    ["abc", "abi", "annotations", "betterproto2", "builtins", "collections", "dataclasses", "datetime", "typing"]
)
"""Names that generated modules import; nothing else in them is used without one of these in front."""

MESSAGE_ATTRIBUTES: Final = frozenset(
    [
        "FromString",
        "SerializeToString",
        "dump",
        "from_dict",
        "from_json",
        "is_set",
        "load",
        "parse",
        "to_dict",
        "to_json",
        "from_wrapped",
        "to_wrapped",
    ]
)
ENUM_ATTRIBUTES: Final = frozenset(
    [
        "as_integer_ratio",
        "bit_count",
        "bit_length",
        "conjugate",
        "denominator",
        "from_bytes",
        "imag",
        "is_integer",
        "numerator",
        "real",
        "to_bytes",
        "from_string",
        "betterproto_renamed_proto_names_to_value",
        "betterproto_value_to_renamed_proto_names",
        "proto_name",
        "mro",
        "name",
        "value",
    ]
)

_MODULE: Final = Escaper(KEYWORDS | IMPORTED, ("_pb", "_pb2", "_schemas"))
_MEMBER: Final = Escaper(KEYWORDS | IMPORTED | MESSAGE_ATTRIBUTES)
_ENUM: Final = Escaper(KEYWORDS | IMPORTED | ENUM_ATTRIBUTES)
_METHOD: Final = Escaper(KEYWORDS | IMPORTED | {"mro"})


def type_name(name: str) -> str:
    """A message or an enum at the top of a file."""
    return _MODULE.escape(name)


def member_name(name: str) -> str:
    """A field, or a nested message or enum."""
    return _MEMBER.escape(name)


def enum_value_name(name: str) -> str:
    """A value of an enum."""
    return _ENUM.escape(name)


def method_names(methods: Iterable[str]) -> dict[str, str]:
    """The Python name of each method of a service.

    snake_case, unless that is no identifier or two methods would get one name: these keep the names they
    were written with.
    """
    snakes = {name: "_".join(word.lower() for word in words(name)) for name in methods}
    count = Counter(snakes.values())
    chosen = {name: snake if snake.isidentifier() and count[snake] == 1 else name for name, snake in snakes.items()}
    return {name: _METHOD.escape(python) for name, python in chosen.items()}


def path_names(path: str) -> tuple[str, ...]:
    """The package of a file: `shop/orders/v1/orders.proto` -> (shop, orders, v1)."""
    return tuple(_MODULE.escape(_identifier(part)) for part in path.split("/")[:-1])


def module_name(path: str) -> str:
    """The stem of a file's modules: `shop/orders/v1/orders.proto` -> orders."""
    stem = path.rpartition("/")[2].removesuffix(".proto")
    return Escaper(()).escape(_identifier(stem))


def _identifier(part: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]", "_", part)
    return f"_{name}" if name[:1].isdigit() or not name else name
