"""The modules of a whole tree: a module of classes and one of schemas a file, and the packages around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from iii_bridge.contract.spec import MethodSchemas
from iii_codegen.emit.file import OutputFile, header
from iii_codegen.emit.python.betterproto import BetterprotoMessages
from iii_codegen.emit.python.google import GoogleMessages
from iii_codegen.emit.python.literal import text
from iii_codegen.emit.python.message_library import MessageLibrary
from iii_codegen.emit.python.module import ABI, Module
from iii_codegen.emit.python.names import module_name, path_names, type_name
from iii_codegen.emit.python.services import ServiceWriter
from iii_codegen.emit.python.types import is_extern
from iii_codegen.model.nodes import File, Tree

__all__ = ["LIBRARIES", "emit_python"]


LIBRARIES: Final[Mapping[str, MessageLibrary]] = {"betterproto2": BetterprotoMessages(), "google": GoogleMessages()}
"""The message libraries by the name users choose them by; the first is the default."""


def emit_python(
    tree: Tree, schemas: Mapping[str, MethodSchemas], *, own_package: bool = False, messages: str = "betterproto2"
) -> Iterator[OutputFile]:
    """Every Python file of a tree; `schemas` holds those of each method by full name.

    `messages` is one of LIBRARIES. `own_package` generates iii_bridge.v1 itself, which other trees take from our wheel.
    """
    library = LIBRARIES[messages]
    packages: dict[tuple[str, ...], list[tuple[File, Module]]] = defaultdict(list)
    for file in tree.generated_files():
        if is_extern(file.path) and not own_package:
            continue
        module = _module(tree, file, library, own_package)
        package = path_names(file.path)
        packages[package].append((file, module))
        stem = "/".join([*package, module_name(file.path)])
        yield OutputFile(f"{stem}_pb.py", module.source(file.path))
        yield from library.beside(tree, file)
        if file.services:
            yield OutputFile(f"{stem}_schemas.py", _schemas_module(file, schemas))
    for package, modules in packages.items():
        yield OutputFile("/".join([*package, "__init__.py"]), _exports(modules))
    yield from _outer_packages(packages)
    yield OutputFile("py.typed", "", only_if_missing=True)


def _outer_packages(packages: Iterable[tuple[str, ...]]) -> Iterator[OutputFile]:
    taken = set(packages)
    outer = {package[:length] for package in taken for length in range(len(package) + 1)} - taken
    for package in sorted(outer):
        yield OutputFile("/".join([*package, "__init__.py"]), f"# {header()}\n", only_if_missing=True)


def _exports(modules: list[tuple[File, Module]]) -> str:
    lines = [f"# {header(*(file.path for file, _ in modules))}", "# ruff: noqa", ""]
    names: list[str] = []
    for file, module in modules:
        for name in sorted(module.exports):
            lines.append(f"from .{module_name(file.path)}_pb import {name} as {name}")
            names.append(name)
    lines += ["", "__all__ = [", *(f"    {text(name)}," for name in sorted(names)), "]"]
    return "\n".join(lines) + "\n"


def _module(tree: Tree, file: File, library: MessageLibrary, own_package: bool) -> Module:
    module = Module()
    body = module.body
    names = library.names(tree, file.path, module, own_package=own_package)
    library.define(file, module, names)
    module.exports += [type_name(enum.name) for enum in file.enums]
    module.exports += [type_name(message.name) for message in file.messages]
    services = [ServiceWriter(module, names).service(service) for service in file.services]
    if names.shadowed:
        body.add("", "", "# Other names for classes, for places where a member hides the class.")
        body.add(*(f"{alias} = {name}" for name, alias in sorted(names.shadowed.items())))
    if services:
        _load_schemas(module, file)
    for block in services:
        body.add("", "")
        body.extend(block)
    library.register(file, module)
    return module


def _load_schemas(module: Module, file: File) -> None:
    module.body.add("", "")
    with module.body.indented(f"def _schemas() -> {module.use(ABI)}.SchemaTable:"):
        module.body.add(f"from .{module_name(file.path)}_schemas import SCHEMAS", "", "return SCHEMAS")


def _schemas_module(file: File, schemas: Mapping[str, MethodSchemas]) -> str:
    module = Module()
    abi, body = module.use(ABI), module.body
    module.exports.append("SCHEMAS")
    body.add("")
    with body.indented(f"SCHEMAS: {abi}.SchemaTable = {{", "}"):
        for service in file.services:
            for method in service.methods:
                found = schemas[method.full_name]
                with body.indented(f"{text(method.full_name)}: {abi}.MethodSchemas(", "),"):
                    body.add(
                        f"request={text(found.request)},",
                        f"response={text(found.response)},",
                        f"request_draft_07={text(found.request_draft_07)},",
                        f"response_draft_07={text(found.response_draft_07)},",
                    )
    return module.source(file.path)
