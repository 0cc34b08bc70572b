"""The exact reader of JSON text."""

from __future__ import annotations

import pytest

from iii_bridge.contract.json_text import (
    MAX_DEPTH,
    Members,
    Number,
    check_ignored,
    check_text,
    has_duplicates,
    items_of,
    kind_of,
    parse_json,
)
from iii_bridge.contract.problems import CodecError, Path


def test_nothing_is_rounded_and_nothing_is_lost() -> None:
    value = parse_json(b'{"a":1.10,"a":1e400,"b":[9007199254740993,-0.0,true,null,"x"]}')
    assert isinstance(value, Members)
    assert value == [("a", "1.10"), ("a", "1e400"), ("b", [9007199254740993, "-0.0", True, None, "x"])]
    assert isinstance(value[0][1], Number)
    assert isinstance(parse_json(b"1" * 5000), Number)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "not valid JSON"),
        (b"{]", "character 1"),
        (b"[1,]", "not valid JSON"),
        (b"NaN", "write NaN and Infinity as strings"),
        (b'"\x01"', "not valid JSON"),
        (b'"\xff"', "not valid UTF-8"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused_at_the_root(text: bytes, problem: str) -> None:
    with pytest.raises(CodecError, match=problem) as caught:
        parse_json(text)
    assert caught.value.path == "$"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        (b'{"a":1,"b":{"a":1}}', False),
        (b'{"a":1,"a":1}', True),
        (b'[{"b":[{"a":1,"\\u0061":1}]}]', True),
        (b'{"a":"{\\"a\\":1,\\"a\\":1}"}', False),
        (b'{"x":1.5,"y":' + b"1" * 5000 + b"}", False),
    ],
)
def test_duplicates_are_found_at_any_depth(text: bytes, twice: bool) -> None:
    assert has_duplicates(text) is twice


def test_ignored_values_are_checked_too() -> None:
    path = Path().member("x")
    check_ignored(parse_json('{"a":[1,{"b":"grüße"}]}'.encode()), path)
    for text, place in [(b'{"a":{"b":1,"b":2}}', "$.x.a.b"), (b'["\\ud800"]', "$.x[0]"), (b'{"\\ud800":1}', "$.x")]:
        with pytest.raises(CodecError) as caught:
            check_ignored(parse_json(text), path)
        assert caught.value.path == place
    with pytest.raises(CodecError, match="nested more than"):
        check_ignored(parse_json(b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2)), path)


def test_half_a_surrogate_pair_has_no_utf8() -> None:
    check_text("😀", Path())
    with pytest.raises(CodecError, match="surrogate"):
        check_text("\ud83d", Path())


def test_kinds_of_values() -> None:
    value = parse_json(b'[{},[],1,1.5,"1.5",null]')
    kinds = ["an object", "an array", "a number", "a number", "a string", "null"]
    assert [kind_of(item) for item in value] == kinds
    assert [items_of(item) for item in value] == [None, [], None, None, None, None]
