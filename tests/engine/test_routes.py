"""Routes: structure, precedence, conflicts."""

from __future__ import annotations

import pytest

from iii_bridge.engine.routes import RouteConflict, Routes


def routes(*paths: str) -> Routes[str]:
    tree: Routes[str] = Routes()
    for path in paths:
        tree.add("GET", path, path)
    return tree


@pytest.mark.parametrize(
    ("path", "route", "parameters"),
    [
        ("/", "/", ()),
        ("/items", "/items", ()),
        ("/items/7", "/items/:id", ("7",)),
        ("/items/new", "/items/new", ()),
        ("/items/new/parts", "/items/:id/parts", ("new",)),
        ("/items/new/x", "/items/new/x", ()),
        ("/items/a%20b", "/items/:id", ("a%20b",)),
        ("/a/b/c", "/:x/:y/:z", ("a", "b", "c")),
    ],
)
def test_a_path_leads_to_its_route(path: str, route: str, parameters: tuple[str, ...]) -> None:
    tree = routes("/", "/items", "/items/:id", "/items/new", "/items/new/x", "/items/:id/parts", "/:x/:y/:z")
    match = tree.find(path)
    assert match is not None
    assert (match.by_method["GET"], match.parameters) == (route, parameters)


@pytest.mark.parametrize("path", ["/items/", "//", "/items/7/", "/Items", "/items/7/parts/8", "/none", "*", ""])
def test_a_path_without_a_route(path: str) -> None:
    assert routes("/items", "/items/:id").find(path) is None


def test_the_last_of_one_template_wins_and_can_be_removed() -> None:
    tree = routes("/a")
    tree.add("GET", "/a", "second")
    assert tree.get("GET", "/a") == "second"
    tree.add("POST", "/a", "post")
    tree.remove("GET", "/a")
    match = tree.find("/a")
    assert match is not None
    assert match.by_method == {"POST": "post"}
    tree.remove("POST", "/a")
    tree.remove("POST", "/a")
    tree.remove("POST", "/b/:c")
    assert tree.find("/a") is None
    assert tree.get("GET", "/x/y") is None


def test_other_parameter_names_in_the_same_places_conflict() -> None:
    tree = routes("/a/:x")
    with pytest.raises(RouteConflict) as conflict:
        tree.add("GET", "/a/:y", "second")
    assert str(conflict.value).startswith("Route 'GET /a/:y' conflicts with already-registered route 'GET /a/:x': ")
    tree.add("POST", "/a/:y", "other method")
    tree.remove("GET", "/a/:x")
    tree.add("GET", "/a/:y", "free again")
