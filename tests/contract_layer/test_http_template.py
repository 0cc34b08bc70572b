"""Path templates, as google writes them and as the engine does."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.contract.http_template import MAX_REST, PathError, parse_engine_path, parse_template


@pytest.mark.parametrize(
    ("template", "engine", "fields", "verb"),
    [
        ("/v1/orders", "/v1/orders", (), ""),
        ("/v1/orders/{order_id}", "/v1/orders/:order_id", ("order_id",), ""),
        ("/v1/{a}/x/{b.c}", "/v1/:a/x/:b__c", ("a", "b.c"), ""),
        ("/v1/{name=*}", "/v1/:name", ("name",), ""),
        ("/v1/{name=**}", "/v1/:name__1", ("name",), ""),
        ("/v1/{name=shops/*/orders/*}", "/v1/shops/:name__2/orders/:name__4", ("name",), ""),
        ("/v1/orders/{id}:cancel", "/v1/orders/:id", ("id",), "cancel"),
        ("/v1/orders:find", "/v1/orders:find", (), "find"),
        ("/v1/*/x", "/v1/:wildcard__2/x", (), ""),
        ("/v1/a%20b", "/v1/a%20b", (), ""),
        ("/", "/", (), ""),
    ],
)
def test_templates(template: str, engine: str, fields: tuple[str, ...], verb: str) -> None:
    path = parse_template(template)
    assert (path.engine_path, path.fields, path.verb) == (engine, fields, verb)
    assert path.template == template
    assert engine in path.engine_paths


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("v1/orders", "does not begin with a slash"),
        ("", "does not begin with a slash"),
        ("/v1//orders", "not well-formed: empty"),
        ("/v1/{}", "no field path: empty"),
        ("/v1/{1a}", "no field path: 1a"),
        ("/v1/{a", "not well-formed"),
        ("/v1/a}", "not well-formed"),
        ("/v1/{a}{b}", "no field path"),
        ("/v1/x y", "not well-formed"),
        ("/v1/{a=b/}", "not well-formed: empty"),
        ("/v1/{a}/{a}", "binds a twice"),
        ("/v1/{a=**}/x", "goes on after **"),
        ("/v1/**/x", "goes on after **"),
        ("/v1/{a.b}/{a__b}", "one parameter name twice"),
        ("/v1/{a}:", "a verb that is no literal"),
    ],
)
def test_templates_that_are_not_well_formed(template: str, problem: str) -> None:
    with pytest.raises(PathError, match=problem.replace("*", r"\*")):
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
    assert parse_template("/{a=x/*}").shape == parse_template("/x/{b}").shape


def test_the_rest_of_a_path_is_a_route_for_every_length() -> None:
    path = parse_template("/v1/{name=files/**}")
    assert len(path.engine_paths) == MAX_REST + 1
    assert path.engine_paths[:3] == ("/v1/files", "/v1/files/:name__2__1", "/v1/files/:name__2__1/:name__2__2")
    assert path.bind(path.engine_paths[0], []) == {"name": "files"}
    assert path.bind(path.engine_paths[2], ["a", "b"]) == {"name": "files/a/b"}


@pytest.mark.parametrize(
    ("template", "values", "found"),
    [
        ("/v1/{a}/x/{b.c}", ["1%2F2", "%C3%A9"], {"a": "1/2", "b.c": "é"}),
        ("/v1/{name=shops/*/orders/*}", ["a%2Fb", "c%20d"], {"name": "shops/a%2Fb/orders/c d"}),
        ("/v1/orders/{id}:cancel", ["7:cancel"], {"id": "7"}),
        ("/v1/orders/{id}:cancel", ["7"], None),
        ("/v1/orders/{id}:cancel", ["7:approve"], None),
        ("/v1/orders:find", [], {}),
        ("/v1/*/{x}", ["ignored", "y"], {"x": "y"}),
    ],
)
def test_values(template: str, values: list[str], found: dict[str, str] | None) -> None:
    path = parse_template(template)
    assert path.bind(path.engine_path, values) == found


@given(st.lists(st.text(min_size=1), min_size=0, max_size=MAX_REST))
def test_whatever_was_encoded_comes_back(parts: list[str]) -> None:
    """What a client writes into the URL, as google.api.http tells it to, is what the field gets."""
    path = parse_template("/v1/{name=files/**}")
    encoded = [quote(part, safe="") for part in parts]
    bound = path.bind(path.engine_paths[len(parts)], encoded)
    assert bound == {"name": "/".join(["files", *(part.replace("/", "%2F") for part in parts)])}
