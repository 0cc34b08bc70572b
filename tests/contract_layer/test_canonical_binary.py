"""Binary that goes through google's parser before betterproto2 sees it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.canonical_binary import canonical_binary
from iii_bridge.contract.registry import file_named
from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.random_messages import Randomizer

EVERYTHING = "every.v1.Everything"


def test_messages_come_back_with_what_nobody_knows() -> None:
    contract = everything()
    cls, theirs = contract.cls(EVERYTHING), contract.google(EVERYTHING)
    randomizer = Randomizer(5, fill=0.2)
    for _ in range(50):
        message = randomizer.message(theirs)
        data: bytes = message.SerializeToString(deterministic=True)
        assert theirs.FromString(canonical_binary(cls, data)) == message or message != message
    assert canonical_binary(cls, b"\xf8\x3f\x01") == b"\xf8\x3f\x01"  # a field with the number 1023


@pytest.mark.parametrize(
    "data",
    [b"\x08", b"\x00\x01", b"\x72\x05ab", b"\x72\x01\xff", b"\x0b\x08\x01", b"\x0e", b"\x9a\x01\x05\x08"],
    ids=["torn number", "field zero", "torn text", "no text", "open group", "wire type 6", "torn message"],
)
def test_broken_bytes_are_refused(data: bytes) -> None:
    cls = everything().cls(EVERYTHING)
    with pytest.raises(ValueError, match="the bytes are not a message of the type"):
        canonical_binary(cls, data)
    with pytest.raises(ValueError, match="the bytes are not a message of the type"):
        backend_of(cls).parse(cls, data)


def test_of_a_oneof_the_last_counts_and_messages_are_merged() -> None:
    contract = orders()
    cls = contract.cls("shop.v1.Order")
    parse = backend_of(cls).parse
    order = parse(cls, b"\x72\x01a\x7a\x01b")
    assert (order.card_token, order.invoice_number) == (None, "b")
    line = contract.cls("shop.v1.Line")
    merged: Any = parse(line, b"\x1a\x02\x10\x05\x1a\x02\x18\x07")
    assert (merged.price.units, merged.price.nanos) == (5, 7)


def test_files_that_only_options_need_are_left_out() -> None:
    cls = rules().cls("rules.v1.Item")
    assert canonical_binary(cls, b"\x08\x01") == b"\x08\x01"
    with pytest.raises(KeyError):
        file_named("google/api/field_behavior.proto")


def test_maps_are_written_in_one_order() -> None:
    cls = orders().cls("shop.v1.Order")
    entries = [b"\x42\x06\x0a\x01%c\x12\x01x" % letter for letter in b"abcdefgh"]
    random.Random(1).shuffle(entries)
    assert canonical_binary(cls, b"".join(entries)) == b"".join(sorted(entries))
