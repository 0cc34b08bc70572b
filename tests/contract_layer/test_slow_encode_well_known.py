"""The exact writers of FieldMask, Struct, Value, ListValue and Any."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.abi import v0 as abi
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import Element, Shape
from iii_bridge.contract.problems import CodecError, Path
from iii_bridge.contract.slow_encode import writer_of
from iii_bridge.contract.slow_encode_well_known import write_list, write_mask, write_struct, write_value
from iii_bridge.contract.spec import Enums, Int64, JsonProfile, Names
from tests.contract_layer.contracts import everything

VALUE: Any = {"a": [None, True, 1.5, "x", {"b": []}]}


def test_values_are_what_they_are_in_python() -> None:
    place = Path()
    assert write_value(abi.Value.from_python(VALUE), place, 0) == VALUE
    assert write_struct(abi.Struct.from_dict(VALUE), place, 0) == VALUE
    assert write_list(abi.ListValue.from_python([VALUE]), place, 0) == [VALUE]
    assert write_mask(abi.FieldMask(paths=["a_b.c", "d"]), place, 0) == "aB.c,d"
    assert write_mask(abi.FieldMask(), place, 0) == ""


def test_values_end_at_the_limit() -> None:
    value = abi.Value.from_python(1)
    for _ in range(MAX_DEPTH):
        value = abi.Value(list_value=abi.ListValue(values=[value]))
    write_value(value, Path(), 0)
    with pytest.raises(CodecError, match="100 deep"):
        write_list(abi.ListValue(values=[value]), Path(), 0)


def test_an_any_is_spelled_like_everything_around_it() -> None:
    profile = JsonProfile(names=Names.PROTO, int64=Int64.NUMBER, enums=Enums.NUMBER)
    write = writer_of(Element(Shape.ANY), profile)
    message = everything().cls("every.v1.Everything")(an_int64=5, a_color=1)
    written = write(abi.Any.pack(message), Path(), 0)
    assert (written["an_int64"], written["a_color"]) == (5, 1)
    assert write(abi.Any(), Path(), 0) == {}
