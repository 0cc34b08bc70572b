"""The tables of reserved names cover what Python and betterproto2 really keep for themselves."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import betterproto2
import pytest

from iii_codegen.emit.python.names import (
    ENUM_ATTRIBUTES,
    IMPORTED,
    KEYWORDS,
    MESSAGE_ATTRIBUTES,
    enum_value_name,
    member_name,
    method_names,
    module_name,
    path_names,
    type_name,
)


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_keywords() -> None:
    assert set(keyword.kwlist) == KEYWORDS


def test_attributes_of_messages() -> None:
    assert public(betterproto2.Message) <= MESSAGE_ATTRIBUTES


def test_attributes_of_enums() -> None:
    assert public(betterproto2.Enum) | public(int) | {"mro", "name", "value"} <= ENUM_ATTRIBUTES


@pytest.mark.parametrize(
    ("name", "top", "member", "value"),
    [
        ("Order", "Order", "Order", "Order"),
        ("None", "None_", "None_", "None_"),
        ("load", "load", "load_", "load"),
        ("int", "int", "int", "int"),
        ("builtins", "builtins_", "builtins_", "builtins_"),
        ("mro", "mro", "mro", "mro_"),
        ("real", "real", "real", "real_"),
        ("orders_pb", "orders_pb_", "orders_pb", "orders_pb"),
        ("__init__", "underscore__init__", "underscore__init__", "underscore__init__"),
    ],
)
def test_scopes(name: str, top: str, member: str, value: str) -> None:
    assert (type_name(name), member_name(name), enum_value_name(name)) == (top, member, value)


def test_methods() -> None:
    names = [
        "Place",
        "GetHTTPInfo",
        "Sync",
        "Import",
        "Mro",
        "_Hidden",
        "_2nd",
        "PlaceOrder",
        "placeOrder",
        "place_order",
    ]
    assert method_names(names) == {
        "Place": "place",
        "GetHTTPInfo": "get_http_info",
        "Sync": "sync",
        "Import": "import_",
        "Mro": "mro_",
        "_Hidden": "hidden",
        "_2nd": "underscore_2nd",
        "PlaceOrder": "PlaceOrder",
        "placeOrder": "placeOrder",
        "place_order": "place_order",
    }


@pytest.mark.parametrize(
    ("path", "package", "module"),
    [
        ("shop/orders/v1/orders.proto", ("shop", "orders", "v1"), "orders"),
        ("a.proto", (), "a"),
        ("class/import/v1/my-file.v2.proto", ("class_", "import_", "v1"), "my_file_v2"),
        ("1st/_x/a b.proto", ("underscore_1st", "underscore_x"), "a_b"),
        ("shop_pb/class.proto", ("shop_pb_",), "class"),
    ],
)
def test_files(path: str, package: tuple[str, ...], module: str) -> None:
    assert (path_names(path), module_name(path)) == (package, module)


def test_the_page_shows_the_tables() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "generated-code.md"
    shown = [
        set(block.split()) for block in re.findall(r"^```text\n(.*?)```", page.read_text(), re.MULTILINE | re.DOTALL)
    ]
    assert shown == [set(KEYWORDS), set(IMPORTED), set(MESSAGE_ATTRIBUTES), set(ENUM_ATTRIBUTES)]
