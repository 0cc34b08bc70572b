"""The edges of every kind of value: by name the canonical JSON, and other ways to spell it."""

from __future__ import annotations

import base64
import json
from typing import Final

__all__ = ["EDGES", "ZEROS"]

Spellings = dict[str, tuple[str, ...]]

_INT32: Final[Spellings] = {
    "zero": ("0", "-0", "0.0", "0e3", '"0"', '"-0"'),
    "one": ("1", "1.0", "1e0", "10e-1", "0.1e1", '"1"'),
    "minus-one": ("-1", "-1.0", "-1E0", '"-1"'),
    "min": ("-2147483648", '"-2147483648"', "-2147483648.0", "-2.147483648e9"),
    "max": ("2147483647", '"2147483647"', "2147483647.000", "2.147483647E+9"),
}
_UINT32: Final[Spellings] = {
    "zero": ("0", "-0", "0.0", '"0"'),
    "one": ("1", "1.0", "1e0", '"1"'),
    "above-int32": ("2147483648", '"2147483648"', "2147483648.0", "2.147483648e9"),
    "max": ("4294967295", '"4294967295"', "4294967295.0", "4.294967295e9"),
}
_INT64: Final[Spellings] = {
    "zero": ('"0"', "0", "-0", "0.0", '"-0"'),
    "one": ('"1"', "1", "1.0", "1e0"),
    "minus-one": ('"-1"', "-1", "-1.0", "-1e0"),
    "safe": ('"9007199254740991"', "9007199254740991", "9007199254740991.0"),
    "below-safe": ('"-9007199254740991"', "-9007199254740991"),
    "above-double": ('"9007199254740993"',),
    "round": ('"1000000000000000000"',),
    "min": ('"-9223372036854775808"',),
    "max": ('"9223372036854775807"',),
}
_UINT64: Final[Spellings] = {
    "zero": ('"0"', "0", "0.0"),
    "one": ('"1"', "1", "1.0", "1e0"),
    "above-double": ('"9007199254740993"',),
    "above-int64": ('"9223372036854775808"',),
    "max": ('"18446744073709551615"',),
}
_NOT_FINITE: Final[Spellings] = {"nan": ('"NaN"',), "infinite": ('"Infinity"',), "minus-infinite": ('"-Infinity"',)}
_DOUBLE: Final[Spellings] = {
    "zero": ("0", "0.0", "0e-5", '"0"', '"0.0"'),
    "minus-zero": ("-0.0", "-0e0", '"-0.0"'),
    "integer": ("42", "42.0", "4.2e1", "420E-1", '"42"', '"4.2e1"'),
    "tenth": ("0.1", "1e-1", '"0.1"', "0.1000000000000000055511151231257827"),
    "third": ("0.3333333333333333", "0.33333333333333331"),
    "above-safe": ("9007199254740992", "9007199254740993", "9.007199254740992e15"),
    "large": ("1e+21", "1e21", "1000000000000000000000", '"1E+21"'),
    "long": ("123456789012345680000", "1.2345678901234568e20"),
    "small": ("1e-7", "0.0000001"),
    "max": ("1.7976931348623157e308", '"1.7976931348623157e308"', "1.7976931348623157E+308"),
    "lowest": ("-1.7976931348623157e308",),
    "least-normal": ("2.2250738585072014e-308",),
    "most-denormal": ("2.225073858507201e-308",),
    "denormal": ("5e-324", "4.9406564584124654e-324", '"5e-324"'),
    "minus-denormal": ("-5e-324",),
    **_NOT_FINITE,
}
_FLOAT: Final[Spellings] = {
    "zero": ("0", "0.0", '"0"'),
    "minus-zero": ("-0.0", '"-0.0"'),
    "integer": ("42", "42.0", "4.2e1", '"42"'),
    "tenth": ("0.1", "0.10000000149011612", "0.100000001", '"0.1"'),
    "third": ("0.33333334", "0.3333333333333333"),
    "odd": ("16777216", "16777217", "16777216.0"),
    "max": ("3.4028234663852886e38", '"3.4028234663852886e+38"'),
    "lowest": ("-3.4028234663852886e38",),
    "least-normal": ("1.1754944e-38", "1.1754943508222875e-38"),
    "denormal": ("1e-45", "1.401298464324817e-45"),
    **_NOT_FINITE,
}
_STRING: Final[Spellings] = {
    "empty": ('""',),
    "plain": ('"a"', r'"\u0061"'),
    "escapes": (r'"\" \\ / \b \f \n \r \t"', r'"\u0022 \u005c \/ \u0008 \u000c \u000a \u000d \u0009"'),
    "controls": (r'"\u0000\u0001\u001f\u007f"', '"\\u0000\\u0001\\u001F\x7f"'),
    "accents": ('"é ß ç"', r'"\u00e9 \u00df \u00E7"'),
    "combining": ('"e\u0301 a\u030a"', r'"e\u0301 a\u030a"'),
    "han": ('"漢字"', r'"\u6f22\u5b57"'),
    "right-to-left": ('"שלום \u202eabc\u202c"',),
    "astral": ('"🜚 😀 \U0010ffff"', r'"\ud83d\udf1a \uD83D\uDE00 \udbff\udfff"'),
    "separators": ('"\u2028\u2029"', r'"\u2028\u2029"'),
    "not-a-character": ('"\ufffe\uffff\ufeff"', r'"\ufffe\uffff\ufeff"'),
    "like-json": (r'"{\"a\": [null, 1]}"',),
    "like-others": ('"null"', r'"\u006eull"'),
    "number": ('"007"',),
    "spaces": ('" \\t\u00a0 "',),
    "long": (json.dumps("wörter und 🜚 " * 100, ensure_ascii=False), json.dumps("wörter und 🜚 " * 100)),
}


def _bytes(data: bytes) -> tuple[str, ...]:
    """Padded first, as it is printed; then without padding, and both with the URL-safe letters."""
    padded = [base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()]
    spellings = [f'"{text}"' for text in (*padded, *(text.rstrip("=") for text in padded))]
    return tuple(dict.fromkeys(spellings))


_BYTES: Final[Spellings] = {
    "empty": _bytes(b""),
    "zero": _bytes(b"\0"),
    "two": _bytes(b"\0\x01"),
    "three": _bytes(b"\0\x01\x02"),
    "four": _bytes(b"\xff\xfe\xfd\xfc"),
    "url-letters": _bytes(b"\xfb\xff\xbf\xfe"),
    "all": _bytes(bytes(range(256))),
    "not-utf8": _bytes(b"\xc3\x28\xed\xa0\x80"),
}
_COLOR: Final[Spellings] = {
    "zero": ('"COLOR_UNSPECIFIED"', "0"),
    "named": ('"COLOR_GREEN"', "2"),
    "negative": ('"COLOR_NEGATIVE"', "-3"),
    "last": ('"COLOR_LAST"', "2147483647"),
    "unknown": ("7",),
    "unknown-negative": ("-2147483648",),
}

EDGES: Final[dict[str, Spellings]] = {
    "double": _DOUBLE,
    "float": _FLOAT,
    "int32": _INT32,
    "int64": _INT64,
    "uint32": _UINT32,
    "uint64": _UINT64,
    "sint32": _INT32,
    "sint64": _INT64,
    "fixed32": _UINT32,
    "fixed64": _UINT64,
    "sfixed32": _INT32,
    "sfixed64": _INT64,
    "bool": {"false": ("false",), "true": ("true",)},
    "string": _STRING,
    "bytes": _BYTES,
    "color": _COLOR,
}
"""By kind of field; `color` is the enum."""

ZEROS: Final = frozenset({"zero", "false", "empty"})
"""Names of the edges that a field without presence does not write; `bytes` has a `zero` of one byte."""
