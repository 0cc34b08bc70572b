"""The schemas of every function: as files, and as text for stubs to carry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from iii_bridge.contract.spec import MethodSchemas
from iii_codegen.emit.file import OutputFile, header
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shape, Shapes, View
from iii_codegen.model.nodes import Method, Tree

__all__ = ["emit_schemas", "method_schemas"]


def emit_schemas(
    tree: Tree, *, dialects: Sequence[str] = tuple(DIALECTS), profile: str = "canonical"
) -> Iterator[OutputFile]:
    """A file for each function, side and dialect: `2020-12/shop.orders.v1.OrdersService.Place.request.json`."""
    views = _Views(tree, wide=profile == "protojson")
    for file in tree.generated_files():
        for service in file.services:
            for method in service.methods:
                for dialect in dialects:
                    for side, schema in views.sides(method, dialect):
                        name = f"{dialect}/{method.full_name.replace('/', '.')}.{side}.json"
                        marked = {"$schema": schema["$schema"], "$comment": header(file.path), **schema}
                        yield OutputFile(name, json.dumps(marked, indent=2, ensure_ascii=False) + "\n")


def method_schemas(tree: Tree) -> dict[str, MethodSchemas]:
    """The canonical schemas of each method, by its full name, as compact JSON text."""
    views = _Views(tree, wide=False)
    found: dict[str, MethodSchemas] = {}
    for file in tree.generated_files():
        for service in file.services:
            for method in service.methods:
                texts = [_compact(schema) for dialect in DIALECTS for _, schema in views.sides(method, dialect)]
                found[method.full_name] = MethodSchemas(*texts)
    return found


def _compact(schema: Shape) -> str:
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


class _Views:
    """Methods share the descriptions of messages wherever their options agree."""

    def __init__(self, tree: Tree, *, wide: bool) -> None:
        self._tree = tree
        self._wide = wide
        self._shapes: dict[View, Shapes] = {}

    def sides(self, method: Method, dialect: str) -> Iterator[tuple[str, Shape]]:
        for side, root in (("request", method.request), ("response", method.response)):
            contract = method.contract
            view = View(contract.json, side == "response", contract.unknown_members, self._wide)
            if view not in self._shapes:
                self._shapes[view] = Shapes(self._tree, view)
            yield side, document(self._shapes[view], root, DIALECTS[dialect])
