"""Texts, docstrings and bytes read back as what they were."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from iii_codegen.emit.python.literal import bytes_lines, docstring, literal, text

TEXTS = st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("\"\\'\n\t\x00\r")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


@given(st.text())
@example("\ud800")
def test_text(value: str) -> None:
    source = text(value)
    assert ast.literal_eval(source) == value
    assert "\n" not in source
    assert source.isprintable()


@given(JSON)
def test_literal(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_literal_tuples() -> None:
    assert [literal(value) for value in ((), ("a",), ("a", 1))] == ["()", '("a",)', '("a", 1)']


@given(TEXTS)
@example('"')
@example('"""')
@example('""""')
@example("\\")
@example('\\"')
@example('a"\n"""\n"')
@example("\\N{x}")
def test_docstring(comment: str) -> None:
    lines = docstring(comment)
    if not comment.strip():
        assert lines == []
        return
    source = "\n".join(lines)
    assert ast.literal_eval(source).rstrip("\n") == comment.rstrip("\n")


@given(st.binary(max_size=300))
def test_bytes(data: bytes) -> None:
    lines = bytes_lines(data)
    assert b"".join(ast.literal_eval(line) for line in lines) == data
    assert all(len(line) <= 110 and line.isascii() for line in lines)
