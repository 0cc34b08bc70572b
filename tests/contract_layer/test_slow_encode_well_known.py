"""The exact writers of FieldMask, Struct, Value, ListValue and Any."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.abi import v1 as abi
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import root_element
from iii_bridge.contract.problems import CodecError, Path
from iii_bridge.contract.slow_encode import writer_of
from iii_bridge.contract.spec import Enums, Int64, JsonProfile, Names
from tests.contract_layer.contracts import everything

VALUE: Any = {"a": [None, True, 1.5, "x", {"b": []}]}


def write(value: Any, profile: JsonProfile | None = None) -> Any:
    """The JSON value of a well-known message."""
    cls = type(value)
    return writer_of(root_element(cls), backend_of(cls), profile or JsonProfile())(value, Path(), 0)


def test_values_are_what_they_are_in_python() -> None:
    assert write(abi.Value.from_python(VALUE)) == VALUE
    assert write(abi.Struct.from_dict(VALUE)) == VALUE
    assert write(abi.ListValue.from_python([VALUE])) == [VALUE]
    assert write(abi.FieldMask(paths=["a_b.c", "d"])) == "aB.c,d"
    assert write(abi.FieldMask()) == ""


def test_values_end_at_the_limit() -> None:
    value = abi.Value.from_python(1)
    for _ in range(MAX_DEPTH):
        value = abi.Value(list_value=abi.ListValue(values=[value]))
    write(value)
    with pytest.raises(CodecError, match="100 deep"):
        write(abi.ListValue(values=[value]))


def test_an_any_is_spelled_like_everything_around_it() -> None:
    profile = JsonProfile(names=Names.PROTO, int64=Int64.NUMBER, enums=Enums.NUMBER)
    message = everything().cls("every.v1.Everything")(an_int64=5, a_color=1)
    written = write(abi.Any.pack(message), profile)
    assert (written["an_int64"], written["a_color"]) == (5, 1)
    assert write(abi.Any()) == {}
