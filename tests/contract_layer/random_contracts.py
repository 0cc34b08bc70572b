"""Writes contracts nobody thought of."""

from __future__ import annotations

import random

__all__ = ["Author"]

SCALARS = [
    "double",
    "float",
    "int32",
    "int64",
    "uint32",
    "uint64",
    "sint32",
    "sint64",
    "fixed32",
    "fixed64",
    "sfixed32",
    "sfixed64",
    "bool",
    "string",
    "bytes",
]
WELL_KNOWN = [
    f"google.protobuf.{name}"
    for name in [
        "Timestamp",
        "Duration",
        "FieldMask",
        "Struct",
        "Value",
        "ListValue",
        "Empty",
        "DoubleValue",
        "FloatValue",
        "Int64Value",
        "UInt64Value",
        "Int32Value",
        "UInt32Value",
        "BoolValue",
        "StringValue",
        "BytesValue",
    ]
]
BEYOND = ["google.protobuf.Any", "google.protobuf.NullValue"]
KEYS = ["int32", "int64", "uint32", "uint64", "sint32", "fixed64", "sfixed32", "bool", "string"]
NAMES = [
    "a",
    "b_c",
    "d1_e2",
    "Odd_Name",
    "_lead",
    "type",
    "class",
    "from_",
    "none",
    "list",
    "int",
    "self",
    "value",
    "caller",
    "v",
    "m",
    "s",
    "c",
    "d",
    "n",
    "i",
    "x",
    "k",
    "r",
    "o_0",
]
IMPORTS = ["duration", "empty", "field_mask", "struct", "timestamp", "wrappers"]


class Author:
    """Writes one random contract.

    `beyond` adds what the reference treats differently or not at all: REQUIRED,
    NullValue, Any, names of every case, and closed enums by way of proto2.
    """

    def __init__(self, seed: int, *, beyond: bool = False) -> None:
        self._random = random.Random(seed)
        self._beyond = beyond
        self._proto2 = beyond and seed % 4 == 3
        self._messages = [f"M{number}" for number in range(self._random.randint(1, 5))]
        self._package = f"{'beyond' if beyond else 'random'}{seed}.v1"

    def write(self) -> tuple[str, list[str]]:
        """The text, and the full names of its messages."""
        imports = "".join(f'import "google/protobuf/{name}.proto";' for name in IMPORTS)
        if self._beyond:
            imports += 'import "google/protobuf/any.proto"; import "google/api/field_behavior.proto";'
        enum = "enum E { option allow_alias = true; ZERO = 0; ONE = 1; UNO = 1; MINUS = -1; }"
        messages = "".join(f"message {name} {{ {self._fields()} }}" for name in self._messages)
        syntax = "proto2" if self._proto2 else "proto3"
        text = f'syntax = "{syntax}"; package {self._package}; {imports} {enum} {messages}'
        return text, [f"{self._package}.{name}" for name in self._messages]

    def _type(self) -> str:
        well_known = [*WELL_KNOWN, *BEYOND] if self._beyond else WELL_KNOWN
        chosen = self._random.choice((SCALARS, SCALARS, well_known, self._messages, ["E"]))
        return self._random.choice(chosen)

    def _fields(self) -> str:
        names = self._random.sample(NAMES, self._random.randint(0, 12))
        numbers = self._random.sample(range(1, 5000), len(names))
        in_oneof = self._random.randint(0, len(names))
        fields = [f"{self._type()} {name} = {number};" for name, number in zip(names, numbers, strict=True)]
        for index in range(in_oneof, len(fields)):
            fields[index] = self._labelled(fields[index])
        if self._beyond:
            fields = [self._marked(field, index < in_oneof) for index, field in enumerate(fields)]
        oneof = f"oneof choice {{ {''.join(fields[:in_oneof])} }}" if in_oneof else ""
        return oneof + "".join(fields[in_oneof:])

    def _labelled(self, field: str) -> str:
        kind, rest = field.split(" ", 1)
        match self._random.randrange(4):
            case 0:
                return f"repeated {field}"
            case 1 if not kind.startswith(("google.", "M")) and not self._proto2:
                return f"optional {field}"
            case 2:
                return f"map<{self._random.choice(KEYS)}, {kind}> {rest}"
            case 3 if self._proto2 and kind in SCALARS:
                return f"required {field}"
            case _:
                return f"optional {field}" if self._proto2 else field

    def _marked(self, field: str, in_oneof: bool) -> str:
        """With options; a required message that holds itself could never be written."""
        options: list[str] = []
        if not in_oneof and self._random.random() < 0.15 and not field.startswith(("M", "optional M", "required")):
            options.append("(google.api.field_behavior) = REQUIRED")
        if self._random.random() < 0.1:
            options.append(f'json_name = "x-{len(field)} {field.split()[-3]}"')
        return field.replace(";", f" [{', '.join(options)}];") if options else field
