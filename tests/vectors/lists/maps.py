"""Maps: every kind of key at its edges, every kind of value, and keys with odd names."""

from __future__ import annotations

import json
from typing import Final

from tests.vectors.lists.model import Vector, each

__all__ = ["VECTORS"]

_SIGNED_32 = ("-2147483648", "-1", "0", "1", "2147483647")
_UNSIGNED_32 = ("0", "1", "2147483648", "4294967295")
_SIGNED_64 = ("-9223372036854775808", "-9007199254740993", "0", "9223372036854775807")
_UNSIGNED_64 = ("0", "9007199254740993", "9223372036854775808", "18446744073709551615")
_SIGNED_64_VALUES = ('"-9223372036854775808"', '"9007199254740993"', '"0"', '"9223372036854775807"')
_UNSIGNED_64_VALUES = ('"0"', '"9007199254740993"', '"9223372036854775808"', '"18446744073709551615"')
_ODD = (
    *(
        "",
        " ",
        "a",
        "A",
        "a.b",
        "a/b",
        "$",
        "$ref",
        "@type",
        "-1",
        "0",
        "01",
        "1e3",
        "true",
        "null",
        "NaN",
        "é",
        "e\u0301",
    ),
    *(
        "🜚",
        "\u2028",
        "\0",
        '"',
        "\\",
        "{}",
        "toString",
        "constructor",
        "hasOwnProperty",
        "prototype",
        "length",
        "class",
    ),
)


def _map(member: str, keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    return (
        f'{{"{member}":{{{",".join(f"{json.dumps(key)}:{value}" for key, value in zip(keys, values, strict=True))}}}}}'
    )


VECTORS: Final[tuple[Vector, ...]] = tuple(
    each(
        "map",
        "Maps",
        {
            "nothing": ("{}", '{"strings":{},"byBool":{},"trees":null}'),
            "int32-double": (_map("byInt32", _SIGNED_32, ("0", "0.5", '"NaN"', '"-Infinity"', "5e-324")),),
            "int64-float": (_map("byInt64", _SIGNED_64, ("0", "0.1", '"Infinity"', "-0.1")),),
            "uint32-int32": (_map("byUint32", _UNSIGNED_32, ("0", "-1", "2147483647", "-2147483648")),),
            "uint64-int64": (_map("byUint64", _UNSIGNED_64, _SIGNED_64_VALUES),),
            "sint32-uint32": (_map("bySint32", _SIGNED_32, ("0", "1", "2", "2147483648", "4294967295")),),
            "sint64-uint64": (_map("bySint64", _SIGNED_64, _UNSIGNED_64_VALUES),),
            "fixed32-sint32": (_map("byFixed32", _UNSIGNED_32, ("0", "-1", "2147483647", "-2147483648")),),
            "fixed64-sint64": (_map("byFixed64", _UNSIGNED_64, _SIGNED_64_VALUES),),
            "sfixed32-fixed32": (_map("bySfixed32", _SIGNED_32, ("0", "1", "2", "2147483648", "4294967295")),),
            "sfixed64-fixed64": (_map("bySfixed64", _SIGNED_64, _UNSIGNED_64_VALUES),),
            "bool-sfixed32": ('{"byBool":{"true":1,"false":0}}', '{"by_bool":{"false":0,"true":"1"}}'),
            "bool-one": ('{"byBool":{"false":-1}}',),
            "string-sfixed64": ('{"byString":{"":"0","a":"-1"}}', '{"by_string":{"a":-1,"":0}}'),
            "bools": ('{"bools":{"a":true,"b":false}}',),
            "strings": ('{"strings":{"a":"","":"b"}}',),
            "bytes": ('{"bytesValues":{"a":"","b":"+/8="}}', '{"bytes_values":{"a":"","b":"-_8"}}'),
            "colors": (
                '{"colors":{"a":"COLOR_UNSPECIFIED","b":"COLOR_NEGATIVE","c":7}}',
                '{"colors":{"a":0,"b":-3,"c":7}}',
            ),
            "points": ('{"points":{"a":{},"b":{"x":1,"y":"2"}}}', '{"points":{"a":{"x":0},"b":{"y":2,"x":1}}}'),
            "trees": ('{"trees":{"a":{"left":{"leaves":{"b":{"shape":"SHAPE_ROUND"}}}}}}',),
            "keys-odd": (
                json.dumps({"strings": {key: f"of {key}" for key in _ODD}}, ensure_ascii=False),
                json.dumps({"strings": {key: f"of {key}" for key in _ODD}}),
            ),
            "keys-odd-messages": (json.dumps({"points": {key: {"x": x} for x, key in enumerate(_ODD, 1)}}),),
            "key-proto": ('{"strings":{"__proto__":"a"}}',),
            "key-proto-message": ('{"points":{"__proto__":{"x":1}}}',),
            "many": (json.dumps({"bools": {f"key {number}": number % 3 == 0 for number in range(300)}}),),
        },
    )
)
