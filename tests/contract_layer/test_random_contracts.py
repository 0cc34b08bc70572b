"""The codec against json_format on contracts nobody thought of."""

from __future__ import annotations

import random

import pytest

from iii_bridge.contract.protojson import codec_for
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.test_protojson import PROFILES, check_the_paths_agree, google_json, google_parse, same

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
    """Writes one random contract."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._messages = [f"M{number}" for number in range(self._random.randint(1, 5))]
        self._package = f"random{seed}.v1"

    def write(self) -> tuple[str, list[str]]:
        """The text, and the full names of its messages."""
        imports = "".join(f'import "google/protobuf/{name}.proto";' for name in IMPORTS)
        enum = "enum E { option allow_alias = true; ZERO = 0; ONE = 1; UNO = 1; MINUS = -1; }"
        messages = "".join(f"message {name} {{ {self._fields()} }}" for name in self._messages)
        text = f'syntax = "proto3"; package {self._package}; {imports} {enum} {messages}'
        return text, [f"{self._package}.{name}" for name in self._messages]

    def _type(self) -> str:
        chosen = self._random.choice((SCALARS, SCALARS, WELL_KNOWN, self._messages, ["E"]))
        return self._random.choice(chosen)

    def _fields(self) -> str:
        names = self._random.sample(NAMES, self._random.randint(0, 12))
        numbers = self._random.sample(range(1, 5000), len(names))
        in_oneof = self._random.randint(0, len(names))
        fields = [f"{self._type()} {name} = {number};" for name, number in zip(names, numbers, strict=True)]
        for index in range(in_oneof, len(fields)):
            match self._random.randrange(4):
                case 0:
                    fields[index] = "repeated " + fields[index]
                case 1 if fields[index].split(".")[0] != "google" and not fields[index].startswith("M"):
                    fields[index] = "optional " + fields[index]
                case 2:
                    kind, rest = fields[index].split(" ", 1)
                    fields[index] = f"map<{self._random.choice(KEYS)}, {kind}> {rest}"
                case _:
                    pass
        oneof = f"oneof choice {{ {''.join(fields[:in_oneof])} }}" if in_oneof else ""
        return oneof + "".join(fields[in_oneof:])


@pytest.mark.parametrize("seed", range(25))
def test_a_random_contract_agrees_with_the_reference(seed: int) -> None:
    text, names = Author(seed).write()
    contract = compile_proto(text, f"random{seed}.proto")
    chance = random.Random(seed)
    randomizer = Randomizer(seed, fill=0.6)
    for name in names:
        theirs = contract.google(name)
        for profile in chance.sample(PROFILES, 3):
            codec = codec_for(contract.cls(name), profile)
            for _ in range(8):
                expected = randomizer.message(theirs)
                message = codec.decode(google_json(expected, chance))
                printed = codec.encode(message)
                assert same(google_parse(theirs(), printed), expected), (text, printed)
                check_the_paths_agree(codec, message, printed)
