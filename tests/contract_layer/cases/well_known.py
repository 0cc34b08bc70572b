"""Timestamp, Duration, FieldMask, Struct, Value, ListValue, Any, Empty and the wrappers."""

from __future__ import annotations

from tests.contract_layer.cases.model import Case, bad, good, prints

__all__ = ["CASES"]

_TIMESTAMPS = [
    good('{"timestamp":"1970-01-01T00:00:00Z"}', "timestamp { }"),
    good('{"timestamp":"2024-02-29T23:59:59Z"}', "timestamp { seconds: 1709251199 }"),
    good('{"timestamp":"0001-01-01T00:00:00Z"}', "timestamp { seconds: -62135596800 }"),
    good('{"timestamp":"9999-12-31T23:59:59.999999999Z"}', "timestamp { seconds: 253402300799 nanos: 999999999 }"),
    good('{"timestamp":"1969-12-31T23:59:59.999Z"}', "timestamp { seconds: -1 nanos: 999000000 }"),
    good('{"timestamp":"1970-01-01T00:00:00.010Z"}', "timestamp { nanos: 10000000 }"),
    good('{"timestamp":"1970-01-01T00:00:00.000010Z"}', "timestamp { nanos: 10000 }"),
    good('{"timestamp":"1970-01-01T00:00:00.000000010Z"}', "timestamp { nanos: 10 }"),
    good('{"timestamp":"1970-01-01T00:00:00.000000001Z"}', "timestamp { nanos: 1 }"),
    good('{"timestamp":"1969-12-31T23:59:59.123456789Z"}', "timestamp { seconds: -1 nanos: 123456789 }"),
    *(
        good(
            f'{{"timestamp":"1970-01-01T00:00:00.{written}Z"}}',
            f"timestamp {{ nanos: {nanos} }}",
            f'{{"timestamp":"1970-01-01T00:00:00.{printed}Z"}}',
        )
        for written, nanos, printed in [
            ("1", 100_000_000, "100"),
            ("12", 120_000_000, "120"),
            ("1234", 123_400_000, "123400"),
            ("12345", 123_450_000, "123450"),
            ("1234567", 123_456_700, "123456700"),
            ("12345678", 123_456_780, "123456780"),
            ("100000000", 100_000_000, "100"),
            ("000001000", 1_000, "000001"),
        ]
    ),
    good('{"timestamp":"1970-01-01T00:00:00.000Z"}', "timestamp { }", '{"timestamp":"1970-01-01T00:00:00Z"}'),
    good('{"timestamp":"1970-01-01T08:00:00+08:00"}', "timestamp { }", '{"timestamp":"1970-01-01T00:00:00Z"}'),
    good('{"timestamp":"1969-12-31T16:00:00-08:00"}', "timestamp { }", '{"timestamp":"1970-01-01T00:00:00Z"}'),
    good(
        '{"timestamp":"1970-01-01T00:00:00.5-00:00"}',
        "timestamp { nanos: 500000000 }",
        '{"timestamp":"1970-01-01T00:00:00.500Z"}',
    ),
    good(
        '{"timestamp":"1970-01-01T05:45:00.000000001+05:45"}',
        "timestamp { nanos: 1 }",
        '{"timestamp":"1970-01-01T00:00:00.000000001Z"}',
    ),
    good(
        '{"timestamp":"0001-01-01T00:00:00-01:00"}',
        "timestamp { seconds: -62135593200 }",
        '{"timestamp":"0001-01-01T01:00:00Z"}',
    ),
    good('{"timestamp":null}', "", "{}"),
    good(
        '{"timestamps":["1970-01-01T00:00:01Z","1970-01-01T00:00:00.000000001Z"]}',
        "timestamps { seconds: 1 } timestamps { nanos: 1 }",
    ),
    good('{"timesByName":{"a":"1970-01-01T00:00:00.000000001Z"}}', 'times_by_name { key: "a" value { nanos: 1 } }'),
    good('{"choiceTime":"1970-01-01T00:00:00.000000001Z"}', "choice_time { nanos: 1 }"),
    good('"1970-01-01T00:00:00.000000001Z"', "nanos: 1", of="google.protobuf.Timestamp"),
    *(
        bad(f'{{"timestamp":{spelling}}}')
        for spelling in [
            '"0000-01-01T00:00:00Z"',
            '"0001-01-01T00:00:00+00:01"',
            '"9999-12-31T23:59:59-00:01"',
            '"10000-01-01T00:00:00Z"',
            '"-0001-01-01T00:00:00Z"',
            '"1970-13-01T00:00:00Z"',
            '"1970-00-01T00:00:00Z"',
            '"1970-01-32T00:00:00Z"',
            '"1970-01-00T00:00:00Z"',
            '"2023-02-29T00:00:00Z"',
            '"1970-01-01T24:00:00Z"',
            '"1970-01-01T00:60:00Z"',
            '"1970-01-01T00:00:61Z"',
            '"1970-01-01T00:00:00"',
            '"1970-01-01T00:00:00z"',
            '"1970-01-01t00:00:00Z"',
            '"1970-01-01 00:00:00Z"',
            '"1970-01-01T00:00Z"',
            '"1970-01-01"',
            '"1970-01"',
            '"1970-1-1T0:0:0Z"',
            '"19700101T000000Z"',
            '"1970-W01-4T00:00:00Z"',
            '"1970-01-01T00:00:00.Z"',
            '"1970-01-01T00:00:00.0000000001Z"',
            '"1970-01-01T00:00:00,5Z"',
            '"1970-01-01T00:00:00+0000"',
            '"1970-01-01T00:00:00+00"',
            '"1970-01-01T00:00:00+24:00"',
            '"1970-01-01T00:00:00+01:60"',
            '"1970-01-01T00:00:00+01:00:00"',
            '"1970-01-01T00:00:00ZZ"',
            '" 1970-01-01T00:00:00Z"',
            '"1970-01-01T00:00:00Z "',
            '"1970-01-01T00:00:00Z\\n"',
            '"\\u0661970-01-01T00:00:00Z"',
            '""',
            "0",
            "1.5",
            "true",
            "[]",
            "{}",
            '{"seconds":"1"}',
        ]
    ),
    bad('{"timestamps":[null]}'),
    prints("timestamp { seconds: 253402300800 }", None),
    prints("timestamp { seconds: -62135596801 }", None),
    prints("timestamp { nanos: -1 }", None),
    prints("timestamp { nanos: 1000000000 }", None),
]

_DURATIONS = [
    good('{"duration":"0s"}', "duration { }"),
    good('{"duration":"1s"}', "duration { seconds: 1 }"),
    good('{"duration":"-1s"}', "duration { seconds: -1 }"),
    good('{"duration":"1.500s"}', "duration { seconds: 1 nanos: 500000000 }"),
    good('{"duration":"-1.500s"}', "duration { seconds: -1 nanos: -500000000 }"),
    good('{"duration":"-0.500s"}', "duration { nanos: -500000000 }"),
    good('{"duration":"0.000001s"}', "duration { nanos: 1000 }"),
    good('{"duration":"0.000000001s"}', "duration { nanos: 1 }"),
    good('{"duration":"-0.000000001s"}', "duration { nanos: -1 }"),
    good('{"duration":"-1.000000001s"}', "duration { seconds: -1 nanos: -1 }"),
    good('{"duration":"1.123456789s"}', "duration { seconds: 1 nanos: 123456789 }"),
    good('{"duration":"-0.999999999s"}', "duration { nanos: -999999999 }"),
    good('{"duration":"315576000000s"}', "duration { seconds: 315576000000 }"),
    good('{"duration":"315576000000.999999999s"}', "duration { seconds: 315576000000 nanos: 999999999 }"),
    good('{"duration":"-315576000000.999999999s"}', "duration { seconds: -315576000000 nanos: -999999999 }"),
    good('{"duration":"-315576000000s"}', "duration { seconds: -315576000000 }"),
    good('{"duration":"315575999999.999999999s"}', "duration { seconds: 315575999999 nanos: 999999999 }"),
    good('{"duration":"-315575999999.999999999s"}', "duration { seconds: -315575999999 nanos: -999999999 }"),
    good('{"duration":"315576000000.999999999s"}', "duration { seconds: 315576000000 nanos: 999999999 }"),
    good('{"duration":"-315576000000.999999999s"}', "duration { seconds: -315576000000 nanos: -999999999 }"),
    good('{"duration":"1.5s"}', "duration { seconds: 1 nanos: 500000000 }", '{"duration":"1.500s"}'),
    good('{"duration":"1.000s"}', "duration { seconds: 1 }", '{"duration":"1s"}'),
    good('{"duration":"1.0000001s"}', "duration { seconds: 1 nanos: 100 }", '{"duration":"1.000000100s"}'),
    good('{"duration":"-0s"}', "duration { }", '{"duration":"0s"}'),
    good('{"duration":"-0.0s"}', "duration { }", '{"duration":"0s"}'),
    good('{"duration":null}', "", "{}"),
    good('{"durations":["1s","-0.000000001s"]}', "durations { seconds: 1 } durations { nanos: -1 }"),
    good('"0.000000001s"', "nanos: 1", of="google.protobuf.Duration"),
    *(
        bad(f'{{"duration":{spelling}}}')
        for spelling in [
            '"1"',
            '"s"',
            '""',
            '"1.s"',
            '".5s"',
            '"1.5"',
            '"+1s"',
            '"--1s"',
            '"1 s"',
            '" 1s"',
            '"1s "',
            '"1S"',
            '"1ms"',
            '"1m"',
            '"1h1s"',
            '"1e3s"',
            '"0x1s"',
            '"1.1234567891s"',
            '"1_0s"',
            '"1,5s"',
            '"PT1S"',
            '"NaNs"',
            '"Infinitys"',
            '"315576000001s"',
            '"-315576000001s"',
            '"9999999999999s"',
            '"\\u0661s"',
            "1",
            "1.5",
            "true",
            "[]",
            "{}",
            '{"seconds":"1"}',
            '"1s\\n"',
            '"-s"',
            '"1.-5s"',
        ]
    ),
    bad('{"durations":[null]}'),
    prints("duration { seconds: 315576000001 }", None),
    prints("duration { seconds: -315576000001 }", None),
    prints("duration { seconds: 1 nanos: -1 }", None),
    prints("duration { seconds: -1 nanos: 1 }", None),
    prints("duration { nanos: 1000000000 }", None),
    prints("duration { nanos: -1000000000 }", None),
]

_MASKS = [
    good('{"mask":"a"}', 'mask { paths: "a" }'),
    good('{"mask":"a,b"}', 'mask { paths: ["a", "b"] }'),
    good('{"mask":"fooBar"}', 'mask { paths: "foo_bar" }'),
    good('{"mask":"fooBar.bazQux,x"}', 'mask { paths: ["foo_bar.baz_qux", "x"] }'),
    good('{"mask":"foo1Bar2"}', 'mask { paths: "foo1_bar2" }'),
    good('{"mask":""}', "mask { }"),
    good('{"mask":null}', "", "{}"),
    good('"a,fooBar"', 'paths: ["a", "foo_bar"]', of="google.protobuf.FieldMask"),
    *(
        bad(f'{{"mask":{spelling}}}')
        for spelling in [
            '"foo_bar"',
            '"foo_3_bar"',
            '"_a"',
            '"a_"',
            '"a,,b"',
            '","',
            '"a,"',
            "1",
            '["a"]',
            "{}",
            "true",
            '{"paths":["a"]}',
        ]
    ),
    prints('mask { paths: "fooBar" }', None),
    prints('mask { paths: "foo_3_bar" }', None),
    prints('mask { paths: "foo__bar" }', None),
    prints('mask { paths: "foo_" }', None),
    prints('mask { paths: "Foo" }', None),
    prints('mask { paths: "foo_Bar" }', None),
    prints('mask { paths: "" }', None),
    prints('mask { paths: "a,b" }', None),
    prints('mask { paths: ["ok", "notOk"] }', None),
]


def _value(text: str) -> str:
    return f"value {{ {text} }}"


_VALUES = [
    good('{"value":1}', _value("number_value: 1"), '{"value":1.0}'),
    good('{"value":1.5}', _value("number_value: 1.5")),
    good('{"value":-0.0}', _value("number_value: -0.0")),
    good('{"value":"1"}', _value('string_value: "1"')),
    good('{"value":""}', _value('string_value: ""')),
    good('{"value":"NaN"}', _value('string_value: "NaN"')),
    good('{"value":true}', _value("bool_value: true")),
    good('{"value":false}', _value("bool_value: false")),
    good('{"value":null}', _value("null_value: NULL_VALUE")),
    good('{"value":{}}', _value("struct_value { }")),
    good('{"value":[]}', _value("list_value { }")),
    good(
        '{"value":{"a":[null]}}',
        _value('struct_value { fields { key: "a" value { list_value { values { null_value: NULL_VALUE } } } } }'),
    ),
    good(
        '{"value":[[],"x",{"b":false}]}',
        _value(
            'list_value { values { list_value { } } values { string_value: "x" } '
            'values { struct_value { fields { key: "b" value { bool_value: false } } } } }'
        ),
    ),
    good('{"value":9007199254740993}', _value("number_value: 9007199254740992"), '{"value":9007199254740992.0}'),
    good(
        '{"value":{"":{"@type":"x"}}}',
        _value(
            'struct_value { fields { key: "" value { struct_value { '
            'fields { key: "@type" value { string_value: "x" } } } } } }'
        ),
    ),
    good(
        '{"values":[null,1.5,"a",true,{},[]]}',
        "values { null_value: NULL_VALUE } values { number_value: 1.5 } values { string_value: 'a' } "
        "values { bool_value: true } values { struct_value { } } values { list_value { } }",
    ),
    good('{"choiceValue":false}', "choice_value { bool_value: false }"),
    good("null", "null_value: NULL_VALUE", of="google.protobuf.Value"),
    good('"a"', 'string_value: "a"', of="google.protobuf.Value"),
    good("[1.5]", "values { number_value: 1.5 }", of="google.protobuf.ListValue"),
    good('{"a":{}}', 'fields { key: "a" value { struct_value { } } }', of="google.protobuf.Struct"),
    bad('{"value":1e999}'),
    bad('{"value":NaN}'),
    bad('{"value":[Infinity]}'),
    bad('{"value":[1,]}'),
    prints(_value("number_value: nan"), None),
    prints(_value("number_value: inf"), None),
    prints(_value("number_value: -inf"), None),
    prints("value { }", None),
    prints("values { }", None),
    prints("list { values { number_value: nan } }", None),
    prints('struct { fields { key: "a" value { number_value: inf } } }', None),
    prints('struct { fields { key: "a" value { } } }', None),
    good('{"struct":{}}', "struct { }"),
    good(
        '{"struct":{"a":1.5,"b":"x"}}',
        'struct { fields { key: "a" value { number_value: 1.5 } } fields { key: "b" value { string_value: "x" } } }',
    ),
    good('{"structs":[{},{"a":true}]}', 'structs { } structs { fields { key: "a" value { bool_value: true } } }'),
    good('{"list":[]}', "list { }"),
    good('{"list":[1.5,null]}', "list { values { number_value: 1.5 } values { null_value: NULL_VALUE } }"),
    good(
        '{"valuesByName":{"a":[],"b":{}}}',
        'values_by_name { key: "a" value { list_value { } } } values_by_name { key: "b" value { struct_value { } } }',
    ),
    *(bad(f'{{"struct":{spelling}}}') for spelling in ["[]", '""', "1", "true", '"{}"']),
    *(bad(f'{{"list":{spelling}}}') for spelling in ["{}", '""', "1", "true", '"[]"']),
    bad('{"structs":[[]]}'),
]

_SMALL = '[type.googleapis.com/every.v1.Small] { number: 1 text: "a" }'


def _any(name: str, text: str) -> str:
    return f"any {{ [type.googleapis.com/{name}] {{ {text} }} }}"


def _packed(name: str, members: str) -> str:
    return f'{{"any":{{"@type":"type.googleapis.com/{name}"{"," + members if members else ""}}}}}'


_ANYS = [
    good('{"any":{}}', "any { }"),
    good('{"any":null}', "", "{}"),
    good(_packed("every.v1.Small", '"number":1,"text":"a"'), f"any {{ {_SMALL} }}"),
    good(
        '{"any":{"number":1,"@type":"type.googleapis.com/every.v1.Small","text":"a"}}',
        f"any {{ {_SMALL} }}",
        _packed("every.v1.Small", '"number":1,"text":"a"'),
    ),
    good('{"any":{"@type":"example.com/x/every.v1.Small"}}', 'any { type_url: "example.com/x/every.v1.Small" }'),
    good(_packed("every.v1.Small", ""), _any("every.v1.Small", "")),
    good(
        _packed("every.v1.Small", '"number":"1"'),
        _any("every.v1.Small", "number: 1"),
        _packed("every.v1.Small", '"number":1'),
    ),
    good(_packed("every.v1.Small", '"unknown":1'), _any("every.v1.Small", ""), _packed("every.v1.Small", "")),
    good(_packed("google.protobuf.Int32Value", '"value":1'), _any("google.protobuf.Int32Value", "value: 1")),
    good(_packed("google.protobuf.Int64Value", '"value":"1"'), _any("google.protobuf.Int64Value", "value: 1")),
    good(_packed("google.protobuf.StringValue", '"value":""'), _any("google.protobuf.StringValue", "")),
    good(
        _packed("google.protobuf.Duration", '"value":"1.500s"'),
        _any("google.protobuf.Duration", "seconds: 1 nanos: 500000000"),
    ),
    good(
        _packed("google.protobuf.Timestamp", '"value":"1970-01-01T00:00:00.000000001Z"'),
        _any("google.protobuf.Timestamp", "nanos: 1"),
    ),
    good(
        _packed("google.protobuf.FieldMask", '"value":"a,bC"'), _any("google.protobuf.FieldMask", 'paths: ["a", "b_c"]')
    ),
    good(
        _packed("google.protobuf.Struct", '"value":{"a":1.5}'),
        _any("google.protobuf.Struct", 'fields { key: "a" value { number_value: 1.5 } }'),
    ),
    good(_packed("google.protobuf.Value", '"value":null'), _any("google.protobuf.Value", "null_value: NULL_VALUE")),
    good(
        _packed("google.protobuf.Value", '"value":[1.5]'),
        _any("google.protobuf.Value", "list_value { values { number_value: 1.5 } }"),
    ),
    good(_packed("google.protobuf.ListValue", '"value":[]'), _any("google.protobuf.ListValue", "")),
    good(_packed("google.protobuf.Empty", ""), _any("google.protobuf.Empty", "")),
    good(
        _packed("google.protobuf.Any", '"value":{"@type":"type.googleapis.com/every.v1.Small","number":1}'),
        _any("google.protobuf.Any", "[type.googleapis.com/every.v1.Small] { number: 1 }"),
    ),
    good(
        '{"anys":[{},{"@type":"type.googleapis.com/every.v1.Small"}]}',
        "anys { } anys { [type.googleapis.com/every.v1.Small] { } }",
    ),
    *(
        bad(f'{{"any":{spelling}}}')
        for spelling in [
            '{"number":1}',
            '{"@type":1}',
            '{"@type":null}',
            '{"@type":""}',
            '{"@type":"every.v1.Small"}',
            '{"@type":"/every.v1.Small"}',
            '{"@type":"type.googleapis.com/"}',
            '{"@type":"type.googleapis.com/no.Such"}',
            '{"@type":"type.googleapis.com/every.v1.Color"}',
            '{"value":"1s"}',
            "[]",
            '""',
            "1",
            "true",
        ]
    ),
    bad(_packed("every.v1.Small", '"number":"x"')),
    bad(_packed("every.v1.Small", '"number":1,"number":1')),
    bad(_packed("every.v1.Small", '"@type":"type.googleapis.com/every.v1.Small"')),
    bad(_packed("google.protobuf.Duration", "")),
    bad(_packed("google.protobuf.Duration", '"value":null')),
    bad(_packed("google.protobuf.Duration", '"value":"1"')),
    bad(_packed("google.protobuf.Duration", '"value":"1s","value":"1s"')),
    bad(_packed("google.protobuf.Int32Value", '"value":2147483648')),
    bad(_packed("google.protobuf.Any", '"value":{"number":1}')),
    prints('any { type_url: "type.googleapis.com/no.Such" value: "" }', None),
    prints('any { type_url: "every.v1.Small" }', None),
    prints('any { value: "\\010\\001" }', None),
    prints('any { type_url: "type.googleapis.com/every.v1.Small" value: "\\012\\377" }', None),
]

_WRAPPERS = [
    # JSON name, field, non-default value in JSON and in the text format, default in JSON
    ("wrappedDouble", "wrapped_double", "1.5", "1.5", "0.0"),
    ("wrappedFloat", "wrapped_float", "1.5", "1.5", "0.0"),
    ("wrappedInt64", "wrapped_int64", '"-5"', "-5", '"0"'),
    ("wrappedUint64", "wrapped_uint64", '"18446744073709551615"', "18446744073709551615", '"0"'),
    ("wrappedInt32", "wrapped_int32", "-5", "-5", "0"),
    ("wrappedUint32", "wrapped_uint32", "4294967295", "4294967295", "0"),
    ("wrappedBool", "wrapped_bool", "true", "true", "false"),
    ("wrappedString", "wrapped_string", '"a"', '"a"', '""'),
    ("wrappedBytes", "wrapped_bytes", '"AQ=="', '"\\001"', '""'),
]

_WRAPPED = [
    *(good(f'{{"{name}":{json}}}', f"{field} {{ value: {text} }}") for name, field, json, text, _ in _WRAPPERS),
    *(good(f'{{"{name}":{default}}}', f"{field} {{ }}") for name, field, _, _, default in _WRAPPERS),
    *(good(f'{{"{name}":null}}', "", "{}") for name, *_ in _WRAPPERS),
    *(bad(f'{{"{name}":{{"value":{json}}}}}') for name, _, json, _, _ in _WRAPPERS),
    *(bad(f'{{"{name}":[]}}') for name, *_ in _WRAPPERS),
    good('{"wrappedInt32":"5"}', "wrapped_int32 { value: 5 }", '{"wrappedInt32":5}'),
    good('{"wrappedInt64":5}', "wrapped_int64 { value: 5 }", '{"wrappedInt64":"5"}'),
    good('{"wrappedInt32":5.0}', "wrapped_int32 { value: 5 }", '{"wrappedInt32":5}'),
    good("5", "value: 5", of="google.protobuf.Int32Value"),
    good('"5"', "value: 5", of="google.protobuf.Int64Value"),
    good("true", "value: true", of="google.protobuf.BoolValue"),
    bad('{"wrappedInt32":2147483648}'),
    bad('{"wrappedUint32":-1}'),
    bad('{"wrappedUint64":"-1"}'),
    bad('{"wrappedInt64":"9223372036854775808"}'),
    good('{"empty":{}}', "empty { }"),
    bad('{"empty":[]}'),
    bad('{"empty":""}'),
    bad('{"empty":true}'),
]

CASES: list[Case] = [*_TIMESTAMPS, *_DURATIONS, *_MASKS, *_VALUES, *_ANYS, *_WRAPPED]
