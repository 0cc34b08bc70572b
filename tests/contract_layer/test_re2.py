"""RE2's syntax: what is read, what is refused, and that other engines see the same."""

from __future__ import annotations

import itertools
import re
from typing import Any

import protovalidate
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.contract.re2 import PatternError, parse_pattern
from iii_bridge.contract.re2_classes import folded, inverted, merged
from iii_bridge.contract.re2_text import ecma_pattern, python_pattern
from tests.contract_layer.dynamic import compile_proto

READ = [  # pattern, texts it matches, texts it does not
    (r"^a+$", ["a", "aaa"], ["", "b", "a\n", "\na"]),
    (r"^[a-c0-9_-]{2,3}$", ["a-", "0_c"], ["a", "abcd", "d1"]),
    (r"a|b", ["xa", "b"], ["x", ""]),
    (r"", ["", "x"], []),
    (r"^(?:ab|c)*$", ["", "abc", "cab"], ["b"]),
    (r"(?P<name>x)(?<other>y)", ["xy"], ["x"]),
    (r"^\d\s\w\D\S\W$", ["1 aa-!"], ["1 \u0661a-!", "1\x0baa-!"]),
    (r"^\w$", ["a", "_", "9"], ["é", "-"]),
    (r"^.$", ["a", "é", "😀", "\r"], ["\n", "ab"]),
    (r"(?s)^.$", ["\n"], ["ab"]),
    (r"(?m)^a$", ["a", "b\na\nc"], ["ab"]),
    (r"\Aa\z", ["a"], ["a\n", "ba"]),
    (r"\bx\b", ["x", "a x b", "éx"], ["xy", "_x"]),
    (r"^\Bx?\B$", [""], ["x"]),
    (r"(?i)^straSSe$", ["STRASSE", "\u017ftra\u017fse"], ["straße"]),
    (r"(?i)^[a-k]$", ["K", "\u212a", "b"], ["l", "\u017f"]),
    (r"(?i)^[^k]$", ["a"], ["K", "\u212a"]),
    (r"^(?i:a)b(?-i:c)$", ["Abc"], ["AbC", "aBc"]),
    (r"^[[:alpha:]][[:^digit:]]$", ["ab", "a-"], ["1a", "a1"]),
    (r"^[]a]$", ["]", "a"], ["[]"]),
    (r"^[^]a]$", ["b"], ["]", "a"]),
    (r"^[a\-z]$", ["-", "a", "z"], ["b"]),
    (r"^[\w.-]+$", ["a.-b"], ["a/"]),
    (r"^\Qa.b*\E+$", ["a.b***"], ["axb*"]),
    (r"^\Qa.b", ["a.b"], ["axb"]),
    (r"^\x41\x{1F600}\101\0$", ["A😀A\0"], ["A"]),
    (r"^a{,2}b{x}$", ["a{,2}b{x}"], ["aab"]),
    (r"^a{2}b{1,}c{0,1}?d*?$", ["aab", "aabbcdd"], ["ab"]),
    (r"^\.\/\-\_\#$", ["./-_#"], ["a/-_#"]),
    (r"^(|a)(b|)$", ["", "a", "b", "ab"], ["ba"]),
    (r"^(^a|b$)$", ["a", "b"], ["ab"]),
    (r"^(?:a?){3}$", ["", "aaa"], ["aaaa"]),
]
REFUSED = [
    "(",
    ")",
    "a)",
    "[a",
    "[z-a]",
    "*",
    "a**",
    "a+{2}",
    "{2}",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<!a)",
    r"(a)\1",
    r"\Z",
    r"\C",
    r"\pL",
    r"[\P{Greek}]",
    r"\y",
    "\\",
    r"\x1",
    r"\x{110000}",
    "[[:greek:]]",
    "a{1001}",
    "a{2,1}",
    "(a{100}){11}",
    "(?x)a",
    "(?i)ä",
    "(" * 200 + ")" * 200,
    r"\Q\E*",
    "(?P<a-b>x)",
    "(?-)",
]


@pytest.mark.parametrize(("pattern", "matching", "others"), READ, ids=[row[0] for row in READ])
def test_python_sees_the_same(pattern: str, matching: list[str], others: list[str]) -> None:
    search = re.compile(python_pattern(pattern)).search
    assert [text for text in matching if not search(text)] == []
    assert [text for text in others if search(text)] == []


@pytest.mark.parametrize("pattern", REFUSED)
def test_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^[a-z]+(-[a-z]+)*$", "^[a-z]+(?:-[a-z]+)*$"),
        (r"\Aa.\z", r"^a[^\n]$"),
        (r"\bx\B", r"\bx\B"),
        ("(?s).", r"[\s\S]"),
        ("(?m)^a", None),
        ("[😀-😂]", None),
        ("[^\x00-\x1f]", r"[^\u0000-\u001f]"),
        ("(?:a|b){2,}", "(?:a|b){2,}"),
    ],
)
def test_ecma(pattern: str, expected: str | None) -> None:
    assert ecma_pattern(pattern) == expected


atoms = st.sampled_from(
    [*"abkK1_ .\n", "é", r"\d", r"\W", r"\s", "[a-c]", "[^b]", "[[:upper:]k]", r"\b", "^", "$", r"\B"]
)
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"({'|'.join(items)})"),
        inner.map(lambda item: f"(?:{item})*"),
        inner.map(lambda item: f"(?:{item}){{1,2}}"),
        inner.map(lambda item: f"(?s:{item})"),
        inner.map(lambda item: f"(?m:{item})"),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=40, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(patterns, st.booleans()), min_size=5, max_size=10), st.data())
def test_the_same_as_protovalidate(written: list[tuple[str, bool]], data: st.DataObject) -> None:
    found = [f"(?i){pattern}" if fold and pattern.isascii() else pattern for pattern, fold in written]
    texts = [pattern.replace("\\", "\\\\").replace("\n", "\\n") for pattern in found]
    package = f"re2.v{next(_numbers)}"
    fields = "".join(
        f'message M{index} {{ string a = 1 [(buf.validate.field).string.pattern = "{text}"]; }}'
        for index, text in enumerate(texts)
    )
    head = f'syntax = "proto3"; package {package}; import "buf/validate/validate.proto";'
    contract = compile_proto(f"{head} {fields}", f"{package}.proto")
    for index, pattern in enumerate(found):
        search = re.compile(python_pattern(pattern)).search
        theirs: Any = contract.google(f"{package}.M{index}")
        for _ in range(8):
            text = data.draw(st.text("abkK\u212aAB1_ \n\té-", max_size=6))
            if r"\B" in pattern and not text.isascii():
                continue  # RE2's library finds one between the bytes of a character, as docs/contract-options.md says
            expected = not protovalidate.collect_violations(theirs(a=text))
            assert (search(text) is not None) == expected, (pattern, text)


_numbers = itertools.count()

ranges = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: (min(pair), max(pair))))


@given(ranges)
def test_sets_of_characters(pairs: list[tuple[int, int]]) -> None:
    found = merged(pairs)
    members = {code for low, high in pairs for code in range(low, high + 1)}
    assert {code for low, high in found for code in range(low, high + 1)} == members
    assert inverted(inverted(found)) == found
    assert all(high + 1 < low for (_, high), (low, _) in itertools.pairwise(found))


def test_folding() -> None:
    assert folded(((ord("s"), ord("s")),)) == merged([(0x53, 0x53), (0x73, 0x73), (0x17F, 0x17F)])
    assert folded(((0x212A, 0x212A),)) == merged([(0x4B, 0x4B), (0x6B, 0x6B), (0x212A, 0x212A)])
    with pytest.raises(ValueError, match="outside ASCII"):
        folded(((0xE4, 0xE4),))
