"""Names as prost makes them; the Rust of tests/rust is compiled with them."""

from __future__ import annotations

import pytest

from iii_codegen.emit.rust.names import identifier, message_path, package_modules, snake_case, upper_camel_case
from tests.codegen.support import shop, tree_of


@pytest.mark.parametrize(
    ("name", "snake", "camel"),
    [
        ("PlaceOrder", "place_order", "PlaceOrder"),
        ("GetHTTPInfo", "get_http_info", "GetHttpInfo"),
        ("HTTPInfo", "http_info", "HttpInfo"),
        ("order2Go", "order2_go", "Order2Go"),
        ("A1b", "a1b", "A1b"),
        ("_private", "private", "Private"),
        ("snake_case", "snake_case", "SnakeCase"),
        ("type", "r#type", "Type"),
        ("self", "self_", "Self_"),
        ("X", "x", "X"),
    ],
)
def test_case_is_changed_as_prost_does(name: str, snake: str, camel: str) -> None:
    assert (snake_case(name), upper_camel_case(name)) == (snake, camel)


def test_what_begins_with_a_digit_is_no_identifier() -> None:
    assert identifier("1st") == "_1st"


def test_packages_are_modules() -> None:
    assert package_modules("shop.typeInfo.v1") == ("shop", "type_info", "v1")
    assert package_modules("a.type") == ("a", "r#type")
    assert package_modules("") == ()


def test_messages_are_named_from_the_module_of_a_package() -> None:
    contract = shop("message Outer { message in_ner {} google.protobuf.Any any = 1; google.protobuf.Empty e = 2; }")
    tree = tree_of(contract)
    assert message_path(tree, "shop.v1.Outer.in_ner", "shop.v1") == "outer::InNer"
    assert message_path(tree, "shop.v1.Outer", "other") == "super::shop::v1::Outer"
    assert message_path(tree, "shop.v1.Outer", "") == "shop::v1::Outer"
    assert message_path(tree, "google.protobuf.Any", "shop.v1") == "::prost_types::Any"
    assert message_path(tree, "google.protobuf.Empty", "shop.v1") == "()"
