"""The well-known types: alone, in lists, as values of maps, in a oneof."""

from __future__ import annotations

import base64
from typing import Final

from tests.vectors.lists.model import Vector, each
from tests.vectors.lists.values import EDGES

__all__ = ["VECTORS"]


def _of(member: str, cases: dict[str, tuple[str, ...]]) -> list[Vector]:
    """Vectors of one field of WellKnown: by name its canonical value, and others."""
    whole = {f"{member}-{name}": tuple(f'{{"{member}":{value}}}' for value in values) for name, values in cases.items()}
    return each("known", "WellKnown", whole)


_TIMESTAMPS: Final = {
    "epoch": ('"1970-01-01T00:00:00Z"', '"1970-01-01T00:00:00.000Z"', '"1970-01-01T05:45:00+05:45"'),
    "leap-day": ('"2024-02-29T23:59:59Z"', '"2024-02-29T23:59:59-00:00"'),
    "milliseconds": ('"2026-11-25T12:00:00.120Z"', '"2026-11-25T12:00:00.12Z"', '"2026-11-25T12:00:00.120000000Z"'),
    "microseconds": ('"2026-11-25T12:00:00.000120Z"', '"2026-11-25T13:00:00.00012+01:00"'),
    "nanoseconds": ('"2026-11-25T12:00:00.123456789Z"', '"2026-11-25T04:00:00.123456789-08:00"'),
    "one-nanosecond": ('"1970-01-01T00:00:00.000000001Z"',),
    "before-epoch": ('"1969-12-31T23:59:59.999999999Z"',),
    "ten-nanoseconds": ('"1970-01-01T00:00:00.000000010Z"', '"1970-01-01T00:00:00.00000001Z"'),
    "first": ('"0001-01-01T00:00:00Z"', '"0001-01-01T01:00:00+01:00"'),
    "first-nanosecond": ('"0001-01-01T00:00:00.000000001Z"',),
    "last": ('"9999-12-31T23:59:59.999999999Z"', '"9999-12-31T22:59:59.999999999-01:00"'),
    "year-100": ('"0100-01-01T00:00:00Z"',),
    "beyond-32-bits": ('"2038-01-19T03:14:08Z"',),
}
_DURATIONS: Final = {
    "zero": ('"0s"', '"-0s"', '"0.000s"'),
    "one": ('"1s"', '"1.0s"', '"1.000000000s"'),
    "minus-one": ('"-1s"',),
    "half": ('"0.500s"', '"0.5s"', '"0.500000s"'),
    "minus-half": ('"-0.500s"', '"-0.5s"'),
    "microseconds": ('"3.000001s"',),
    "nanosecond": ('"0.000000001s"',),
    "minus-nanosecond": ('"-0.000000001s"',),
    "minus-both": ('"-1.000000001s"',),
    "longest": ('"315576000000s"',),
    "longest-nanoseconds": ('"315575999999.999999999s"',),
    "shortest": ('"-315576000000s"',),
    "beyond-53-bits": ('"10000000.000000001s"',),
}
_MASKS: Final = {
    "empty": ('""',),
    "one": ('"a"',),
    "two": ('"a,b"',),
    "cased": ('"fooBar,bazQuxQuux"',),
    "deep": ('"foo.barBaz.q"',),
    "digits": ('"a1B2,x9"',),
}
_VALUES: Final = {
    "null": ("null", " null "),
    "true": ("true",),
    "false": ("false",),
    "zero": ("0", "0.0"),
    "number": ("1.5", "15e-1"),
    "integer": ("42", "42.0", "4.2e1"),
    "large": ("1e300",),
    "denormal": ("5e-324",),
    "above-safe": ("9007199254740992", "9007199254740993"),
    "minus-zero": ("-0.0",),
    "text": ('"a"', r'"\u0061"'),
    "empty-text": ('""',),
    "astral": ('"🜚"', r'"\ud83d\udf1a"'),
    "list": ('[1,"a",null,true,[],{}]', '[1.0, "a", null, true, [ ], { }]'),
    "empty-list": ("[]",),
    "empty-struct": ("{}",),
    "struct": ('{"a":{"b":[null,{"c":0.25}]},"":null}',),
    "like-nan": ('"NaN"',),
}
_STRUCTS: Final = {
    "empty": ("{}",),
    "nulls": ('{"a":null,"":null}',),
    "mixed": (
        '{"number":1.5,"text":"a","true":true,"false":false,"null":null,"list":[1,[2]],"struct":{"a":{}}}',
        '{"struct":{"a":{}},"list":[1.0,[2e0]],"null":null,"false":false,"true":true,"text":"\\u0061","number":15e-1}',
    ),
    "cased": ('{"snake_case":1,"camelCase":2,"@type":"x","null":3}',),
    "constructor": ('{"constructor":1,"toString":"a"}',),
    "key-proto": ('{"__proto__":1}',),
}
_LISTS: Final = {
    "empty": ("[]",),
    "null": ("[null]",),
    "nulls": ("[null,null]",),
    "mixed": ('[0,"",false,null,[],{},[[[]]],{"a":[{}]}]',),
}
_TYPE: Final = '"@type":"type.googleapis.com/'
_ANYS: Final = {
    "empty": ("{}",),
    "plain": (
        f'{{{_TYPE}vectors.v1.Point","x":1,"y":"2"}}',
        f'{{"y":2,"x":1.0,{_TYPE}vectors.v1.Point"}}',
    ),
    "plain-default": (f'{{{_TYPE}vectors.v1.Point"}}', f'{{{_TYPE}vectors.v1.Point","x":0}}'),
    "own-prefix": ('{"@type":"example.com/vectors.v1.Point","x":1}',),
    "timestamp": (
        f'{{{_TYPE}google.protobuf.Timestamp","value":"2026-11-25T12:00:00.000000001Z"}}',
        f'{{"value":"2026-11-25T12:00:00.000000001Z",{_TYPE}google.protobuf.Timestamp"}}',
    ),
    "duration": (f'{{{_TYPE}google.protobuf.Duration","value":"-0.500s"}}',),
    "mask": (f'{{{_TYPE}google.protobuf.FieldMask","value":"fooBar,b"}}',),
    "struct": (f'{{{_TYPE}google.protobuf.Struct","value":{{"a":null}}}}',),
    "value": (f'{{{_TYPE}google.protobuf.Value","value":"a"}}',),
    "value-null": (f'{{{_TYPE}google.protobuf.Value","value":null}}',),
    "list": (f'{{{_TYPE}google.protobuf.ListValue","value":[1]}}',),
    "empty-message": (f'{{{_TYPE}google.protobuf.Empty"}}',),
    "wrapper": (f'{{{_TYPE}google.protobuf.Int64Value","value":"9007199254740993"}}',),
    "wrapper-zero": (f'{{{_TYPE}google.protobuf.BoolValue","value":false}}',),
    "any": (f'{{{_TYPE}google.protobuf.Any","value":{{{_TYPE}vectors.v1.Point","x":1}}}}',),
    "nested": (f'{{{_TYPE}vectors.v1.WellKnown","any":{{{_TYPE}google.protobuf.Duration","value":"1s"}}}}',),
    "with-enum": (f'{{{_TYPE}vectors.v1.Plain","aColor":"COLOR_GREEN","aUint64":"18446744073709551615"}}',),
}
_ALONE: Final = {"empty", "own-prefix", "empty-message"}
"""Not in the list of all of them, which would say nothing more where a language treats one otherwise."""
_WRAPPERS: Final = {
    "wrappedDouble": EDGES["double"],
    "wrappedFloat": EDGES["float"],
    "wrappedInt64": EDGES["int64"],
    "wrappedUint64": EDGES["uint64"],
    "wrappedInt32": EDGES["int32"],
    "wrappedUint32": EDGES["uint32"],
    "wrappedBool": EDGES["bool"],
    "wrappedString": EDGES["string"],
    "wrappedBytes": EDGES["bytes"],
}

_MEMBERS: Final = (
    *("timestamp", "duration", "mask", "struct", "list", "any", "empty"),
    *_WRAPPERS,
)
_NULLS: Final = ",".join(f'"{member}":null' for member in _MEMBERS)

_WHOLE: Final = (
    f'{{"timestamp":"2026-11-25T12:00:00Z","duration":"1.500s","mask":"a,b","struct":{{"a":1}},"value":null,"list":[null],'
    f'"any":{{{_TYPE}vectors.v1.Point"}},"empty":{{}},"wrappedDouble":0,"wrappedFloat":0,"wrappedInt64":"0",'
    '"wrappedUint64":"0","wrappedInt32":0,"wrappedUint32":0,"wrappedBool":false,"wrappedString":"","wrappedBytes":""}'
)
_BYTES: Final = base64.b64encode(b"\xfb\xff").decode()

VECTORS: Final[tuple[Vector, ...]] = (
    *each(
        "known",
        "WellKnown",
        {
            "nothing": ("{}", f"{{{_NULLS}}}", '{"null":null}', '{"null":"NULL_VALUE"}', '{"null":0}'),
            "whole": (_WHOLE,),
            "empty": ('{"empty":{}}', '{"empty": { } }'),
        },
    ),
    *_of("timestamp", _TIMESTAMPS),
    *_of("duration", _DURATIONS),
    *_of("mask", _MASKS),
    *_of("value", _VALUES),
    *_of("struct", _STRUCTS),
    *_of("list", _LISTS),
    *_of("any", _ANYS),
    *(vector for member, edges in _WRAPPERS.items() for vector in _of(member, edges)),
    *each(
        "known-list",
        "WellKnownLists",
        {
            "nothing": ("{}", '{"timestamps":[],"durations":null}'),
            "values-null": ("{}", '{"values":null}'),
            **{
                name: (f'{{"{name}":[{",".join(values[0] for values in cases.values())}]}}',)
                for name, cases in {
                    "timestamps": _TIMESTAMPS,
                    "durations": _DURATIONS,
                    "masks": _MASKS,
                    "structs": {name: case for name, case in _STRUCTS.items() if name != "key-proto"},
                    "values": {name: case for name, case in _VALUES.items() if name != "minus-zero"},
                    "lists": _LISTS,
                    "anys": {name: case for name, case in _ANYS.items() if name not in _ALONE},
                }.items()
            },
            "null-values": ('{"nulls":[null,null]}', '{"nulls":["NULL_VALUE","NULL_VALUE"]}', '{"nulls":[0,0]}'),
            "empties": ('{"empties":[{},{}]}',),
            "wrappers": (
                f'{{"wrappedInt64s":["0","9223372036854775807"],"wrappedBools":[false,true],"wrappedStrings":["","a"],'
                f'"wrappedBytes":["","{_BYTES}"]}}',
                '{"wrapped_int64s":[0,"9223372036854775807"],"wrapped_bools":[false,true],"wrapped_strings":["","a"],'
                '"wrapped_bytes":["","-_8"]}',
            ),
        },
    ),
    *each(
        "known-map",
        "WellKnownMaps",
        {
            "nothing": ("{}", '{"timestamps":{},"values":null}'),
            "times": (
                '{"timestamps":{"a":"1970-01-01T00:00:00Z","":"1970-01-01T00:00:00.000000001Z"},"durations":{"a":"0s"}}',
            ),
            "masks": ('{"masks":{"a":"","b":"fooBar"}}',),
            "structs": ('{"structs":{"a":{},"b":{"c":null}}}',),
            "values": ('{"values":{"a":null,"b":0,"c":[],"d":{}}}',),
            "lists": ('{"lists":{"a":[],"b":[null]}}',),
            "nulls": ('{"nulls":{"a":null}}', '{"nulls":{"a":"NULL_VALUE"}}', '{"nulls":{"a":0}}'),
            "anys": (
                f'{{"anys":{{"a":{{{_TYPE}vectors.v1.Tree"}},"b":{{{_TYPE}google.protobuf.Value","value":null}}}}}}',
            ),
            "empties": ('{"empties":{"a":{}}}',),
            "wrappers": (
                '{"wrappedDoubles":{"true":0,"false":0.5},"wrappedUint64s":{"0":"0","-1":"18446744073709551615"}}',
            ),
        },
    ),
    *each(
        "known-choice",
        "WellKnownChoice",
        {
            "nothing": ("{}", '{"timestamp":null,"wrappedString":null}'),
            "timestamp": ('{"timestamp":"1970-01-01T00:00:00Z"}',),
            "duration": ('{"duration":"0s"}',),
            "mask": ('{"mask":""}',),
            "struct": ('{"struct":{}}',),
            "value": ('{"value":false}',),
            "value-null": ('{"value":null}',),
            "list": ('{"list":[]}',),
            "null": ('{"null":null}', '{"null":"NULL_VALUE"}', '{"null":0}'),
            "any": ('{"any":{}}',),
            "empty": ('{"empty":{}}',),
            "wrapper": ('{"wrappedInt64":"0"}', '{"wrappedInt64":0}'),
            "wrapped-text": ('{"wrappedString":""}',),
        },
    ),
)
