"""Tables of documents: what is refused, where and why; and every spelling that is legal."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.contract.spec import UnknownMembers
from tests.contract_layer.contracts import everything, orders, rules

REFUSED: list[tuple[str, str, str]] = [
    # document, path, a part of the problem
    ("", "$", "not valid JSON"),
    ("{", "$", "not valid JSON"),
    ('{"aDouble":1}x', "$", "not valid JSON"),
    ("{'aDouble':1}", "$", "not valid JSON"),
    ('{"aDouble":NaN}', "$", "NaN and Infinity as strings"),
    ('{"aDouble":-Infinity}', "$", "NaN and Infinity as strings"),
    ('{"anInt32":01}', "$", "not valid JSON"),
    ('\ufeff{"anInt32":1}', "$", "not valid JSON"),
    ("null", "$", "expected an object, found null"),
    ("[]", "$", "expected an object, found an array"),
    ('"x"', "$", "expected an object, found a string"),
    ("5", "$", "expected an object, found a number"),
    ("1e400", "$", "expected an object, found a number"),
    # integers
    ('{"anInt32":2147483648}', "$.anInt32", "out of range for int32"),
    ('{"anInt32":-2147483649}', "$.anInt32", "out of range for int32"),
    ('{"aUint32":-1}', "$.aUint32", "out of range for uint32"),
    ('{"aFixed32":4294967296}', "$.aFixed32", "out of range for uint32"),
    ('{"aSint64":"9223372036854775808"}', "$.aSint64", "out of range for int64"),
    ('{"anInt64":-9223372036854775809}', "$.anInt64", "out of range for int64"),
    ('{"aUint64":"18446744073709551616"}', "$.aUint64", "out of range for uint64"),
    ('{"aFixed64":"-1"}', "$.aFixed64", "out of range for uint64"),
    ('{"anInt64":1e999999999}', "$.anInt64", "out of range for every integer type"),
    ('{"anInt64":1e9999999999}', "$.anInt64", "exponent"),
    ('{"anInt64":"' + "9" * 5000 + '"}', "$.anInt64", "out of range"),
    ('{"anInt64":' + "9" * 5000 + "}", "$.anInt64", "out of range"),
    ('{"anInt32":true}', "$.anInt32", "expected an integer, found a boolean"),
    ('{"anInt32":1.5}', "$.anInt32", "fraction"),
    ('{"anInt32":"1.5"}', "$.anInt32", "fraction"),
    ('{"anInt32":1e-1}', "$.anInt32", "fraction"),
    ('{"anInt32":""}', "$.anInt32", "no decimal number"),
    ('{"anInt32":" 1"}', "$.anInt32", "no decimal number"),
    ('{"anInt64":"1 "}', "$.anInt64", "no decimal number"),
    ('{"anInt64":"+1"}', "$.anInt64", "no decimal number"),
    ('{"anInt64":"007"}', "$.anInt64", "no decimal number"),
    ('{"anInt64":"1_0"}', "$.anInt64", "no decimal number"),
    ('{"anInt64":"٣"}', "$.anInt64", "no decimal number"),
    ('{"anInt64":"0x10"}', "$.anInt64", "no decimal number"),
    ('{"anInt32":{}}', "$.anInt32", "expected an integer, found an object"),
    ('{"anInt32":[1]}', "$.anInt32", "expected an integer, found an array"),
    ('{"int32s":[1,2,"x"]}', "$.int32s[2]", "no decimal number"),
    # floats
    ('{"aDouble":"x"}', "$.aDouble", "expected a number"),
    ('{"aDouble":""}', "$.aDouble", "expected a number"),
    ('{"aDouble":"inf"}', "$.aDouble", "expected a number"),
    ('{"aDouble":"nan"}', "$.aDouble", "expected a number"),
    ('{"aDouble":"+1"}', "$.aDouble", "expected a number"),
    ('{"aDouble":"1_0"}', "$.aDouble", "expected a number"),
    ('{"aDouble":1e309}', "$.aDouble", "out of range for double"),
    ('{"aDouble":"1e309"}', "$.aDouble", "out of range for double"),
    ('{"aDouble":-1' + "0" * 400 + "}", "$.aDouble", "out of range for double"),
    ('{"aFloat":3.5e38}', "$.aFloat", "out of range for float"),
    ('{"aFloat":"-3.5e38"}', "$.aFloat", "out of range for float"),
    ('{"aDouble":true}', "$.aDouble", "expected a number, found a boolean"),
    ('{"floats":[0,1e39]}', "$.floats[1]", "out of range for float"),
    # booleans, strings, bytes
    ('{"aBool":"true"}', "$.aBool", "expected a boolean, found a string"),
    ('{"aBool":1}', "$.aBool", "expected a boolean, found a number"),
    ('{"aBool":1.0}', "$.aBool", "expected a boolean, found a number"),
    ('{"aString":1}', "$.aString", "expected a string, found a number"),
    ('{"aString":1.5}', "$.aString", "expected a string, found a number"),
    ('{"aString":["a"]}', "$.aString", "expected a string, found an array"),
    ('{"aString":"\\ud800"}', "$.aString", "surrogate"),
    ('{"aString":"\\udc00\\ud800"}', "$.aString", "surrogate"),
    ('{"strings":["a","\\ud800"]}', "$.strings[1]", "surrogate"),
    ('{"aBytes":"A"}', "$.aBytes", "wrong length"),
    ('{"aBytes":"AA="}', "$.aBytes", "wrong length"),
    ('{"aBytes":"===="}', "$.aBytes", "wrong length"),
    ('{"aBytes":"A A="}', "$.aBytes", "not base64"),
    ('{"aBytes":"AA==\\n"}', "$.aBytes", "wrong length"),
    ('{"aBytes":"+/-_"}', "$.aBytes", "not base64"),
    ('{"aBytes":"grüß"}', "$.aBytes", "not base64"),
    ('{"aBytes":5}', "$.aBytes", "expected a base64 string"),
    ('{"aBytes":5.5}', "$.aBytes", "expected a base64 string"),
    # enums
    ('{"aColor":"PURPLE"}', "$.aColor", "every.v1.Color does not know the name"),
    ('{"aColor":"red"}', "$.aColor", "does not know the name"),
    ('{"aColor":"1"}', "$.aColor", "does not know the name"),
    ('{"aColor":1.5}', "$.aColor", "fraction"),
    ('{"aColor":2147483648}', "$.aColor", "out of range for int32"),
    ('{"aColor":true}', "$.aColor", "enum name or number"),
    ('{"colors":["RED","BLUE"]}', "$.colors[1]", "does not know the name"),
    ('{"byUint64":{"5":"BLUE"}}', '$.byUint64["5"]', "does not know the name"),
    # messages, lists, maps
    ('{"aSmall":5}', "$.aSmall", "expected an object, found a number"),
    ('{"aSmall":[]}', "$.aSmall", "expected an object, found an array"),
    ('{"aSmall":{"number":"x"}}', "$.aSmall.number", "no decimal number"),
    ('{"smalls":[{},{"number":1.5}]}', "$.smalls[1].number", "fraction"),
    ('{"smalls":{}}', "$.smalls", "expected an array, found an object"),
    ('{"smalls":[null]}', "$.smalls[0]", "found null"),
    ('{"strings":"a"}', "$.strings", "expected an array, found a string"),
    ('{"strings":[null]}', "$.strings[0]", "found null"),
    ('{"timestamps":[null]}', "$.timestamps[0]", "found null"),
    ('{"wrappedInt32s":[null]}', "$.wrappedInt32s[0]", "found null"),
    ('{"byString":[]}', "$.byString", "expected an object, found an array"),
    ('{"byString":{"a":null}}', '$.byString["a"]', "null is no value of a map"),
    ('{"byBool":{"true":null}}', '$.byBool["true"]', "null is no value of a map"),
    ('{"byBool":{"yes":{}}}', '$.byBool["yes"]', 'in the key: expected "true" or "false"'),
    ('{"byInt32":{"x":"1"}}', '$.byInt32["x"]', "in the key"),
    ('{"byInt32":{"2147483648":"1"}}', '$.byInt32["2147483648"]', "in the key: the number is out of range for int32"),
    ('{"byUint32":{"-1":""}}', '$.byUint32["-1"]', "out of range for uint32"),
    ('{"byBool":{"true":{"number":[]}}}', '$.byBool["true"].number', "expected an integer"),
    ('{"byString":{"\\ud800":"a"}}', '$.byString["\\ud800"]', "surrogate"),
    *(
        (f'{{"{member}":{{"{key}":{value}}}}}', f'$.{member}["{key}"]', "in the key: expected an integer")
        for member, value in [("byInt32", '"1"'), ("byInt64", "1"), ("byUint32", '""'), ("byUint64", '"RED"')]
        for key in ["", " 1", "1 ", "+1", "01", "1_0", "0x1", "-"]
    ),
    # duplicates
    ('{"anInt32":1,"anInt32":1}', "$.anInt32", "occurs twice"),
    ('{"anInt32":1,"an_int32":1}', "$.an_int32", "occurs twice"),
    ('{"anInt32":null,"anInt32":null}', "$.anInt32", "occurs twice"),
    ('{"anInt32":1,"anInt\\u0033\\u0032":2}', "$.anInt32", "occurs twice"),
    ('{"aSmall":{"number":1 , "text":"\\":" , "number" :2}}', "$.aSmall.number", "occurs twice"),
    ('{"byString":{"a":"1","a":"2"}}', '$.byString["a"]', "the key occurs twice"),
    ('{"byInt32":{"-0":"1","0":"2"}}', '$.byInt32["0"]', "the key occurs twice"),
    ('{"byInt32":{"1":"1","1.0":"2"}}', '$.byInt32["1.0"]', "the key occurs twice"),
    ('{"struct":{"a":{"b":1,"b":1}}}', '$.struct["a"]["b"]', "occurs twice"),
    ('{"nobody":1,"nobody":2}', "$.nobody", "occurs twice"),
    ('{"nobody":{"x":{"y":1,"y":1}}}', "$.nobody.x.y", "occurs twice"),
    # oneofs
    ('{"choiceNumber":1,"choiceText":"a"}', "$.choiceText", "oneof choice"),
    ('{"choice_number":0,"choiceBool":false}', "$.choiceBool", "oneof choice"),
    ('{"choiceNull":null,"choiceNumber":0}', "$.choiceNumber", "oneof choice"),
    ('{"choiceValue":null,"choiceNull":null}', "$.choiceNull", "oneof choice"),
    # well-known types
    ('{"timestamp":"2024-01-01"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01 00:00:00Z"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01t00:00:00z"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01T00:00:00"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01T00:00:00+0000"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01T00:00Z"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-W01-1T00:00:00Z"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01T00:00:00.Z"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01T00:00:00.0000000001Z"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2024-01-01T24:00:00Z"}', "$.timestamp", "RFC 3339"),
    ('{"timestamp":"2023-02-29T00:00:00Z"}', "$.timestamp", "no moment"),
    ('{"timestamp":"2024-01-01T00:60:00Z"}', "$.timestamp", "no moment"),
    ('{"timestamp":"0000-01-01T00:00:00Z"}', "$.timestamp", "no moment"),
    ('{"timestamp":"0001-01-01T00:00:00+01:00"}', "$.timestamp", "no moment"),
    ('{"timestamp":"9999-12-31T23:59:59-01:00"}', "$.timestamp", "no moment"),
    ('{"timestamp":1}', "$.timestamp", "expected a timestamp string"),
    ('{"timestamps":["1970-01-01T00:00:00Z",""]}', "$.timestamps[1]", "RFC 3339"),
    ('{"timesByName":{"a b":"x"}}', '$.timesByName["a b"]', "RFC 3339"),
    ('{"duration":"1"}', "$.duration", "no duration"),
    ('{"duration":"1.s"}', "$.duration", "no duration"),
    ('{"duration":".5s"}', "$.duration", "no duration"),
    ('{"duration":"+1s"}', "$.duration", "no duration"),
    ('{"duration":"1.0000000001s"}', "$.duration", "no duration"),
    ('{"duration":"315576000001s"}', "$.duration", "10000 years"),
    ('{"duration":"-315576000001.000000001s"}', "$.duration", "10000 years"),
    ('{"mask":"a_b"}', "$.mask", "lowerCamelCase"),
    ('{"mask":"a,,b"}', "$.mask", "lowerCamelCase"),
    ('{"mask":["a"]}', "$.mask", "expected a field mask string"),
    ('{"struct":[]}', "$.struct", "expected an object"),
    ('{"list":{}}', "$.list", "expected an array"),
    ('{"value":1e999}', "$.value", "out of range for double"),
    ('{"value":{"a":["\\ud800"]}}', '$.value["a"][0]', "surrogate"),
    ('{"empty":{"a":{"b":[1,"\\ud800"]}}}', "$.empty.a.b[1]", "surrogate"),
    ('{"null":0.5}', "$.null", "expected null"),
    ('{"null":"NULL"}', "$.null", "expected null"),
    ('{"null":false}', "$.null", "expected null"),
    ('{"wrappedInt32":{"value":1}}', "$.wrappedInt32", "expected an integer, found an object"),
    ('{"wrappedUint32":-1}', "$.wrappedUint32", "out of range for uint32"),
    ('{"wrappedBool":"true"}', "$.wrappedBool", "expected a boolean"),
    ('{"wrappedBytes":"?"}', "$.wrappedBytes", "wrong length"),
    ('{"any":{"number":1}}', '$.any["@type"]', "missing"),
    ('{"any":{"@type":5}}', '$.any["@type"]', "expected a string"),
    ('{"any":{"@type":"every.v1.Small"}}', '$.any["@type"]', "no URL"),
    ('{"any":{"@type":"a.b/x.v1.Nothing"}}', '$.any["@type"]', "import the module"),
    ('{"any":{"@type":"a.b/every.v1.Color"}}', '$.any["@type"]', "import the module"),
    ('{"any":{"@type":"a.b/every.v1.Small","@type":"a.b/every.v1.Small"}}', '$.any["@type"]', "twice"),
    ('{"any":{"@type":"a.b/every.v1.Small","number":"x"}}', "$.any.number", "no decimal number"),
    ('{"any":{"@type":"a.b/google.protobuf.Duration"}}', "$.any.value", "missing"),
    ('{"any":{"@type":"a.b/google.protobuf.Duration","value":"1"}}', "$.any.value", "no duration"),
    ('{"any":{"@type":"a.b/google.protobuf.Duration","value":"1s","value":"1s"}}', "$.any.value", "twice"),
    ('{"anys":[{},[]]}', "$.anys[1]", "expected an object"),
]


@pytest.mark.parametrize(("document", "path", "problem"), REFUSED, ids=[document[:60] for document, _, _ in REFUSED])
def test_refused_with_the_place_and_the_reason(document: str, path: str, problem: str) -> None:
    codec = codec_for(everything().cls("every.v1.Everything"))
    with pytest.raises(CodecError) as caught:
        codec.decode(document)
    assert caught.value.path == path
    assert problem in caught.value.problem
    assert str(caught.value) == f"{caught.value.problem} at {path}"


ACCEPTED: list[tuple[str, str, Any]] = [
    # document, attribute, value
    ('{"an_int32":5}', "an_int32", 5),
    ('{"anInt32":"5"}', "an_int32", 5),
    ('{"anInt32":5.0}', "an_int32", 5),
    ('{"anInt32":5e2}', "an_int32", 500),
    ('{"anInt32":"5E+2"}', "an_int32", 500),
    ('{"anInt32":1.5e1}', "an_int32", 15),
    ('{"anInt32":500e-2}', "an_int32", 5),
    ('{"anInt32":-0}', "an_int32", 0),
    ('{"anInt32":0e5000}', "an_int32", 0),
    ('{"anInt64":9007199254740993}', "an_int64", 9007199254740993),
    ('{"anInt64":9007199254740993.0}', "an_int64", 9007199254740993),
    ('{"anInt64":"-9223372036854775808"}', "an_int64", -(2**63)),
    ('{"aUint64":18446744073709551615}', "a_uint64", 2**64 - 1),
    ('{"anInt64":0.' + "0" * 400 + "1e401}", "an_int64", 1),
    ('{"anInt32":null}', "an_int32", 0),
    ('{"aString":null}', "a_string", ""),
    ('{"strings":null}', "strings", []),
    ('{"byString":null}', "by_string", {}),
    ('{"aSmall":null}', "a_small", None),
    ('{"aColor":null}', "a_color", 0),
    ('{"timestamp":null}', "timestamp", None),
    ('{"wrappedInt64":null}', "wrapped_int64", None),
    ('{"wrappedInt64":"0"}', "wrapped_int64", 0),
    ('{"wrappedString":""}', "wrapped_string", ""),
    ('{"maybeInt32":0}', "maybe_int32", 0),
    ('{"maybeInt32":null}', "maybe_int32", None),
    ('{"aDouble":"1.5"}', "a_double", 1.5),
    ('{"aDouble":"1e3"}', "a_double", 1000.0),
    ('{"aDouble":5}', "a_double", 5.0),
    ('{"aDouble":"Infinity"}', "a_double", float("inf")),
    ('{"aFloat":"-Infinity"}', "a_float", float("-inf")),
    ('{"aFloat":0.1}', "a_float", 0.10000000149011612),
    ('{"aBytes":"-_8"}', "a_bytes", b"\xfb\xff"),
    ('{"aBytes":"+/8"}', "a_bytes", b"\xfb\xff"),
    ('{"aBytes":"-_8="}', "a_bytes", b"\xfb\xff"),
    ('{"aColor":"RED"}', "a_color", 1),
    ('{"aColor":"CRIMSON"}', "a_color", 1),
    ('{"aColor":-3}', "a_color", -3),
    ('{"aColor":1.0}', "a_color", 1),
    ('{"aColor":12345}', "a_color", 12345),
    ('{"byInt32":{"-1":5}}', "by_int32", {-1: 5}),
    ('{"byInt32":{"1e1":"5"}}', "by_int32", {10: 5}),
    ('{"byInt64":{"9223372036854775807":"NaN"}}', "by_int64", None),
    ('{"bySint32":{"0":true}}', "by_sint32", {0: True}),
    ('{"aString":"\\ud83d\\ude00"}', "a_string", "😀"),
    ('{"choiceNumber":null,"choiceText":"a"}', "choice_text", "a"),
    ('{"choiceNull":null}', "choice_null", 0),
    ('{"choiceNull":"NULL_VALUE"}', "choice_null", 0),
    ('{"choiceEmpty":{}}', "choice_number", None),
    ("{}", "choice_null", None),
    ('{ "anInt32" : 5 }', "an_int32", 5),
    ('{"aString":"\\":\\" :"}', "a_string", '":" :'),
]


@pytest.mark.parametrize(
    ("document", "attribute", "value"), ACCEPTED, ids=[document[:60] for document, _, _ in ACCEPTED]
)
def test_every_legal_spelling(document: str, attribute: str, value: Any) -> None:
    codec = codec_for(everything().cls("every.v1.Everything"))
    message = codec.decode(document)
    if value is not None or attribute.startswith(("maybe", "choice", "wrapped", "a_small", "timestamp")):
        assert getattr(message, attribute) == value
    assert codec.decode(codec.encode(message).decode()).__class__ is message.__class__


def test_an_unknown_enum_number_is_kept() -> None:
    codec = codec_for(everything().cls("every.v1.Everything"))
    assert b'"aColor":12345' in codec.encode(codec.decode('{"aColor":12345}'))


def test_invalid_utf8_and_half_surrogates_in_the_text_are_refused() -> None:
    codec = codec_for(everything().cls("every.v1.Everything"))
    for data in (
        b'{"aString":"a\xffb"}',
        b'{"nobody":"a\xffb"}',
        b"\xff",
        '{"aString":"\ud800"}',
        '{"nobody":"\ud800"}',
    ):
        with pytest.raises(CodecError) as caught:
            codec.decode(data)
        assert caught.value.path == "$"


@pytest.mark.parametrize(
    ("open_", "close"),
    [('{"child":', "}"), ('{"children":[', "]}"), ('{"named":{"x":', "}}")],
    ids=["member", "list", "map"],
)
def test_messages_nest_a_hundred_deep_and_no_deeper(open_: str, close: str) -> None:
    codec = codec_for(everything().cls("every.v1.Node"))
    deepest = open_ * (MAX_DEPTH - 1) + "{}" + close * (MAX_DEPTH - 1)
    assert codec.decode(codec.encode(codec.decode(deepest))) == codec.decode(deepest)
    with pytest.raises(CodecError, match="100 deep"):
        codec.decode(open_ * MAX_DEPTH + "{}" + close * MAX_DEPTH)


@pytest.mark.parametrize("levels", [102, 900, 5000, 200_000])
@pytest.mark.parametrize(
    ("member", "open_", "close"),
    [("struct", '{"a":', "}"), ("value", "[", "]"), ("list", "[", "]"), ("nobody", "[", "]"), ("aString", "[", "]")],
)
def test_deep_values_are_refused_never_fatal(member: str, open_: str, close: str, levels: int) -> None:
    codec = codec_for(everything().cls("every.v1.Everything"))
    document = f'{{"{member}":' + open_ * levels + ("1" if open_ != "[" else "") + close * levels + "}"
    with pytest.raises(CodecError):
        codec.decode(document)


def test_required_members_must_be_present_and_not_null() -> None:
    codec = codec_for(rules().cls("rules.v1.Request"))
    members = {"sku": "", "since": "1970-01-01T00:00:00Z", "tags": [], "limit": 0}
    assert codec.decode(json.dumps(members)).limit == 0
    for name in members:
        for document in ({**members, name: None}, {key: value for key, value in members.items() if key != name}):
            with pytest.raises(CodecError, match=f"required member is missing at \\$.{name}"):
                codec.decode(json.dumps(document))
    with pytest.raises(CodecError, match=r"at \$.item.ready"):
        codec.decode(json.dumps({**members, "item": {}}))


NEEDS: dict[str, Any] = {
    "value": None,
    "null": None,
    "items": {},
    "text": "",
    "wrapped": 0,
    "item": {"ready": False},
}


@pytest.mark.parametrize("name", NEEDS)
def test_required_members_of_every_kind(name: str) -> None:
    codec = codec_for(rules().cls("rules.v1.Needy"))
    message = codec.decode(json.dumps(NEEDS))
    assert json.loads(codec.encode(message)) == NEEDS
    missing = [{key: value for key, value in NEEDS.items() if key != name}]
    if name not in ("value", "null"):  # for these, null is a value
        missing.append({**NEEDS, name: None})
    for document in missing:
        with pytest.raises(CodecError) as caught:
            codec.decode(json.dumps(document))
        assert str(caught.value) == f"the required member is missing at $.{name}"
    if name not in ("null", "items"):  # these have no unset
        setattr(message, name, None)
        with pytest.raises(CodecError, match=f"the required member is not set at \\$.{name}"):
            codec.encode(message)


def test_names_of_fields_are_those_of_the_contract() -> None:
    codec = codec_for(rules().cls("rules.v1.Names"))
    spelled = {"from": "a", "class": 1, "custom": "b", "a1b2C3": 2, "Lead": "c", "OddCase": "d", "parse": 3}
    message = codec.decode(json.dumps({**spelled, "@odd name": "e", "None": 4}))
    proto = {"from": "a", "class": 1, "x_y": "b", "a1b2_c3": 2, "_lead": "c", "Odd_Case": "d", "parse": 3}
    assert codec.decode(json.dumps({**proto, "with_at": "e", "None": 4})) == message
    assert json.loads(codec.encode(message)) == {**spelled, "@odd name": "e", "None": 4}
    with pytest.raises(CodecError) as caught:
        codec.decode('{"@odd name":5}')
    assert caught.value.path == '$["@odd name"]'


def test_a_redacted_field_hides_what_is_inside() -> None:
    codec = codec_for(rules().cls("rules.v1.Secret"), unknown=UnknownMembers.REJECT)
    for document, path in [
        ('{"tokens":{"hunter2":"x"}}', "$.tokens[*]"),
        ('{"box":{"byName":{"hunter2":"x"}}}', "$.box.byName[*]"),
        ('{"box":{"hunter2":1}}', "$.box[*]"),
        ('{"data":{"hunter2":1e999}}', "$.data[*]"),
    ]:
        with pytest.raises(CodecError) as caught:
            codec.decode(document)
        assert caught.value.path == path
        assert "hunter2" not in str(caught.value)


def test_errors_never_show_a_value() -> None:
    codec = codec_for(everything().cls("every.v1.Everything"))
    members = json.loads(codec.encode(codec.message_type()))
    for name in members:
        for value in ("hunter2", ["hunter2"], {"hunter2": "hunter3"}, [{"text": "hunter2"}], [["hunter2"]]):
            with contextlib.suppress(CodecError):
                codec.decode(json.dumps({name: value}))
                continue
            with pytest.raises(CodecError) as caught:
                codec.decode(json.dumps({name: value}))
            assert "hunter" not in caught.value.problem
            assert "hunter3" not in str(caught.value)


def test_long_and_odd_names_are_cut_and_quoted() -> None:
    codec = codec_for(orders().cls("shop.v1.Order"), unknown=UnknownMembers.REJECT)
    with pytest.raises(CodecError) as caught:
        codec.decode(json.dumps({"x" * 5000: 1}))
    assert len(str(caught.value)) < 150
    with pytest.raises(CodecError) as caught:
        codec.decode(json.dumps({'a"\n b': 1}))
    assert caught.value.path == '$["a\\"\\n b"]'
