"""google.protobuf as the message library of generated Python.

A file gets a module `_pb2` that makes its classes from the embedded descriptor,
and a stub `_pb2.pyi` that tells type checkers what is in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from iii_codegen.emit.file import OutputFile
from iii_codegen.emit.python.google_stubs import StubWriter
from iii_codegen.emit.python.literal import bytes_lines, text
from iii_codegen.emit.python.module import ABI, Import, Module
from iii_codegen.emit.python.names import KEYWORDS, module_name, path_names, type_name
from iii_codegen.emit.python.types import Names, is_extern
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Enum, File, Message, Tree

__all__ = ["GoogleMessages", "check_google_names"]

_MODULES: Final = {
    "Any": "any",
    "Duration": "duration",
    "Empty": "empty",
    "FieldMask": "field_mask",
    "ListValue": "struct",
    "NullValue": "struct",
    "Struct": "struct",
    "Timestamp": "timestamp",
    "Value": "struct",
}
"""The file of a well-known type; the others are wrappers."""


class _GoogleNames(Names):
    """Well-known types are google's own, nested types are called as in the contract."""

    def well_known(self, name: str) -> str:
        module = f"{_MODULES.get(name, 'wrappers')}_pb2"
        return f"{self._module.use(Import(1, 'google.protobuf', module, f'_{module}'))}.{name}"

    def qualified(self, package: str, full_name: str) -> str:
        first, *rest = full_name.removeprefix(f"{package}." if package else "").split(".")
        return ".".join([type_name(first), *rest])


class _StubNames(_GoogleNames):
    """As in stubs, which refer to one another."""

    ending = "_pb2"

    def extern(self, qualified: str) -> str:
        """Our own messages, inside of google's, have no stub."""
        return f"{self._module.use(Import(1, 'google.protobuf', 'message', '_message'))}.Message"


class GoogleMessages:
    """A `MessageLibrary`."""

    def names(self, tree: Tree, path: str, module: Module, *, own_package: bool) -> Names:
        """Requests and responses of iii_bridge.v1 stay those of the abi, which the bridge knows."""
        return _GoogleNames(tree, path, module, own_package=own_package)

    def define(self, file: File, module: Module, names: Names) -> None:
        """Takes the classes from the module beside this one."""
        for name in _top_names(file):
            module.use(Import(3, f".{module_name(file.path)}_pb2", name, name))

    def register(self, file: File, module: Module) -> None:
        """Nothing: google's classes know their descriptors."""

    def beside(self, tree: Tree, file: File) -> Iterable[OutputFile]:
        """The module of classes and its stub."""
        if not (file.enums or file.messages):
            return
        stem = "/".join([*path_names(file.path), module_name(file.path)])
        yield OutputFile(f"{stem}_pb2.py", _classes(tree, file))
        yield OutputFile(f"{stem}_pb2.pyi", _stub(tree, file))


def check_google_names(tree: Tree, report: Report) -> None:
    """Reports nested types that no Python code could name: google calls them as the contract does."""
    for file in tree.generated_files():
        for message in file.all_messages():
            nested: list[Enum | Message] = [*message.messages, *message.enums]
            for item in nested:
                if item.name in KEYWORDS:
                    problem = f"{item.full_name} has the name of a keyword, which google's nested classes keep"
                    report.add("III009", item.place, problem, "rename it, or move it out of its message")


def _classes(tree: Tree, file: File) -> str:
    module = Module()
    names = _StubNames(tree, file.path, module)
    needed = [names.import_file(path) for path in sorted(_used_files(tree, file))]
    abi, body = module.use(ABI), module.body
    body.add("")
    with body.indented(f"_types = {abi}.google_types(", ")"):
        body.add(f"name={text(file.path)},")
        with body.indented("descriptor=(", "),"):
            body.add(*bytes_lines(file.descriptor))
        if needed:
            body.add(f"after=({', '.join(needed)},),")
    body.add("")
    for name, full_name in _top_names(file).items():
        body.add(f"{name} = _types[{text(full_name)}]")
        module.exports.append(name)
    for enum in file.enums:
        for value in enum.values:
            if value.name not in KEYWORDS:
                body.add(f"{value.name} = {value.number}")
    return module.source(file.path)


def _top_names(file: File) -> dict[str, str]:
    """The full names of the enums and messages that stand in no other, by their Python names."""
    enums = {type_name(enum.name): enum.full_name for enum in file.enums}
    return enums | {type_name(message.name): message.full_name for message in file.messages}


def _used_files(tree: Tree, file: File) -> set[str]:
    """The other generated files whose types the fields of a file hold."""
    names = {field.element.type_name for message in file.all_messages() for field in message.fields}
    methods = [method for service in file.services for method in service.methods]
    names |= {name for method in methods for name in (method.request, method.response)}
    paths = {tree.file_of[name] for name in names if name in tree.file_of}
    return {path for path in paths - {file.path} if not is_extern(path)}


def _stub(tree: Tree, file: File) -> str:
    module = Module()
    names = _StubNames(tree, file.path, module)
    writer = StubWriter(module, names)
    for enum in file.enums:
        writer.enum(enum, type_name(enum.name), module.body)
        module.exports.append(type_name(enum.name))
    for message in file.messages:
        writer.message(message, type_name(message.name), module.body)
        module.exports.append(type_name(message.name))
    if names.shadowed:
        module.body.add("", "# Other names for classes, for places where a member hides the class.")
        module.body.add(*(f"{alias} = {name}" for name, alias in sorted(names.shadowed.items())))
    return module.source(file.path)
