"""What has to hold for any document, however broken: both libraries and both paths agree, and so does the reference."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from iii_bridge.contract import compile_decode
from iii_bridge.contract.json_text import parse_json
from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.contract.spec import JsonProfile, UnknownEnumNames, UnknownMembers
from tests.contract_layer.dynamic import Contract
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.spellings import Speller
from tests.contract_layer.test_protojson import google_json, google_parse, same

__all__ = ["ACCEPTED_BY_REFERENCE", "REFUSED_BY_REFERENCE", "Subject", "document", "judge", "mutated"]

# Where json_format of Python differs from ProtoJSON; what is right is decided by our own tables.
ACCEPTED_BY_REFERENCE = (
    "base64",  # it skips over what is not base64
    "does not know the name",  # it takes numbers as strings, and skips names it does not know
    "found a boolean",  # it takes float(True), and True for an enum
    "expected an integer, found a number with a fraction",  # for enums it takes int(1.5)
    "expected an integer, found a string that is no decimal number",  # it takes int("007")
    "expected a number, found a string that is none",  # it takes float(" 1_0 ")
    "expected null",  # it takes any number and boolean for NullValue
    "RFC 3339",  # it takes what strptime takes
    "no duration",
    "not lowerCamelCase",  # it takes empty paths
    "out of range for int32",  # of an enum number
    "write NaN and Infinity as strings",  # it takes the bare words
    "half a surrogate pair",  # it looks at those in values only
    "occurs twice",  # it compares names as spelled, and keys of maps not at all
    "nested",  # it counts otherwise
    "another member of the oneof",  # a Value of null is set, which it does not see
    "out of range for double",  # in a Value
    "out of range for float",  # in a string
    "exponent of the number is too large",  # it rounds to 0 first
    "expected an object, found a string",  # it looks for members in its characters
    "expected an object, found an array",  # and in the strings of an array
)
REFUSED_BY_REFERENCE = (
    "Float value too large",  # it refuses the 3.4028235e+38 it prints
    "has no attribute 'null_value'",  # it fails on null for a list of Value
    "Exceeds the limit",  # Python's own for the digits of an integer, in members nobody reads
    "recursion",  # and for levels, in the same
)

_ROUNDED = re.compile(rb"[0-9.]{16,}[eE]|[0-9]{16,}\.[0-9]|[0-9]\.[0-9]{16,}")
"""Numbers that the reference reads by way of a double, also into integers."""

_NUMBER_NAMES = re.compile(rb'"-?[0-9]+"')
"""Ignored as names of enum values, where the reference takes them for numbers."""


@dataclass(frozen=True)
class Subject:
    """One message type: our codecs of it on both libraries, and google's class."""

    codecs: tuple[Codec[Any], Codec[Any]]
    theirs: type[Any]
    anys: tuple[type[Any], ...]
    ignoring: bool

    @classmethod
    def of(cls, contract: Contract, full_name: str, profile: JsonProfile, ignoring: bool = False) -> Subject:
        """`ignoring`: names of enum values the contract does not know count as absent."""
        names = UnknownEnumNames.IGNORE if ignoring else UnknownEnumNames.REJECT
        theirs = contract.google(full_name)
        codecs = [codec_for(cls, profile, UnknownMembers.IGNORE, names) for cls in (contract.cls(full_name), theirs)]
        return cls((codecs[0], codecs[1]), theirs, (theirs,), ignoring)


def document(subject: Subject, seed: int, fill: float) -> str:
    """A random message in random spelling: as the reference prints it, or as nobody does."""
    chance = random.Random(seed)
    message = Randomizer(seed, fill=fill, anys=subject.anys).message(subject.theirs)
    return Speller(seed).message(message) if chance.random() < 0.5 else google_json(message, chance)


_TOKENS = [
    *('"', "{", "}", "[", "]", ",", ":", "null", "true", "false", "1e3", "1.5", "-0", "-0.0", "1e999", "1e-400"),
    *('"x"', '"1"', '"1.0"', '"NaN"', '"-Infinity"', "NaN", "\\ud800", "\\u0022:", '\\":', '":', " :", "_", "\x00"),
    *(
        '"@type"',
        '"value"',
        '"2024-01-01T00:00:00Z"',
        '"1s"',
        '"AA=="',
        '"-_8"',
        '"NULL_VALUE"',
        "18446744073709551616",
    ),
    *("9223372036854775807", "-9223372036854775808", '"0001-01-01T00:00:00.000000001Z"', "[[[[", "]]]]", '{"a":1}'),
]
_VALUES = [
    *("null", "true", "0", "-1", "1.5", "1e2", '"NaN"', '"-5"', "[]", "{}", "[null]", '""', '"AA"', "99999999999"),
    *('"1e2"', '{"@type":"type.googleapis.com/google.protobuf.Empty"}', '{"":null}', "[[]]", "-0", '"RED"', '"1s"'),
]


def mutated(text: str, chance: random.Random) -> str:
    """A document with one thing about it changed."""
    position, other = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
    first, last = min(position, other), max(position, other)
    match chance.randrange(6):
        case 0:
            return text[:position] + text[position + 1 :]
        case 1:
            return text[:position] + chance.choice(_TOKENS) + text[position:]
        case 2:
            start = text.find(":", position)
            ends = [end for end in (text.find(",", start + 1), text.find("}", start + 1)) if end > 0]
            return text if start < 0 or not ends else text[: start + 1] + chance.choice(_VALUES) + text[min(ends) :]
        case 3:
            return text[:first] + text[last:]
        case 4:
            return text[:last] + text[first:last] + text[last:]
        case _:
            start = text.find('"', position)
            end = text.find('"', start + 1)
            return text if start < 0 or end < 0 else text[: start + 1] + chance.choice(("value", "@type")) + text[end:]


def judge(subject: Subject, data: bytes) -> bool:
    """Whether a document is accepted. Raises AssertionError, or whatever the codec should not raise."""
    (message, refusal), (other, other_refusal) = (_answer(codec, data) for codec in subject.codecs)
    assert refusal == other_refusal, f"the libraries disagree: {refusal} and {other_refusal}"
    for codec in subject.codecs:
        _compare_paths(codec, data)
    expected, reason = _reference(subject, data)
    if refusal is not None:
        path, problem = refusal
        assert path.startswith("$")
        assert expected is None or any(known in problem for known in ACCEPTED_BY_REFERENCE), f"{problem} at {path}"
        return False
    printed = [codec.encode(held) for codec, held in zip(subject.codecs, (message, other), strict=True)]
    assert _tree(printed[0]) == _tree(printed[1]), f"the libraries print {printed}"
    for codec, text in zip(subject.codecs, printed, strict=True):
        assert _tree(codec.encode(codec.decode(text))) == _tree(text)
    if _ROUNDED.search(data) or (subject.ignoring and _NUMBER_NAMES.search(data)):
        return True
    if expected is None:
        assert any(known in reason for known in REFUSED_BY_REFERENCE), f"the reference refuses: {reason}"
    else:
        assert _same(other, expected), f"the reference reads {expected}"
    return True


def _answer(codec: Codec[Any], data: bytes) -> tuple[Any, tuple[str, str] | None]:
    try:
        return codec.decode(data), None
    except CodecError as error:
        return None, (error.path, error.problem)


def _compare_paths(codec: Codec[Any], data: bytes) -> None:
    """What the compiled decoder takes, the exact one takes too, for the same message."""
    if not codec._has_fast_path:
        return
    try:
        message = codec._fast_decoder.decode(data, codec._unknown)
    except compile_decode.FAILURES:
        return
    exact = codec._exact(parse_json(data))
    assert repr(exact) == repr(message), "the paths disagree"


def _reference(subject: Subject, data: bytes) -> tuple[Any, str]:
    try:
        return google_parse(subject.theirs(), data, ignore_unknown=True), ""
    except (json_format.ParseError, ValueError, OverflowError, RecursionError, AttributeError, TypeError) as error:
        return None, str(error)


def _same(message: Any, expected: Any) -> bool:
    """Also for masks that the reference reads and then cannot print: it takes letters beyond ASCII for capitals."""
    try:
        return same(message, expected)
    except ValueError as error:
        return "FieldMask" in str(error)


def _tree(text: bytes) -> Any:
    """The members in any order, numbers as they are written."""
    return json.loads(text, parse_int=str, parse_float=str)
