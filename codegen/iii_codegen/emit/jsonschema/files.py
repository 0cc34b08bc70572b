"""Schemas as files, of functions and of messages, and as text for stubs to carry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iii_bridge.contract.spec import MethodSchemas
from iii_codegen.emit.file import OutputFile, header
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.lookup import message_view, method_view
from iii_codegen.emit.jsonschema.shapes import Shape, Shapes, View
from iii_codegen.model.library import is_library
from iii_codegen.model.nodes import File, Method, Tree

__all__ = ["Exchange", "emit_schemas", "exchange_of", "method_schemas"]


def emit_schemas(
    tree: Tree, *, dialects: Sequence[str] = tuple(DIALECTS), profile: str = "canonical", of: str = "functions"
) -> Iterator[OutputFile]:
    """A file for each function, side and dialect: `2020-12/shop.orders.v1.OrdersService.Place.request.json`.

    `of` may be `messages`, for `2020-12/shop.orders.v1.Order.json`, or `all`;
    google's and our own messages get no file of their own.
    """
    views = _Views(tree, wide=profile == "protojson")
    for file in tree.generated_files():
        for dialect in dialects:
            found = [*(views.functions(file, dialect) if of != "messages" else ())]
            found += views.messages(file, dialect) if of != "functions" else ()
            for name, schema in found:
                marked = {"$schema": schema["$schema"], "$comment": header(file.path), **schema}
                yield OutputFile(f"{dialect}/{name}.json", json.dumps(marked, indent=2, ensure_ascii=False) + "\n")


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


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is written and what is read on both sides of one method, in 2020-12."""

    request_written: Shape
    request_read: Shape
    response_written: Shape
    response_read: Shape


def exchange_of(tree: Tree, method: Method) -> Exchange:
    """The schemas to compare with those of another worker: canonical where we write, all we accept where we read."""

    def made(root: str, *, wide: bool) -> Shape:
        # A caller writes default values like a function does, so what it writes is seen as a response is.
        return document(Shapes(tree, method_view(method, response=True, wide=wide)), root, DIALECTS["2020-12"])

    return Exchange(
        made(method.request, wide=False),
        made(method.request, wide=True),
        made(method.response, wide=False),
        made(method.response, wide=True),
    )


def _compact(schema: Shape) -> str:
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


class _Views:
    """Methods share the descriptions of messages wherever their options agree."""

    def __init__(self, tree: Tree, *, wide: bool) -> None:
        self._tree = tree
        self._wide = wide
        self._shapes: dict[View, Shapes] = {}

    def functions(self, file: File, dialect: str) -> Iterator[tuple[str, Shape]]:
        for service in file.services:
            for method in service.methods:
                for side, schema in self.sides(method, dialect):
                    yield f"{method.full_name.replace('/', '.')}.{side}", schema

    def messages(self, file: File, dialect: str) -> Iterator[tuple[str, Shape]]:
        for message in () if is_library(file.path) else file.all_messages():
            view = message_view(self._tree, message.full_name, wide=self._wide)
            yield message.full_name, self._document(view, message.full_name, dialect)

    def sides(self, method: Method, dialect: str) -> Iterator[tuple[str, Shape]]:
        for side, root in (("request", method.request), ("response", method.response)):
            view = method_view(method, response=side == "response", wide=self._wide)
            yield side, self._document(view, root, dialect)

    def _document(self, view: View, root: str, dialect: str) -> Shape:
        if view not in self._shapes:
            self._shapes[view] = Shapes(self._tree, view)
        return document(self._shapes[view], root, DIALECTS[dialect])
