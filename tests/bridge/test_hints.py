"""Schemas and arguments from type hints."""

from __future__ import annotations

import builtins
import dataclasses
from typing import Any

import msgspec
import pydantic
import pytest

from iii_bridge.bridge.hints import converter_for, schemas_of
from iii_bridge.errors import ContractError, Side

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Order(pydantic.BaseModel):
    sku: str
    counts: list[int] = []


@dataclasses.dataclass
class Point:
    x: int


class Shape(msgspec.Struct):
    points: list[Point]


def on_order(order: Order) -> dict[str, int]:
    return {}


def on_point(point: Point) -> None: ...


def on_shape(shape: Shape) -> str | None: ...


def on_plain(payload: dict[str, Any], context: Any) -> Any: ...


def on_nothing() -> object: ...


def unhinted(payload): ...  # type: ignore[no-untyped-def]


def unresolvable(payload: Missing) -> None: ...  # type: ignore[name-defined] # noqa: F821


def test_pydantic_models_become_schemas_and_arguments() -> None:
    request, response = schemas_of(on_order)
    assert request is not None
    assert (request["$schema"], request["title"], request["required"]) == (DIALECT, "Order", ["sku"])
    assert response == {"$schema": DIALECT, "type": "object", "additionalProperties": {"type": "integer"}}
    assert converter_for("x", on_order)({"sku": "a"}) == Order(sku="a")


@pytest.mark.parametrize(
    ("function", "payload", "built"),
    [
        (on_point, {"x": 1}, Point(1)),
        (on_shape, {"points": [{"x": 1}]}, Shape([Point(1)])),
        (on_plain, {"any": 1}, {"any": 1}),
        (unhinted, [1], [1]),
        (unresolvable, 5, 5),
        (on_nothing, None, None),
    ],
)
def test_classes_are_built_and_everything_else_stays_json(function: Any, payload: Any, built: Any) -> None:
    assert converter_for("x", function)(payload) == built


@pytest.mark.parametrize(
    ("function", "payload", "path"),
    [
        (on_order, {"sku": "a", "counts": [1, "secret"]}, "$.counts[1]"),
        (on_order, {}, "$.sku"),
        (on_point, {"x": "secret"}, "$.x"),
        (on_point, [], "$"),
        (on_shape, {"points": [{"x": 1}, {}]}, "$.points[1]"),
    ],
)
def test_what_does_not_fit_names_its_place_and_not_its_value(function: Any, payload: Any, path: str) -> None:
    with pytest.raises(ContractError) as caught:
        converter_for("x::y", function)(payload)
    assert (caught.value.side, caught.value.path) == (Side.REQUEST, path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("function", [unhinted, unresolvable, on_nothing, len])
def test_no_hint_is_no_schema(function: Any) -> None:
    assert schemas_of(function)[0] is None


def test_a_type_without_a_schema_is_left_out() -> None:
    def odd(payload: pytest.FixtureRequest) -> None: ...

    odd.__annotations__["payload"] = pytest.FixtureRequest
    assert schemas_of(odd)[0] is None


def test_without_pydantic_msgspec_writes_the_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__
    import importlib

    def no_pydantic(name: str, *rest: Any) -> Any:
        if name == "pydantic":
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(importlib, "import_module", no_pydantic)
    request, response = schemas_of(on_point)
    assert request is not None
    assert request["$schema"] == DIALECT
    assert "Point" in request["$defs"]
    assert response == {"$schema": DIALECT, "type": "null"}
