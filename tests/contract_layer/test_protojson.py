"""The codec against google's json_format on random messages, and its two paths against one another."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest
from google.protobuf import json_format

from iii_bridge.contract.json_text import parse_json
from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names
from tests.contract_layer.contracts import everything, orders
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
        decoded = codec._fast_decoder.decode(printed)[0]
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
