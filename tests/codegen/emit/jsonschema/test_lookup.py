"""One schema by name: every name there is, and help with those there are not."""

from __future__ import annotations

import pytest

from iii_codegen.emit.jsonschema.lookup import NotFoundError, schema_of
from iii_codegen.model.nodes import Tree
from tests.codegen.emit.jsonschema.samples import VALIDATORS
from tests.codegen.support import tree_of

ORDERS = """
syntax = "proto3";
package shop.v1;
import "iii_bridge/v1/contract.proto";
import "google/protobuf/wrappers.proto";
import "stock/v1/stock.proto";
option (iii_bridge.v1.file) = { json: { names: NAMES_PROTO, int64: INT64_NUMBER } };
message Order { int64 line_count = 1; Line line = 2; message Line { string sku = 1; } stock.v1.Item item = 3; }
service OrdersService {
  rpc Place(Order) returns (Order.Line);
  rpc Strict(Order) returns (Order) {
    option (iii_bridge.v1.function) = { json: { int64: INT64_STRING } unknown_members: UNKNOWN_MEMBERS_REJECT };
  }
}
message Box { google.protobuf.Int64Value value = 1; }
"""
STOCK = """
syntax = "proto3";
package stock.v1;
message Item { int64 line_count = 1; }
message Line { int32 x = 1; }
"""


@pytest.fixture(scope="module")
def tree() -> Tree:
    return tree_of({"shop/v1/orders.proto": ORDERS, "stock/v1/stock.proto": STOCK})


@pytest.mark.parametrize(
    ("name", "response", "title"),
    [
        ("shop.v1.Order", False, "Order"),
        ("shop.v1.Order.Line", False, "Line"),
        ("Order.Line", False, "Line"),
        ("Item", False, "Item"),
        ("v1.Box", False, "Box"),
        ("google.protobuf.Int64Value", False, "Int64Value"),
        ("shop.v1.OrdersService/Place", False, "Order"),
        ("shop.v1.OrdersService.Place", True, "Line"),
        ("OrdersService/Place", True, "Line"),
        ("Place", True, "Line"),
        ("orders::place", True, "Line"),
    ],
)
def test_names(tree: Tree, name: str, response: bool, title: str) -> None:
    for dialect, validator in VALIDATORS.items():
        for profile in ("canonical", "protojson"):
            found = schema_of(tree, name, profile=profile, dialect=dialect, response=response)
            validator.check_schema(found)
            assert found["title"] == title


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shop.v1.Oder", "no message, method or function is called shop.v1.Oder; did you mean shop.v1.Order?"),
        ("oder", "no message, method or function is called oder; did you mean shop.v1.Order?"),
        ("plaec", "no message, method or function is called plaec; did you mean shop.v1.OrdersService/Place?"),
        ("xyzzy", "no message, method or function is called xyzzy"),
        ("Line", "Line may be shop.v1.Order.Line or stock.v1.Line; write one of them out"),
        ("", "no message, method or function is called "),
    ],
)
def test_names_that_are_not_there(tree: Tree, name: str, text: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        schema_of(tree, name)
    assert str(caught.value) == text


def test_a_message_has_no_response(tree: Tree) -> None:
    with pytest.raises(NotFoundError, match=r"shop\.v1\.Order is a message.* leave --response out"):
        schema_of(tree, "Order", response=True)


def test_a_message_follows_its_file_and_a_method_its_contract(tree: Tree) -> None:
    assert schema_of(tree, "Order")["properties"]["line_count"]["type"] == "integer"
    assert list(schema_of(tree, "Item")["properties"]) == ["lineCount"]
    strict = schema_of(tree, "Strict")
    assert strict["properties"]["line_count"]["type"] == "string"
    assert strict["additionalProperties"] is False
    assert "required" not in strict
    assert schema_of(tree, "Strict", response=True)["required"] == ["line_count"]
