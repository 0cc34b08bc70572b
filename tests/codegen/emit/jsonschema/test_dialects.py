"""Documents: self-contained, identifier-safe, and legal in their dialect."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from iii_bridge.contract.spec import JsonProfile, UnknownMembers
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shapes, View
from tests.codegen.emit.jsonschema.samples import schema
from tests.codegen.support import tree_of

BOTH = pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


@BOTH
def test_the_root_is_the_message_itself(dialect: str) -> None:
    found = schema("Node", dialect)
    assert list(found)[:3] == ["$schema", "title", "type"]
    assert (found["$schema"], found["title"], found["description"]) == (DIALECTS[dialect].uri, "Node", "A node.")
    assert found["properties"]["child"] == {"$ref": "#"}
    assert DIALECTS[dialect].definitions not in found


@BOTH
def test_definitions_are_local_and_identifier_safe(dialect: str) -> None:
    found = schema("All", dialect)
    definitions = found[DIALECTS[dialect].definitions]
    assert list(definitions) == ["shop_v1_Node"]
    references = {node["$ref"] for node in nodes(found) if "$ref" in node}
    assert references == {"#", f"#/{DIALECTS[dialect].definitions}/shop_v1_Node"}


def test_draft_07_has_nothing_beside_a_reference() -> None:
    found = [node for node in nodes(schema("All", "draft-07")) if isinstance(node.get("$ref"), str)]
    assert found
    assert all(list(node) == ["$ref"] for node in found)


def test_what_belongs_to_a_field_is_kept_beside_its_reference() -> None:
    source = """
    syntax = "proto3";
    package shop.v1;
    message Root {
      // The other one.
      Other other = 1;
    }
    message Other { int32 x = 1; }
    """
    shapes = Shapes(tree_of({"shop/v1/shop.proto": source}), View(JsonProfile(), response=False))
    fields = [document(shapes, "shop.v1.Root", dialect)["properties"]["other"] for dialect in DIALECTS.values()]
    assert fields[0] == {"$ref": "#/$defs/shop_v1_Other", "description": "The other one."}
    assert fields[1] == {"allOf": [{"$ref": "#/definitions/shop_v1_Other"}], "description": "The other one."}


def test_deprecated_is_a_keyword_of_2020_12_only() -> None:
    assert schema("All")["properties"]["deprecated"] == {"type": "string", "deprecated": True}
    assert schema("All", "draft-07")["properties"]["deprecated"] == {"type": "string"}


HOSTILE = """
syntax = "proto3";
package shop.v1;
message Root {
  Other ref = 1 [json_name = "$ref"];
  string deprecated = 2;
  string not = 3;
  a_b any_of = 4 [json_name = "anyOf"];
  a.b items = 5;
  message a { message b { int32 x = 1; } }
}
message a_b { int32 x = 1; }
message a { message b { int32 y = 1; } }
message Other { Root properties = 1; }
"""


@BOTH
def test_hostile_member_names(dialect: str) -> None:
    shapes = Shapes(tree_of({"shop/v1/shop.proto": HOSTILE}), View(JsonProfile(), response=False))
    found = document(shapes, "shop.v1.Root", DIALECTS[dialect])
    place = f"#/{DIALECTS[dialect].definitions}"
    assert list(found["properties"]) == ["$ref", "deprecated", "not", "anyOf", "items"]
    assert found["properties"]["$ref"] == {"$ref": f"{place}/shop_v1_Other"}
    assert found[DIALECTS[dialect].definitions]["shop_v1_Other"]["properties"] == {"properties": {"$ref": "#"}}


def test_definitions_that_would_share_a_key_do_not() -> None:
    source = """
    syntax = "proto3";
    package shop.v1;
    message Root { a_b one = 1; a.b two = 2; }
    message a_b { int32 x = 1; }
    message a { message b { string x = 1; } }
    """
    shapes = Shapes(tree_of({"shop/v1/shop.proto": source}), View(JsonProfile(), response=False))
    found = document(shapes, "shop.v1.Root", DIALECTS["2020-12"])
    assert list(found["$defs"]) == ["shop_v1_a_b", "shop_v1_a_b_2"]
    assert found["properties"]["two"] == {"$ref": "#/$defs/shop_v1_a_b_2"}


@BOTH
def test_additional_properties_stand_beside_no_all_of(dialect: str) -> None:
    for wide, root in itertools.product((False, True), ("All", "Required")):
        found = schema(root, dialect, unknown=UnknownMembers.REJECT, wide=wide)
        assert not any("allOf" in node and "additionalProperties" in node for node in nodes(found))


def test_the_same_every_time() -> None:
    assert list(schema("All")["properties"])[:3] == ["aDouble", "aFloat", "anInt32"]
    assert schema("All") == schema("All")
