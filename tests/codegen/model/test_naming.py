"""The one algorithm by which names become function ids."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_codegen.model.naming import base_name, default_function_id, default_prefix, kebab_case, package_version, words


@pytest.mark.parametrize(
    ("name", "kebab"),
    [
        ("Place", "place"),
        ("PlaceOrder", "place-order"),
        ("GetHTTPInfo", "get-http-info"),
        ("HTTPInfo", "http-info"),
        ("InfoHTTP", "info-http"),
        ("GetURL", "get-url"),
        ("SHA256Sum", "sha256-sum"),
        ("OrderV2Beta", "order-v2-beta"),
        ("Get2Things", "get2-things"),
        ("iOSApp", "i-os-app"),
        ("place_order", "place-order"),
        ("Place_Order", "place-order"),
        ("__place", "place"),
        ("A", "a"),
        ("ABc", "a-bc"),
        ("X1", "x1"),
        ("_", "_"),
    ],
)
def test_kebab_case(name: str, kebab: str) -> None:
    assert kebab_case(name) == kebab


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True))
def test_words_lose_nothing_but_underscores(name: str) -> None:
    found = words(name)
    assert "".join(found).replace("_", "") == name.replace("_", "")
    assert all(re.fullmatch(r"[A-Za-z0-9]+|_+", word) for word in found)


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True))
def test_snake_case_of_snake_case_is_itself(name: str) -> None:
    snake = "_".join(word.lower() for word in words(name))
    assert "_".join(word.lower() for word in words(snake)) == snake


@pytest.mark.parametrize(
    ("service", "base", "prefix"),
    [
        ("OrdersService", "Orders", "orders"),
        ("Orders", "Orders", "orders"),
        ("Service", "Service", "service"),
        ("ServiceService", "Service", "service"),
        ("OrderLinesService", "OrderLines", "order-lines"),
    ],
)
def test_service_names(service: str, base: str, prefix: str) -> None:
    assert base_name(service) == base
    assert default_prefix(service) == prefix


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("shop.v1", "v1"),
        ("shop.orders.v12", "v12"),
        ("shop.v1beta1", "v1beta1"),
        ("v1", "v1"),
        ("shop", None),
        ("", None),
        ("shop.version1", None),
        ("shop.v1.orders", None),
    ],
)
def test_package_version(package: str, version: str | None) -> None:
    assert package_version(package) == version


@pytest.mark.parametrize(
    ("package", "function_id"),
    [
        ("shop.v1", "orders::place-order"),
        ("shop", "orders::place-order"),
        ("shop.v2", "orders::v2::place-order"),
        ("shop.v1beta1", "orders::v1beta1::place-order"),
    ],
)
def test_default_function_id(package: str, function_id: str) -> None:
    assert default_function_id("orders", package, "PlaceOrder") == function_id
