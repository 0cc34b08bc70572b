"""One schema by name: a message's, or that of one side of a method."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shape, Shapes, View
from iii_codegen.model.nodes import Message, Method, Tree

__all__ = ["NotFoundError", "message_view", "method_view", "schema_of"]


class NotFoundError(LookupError):
    """A name that means nothing, or too much; the text says which names are near."""

    def __str__(self) -> str:
        return str(self.args[0])


def schema_of(
    tree: Tree, name: str, *, profile: str = "canonical", dialect: str = "2020-12", response: bool = False
) -> Shape:
    """The schema of a message, or of a method's request or, with `response`, its response.

    `name` is a message's, a method's (`shop.v1.Orders/Place`), the last parts of
    one where there is one such, or a function id. Raises NotFoundError.
    """
    wide = profile == "protojson"
    found = _find(tree, name)
    if isinstance(found, Method):
        root, view = (found.response if response else found.request), method_view(found, response=response, wide=wide)
    elif response:
        raise NotFoundError(f"{found.full_name} is a message, and only methods have a response; leave --response out")
    else:
        root, view = found.full_name, message_view(tree, found.full_name, wide=wide)
    return document(Shapes(tree, view), root, DIALECTS[dialect])


def method_view(method: Method, *, response: bool, wide: bool) -> View:
    """How a side of a method is seen: under the options of its contract."""
    contract = method.contract
    return View(contract.json, response, contract.unknown_members, wide, contract.unknown_enum_names)


def message_view(tree: Tree, full_name: str, *, wide: bool) -> View:
    """How a message by itself is seen: under the JSON profile of its file."""
    return View(tree.files[tree.file_of[full_name]].json, response=False, wide=wide)


def _find(tree: Tree, name: str) -> Message | Method:
    named = dict(_named(tree))
    if name in named:
        return named[name]
    own = {key: found for key, found in named.items() if key.endswith((f".{name}", f"/{name}"))}
    targets = {id(found): found for found in own.values()}
    if len(targets) == 1:
        return next(iter(targets.values()))
    if targets:
        whole = " or ".join(sorted(found.full_name for found in targets.values()))
        raise NotFoundError(f"{name} may be {whole}; write one of them out")
    raise NotFoundError(f"no message, method or function is called {name}{_suggestion(name, named)}")


def _named(tree: Tree) -> Iterator[tuple[str, Message | Method]]:
    """What can be asked for, by every whole name it has."""
    yield from tree.messages.items()
    for file in tree.files.values():
        for service in file.services:
            for method in service.methods:
                dotted = method.full_name.replace("/", ".")
                yield from ((key, method) for key in (method.contract.function_id, dotted, method.full_name))


def _suggestion(name: str, named: dict[str, Message | Method]) -> str:
    """The nearest whole name, compared as a whole and by its last part, whatever the case."""
    near: dict[str, str] = {}
    for key, found in named.items():
        whole = key if "::" in key else found.full_name
        near.setdefault(key.lower(), whole)
        near.setdefault(key.rpartition(".")[2].lower(), whole)
    nearest = difflib.get_close_matches(name.lower(), near, n=1)
    return f"; did you mean {near[nearest[0]]}?" if nearest else ""
