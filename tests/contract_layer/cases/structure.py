"""Names, null, lists, maps, oneofs, duplicates, unknown members and JSON itself."""

from __future__ import annotations

from tests.contract_layer.cases.model import EVERYTHING, Case, bad, good, prints

__all__ = ["CASES", "SPELLINGS"]

SPELLINGS = [
    # as written in the contract, as protoc spells it in JSON
    ("fieldname1", "fieldname1"),
    ("field_name2", "fieldName2"),
    ("_field_name3", "FieldName3"),
    ("field__name4_", "fieldName4"),
    ("field0name5", "field0name5"),
    ("field_0_name6", "field0Name6"),
    ("fieldName7", "fieldName7"),
    ("FieldName8", "FieldName8"),
    ("field_Name9", "fieldName9"),
    ("Field_Name10", "FieldName10"),
    ("FIELD_NAME11", "FIELDNAME11"),
    ("FIELD_name12", "FIELDName12"),
    ("__field_name13", "FieldName13"),
    ("__Field_name14", "FieldName14"),
    ("field__name15", "fieldName15"),
    ("field__Name16", "fieldName16"),
    ("field_name17__", "fieldName17"),
    ("Field_name18__", "FieldName18"),
]
"""Fields of `spell.v1.Spellings`."""

_NAMES = [
    *(good(f'{{"{json}":1}}', f"{name}: 1", of="spell.v1.Spellings") for name, json in SPELLINGS),
    *(good(f'{{"{name}":1}}', f"{name}: 1", f'{{"{json}":1}}', "spell.v1.Spellings") for name, json in SPELLINGS),
    good('{"\\u0066ieldname1":1}', "fieldname1: 1", '{"fieldname1":1}', "spell.v1.Spellings"),
    good('{"custom":"a"}', 'x_y: "a"', of="rules.v1.Names"),
    good('{"x_y":"a"}', 'x_y: "a"', '{"custom":"a"}', "rules.v1.Names"),
    good('{"xY":"a"}', "", "{}", "rules.v1.Names"),
    good('{"@odd name":"a"}', 'with_at: "a"', of="rules.v1.Names"),
    good('{"from":"a","class":1,"None":2}', 'from: "a" class: 1 None: 2', of="rules.v1.Names"),
    good('{"AnInt32":1,"an_Int32":2,"ANINT32":3,"an-int32":4," anInt32":5}', "", "{}"),
]

_NULLS = [
    *(
        good(f'{{"{name}":null}}', "", "{}")
        for name in [
            "aSmall",
            "inner",
            "again",
            "doubles",
            "int64s",
            "smalls",
            "colors",
            "byString",
            "byBool",
            "timesByName",
            "timestamp",
            "duration",
            "mask",
            "struct",
            "list",
            "any",
            "empty",
            "timestamps",
            "values",
            "structs",
            "anys",
            "wrappedDouble",
            "wrappedFloat",
            "wrappedInt64",
            "wrappedUint64",
            "wrappedInt32",
            "wrappedUint32",
            "wrappedBool",
            "wrappedString",
            "wrappedBytes",
            "wrappedInt32s",
            "wrappedByName",
            "maybeInt32",
            "choiceNumber",
            "choiceText",
            "choiceSmall",
            "choiceBool",
            "choiceTime",
            "choiceWrapped",
            "choiceEmpty",
            "null",
        ]
    ),
    good('{"value":null}', "value { null_value: NULL_VALUE }"),
    good('{"values":[null]}', "values { null_value: NULL_VALUE }"),
    good('{"valuesByName":{"a":null}}', 'values_by_name { key: "a" value { null_value: NULL_VALUE } }'),
    good('{"choiceValue":null}', "choice_value { null_value: NULL_VALUE }"),
    good('{"choiceNull":null}', "choice_null: NULL_VALUE"),
    good('{"choiceNull":"NULL_VALUE"}', "choice_null: NULL_VALUE", '{"choiceNull":null}'),
    good('{"choiceNull":0}', "choice_null: NULL_VALUE", '{"choiceNull":null}'),
    good('{"null":"NULL_VALUE"}', "", "{}"),
    good('{"struct":{"a":null}}', 'struct { fields { key: "a" value { null_value: NULL_VALUE } } }'),
    good('{"list":[null]}', "list { values { null_value: NULL_VALUE } }"),
    *(
        bad(f'{{"{name}":[null]}}')
        for name in [
            "int32s",
            "strings",
            "bools",
            "bytess",
            "colors",
            "smalls",
            "timestamps",
            "durations",
            "structs",
            "wrappedInt32s",
            "anys",
        ]
    ),
    *(
        bad(f'{{"{name}":{{"{key}":null}}}}')
        for name, key in [
            ("byString", "a"),
            ("byInt32", "1"),
            ("byBool", "true"),
            ("timesByName", "a"),
            ("wrappedByName", "a"),
            ("bySint32", "1"),
            ("byUint64", "1"),
        ]
    ),
    bad("null"),
    bad('{"null":"null"}'),
    bad('{"null":1}'),
    bad('{"null":false}'),
    bad('{"null":""}'),
    bad('{"choiceNull":"NULL"}'),
]

_LISTS = [
    good('{"int32s":[1,"2",3.0]}', "int32s: [1, 2, 3]", '{"int32s":[1,2,3]}'),
    good('{"int64s":["1",2]}', "int64s: [1, 2]", '{"int64s":["1","2"]}'),
    good('{"uint64s":["18446744073709551615"]}', "uint64s: [18446744073709551615]"),
    good('{"smalls":[{},{"number":1}]}', "smalls { } smalls { number: 1 }"),
    good('{"smalls":[]}', "", "{}"),
    good('{"wrappedInt32s":[0,1]}', "wrapped_int32s { } wrapped_int32s { value: 1 }"),
    good('{"timestamps":["1970-01-01T00:00:00Z"]}', "timestamps { }"),
    bad('{"int32s":1}'),
    bad('{"int32s":"1"}'),
    bad('{"int32s":{}}'),
    bad('{"int32s":[[1]]}'),
    bad('{"int32s":[1,]}'),
    bad('{"int32s":[,1]}'),
    bad('{"int32s":[1 2]}'),
    bad('{"int32s":[1,"x"]}'),
    bad('{"int32s":[2147483648]}'),
    bad('{"smalls":[1]}'),
    bad('{"smalls":[[]]}'),
    bad('{"smalls":{}}'),
    bad('{"aSmall":[]}'),
    bad('{"aSmall":"{}"}'),
    bad('{"aSmall":1}'),
    bad('{"aSmall":true}'),
]

_KEYS = [
    # field, JSON name, value in JSON, value in the text format, lowest, highest
    ("by_int32", "byInt32", '"1"', "1", -(2**31), 2**31 - 1),
    ("by_int64", "byInt64", "1.0", "1", -(2**63), 2**63 - 1),
    ("by_uint32", "byUint32", '"AQ=="', '"\\001"', 0, 2**32 - 1),
    ("by_uint64", "byUint64", '"RED"', "RED", 0, 2**64 - 1),
    ("by_sint32", "bySint32", "true", "true", -(2**31), 2**31 - 1),
    ("by_fixed64", "byFixed64", "1", "1", 0, 2**64 - 1),
]

_MAPS = [
    *(
        good(f'{{"{name}":{{"{key}":{value}}}}}', f"{field} {{ key: {key} value: {text} }}")
        for field, name, value, text, low, high in _KEYS
        for key in {0, 1, low, high}
    ),
    *(
        good(
            f'{{"{name}":{{"{key}":{value}}}}}',
            f"{field} {{ key: 100 value: {text} }}",
            f'{{"{name}":{{"100":{value}}}}}',
        )
        for field, name, value, text, _, _ in _KEYS
        for key in ("1e2", "100.0")
    ),
    *(
        bad(f'{{"{name}":{{"{key}":{value}}}}}')
        for _, name, value, _, low, high in _KEYS
        for key in ("", " 1", "1 ", "+1", "01", "0x1", "1.5", "one", "null", "true", "NaN", low - 1, high + 1)
    ),
    *(bad(f'{{"{name}":{{1:{value}}}}}') for _, name, value, _, _, _ in _KEYS),
    good('{"byBool":{"true":{},"false":{}}}', "by_bool { key: true value { } } by_bool { key: false value { } }"),
    *(
        bad(f'{{"byBool":{{{key}:{{}}}}}}')
        for key in ['"True"', '"TRUE"', '"1"', '"0"', '""', '"t"', '" true"', "true"]
    ),
    good('{"byString":{"a":"1","b":"2"}}', 'by_string { key: "a" value: "1" } by_string { key: "b" value: "2" }'),
    good('{"byString":{}}', "", "{}"),
    good(
        '{"byString":{"@type":"a","__proto__":"b"}}',
        'by_string { key: "@type" value: "a" } by_string { key: "__proto__" value: "b" }',
    ),
    good('{"byInt32":{"1":5}}', "by_int32 { key: 1 value: 5 }", '{"byInt32":{"1":"5"}}'),
    good('{"wrappedByName":{"a":"0"}}', 'wrapped_by_name { key: "a" value { } }'),
    good('{"timesByName":{"a":"1970-01-01T00:00:00Z"}}', 'times_by_name { key: "a" value { } }'),
    bad('{"byString":{"a":"1","a":"2"}}'),
    bad('{"byString":{"a":"1","\\u0061":"2"}}'),
    bad('{"byInt32":{"1":"1","1":"2"}}'),
    bad('{"byInt32":{"1":"1","1.0":"2"}}'),
    bad('{"byInt32":{"0":"1","-0":"2"}}'),
    bad('{"byBool":{"true":{},"true":{}}}'),
    bad('{"byInt32":["1"]}'),
    bad('{"byInt32":"1"}'),
    bad('{"byInt32":{"1":"x"}}'),
]

_ONEOFS = [
    good('{"choiceNumber":0}', "choice_number: 0"),
    good('{"choiceText":""}', 'choice_text: ""'),
    good('{"choiceSmall":{}}', "choice_small { }"),
    good('{"choiceEmpty":{}}', "choice_empty { }"),
    good('{"choiceWrapped":""}', "choice_wrapped { }"),
    good('{"choiceTime":"1970-01-01T00:00:00Z"}', "choice_time { }"),
    good('{"choiceDouble":0}', "choice_double: 0", '{"choiceDouble":0.0}'),
    good('{"otherNumber":"0"}', "other_number: 0"),
    good('{"choiceNumber":1,"otherNumber":"2"}', "choice_number: 1 other_number: 2"),
    good('{"choiceNumber":null,"choiceText":"a"}', 'choice_text: "a"', '{"choiceText":"a"}'),
    good('{"choiceText":"a","choiceNumber":null}', 'choice_text: "a"', '{"choiceText":"a"}'),
    good('{"choiceNumber":null,"choiceText":null}', "", "{}"),
    good('{"choiceSmall":null,"choiceWrapped":null,"choiceBool":false}', "choice_bool: false", '{"choiceBool":false}'),
    good('{"choiceNull":null,"choiceText":null}', "choice_null: NULL_VALUE", '{"choiceNull":null}'),
    bad('{"choiceNumber":1,"choiceText":"a"}'),
    bad('{"choiceNumber":0,"choiceText":""}'),
    bad('{"choice_number":1,"choiceText":"a"}'),
    bad('{"choiceNumber":1,"choiceNumber":1}'),
    bad('{"choiceNumber":1,"choice_number":1}'),
    bad('{"choiceNull":null,"choiceText":"a"}'),
    bad('{"choiceValue":null,"choiceText":"a"}'),
    bad('{"choiceSmall":{},"choiceEmpty":{}}'),
]

_DUPLICATES = [
    bad('{"anInt32":1,"anInt32":2}'),
    bad('{"anInt32":1,"an_int32":1}'),
    bad('{"an_int32":1,"an_int32":1}'),
    bad('{"anInt32":1,"anInt32":null}'),
    bad('{"anInt32":null,"an_int32":null}'),
    bad('{"anInt32":1,"\\u0061nInt32":1}'),
    bad('{"anInt32":1 , "anInt32" :1}'),
    bad('{"aString":"\\":","anInt32":1,"anInt32" :1}'),
    bad('{"aSmall":{"number":1,"number":1}}'),
    bad('{"smalls":[{"number":1},{"number":1,"number":1}]}'),
    bad('{"byBool":{"true":{"text":"","text":""}}}'),
    bad('{"struct":{"a":1,"a":1}}'),
    bad('{"value":{"a":[{"b":1,"b":1}]}}'),
    bad('{"unknown":1,"unknown":1}'),
    bad('{"unknown":{"a":1,"a":1}}'),
    good('{"aString":"\\":\\":","strings":["\\": "," :"]}', 'a_string: "\\":\\":" strings: ["\\": ", " :"]'),
    good('{"aSmall":{"number":1},"choiceSmall":{"number":1}}', "a_small { number: 1 } choice_small { number: 1 }"),
]

_UNKNOWN = [
    good(f'{{"unknown":{value},"anInt32":1}}', "an_int32: 1", '{"anInt32":1}')
    for value in [
        "1",
        "-1.5e3",
        '"a"',
        "null",
        "true",
        "[]",
        "{}",
        '[{"a":[1,{"b":null}]}]',
        '{"anInt32":2}',
        "1e999",
        "123456789012345678901234567890",
    ]
] + [
    good('{"aSmall":{"unknown":1,"number":2}}', "a_small { number: 2 }", '{"aSmall":{"number":2}}'),
    good('{"smalls":[{"unknown":[]}]}', "smalls { }", '{"smalls":[{}]}'),
    good('{"empty":{"unknown":1}}', "empty { }", '{"empty":{}}'),
    good('{"unknown one":1,"":2,"unknown\\n":3}', "", "{}"),
    bad('{"unknown":}'),
    bad('{"unknown":tru}'),
    bad('{"unknown":NaN}'),
    bad('{"unknown":[1,]}'),
    bad('{"unknown":01}'),
    bad('{"unknown":"\t"}'),
]

_SYNTAX = [
    good("{}", ""),
    good(" \t\r\n{ } \n", "", "{}"),
    good('{ "anInt32" : 1 , "aBool" : true }', "an_int32: 1 a_bool: true", '{"anInt32":1,"aBool":true}'),
    good('{\n\t"smalls": [\r\n { } ]\n}', "smalls { }", '{"smalls":[{}]}'),
    good('{"aBool":true,"anInt32":1}', "an_int32: 1 a_bool: true", '{"anInt32":1,"aBool":true}'),
    *(
        bad(document)
        for document in [
            "",
            " ",
            "{",
            "}",
            "[",
            "[]",
            "[{}]",
            '""',
            '"a"',
            "1",
            "true",
            "{}{}",
            "{},",
            "{} x",
            "{}}",
            "x{}",
            "{}\x00",
            '{"anInt32":1,}',
            '{,"anInt32":1}',
            '{"anInt32":1,,"aBool":true}',
            '{"anInt32" 1}',
            '{"anInt32"=1}',
            '{"anInt32":}',
            '{"anInt32"}',
            "{anInt32:1}",
            "{'anInt32':1}",
            '{"anInt32":1 "aBool":true}',
            '{"anInt32":1;"aBool":true}',
            '{"anInt32":1]',
            '{"anInt32":1',
            '{"anInt32:1}',
            '{"anInt32":1 // one\n}',
            '{"anInt32":/* one */1}',
            '{"anInt32":1 # one\n}',
            "{1:1}",
            "{null:1}",
            '{"aBool":nul}',
            '{"aBool":TRUE}',
            '{"aBool":undefined}',
            '{"int32s":[1,2}',
            '{"int32s":[1,2,]}',
            '{"int32s":(1)}',
            "\ufeff{}",
            '{"anInt32":1}\x0c',
            '{"anInt32":\u00a01}',
            '{"aSmall":{"number":1}',
            '{"aSmall":{"number":1}}}',
        ]
    ),
    bad(b"\xff\xfe{\x00}\x00"),
    bad(b"\xef\xbb\xbf{}"),
]


def _deep(open_: str, close: str, levels: int, inside: str = "") -> str:
    return open_ * levels + inside + close * levels


_DEPTH = [
    good(_deep('{"child":', "}", 99, "{}"), _deep("child {", "}", 99), of="every.v1.Node"),
    good(_deep('{"children":[', "]}", 99, "{}"), _deep("children {", "}", 99), of="every.v1.Node"),
    bad(_deep('{"child":', "}", 100, "{}"), of="every.v1.Node"),
    bad(_deep('{"children":[', "]}", 100, "{}"), of="every.v1.Node"),
    bad(_deep('{"named":{"a":', "}}", 100, "{}"), of="every.v1.Node"),
    bad(_deep('{"child":', "}", 100_000, "{}"), of="every.v1.Node"),
    bad(f'{{"value":{_deep("[", "]", 101)}}}'),
    bad(f'{{"struct":{_deep(chr(123) + chr(34) + "a" + chr(34) + ":", "}", 101, "1")}}}'),
    bad(f'{{"unknown":{_deep("[", "]", 101)}}}'),
    bad(f'{{"unknown":{_deep("[", "]", 100_000)}}}'),
    bad("[" * 100_000),
    bad('{"a":' * 100_000),
]

_PRESENCE = [
    prints("", "{}"),
    prints(
        "maybe_int32: 0 maybe_string: '' maybe_bool: false maybe_bytes: ''",
        '{"maybeInt32":0,"maybeBool":false,"maybeString":"","maybeBytes":""}',
    ),
    prints("maybe_int64: 0 maybe_uint64: 0", '{"maybeInt64":"0","maybeUint64":"0"}'),
    prints("a_small { }", '{"aSmall":{}}'),
    prints("again { again { } }", '{"again":{"again":{}}}'),
]

CASES: list[Case] = [
    *_NAMES,
    *_NULLS,
    *_LISTS,
    *_MAPS,
    *_ONEOFS,
    *_DUPLICATES,
    *_UNKNOWN,
    *_SYNTAX,
    *_DEPTH,
    *_PRESENCE,
]
assert all(case.type == EVERYTHING or case.type.count(".") == 2 for case in CASES)
