"""The codec against google's json_format on random messages, and its two paths against one another."""

from __future__ import annotations

import concurrent.futures
import datetime
import itertools
import json
import random
import threading
from typing import Any

import betterproto2
import msgspec
import pytest
from google.protobuf import json_format

from iii_bridge.abi import v1 as abi
from iii_bridge.contract import compile_decode
from iii_bridge.contract.json_text import parse_json
from iii_bridge.contract.protojson import Codec, CodecError, DecodedRequest, codec_for
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names, UnknownMembers
from tests.contract_layer.contracts import everything, orders
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_messages import Randomizer

PROFILES = [JsonProfile(*axes) for axes in itertools.product(Names, Int64, Enums, Defaults)]


def same(left: Any, right: Any) -> bool:
    """Whether two of google's messages are equal, NaN included; maps inside an Any have no fixed order in bytes."""
    if left.SerializeToString(deterministic=True) == right.SerializeToString(deterministic=True):
        return True
    pool = left.DESCRIPTOR.file.pool
    texts = [json.dumps(json_format.MessageToDict(m, descriptor_pool=pool), sort_keys=True) for m in (left, right)]
    return texts[0] == texts[1]


def google_parse(message: Any, text: str | bytes, ignore_unknown: bool = False) -> Any:
    pool = message.DESCRIPTOR.file.pool
    return json_format.Parse(text, message, ignore_unknown_fields=ignore_unknown, descriptor_pool=pool)


def google_json(message: Any, random_: random.Random) -> str:
    return json_format.MessageToJson(
        message,
        descriptor_pool=message.DESCRIPTOR.file.pool,
        always_print_fields_with_no_presence=random_.random() < 0.5,
        preserving_proto_field_name=random_.random() < 0.5,
        use_integers_for_enums=random_.random() < 0.5,
        indent=random_.choice((None, 2)),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["every.v1.Everything", "every.v1.Node", "every.v1.Ping"])
def test_random_messages_agree_with_the_reference(name: str, seed: int) -> None:
    contract = everything()
    ours, theirs = contract.cls(name), contract.google(name)
    anys = (contract.google("every.v1.Small"), contract.google("every.v1.Node"))
    chance = random.Random(seed)
    randomizer = Randomizer(seed, fill=0.15 if "Every" in name else 0.5, anys=anys)
    for _ in range(150):
        expected = randomizer.message(theirs)
        profile = chance.choice(PROFILES)
        codec = codec_for(ours, profile)
        message = codec.decode(google_json(expected, chance))
        printed = codec.encode(message)
        again = google_parse(theirs(), printed)
        assert same(again, expected), printed
        assert codec.encode(codec.decode(printed)) == printed
        check_the_paths_agree(codec, message, printed)


def test_random_orders_agree_with_the_reference_and_never_need_the_exact_path() -> None:
    contract = orders()
    ours, theirs = contract.cls("shop.v1.Order"), contract.google("shop.v1.Order")
    randomizer = Randomizer(7, fill=0.8, special=0.0)
    codec = codec_for(ours, JsonProfile(defaults=Defaults.OMIT))
    fast = 0
    for _ in range(1000):
        expected = randomizer.message(theirs)
        printed = json_format.MessageToJson(expected, indent=None).encode()
        message = codec.decode(printed)
        assert same(google_parse(theirs(), codec.encode(message)), expected)
        fast += check_the_paths_agree(codec, message, printed)
    assert fast > 300, "unknown enum numbers apart, ordinary documents take the compiled path"


def check_the_paths_agree(codec: Codec[Any], message: Any, printed: bytes) -> bool:
    """Whether the compiled paths took it; where they did, they made what the exact ones make."""
    exact = codec._exact(parse_json(printed))
    tree = codec._exact_tree(message)
    decoded = encoded = None
    try:
        decoded = codec._fast_decoder.decode(printed, codec._unknown)
    except Exception:
        decoded = None
    else:
        assert repr(decoded) == repr(exact)
        assert type(decoded) is type(exact)
        assert vars(decoded).keys() == vars(exact).keys()
    try:
        encoded = codec._fast_encoder.encode(message)
    except Exception:
        encoded = None
    else:
        assert encoded == codec.encode(exact)
        assert list(parse_json(encoded)) == list(parse_json(codec.encode(message)))
        assert tree is not None
    return decoded is not None and encoded is not None


def check_the_decoders_agree(codec: Codec[Any], text: str) -> None:
    """What the compiled decoder takes, the exact one takes too, for the same message."""
    try:
        data = text.encode()
        message = codec._fast_decoder.decode(data, codec._unknown)
    except compile_decode.FAILURES:
        return
    assert repr(codec._exact(parse_json(data))) == repr(message)


def spell(value: Any, chance: random.Random, twice: list[int]) -> str:
    """JSON text with white space anywhere; the member at which the countdown in `twice` ends is written twice."""
    gap = chance.choice(("", "", " ", "\n", "\t ", "\r\n"))
    if isinstance(value, list):
        return "[" + ",".join(gap + spell(item, chance, twice) + gap for item in value) + "]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=chance.random() < 0.5)
    members: list[str] = []
    for name, member in value.items():
        text = f"{gap}{json.dumps(name)}{gap}:{gap}{spell(member, chance, twice)}{gap}"
        twice[0] -= 1
        members += [text, text] if twice[0] == 0 else [text]
    chance.shuffle(members)
    return "{" + ",".join(members) + "}"


def members_of(value: Any) -> int:
    """How many members there are at any depth."""
    if isinstance(value, dict):
        return len(value) + sum(map(members_of, value.values()))
    return sum(map(members_of, value)) if isinstance(value, list) else 0


@pytest.mark.parametrize("name", ["every.v1.Everything", "shop.v1.Order"])
def test_no_member_written_twice_is_ever_missed_and_none_is_imagined(name: str) -> None:
    contract = everything() if name.startswith("every") else orders()
    codec = codec_for(contract.cls(name))
    anys = (everything().google("every.v1.Small"),)
    randomizer = Randomizer(11, fill=0.08 if name.startswith("every") else 0.8, anys=anys if len(name) > 15 else ())
    chance = random.Random(11)
    for _ in range(700):
        message = randomizer.message(contract.google(name))
        tree = json.loads(google_json(message, chance))
        total = members_of(tree)
        twice = chance.randint(1, total) if total and chance.random() < 0.5 else 0
        _, refusal = outcome(codec, spell(tree, chance, [twice]))
        assert (refusal is not None) is (twice > 0), (refusal, tree)
        assert refusal is None or "occurs twice" in refusal.problem


def mutate(text: str, chance: random.Random) -> str:
    """A document with one thing about it changed."""
    tokens = [
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "1e3",
        "1.5",
        "-0",
        "1e999",
        '"x"',
        '"1"',
        '"1.0"',
        "\\ud800",
    ]
    position = chance.randrange(len(text) + 1)
    match chance.randrange(4):
        case 0:
            return text[:position] + text[position + 1 :]
        case 1:
            return text[:position] + chance.choice(tokens) + text[position:]
        case 2:
            values = [
                "null",
                "true",
                "0",
                "-1",
                "1.5",
                "1e2",
                '"NaN"',
                '"-5"',
                "[]",
                "{}",
                "[null]",
                '""',
                '"AA"',
                "99999999999",
            ]
            start = text.find(":", position)
            end = min((i for i in (text.find(",", start + 1), text.find("}", start + 1)) if i > 0), default=-1)
            return text if start < 0 or end < 0 else text[: start + 1] + chance.choice(values) + text[end:]
        case _:
            other = chance.randrange(len(text) + 1)
            return text[:position] + text[min(position, other) : max(position, other)] + text[position:]


# Where json_format of Python differs from ProtoJSON; what is right is decided by our own tables.
REFERENCE_ACCEPTS = (
    "base64",  # it skips over what is not base64
    "the enum every.v1.Color does not know the name",  # it takes numbers as strings, and skips names it does not know
    "found a boolean",  # it takes float(True), and True for an enum
    "expected an integer, found a number with a fraction",  # for enums it takes int(1.5)
    "expected an integer, found a string that is no decimal number",  # it takes int("007")
    "expected null",  # it takes any number and boolean for NullValue
    "RFC 3339",  # it takes what strptime takes
    "no duration",
    "out of range for int32",  # of an enum number
)
REFERENCE_REFUSES = (
    "Float value too large",  # it refuses the 3.4028235e+38 it prints
    "has no attribute 'null_value'",  # it fails on null for a list of Value
)


def outcome(codec: Codec[Any], text: str) -> tuple[Any, CodecError | None]:
    try:
        return codec.decode(text), None
    except CodecError as error:
        return None, error


@pytest.mark.parametrize("seed", range(3))
def test_damaged_documents_are_refused_with_a_path_wherever_the_reference_refuses(seed: int) -> None:
    contract = everything()
    name = "every.v1.Everything"
    theirs = contract.google(name)
    codec = codec_for(contract.cls(name))
    chance = random.Random(seed)
    randomizer = Randomizer(seed, fill=0.04, anys=(contract.google("every.v1.Small"),))
    outcomes = {"both": 0, "neither": 0, "ours only": 0}
    for _ in range(1000):
        text = mutate(google_json(randomizer.message(theirs), chance), chance)
        expected, reason = None, ""
        try:
            expected = google_parse(theirs(), text, ignore_unknown=True)
        except (json_format.ParseError, ValueError, OverflowError, RecursionError) as error:
            reason = str(error)
        check_the_decoders_agree(codec, text)
        message, refusal = outcome(codec, text)
        if refusal is not None:
            assert refusal.path.startswith("$")
            assert expected is None or any(reason in refusal.problem for reason in REFERENCE_ACCEPTS), (refusal, text)
            outcomes["neither" if expected is None else "ours only"] += 1
            continue
        if expected is None:
            assert any(known in reason for known in REFERENCE_REFUSES), (reason, text)
            continue
        outcomes["both"] += 1
        assert same(google_parse(theirs(), codec.encode(message)), expected), text
    assert min(outcomes["both"], outcomes["neither"]) > 100, outcomes


CALLER = "8d3f6f3e-0000-4000-8000-000000000000"


@pytest.mark.parametrize("unknown", list(UnknownMembers))
def test_the_callers_id_is_taken_out_under_every_policy(unknown: UnknownMembers) -> None:
    cls = orders().cls("shop.v1.Order")
    codec = Codec(cls, JsonProfile(), unknown)
    for document in (
        f'{{"_caller_worker_id":"{CALLER}","orderId":"a"}}',
        f'{{"order_id":"a","_caller_worker_id":"{CALLER}"}}',  # the exact path
        f'{{"orderId":"a", "_caller_worker_id" : "{CALLER}"}}',
    ):
        assert codec.decode_request(document) == DecodedRequest(cls(order_id="a"), CALLER)
    assert codec.decode_request('{"orderId":"a"}') == DecodedRequest(cls(order_id="a"), None)
    assert codec.unknown_counts == {}


def test_a_caller_that_is_no_string_is_dropped_and_two_are_refused() -> None:
    codec = codec_for(orders().cls("shop.v1.Order"))
    for value in ("null", "5", "{}"):
        assert codec.decode_request(f'{{"_caller_worker_id":{value}}}').caller_worker_id is None
    with pytest.raises(CodecError) as caught:
        codec.decode_request('{"_caller_worker_id":"a","_caller_worker_id":"b"}')
    assert caught.value.path == "$._caller_worker_id"


def test_a_response_has_no_caller_and_nothing_below_the_root_has() -> None:
    codec = codec_for(orders().cls("shop.v1.Order"), unknown=UnknownMembers.REJECT)
    with pytest.raises(CodecError, match=r"does not know the member at \$._caller_worker_id"):
        codec.decode('{"_caller_worker_id":"a"}')
    with pytest.raises(CodecError, match=r"at \$.lines\[0\]._caller_worker_id"):
        codec.decode_request('{"lines":[{"_caller_worker_id":"a"}]}')


def test_a_request_of_no_object_is_refused_at_the_root() -> None:
    codec = codec_for(orders().cls("shop.v1.Order"))
    for document in ("null", "[]", '"a"'):
        with pytest.raises(CodecError, match=r"expected an object, found .* at \$$"):
            codec.decode_request(document)


def test_text_bytes_and_undecoded_frames_are_read_alike() -> None:
    cls = orders().cls("shop.v1.Order")
    codec = codec_for(cls)
    frame = '{"data":{"orderId":"gr\u00fc\u00dfe"},"x":1}'
    data = msgspec.json.decode(frame, type=dict[str, msgspec.Raw])["data"]
    text = bytes(data).decode()
    for spelled in (data, text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        assert codec.decode(spelled) == cls(order_id="grüße")  # type: ignore[arg-type] -- more than is promised


def test_any_message_may_be_the_root() -> None:
    moment = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    for message, text in [
        (abi.Timestamp.from_wrapped(moment), b'"2024-01-01T00:00:00Z"'),
        (abi.Duration(seconds=-1), b'"-1s"'),
        (abi.Int64Value(value=5), b'"5"'),
        (abi.FieldMask(paths=["a_b"]), b'"aB"'),
        (abi.Struct.from_dict({"a": None}), b'{"a":null}'),
        (abi.ListValue.from_python([True]), b"[true]"),
        (abi.Value.from_python(None), b"null"),
        (abi.Empty(), b"{}"),
    ]:
        codec = codec_for(type(message))
        assert codec.encode(message) == text
        assert codec.decode(text) == message


def test_a_root_that_python_cannot_write_is_refused() -> None:
    with pytest.raises(CodecError, match="years 1 to 9999"):
        codec_for(abi.Timestamp).encode(abi.Timestamp(seconds=2**60))


def test_classes_that_are_no_messages_are_refused() -> None:
    with pytest.raises(TypeError, match="is not a generated message class"):
        codec_for(abi.NullValue)
    with pytest.raises(TypeError, match="is not a generated message class"):
        codec_for(int)
    with pytest.raises(KeyError):
        codec_for(type("Unregistered", (betterproto2.Message,), {}))


def test_decoded_lists_and_maps_are_not_shared() -> None:
    codec = codec_for(orders().cls("shop.v1.Order"))
    first, second = codec.decode("{}"), codec.decode("{}")
    first.lines.append(None)
    first.labels["a"] = "b"
    assert (second.lines, second.labels) == ([], {})


def test_a_decoded_message_is_a_whole_one() -> None:
    cls = everything().cls("every.v1.Everything")
    message = codec_for(cls).decode("{}")
    assert message == cls()
    assert vars(message).keys() == vars(cls()).keys()
    assert bytes(message) == b""


def test_one_codec_serves_many_threads_from_the_first_message_on() -> None:
    contract = compile_proto(
        'syntax = "proto3"; package threads.v1;'
        "message A { B b = 1; string text = 2; } message B { repeated A a = 1; C c = 2; } message C { int64 n = 1; }",
        "threads.proto",
    )
    names = ["threads.v1.A", "threads.v1.B", "threads.v1.C"] * 4
    together = threading.Barrier(len(names))

    def use(name: str) -> bool:
        codec = codec_for(contract.cls(name))
        together.wait(timeout=30)
        return codec.decode(codec.encode(codec.message_type())) == codec.message_type()

    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        assert all(pool.map(use, names))
