"""Maps of enum values in binary, where another map follows in the message."""

from __future__ import annotations

import pytest

from iii_bridge.contract.backend import backend_of
from tests.contract_layer.dynamic import compile_proto

TEXT = """
syntax = "proto3";
package enum_maps.v1;
enum Size { SIZE_UNSPECIFIED = 0; SIZE_LARGE = 1; }
message Inner { map<bool, Size> by_bool = 1; map<bool, string> texts = 2; }
message Outer {
  map<string, Size> by_string = 1;
  map<int64, Size> by_int64 = 2;
  map<string, Inner> inner = 3;
  repeated Outer outer = 4;
}
"""


@pytest.mark.parametrize(
    "message",
    [
        {"by_string": {"a": 1, "b": 0, "": 7}},
        {"by_int64": {-1: 1, 0: 0}},
        {"inner": {"a": {"by_bool": {True: 1, False: 0}, "texts": {True: "t"}}}},
        {"outer": [{"by_string": {"": 0}, "inner": {"": {"by_bool": {False: 0}}}}]},
    ],
)
def test_each_map_has_its_own_zero(message: dict[str, object]) -> None:
    contract = compile_proto(TEXT, "enum_maps.proto")
    data = contract.google("enum_maps.v1.Outer")(**message).SerializeToString(deterministic=True)
    cls = contract.cls("enum_maps.v1.Outer")
    backend = backend_of(cls)
    again = backend.serialize(backend.parse(cls, data))
    assert contract.google("enum_maps.v1.Outer").FromString(again).SerializeToString(deterministic=True) == data
