"""A third message library behind the seam: one small module, and every check and both paths work for it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from iii_bridge.contract.json_text import parse_json
from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from tests.contract_layer.contracts import everything, orders
from tests.contract_layer.dynamic import Contract
from tests.contract_layer.plain_backend import PlainMessage, plain_class
from tests.contract_layer.random_messages import Randomizer
from tests.contract_layer.test_google_messages import compiled, failure
from tests.contract_layer.test_protojson import PROFILES, google_json, google_parse, same
from tests.contract_layer.test_slow_decode import REFUSED


def plain(contract: Contract, full_name: str) -> type[Any]:
    return plain_class(contract.pool.FindMessageTypeByName(full_name))


def fields(message: Any) -> Any:
    """A message as comparable values."""
    if isinstance(message, PlainMessage):
        return {name: fields(getattr(message, name)) for name in type(message).__slots__}
    if isinstance(message, dict):
        return {key: fields(value) for key, value in message.items()}
    return [fields(item) for item in message] if isinstance(message, list) else repr(message)


@pytest.mark.parametrize("name", ["every.v1.Everything", "every.v1.Node"])
def test_random_messages_agree_with_the_reference(name: str) -> None:
    contract = everything()
    theirs = contract.google(name)
    chance = random.Random(11)
    randomizer = Randomizer(11, fill=0.15 if "Every" in name else 0.5)
    for _ in range(150):
        expected = randomizer.message(theirs)
        codec: Codec[Any] = codec_for(plain(contract, name), chance.choice(PROFILES))
        message = codec.decode(google_json(expected, chance))
        printed = codec.encode(message)
        assert same(google_parse(theirs(), printed), expected), printed
        decoded = compiled(codec, printed)
        assert decoded is None or fields(decoded) == fields(codec._exact(parse_json(printed)))


def test_ordinary_messages_take_the_compiled_path() -> None:
    contract = orders()
    codec: Codec[Any] = codec_for(plain(contract, "shop.v1.Order"))
    document = b'{"orderId":"a","lines":[{"sku":"b","price":{"units":"5"}}],"placedAt":"2026-11-25T00:00:00Z"}'
    message = compiled(codec, document)
    assert message.placed_at == 1795564800_000_000_000
    assert message.lines[0].price.units == 5
    assert codec._fast_encoder.encode(message) == codec.encode(codec.decode(document))


def test_refusals_are_those_of_the_default_backend() -> None:
    contract = everything()
    ours: Codec[Any] = codec_for(plain(contract, "every.v1.Everything"))
    theirs: Codec[Any] = codec_for(contract.cls("every.v1.Everything"))
    for document, _, _ in REFUSED:
        assert failure(ours, document) == failure(theirs, document), document


def test_wrong_values_in_fields_are_refused() -> None:
    cls = plain(orders(), "shop.v1.Order")
    for attribute, value, path in [("order_id", 5, "$.orderId"), ("lines", [None], "$.lines[0]"), ("status", "x", "$")]:
        message = cls()
        setattr(message, attribute, value)
        with pytest.raises(CodecError) as caught:
            codec_for(cls).encode(message)
        assert caught.value.path.startswith(path)
