"""The small writers of the exact encoder."""

from __future__ import annotations

import pytest

from iii_bridge.contract import scalars
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import Shape
from iii_bridge.contract.problems import CodecError, Path, Problem
from iii_bridge.contract.writers import check_depth, list_writer, map_writer, scalar_writer, write_null

text = scalar_writer(scalars.write_string)


def test_lists_and_maps_give_every_value_its_place() -> None:
    place = Path().member("x")
    assert list_writer(text)(("a", "b"), place, 0) == ["a", "b"]
    for write, value, path in [
        (list_writer(text), ["a", 1], "$.x[1]"),
        (map_writer(Shape.STRING, text), {"k": 1}, '$.x["k"]'),
        (map_writer(Shape.STRING, text), {object: "a"}, '$.x["type"]'),
        (map_writer(Shape.UINT64, text), {-1: "a"}, '$.x["-1"]'),
        (list_writer(list_writer(text)), [["a"], "b"], "$.x[1]"),
    ]:
        with pytest.raises(CodecError) as caught:
            write(value, place, 0)
        assert caught.value.path == path


def test_keys_are_text() -> None:
    place = Path()
    assert map_writer(Shape.BOOL, text)({True: "a", False: "b"}, place, 0) == {"true": "a", "false": "b"}
    assert map_writer(Shape.INT64, text)({-(2**63): "a"}, place, 0) == {"-9223372036854775808": "a"}


def test_null_is_only_null() -> None:
    assert write_null(0) is None
    for wrong in (1, False, None, "0"):
        with pytest.raises(Problem):
            write_null(wrong)


def test_the_limit_is_a_hundred() -> None:
    check_depth(Path(), MAX_DEPTH - 1)
    with pytest.raises(CodecError, match="100 deep"):
        check_depth(Path(), MAX_DEPTH)
