"""The exact readers of Struct, Value, ListValue and Any."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iii_bridge.abi import v1 as abi
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.json_text import MAX_DEPTH, parse_json
from iii_bridge.contract.plan import root_element
from iii_bridge.contract.problems import CodecError, Path
from iii_bridge.contract.protojson import Codec, codec_for
from iii_bridge.contract.slow_decode import reader_of
from iii_bridge.contract.spec import JsonProfile, UnknownMembers
from iii_bridge.contract.unknown import UnknownLog
from tests.contract_layer.contracts import everything

LOG = UnknownLog("test", UnknownMembers.REJECT)


def read(cls: type, text: str) -> Any:
    """A document of a well-known type, as a field holds it."""
    return reader_of(root_element(cls), backend_of(cls))(parse_json(text.encode()), Path(), 0, LOG)


@pytest.mark.parametrize("text", ["null", "true", "1.5e3", "-7", '"NaN"', '"😀"', "[]", "{}", '[{"a":[null,{}]}]'])
def test_any_json_is_a_value(text: str) -> None:
    assert read(abi.Value, text) == abi.Value.from_python(json.loads(text))


def test_objects_and_arrays_are_told_apart() -> None:
    assert read(abi.Struct, '{"a":1}') == abi.Struct.from_dict({"a": 1})
    assert read(abi.ListValue, "[1]") == abi.ListValue.from_python([1])
    for cls, text in [(abi.Struct, "[]"), (abi.ListValue, "{}"), (abi.Any, "[]"), (abi.Struct, "null")]:
        with pytest.raises(CodecError, match="expected an"):
            read(cls, text)


def test_an_any_may_come_in_any_order_and_hold_any_message() -> None:
    small = everything().cls("every.v1.Small")
    for text in (
        '{"@type":"example.org/every.v1.Small","number":5}',
        '{"number":5,"@type":"example.org/every.v1.Small"}',
    ):
        packed = read(abi.Any, text)
        assert packed.type_url == "example.org/every.v1.Small"
        assert packed.unpack() == small(number=5)
    assert read(abi.Any, "{}") == abi.Any()


def test_unknown_members_of_an_any_follow_the_policy() -> None:
    cls = everything().cls("every.v1.Everything")
    documents = {
        '{"any":{"@type":"a.b/every.v1.Small","colour":1}}': "$.any.colour",
        '{"any":{"@type":"a.b/google.protobuf.Duration","value":"1s","colour":1}}': "$.any.colour",
    }
    for document, path in documents.items():
        ignoring: Codec[Any] = Codec(cls, JsonProfile(), UnknownMembers.IGNORE)
        assert ignoring.decode(document).any is not None
        assert ignoring.unknown_counts == {path: 1}
        with pytest.raises(CodecError) as caught:
            codec_for(cls, unknown=UnknownMembers.REJECT).decode(document)
        assert caught.value.path == path


def test_anys_within_one_another_end_at_the_limit() -> None:
    cls = everything().cls("every.v1.Everything")
    document: Any = {"@type": "a.b/every.v1.Small"}
    for _ in range(MAX_DEPTH):
        document = {"@type": "a.b/google.protobuf.Any", "value": document}
    with pytest.raises(CodecError, match="100 deep"):
        codec_for(cls).decode(json.dumps({"any": document}))
    codec_for(cls).decode(json.dumps({"any": document["value"]["value"]["value"]}))
