"""Integers, floating point and booleans."""

from __future__ import annotations

from tests.contract_layer.cases.model import Case, bad, good, prints

__all__ = ["CASES"]

_INTEGERS = [
    # JSON name, field, lowest, highest
    ("anInt32", "an_int32", -(2**31), 2**31 - 1),
    ("anInt64", "an_int64", -(2**63), 2**63 - 1),
    ("aUint32", "a_uint32", 0, 2**32 - 1),
    ("aUint64", "a_uint64", 0, 2**64 - 1),
    ("aSint32", "a_sint32", -(2**31), 2**31 - 1),
    ("aSint64", "a_sint64", -(2**63), 2**63 - 1),
    ("aFixed32", "a_fixed32", 0, 2**32 - 1),
    ("aFixed64", "a_fixed64", 0, 2**64 - 1),
    ("aSfixed32", "a_sfixed32", -(2**31), 2**31 - 1),
    ("aSfixed64", "a_sfixed64", -(2**63), 2**63 - 1),
]

_LEGAL = [
    # spelling, value
    ("1", 1),
    ('"1"', 1),
    ("1.0", 1),
    ('"1.0"', 1),
    ("1.000", 1),
    ("1e2", 100),
    ('"1e2"', 100),
    ("1E+2", 100),
    ("1.2e1", 12),
    ("120e-1", 12),
    ("100000e-5", 1),
    ("1e0", 1),
    ("2.147483647e9", 2147483647),
]

_ZEROES = ["0", '"0"', "-0", "0.0", "0e9", "-0.0", "null"]

_ILLEGAL = [
    "0.5",
    '"0.5"',
    "1e-1",
    '""',
    '" 1"',
    '"1 "',
    '"1\\n"',
    '"+1"',
    '"01"',
    '"0x1"',
    '"1_0"',
    '"1,000"',
    '"one"',
    '"\\u0661"',
    '"1e"',
    '"-"',
    '"--1"',
    '"NaN"',
    '"Infinity"',
    "true",
    "false",
    "[]",
    "[1]",
    "{}",
    "1e400",
    "123456789012345678901234567890",
    '"123456789012345678901234567890"',
    "1e999999999999",
    # no JSON numbers
    "01",
    "+1",
    "1.",
    ".5",
    "0x1",
    "1e",
    "NaN",
    "Infinity",
    "-",
    "--1",
    "1_0",
]


def _spelled(value: int, high: int) -> str:
    return f'"{value}"' if high > 2**32 else str(value)


def _integers() -> list[Case]:
    cases: list[Case] = []
    for name, field, low, high in _INTEGERS:
        for spelling, value in _LEGAL:
            cases.append(good(f'{{"{name}":{spelling}}}', f"{field}: {value}", f'{{"{name}":{_spelled(value, high)}}}'))
        cases += [good(f'{{"{name}":{spelling}}}', "", "{}") for spelling in _ZEROES]
        cases += [bad(f'{{"{name}":{spelling}}}') for spelling in _ILLEGAL]
        for edge in {low, high} - {0}:
            printed = f'{{"{name}":{_spelled(edge, high)}}}'
            cases += [good(f'{{"{name}":{edge}}}', f"{field}: {edge}", printed)]
            cases += [good(f'{{"{name}":"{edge}"}}', f"{field}: {edge}", printed)]
            cases += [good(f'{{"{name}":{edge}.0}}', f"{field}: {edge}", printed)]
        for beyond in (low - 1, high + 1):
            cases += [bad(f'{{"{name}":{beyond}}}'), bad(f'{{"{name}":"{beyond}"}}'), bad(f'{{"{name}":{beyond}.0}}')]
        cases.append(bad(f'{{"{name}":{high}.5}}'))
    return cases


_FLOATING = [
    good('{"aDouble":1.5}', "a_double: 1.5"),
    good('{"aDouble":"1.5"}', "a_double: 1.5", '{"aDouble":1.5}'),
    good('{"aDouble":1}', "a_double: 1", '{"aDouble":1.0}'),
    good('{"aDouble":1e3}', "a_double: 1000", '{"aDouble":1000.0}'),
    good('{"aDouble":"-1E-3"}', "a_double: -0.001", '{"aDouble":-0.001}'),
    good('{"aDouble":0.1}', "a_double: 0.1"),
    good('{"aDouble":1.7976931348623157e308}', "a_double: 1.7976931348623157e308"),
    good('{"aDouble":-1.7976931348623157e308}', "a_double: -1.7976931348623157e308"),
    good('{"aDouble":2.2250738585072014e-308}', "a_double: 2.2250738585072014e-308"),
    good('{"aDouble":5e-324}', "a_double: 5e-324"),
    good('{"aDouble":1e-400}', "", "{}"),
    good('{"aDouble":9007199254740993}', "a_double: 9007199254740992", '{"aDouble":9007199254740992.0}'),
    good(
        '{"aDouble":123456789012345678901234567890}',
        "a_double: 1.2345678901234568e29",
        '{"aDouble":1.2345678901234568e29}',
    ),
    good('{"aDouble":"NaN"}', "a_double: nan"),
    good('{"aDouble":"Infinity"}', "a_double: inf"),
    good('{"aDouble":"-Infinity"}', "a_double: -inf"),
    good('{"aDouble":null}', "", "{}"),
    good('{"aDouble":0}', "", "{}"),
    good('{"aDouble":-0.0}', "a_double: -0.0"),
    good('{"aDouble":-0}', "", "{}"),  # an integer: its sign is listed in docs/reference/conformance.md
    good('{"aDouble":"-0"}', "a_double: -0.0", '{"aDouble":-0.0}'),
    good('{"aDouble":-0e3}', "a_double: -0.0", '{"aDouble":-0.0}'),
    good('{"maybeDouble":0}', "maybe_double: 0", '{"maybeDouble":0.0}'),
    good('{"maybeDouble":null}', "", "{}"),
    good('{"aFloat":1.5}', "a_float: 1.5"),
    good('{"aFloat":"1.5"}', "a_float: 1.5", '{"aFloat":1.5}'),
    good('{"aFloat":0.1}', "a_float: 0.1"),
    good('{"aFloat":0.1234567891}', "a_float: 0.12345679", '{"aFloat":0.12345679}'),
    good('{"aFloat":3.4028235e38}', "a_float: 3.4028235e38", '{"aFloat":3.4028234663852886e38}'),
    good('{"aFloat":3.4028234663852886e38}', "a_float: 3.4028235e38"),
    good('{"aFloat":-3.4028234663852886e38}', "a_float: -3.4028235e38"),
    good('{"aFloat":1.17549e-38}', "a_float: 1.17549e-38"),
    good('{"aFloat":1e-45}', "a_float: 1e-45", '{"aFloat":1.4013e-45}'),
    good('{"aFloat":1e-60}', "", "{}"),
    good('{"aFloat":16777217}', "a_float: 16777216", '{"aFloat":16777216.0}'),
    good('{"aFloat":"NaN"}', "a_float: nan"),
    good('{"aFloat":"Infinity"}', "a_float: inf"),
    good('{"aFloat":"-Infinity"}', "a_float: -inf"),
    good('{"aFloat":-0.0}', "a_float: -0.0"),
    good('{"aFloat":null}', "", "{}"),
    good('{"doubles":["NaN",1,"Infinity",0]}', "doubles: [nan, 1, inf, 0]", '{"doubles":["NaN",1.0,"Infinity",0.0]}'),
    good('{"floats":[0.5,"-Infinity"]}', "floats: [0.5, -inf]"),
    good('{"floatsByName":{"a":"NaN"}}', 'floats_by_name { key: "a" value: nan }'),
    good('{"byInt64":{"1":"-Infinity"}}', "by_int64 { key: 1 value: -inf }"),
    good('{"wrappedDouble":"NaN"}', "wrapped_double { value: nan }"),
    good('{"wrappedFloat":0.1}', "wrapped_float { value: 0.1 }"),
    *(
        bad(f'{{"{name}":{spelling}}}')
        for name in ("aDouble", "aFloat", "maybeDouble", "maybeFloat", "wrappedDouble", "choiceDouble")
        for spelling in [
            "NaN",
            "Infinity",
            "-Infinity",
            "nan",
            '"nan"',
            '"inf"',
            '"-inf"',
            '"infinity"',
            '"INFINITY"',
            '"+Infinity"',
            '""',
            '" 1"',
            '"1 "',
            '"1.5abc"',
            '"0x1p3"',
            '"1."',
            '".5"',
            '"+1"',
            '"01"',
            '"1_0"',
            '"null"',
            '"true"',
            "true",
            "false",
            "[]",
            "{}",
            "1e400",
            "-1e400",
            '"1e400"',
            "1.",
            ".5",
            "01",
            "1.8e308",
            '"-1.8e308"',
        ]
    ),
    *(
        bad(f'{{"{name}":{spelling}}}')
        for name in ("aFloat", "maybeFloat", "wrappedFloat")
        for spelling in ["3.502823e+38", "-3.502823e+38", '"3.502823e+38"', "1e39", "3.4028236e38"]
    ),
    bad('{"doubles":[1,null]}'),
    bad('{"floatsByName":{"a":null}}'),
    prints("a_double: 1e22", '{"aDouble":1e22}'),
    prints("a_float: 16777216", '{"aFloat":16777216.0}'),
    prints("a_float: 3.4028235e38", '{"aFloat":3.4028234663852886e38}'),
    prints("doubles: [1e300, -0.0]", '{"doubles":[1e300,-0.0]}'),
]

_BOOLEANS = [
    good('{"aBool":true}', "a_bool: true"),
    good('{"aBool":false}', "", "{}"),
    good('{"aBool":null}', "", "{}"),
    good('{"maybeBool":false}', "maybe_bool: false"),
    good('{"maybeBool":null}', "", "{}"),
    good('{"bools":[true,false]}', "bools: [true, false]"),
    good('{"wrappedBool":false}', "wrapped_bool { }"),
    good('{"choiceBool":false}', "choice_bool: false"),
    *(
        bad(f'{{"{name}":{spelling}}}')
        for name in ("aBool", "maybeBool", "wrappedBool", "choiceBool")
        for spelling in ['"true"', '"false"', '"True"', '""', "0", "1", '"1"', "TRUE", "True", "yes", "[]", "{}", "1.0"]
    ),
    bad('{"bools":[true,null]}'),
    bad('{"bools":true}'),
]

CASES: list[Case] = [*_integers(), *_FLOATING, *_BOOLEANS]
