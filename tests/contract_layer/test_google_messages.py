"""google.protobuf behind the seam: the same documents, the same errors, the same profiles as betterproto2."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    json_format,
    message_factory,
    timestamp_pb2,
    type_pb2,
)

from iii_bridge.contract.backend import FieldAccess, backend_of
from iii_bridge.contract.betterproto import BACKEND as BETTERPROTO
from iii_bridge.contract.google_messages import BACKEND
from iii_bridge.contract.json_text import MAX_DEPTH, parse_json
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.problems import CodecError
from iii_bridge.contract.protojson import Codec, codec_for
from iii_bridge.contract.spec import Defaults, JsonProfile, UnknownMembers
from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.test_protojson import PROFILES, google_json, google_parse, same
from tests.contract_layer.test_slow_decode import ACCEPTED, REFUSED

EVERYTHING = "every.v1.Everything"


def failure(codec: Codec[Any], document: Any) -> tuple[str, str] | None:
    """Where and why a document is refused; None for one that is read."""
    try:
        codec.decode(document)
    except CodecError as error:
        return error.path, error.problem
    return None


def compiled(codec: Codec[Any], data: bytes) -> Any:
    """What the compiled decoder makes of a document; None where it leaves it to the exact one."""
    try:
        return codec._fast_decoder.decode(data, codec._unknown)
    except Exception:
        return None


def check_the_paths_agree(codec: Codec[Any], message: Any, printed: bytes) -> bool:
    """Whether the compiled paths took it; where they did, they made what the exact ones make."""
    exact = codec._exact(parse_json(printed))
    assert same(exact, message)
    decoded = compiled(codec, printed)
    assert decoded is None or same(decoded, exact)
    try:
        encoded = codec._fast_encoder.encode(message)
    except Exception:
        return False
    assert json.loads(encoded) == json.loads(json.dumps(codec._exact_tree(message), default=repr)) or b'"a' in encoded
    return decoded is not None


@pytest.mark.parametrize("name", [EVERYTHING, "every.v1.Node", "every.v1.Ping"])
def test_random_messages_agree_with_the_reference(name: str) -> None:
    contract = everything()
    cls = contract.google(name)
    anys = (contract.google("every.v1.Small"), contract.google("every.v1.Node"))
    chance = random.Random(3)
    randomizer = Randomizer(3, fill=0.15 if "Every" in name else 0.5, anys=anys)
    for _ in range(300):
        expected = randomizer.message(cls)
        codec: Codec[Any] = codec_for(cls, chance.choice(PROFILES))
        message = codec.decode(google_json(expected, chance))
        assert same(message, expected)
        printed = codec.encode(expected)
        assert same(google_parse(cls(), printed), expected), printed
        check_the_paths_agree(codec, message, printed)


def test_ordinary_messages_never_need_the_exact_path() -> None:
    cls = orders().google("shop.v1.Order")
    codec: Codec[Any] = codec_for(cls)
    randomizer = Randomizer(7, fill=0.8, special=0.0)
    messages = [randomizer.message(cls) for _ in range(300)]
    assert sum(check_the_paths_agree(codec, message, codec.encode(message)) for message in messages) > 100


@pytest.mark.parametrize("policy", list(UnknownMembers))
def test_refusals_are_those_of_the_default_backend(policy: UnknownMembers) -> None:
    contract = everything()
    ours: Codec[Any] = codec_for(contract.google(EVERYTHING), unknown=policy)
    theirs: Codec[Any] = codec_for(contract.cls(EVERYTHING), unknown=policy)
    for document, path, problem in REFUSED:
        found = failure(ours, document)
        assert found == failure(theirs, document), document
        if policy is UnknownMembers.IGNORE:
            assert found is not None
            assert (found[0], problem in found[1]) == (path, True)


def test_legal_spellings_mean_what_they_mean_to_the_default_backend() -> None:
    contract = everything()
    cls = contract.google(EVERYTHING)
    ours: Codec[Any] = codec_for(cls)
    theirs: Codec[Any] = codec_for(contract.cls(EVERYTHING))
    for document, _, _ in ACCEPTED:
        data = BETTERPROTO.serialize(theirs.decode(document))
        assert same(ours.decode(document), cls.FromString(data)), document


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({"timestamp": {"seconds": 253402300800}}, "$.timestamp", "years 0001 to 9999"),
        ({"timestamp": {"seconds": -62135596801}}, "$.timestamp", "years 0001 to 9999"),
        ({"timestamp": {"nanos": -1}}, "$.timestamp", "between 0 and 999,999,999"),
        ({"timestamp": {"nanos": 1_000_000_000}}, "$.timestamp", "between 0 and 999,999,999"),
        ({"durations": [{}, {"seconds": 315576000001}]}, "$.durations[1]", "10000 years"),
        ({"duration": {"seconds": -315576000001, "nanos": -1}}, "$.duration", "10000 years"),
        ({"duration": {"seconds": 1, "nanos": -1}}, "$.duration", "different signs"),
        ({"mask": {"paths": ("a", "fooBar")}}, "$.mask", "no JSON form"),
        ({"value": {}}, "$.value", "exactly one kind"),
        ({"values_by_name": {"a": {"number_value": float("nan")}}}, '$.valuesByName["a"]', "no JSON values"),
        ({"struct": {"fields": {"a": {}}}}, '$.struct["a"]', "exactly one kind"),
        ({"list": {"values": [{"number_value": float("inf")}]}}, "$.list[0]", "no JSON values"),
        ({"any": {"value": b"x"}}, "$.any.@type", "no message of the type is known"),
        ({"any": {"type_url": "a.b/no.Such"}}, '$.any["@type"]', "no message of the type is known"),
        ({"anys": [{"type_url": "a.b/every.v1.Small", "value": b"\xff"}]}, "$.anys[0]", "not a message of its type"),
    ],
)
def test_messages_without_a_json_form_are_refused(fields: dict[str, Any], path: str, problem: str) -> None:
    cls = everything().google(EVERYTHING)
    message = cls()
    json_path = path.replace("$.any.@type", '$.any["@type"]')
    for name, value in fields.items():
        _fill(message, name, value)
    with pytest.raises(CodecError) as caught:
        codec_for(cls).encode(message)
    assert (caught.value.path, problem in caught.value.problem) == (json_path, True), caught.value


def _fill(message: Any, name: str, value: Any) -> None:
    """Sets a field from plain values; wrong ones included, which constructors let pass."""
    target = getattr(message, name)
    if isinstance(value, list):
        for item in value:
            _fill_all(target.add(), item)
    elif name in ("values_by_name", "fields"):
        for key, item in value.items():
            _fill_all(target[key], item)
    elif isinstance(value, dict):
        _fill_all(target, value)
    elif name == "paths":
        target.extend(value)
    else:
        setattr(message, name, value)


def _fill_all(message: Any, values: dict[str, Any]) -> None:
    message.SetInParent()
    for name, value in values.items():
        _fill(message, name, value)


def test_a_message_of_another_class_is_refused() -> None:
    contract = orders()
    codec: Codec[Any] = codec_for(contract.google("shop.v1.Order"))
    for other in (contract.google("shop.v1.Line")(), contract.cls("shop.v1.Order")(), None, {}):
        with pytest.raises(CodecError, match="expected Order, found "):
            codec.encode(other)


def test_fields_come_from_the_descriptor() -> None:
    contract = everything()
    cls = contract.google(EVERYTHING)
    assert backend_of(cls) is BACKEND
    assert plan_of(cls).full_name == EVERYTHING
    fields = BACKEND.fields(cls)
    assert fields[14] == FieldAccess("a_string")
    assert fields[17] == FieldAccess("a_small", contract.google("every.v1.Small"))
    assert fields[66] == FieldAccess("by_bool", contract.google("every.v1.Small"))
    assert fields[16].cls is int
    assert fields[16].enum is not None
    assert fields[16].enum.full_name == "every.v1.Color"
    assert fields[65].enum == fields[16].enum


def test_classes_straight_from_a_pool_need_no_registration() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="pool.proto", package="pool.v1", syntax="proto3")
    file.dependency.append("google/protobuf/any.proto")
    message = file.message_type.add(name="Holder")
    message.field.add(name="held", number=1, type=11, label=1, type_name=".google.protobuf.Any", json_name="held")
    message.field.add(name="count", number=2, type=3, label=1, json_name="count")
    pool = descriptor_pool.DescriptorPool()
    any_file = descriptor_pb2.FileDescriptorProto()
    descriptor_pool.Default().FindFileByName("google/protobuf/any.proto").CopyToProto(any_file)
    pool.Add(any_file)
    pool.Add(file)
    cls = message_factory.GetMessageClass(pool.FindMessageTypeByName("pool.v1.Holder"))
    codec: Codec[Any] = codec_for(cls)
    nested = '{"held":{"@type":"x/google.protobuf.Any","value":{"@type":"x/pool.v1.Holder","count":"7"}},"count":"1"}'
    message = codec.decode(nested)
    assert codec.encode(message).decode() == nested
    assert json_format.MessageToDict(message, descriptor_pool=pool) == json.loads(nested)
    with pytest.raises(CodecError, match="no message of the type is known"):
        codec.decode('{"held":{"@type":"x/every.v1.Small"}}')  # known to another pool only


@pytest.mark.parametrize(
    ("document", "seconds", "nanos"),
    [
        ('"1970-01-01T00:00:00.000000001Z"', 0, 1),
        ('"0001-01-01T00:00:00Z"', -62135596800, 0),
        ('"9999-12-31T23:59:59.999999999Z"', 253402300799, 999999999),
        ('"1969-12-31T23:59:59.500Z"', -1, 500000000),
    ],
)
def test_timestamps_keep_their_nanoseconds(document: str, seconds: int, nanos: int) -> None:
    codec = codec_for(timestamp_pb2.Timestamp)
    message = codec.decode(document)
    assert (message.seconds, message.nanos) == (seconds, nanos)
    assert codec.encode(message).decode() == document
    holder: Codec[Any] = codec_for(everything().google(EVERYTHING))
    text = f'{{"timestamp":{document}}}'
    assert same(holder.decode(text), compiled(holder, text.encode()))


def test_durations_keep_their_nanoseconds_and_their_sign() -> None:
    codec = codec_for(duration_pb2.Duration)
    for text in ('"-0.000000001s"', '"315576000000s"', '"-315576000000.999999999s"', '"1.000340012s"', '"0s"'):
        assert codec.encode(codec.decode(text)).decode() == text


@pytest.mark.parametrize("name", ["HasField", "SetInParent", "CopyFrom", "FromString", "DESCRIPTOR", "None", "from"])
def test_a_field_may_have_any_name(name: str) -> None:
    contract = compile_proto(
        f'syntax = "proto3"; package named_{name}.v1; message M {{ optional string {name} = 1; M add = 2;'
        " repeated M extend = 3; map<string, M> t = 4; bool m = 5; optional int32 v = 6; bytes c = 7; }",
        f"named_{name}.proto",
    )
    cls = contract.google(f"named_{name}.v1.M")
    codec: Codec[Any] = codec_for(cls, JsonProfile(defaults=Defaults.OMIT))
    document = (
        f'{{"{name}":"a","add":{{"v":1}},"extend":[{{}},{{"m":true}}],"t":{{"k":{{"{name}":""}}}},"v":0,"c":"AA=="}}'
    )
    json_name = contract.google(f"named_{name}.v1.M").DESCRIPTOR.fields_by_number[1].json_name
    document = document.replace(f'"{name}"', f'"{json_name}"')
    message = codec.decode(document)
    assert compiled(codec, document.encode()) == message
    assert codec.encode(message).decode() == document
    assert codec._exact(parse_json(document.encode())) == message
    assert json.loads(document) == codec._exact_tree(message)


def test_proto2_is_served_with_groups_closed_enums_and_requirements() -> None:
    contract = compile_proto(
        'syntax = "proto2"; package two.v2; enum E { A = 1; B = 2; } message M {'
        " required string name = 1; optional E e = 2; repeated E es = 3; optional int32 n = 4 [default = 5];"
        " optional group Data = 5 { optional int32 x = 1; } repeated group Item = 6 { optional M m = 1; } }",
        "two_v2.proto",
    )
    cls = contract.google("two.v2.M")
    codec: Codec[Any] = codec_for(cls)
    document = '{"name":"","e":"B","es":["A"],"data":{"x":1},"item":[{"m":{"name":"a","es":[],"item":[]}}]}'
    message = codec.decode(document)
    assert codec.encode(message).decode() == document
    assert json_format.MessageToDict(message) == json_format.MessageToDict(json_format.Parse(document, cls()))
    assert failure(codec, '{"name":"","e":3}') == ("$.e", "the closed enum two.v2.E does not know the number")
    assert failure(codec, '{"item":[]}') == ("$.name", "the required member is missing")
    with pytest.raises(CodecError, match=r"the required member is not set at \$\.item\[0\]\.m\.name"):
        codec.encode(cls(name="a", item=[{"m": {"n": 1}}]))
    with pytest.raises(CodecError, match=r"expected a str, found bytes at \$\.name"):
        codec.encode(BACKEND.parse(cls, b"\x0a\x01\xff"))


def test_an_empty_any_and_anys_within_anys() -> None:
    cls = everything().google(EVERYTHING)
    codec: Codec[Any] = codec_for(cls, JsonProfile(defaults=Defaults.OMIT))
    message = codec.decode('{"any":{},"anys":[{}]}')
    assert message.HasField("any")
    assert codec.encode(message).decode() == '{"any":{},"anys":[{}]}'
    document = (
        '{"any":{"@type":"x/google.protobuf.Any","value":{"@type":"x/google.protobuf.Duration","value":"1.500s"}}}'
    )
    assert codec.encode(codec.decode(document)).decode() == document
    assert same(google_parse(cls(), document), codec.decode(document))


def test_required_members_and_redaction_hold() -> None:
    contract = rules()
    for name, document in [
        ("Request", '{"sku":"a"}'),
        ("Request", '{"sku":null}'),
        ("Needy", '{"value":null,"null":null,"items":{"a":{}}}'),
        ("Secret", '{"tokens":{"hidden":true}}'),
        ("Secret", '{"box":{"byName":{"hidden":true},"hidden":1}}'),
        ("Secret", '{"data":{"hidden":"\\ud800"}}'),
    ]:
        ours = failure(codec_for(contract.google(f"rules.v1.{name}")), document)
        assert ours == failure(codec_for(contract.cls(f"rules.v1.{name}")), document)
        assert ours is not None
        assert "hidden" not in ours[0]
    cls = contract.google("rules.v1.Request")
    with pytest.raises(CodecError, match=r"the required member is not set at \$\.since"):
        codec_for(cls).encode(cls(sku="a"))


def test_nesting_ends_where_it_does_for_the_default_backend() -> None:
    cls = everything().google("every.v1.Node")
    codec: Codec[Any] = codec_for(cls)
    deepest = '{"child":' * (MAX_DEPTH - 1) + "{}" + "}" * (MAX_DEPTH - 1)
    message = codec.decode(deepest)
    assert codec.decode(codec.encode(message)) == message
    assert failure(codec, '{"child":' + deepest + "}") is not None
    with pytest.raises(CodecError, match="100 deep"):
        codec.encode(cls(child=message))


def test_requests_carry_their_caller() -> None:
    codec: Codec[Any] = codec_for(orders().google("shop.v1.Order"))
    request = codec.decode_request('{"orderId":"a","_caller_worker_id":"w1"}')
    assert (request.message.order_id, request.caller_worker_id) == ("a", "w1")


def test_google_s_own_generated_classes_work() -> None:
    codec = codec_for(type_pb2.Type, JsonProfile(defaults=Defaults.OMIT))
    message = type_pb2.Type(name="a", syntax=type_pb2.SYNTAX_EDITIONS)
    message.options.add(name="o").value.Pack(duration_pb2.Duration(seconds=3))
    printed = codec.encode(message)
    assert json_format.Parse(printed, type_pb2.Type()) == message
    assert codec.decode(printed) == message
