"""Path templates, as google writes them and as the engine does."""

from __future__ import annotations

import pytest

from iii_codegen.model.http_path import PathError, parse_engine_path, parse_template


@pytest.mark.parametrize(
    ("template", "engine", "fields", "verb"),
    [
        ("/v1/orders", "/v1/orders", (), ""),
        ("/v1/orders/{order_id}", "/v1/orders/:order_id", ("order_id",), ""),
        ("/v1/{a}/x/{b.c}", "/v1/:a/x/:b.c", ("a", "b.c"), ""),
        ("/v1/{name=*}", "/v1/:name", ("name",), ""),
        ("/v1/{name=**}", "/v1/:name", ("name",), ""),
        ("/v1/{name=shops/*/orders/*}", "/v1/shops/:name.2/orders/:name.4", ("name",), ""),
        ("/v1/orders/{id}:cancel", "/v1/orders/:id:cancel", ("id",), "cancel"),
        ("/v1/*/x", "/v1/:wildcard/x", (), ""),
        ("/v1/a%20b", "/v1/a%20b", (), ""),
        ("/", "/", (), ""),
    ],
)
def test_templates(template: str, engine: str, fields: tuple[str, ...], verb: str) -> None:
    path = parse_template(template)
    assert (path.engine_path, path.fields, path.verb) == (engine, fields, verb)
    assert path.template == template


@pytest.mark.parametrize(
    "template",
    ["v1/orders", "/v1//orders", "/v1/{}", "/v1/{a", "/v1/a}", "/v1/{a}{b}", "/v1/x y", "/v1/{a}/{a}", "/v1/{1a}", ""],
)
def test_templates_that_are_not_well_formed(template: str) -> None:
    with pytest.raises(PathError):
        parse_template(template)


@pytest.mark.parametrize(
    ("path", "template"),
    [("/orders/:id", "/orders/{id}"), ("orders", "/orders"), ("/a/:b/c/:d", "/a/{b}/c/{d}")],
)
def test_engine_paths(path: str, template: str) -> None:
    assert parse_engine_path(path).template == template


@pytest.mark.parametrize("path", ["/orders/{id}", "/orders/*", "/orders/:", "/a//b"])
def test_engine_paths_that_are_not_well_formed(path: str) -> None:
    with pytest.raises(PathError):
        parse_engine_path(path)


def test_shape_forgets_parameter_names() -> None:
    assert parse_template("/a/{b}/c").shape == parse_engine_path("/a/:x/c").shape == "/a/:/c"
    assert parse_template("/a/{b}:run").shape != parse_template("/a/{b}").shape
