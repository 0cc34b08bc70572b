"""Escaping is injective, and touches what it must only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iii_codegen.emit.ident import Escaper

ESCAPER = Escaper({"class", "load"}, ("_pb",))
PARTS = st.sampled_from(["_", "underscore", "class", "load", "x", "_pb", "1"])
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("".join)


def test_the_table() -> None:
    table = {
        "sku": "sku",
        "class": "class_",
        "class_": "class__",
        "Class": "Class",
        "_x": "underscore_x",
        "__x__": "underscore__x__",
        "_": "underscore_",
        "underscore_x": "underscoreunderscore_x",
        "underscore": "underscore",
        "underscored": "underscored",
        "_class": "underscore_class",
        "orders_pb": "orders_pb_",
        "orders_pb_": "orders_pb__",
    }
    assert {name: ESCAPER.escape(name) for name in table} == table


@given(st.sets(NAMES, max_size=12))
def test_injective(names: set[str]) -> None:
    escaped = {ESCAPER.escape(name) for name in names}
    assert len(escaped) == len(names)


@given(NAMES)
def test_no_reserved_word_and_no_leading_underscore(name: str) -> None:
    escaped = ESCAPER.escape(name)
    assert not escaped.startswith("_")
    assert escaped not in {"class", "load"}
    assert not escaped.endswith("_pb")
