"""Literals, read back by the rules of Rust."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from iii_codegen.emit.rust.literal import byte_string, option, text


def read_bytes(literal: str) -> bytes:
    assert literal.startswith('b"')
    assert literal.endswith('"')
    joined = re.sub(r"\\\n\s*", "", literal[2:-1])
    piece = re.compile(r"\\x([0-9a-f]{2})|([ !#-\[\]-~])")
    found = bytearray()
    position = 0
    while position < len(joined):
        match = piece.match(joined, position)
        assert match is not None
        found.append(int(match[1], 16) if match[1] else ord(match[2]))
        position = match.end()
    return bytes(found)


def read_text(literal: str) -> str:
    body = literal[1:-1]
    return re.sub(r'\\(?:u\{([0-9a-f]+)\}|(["\\]))', lambda m: chr(int(m[1], 16)) if m[1] else m[2], body)


@given(st.binary(max_size=400))
def test_bytes_are_what_they_were(data: bytes) -> None:
    literal = byte_string(data)
    assert read_bytes(literal) == data
    assert all(len(line) <= 100 for line in literal.split("\n") if " " * 90 not in line)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_texts_are_what_they_were(value: str) -> None:
    literal = text(value)
    assert read_text(literal) == value
    assert "\n" not in literal


def test_options() -> None:
    assert (option(None), option("1")) == ("None", "Some(1)")
