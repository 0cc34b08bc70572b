"""betterproto2 as the message library of generated Python: dataclasses, registered with their descriptor."""

from __future__ import annotations

from collections.abc import Iterable

from iii_codegen.emit.file import OutputFile
from iii_codegen.emit.python.literal import bytes_lines, text
from iii_codegen.emit.python.messages import MessageWriter
from iii_codegen.emit.python.module import ABI, Module
from iii_codegen.emit.python.names import type_name
from iii_codegen.emit.python.types import Names, qualified_name
from iii_codegen.model.nodes import File, Tree

__all__ = ["BetterprotoMessages"]


class BetterprotoMessages:
    """A `MessageLibrary`."""

    def names(self, tree: Tree, path: str, module: Module, *, own_package: bool) -> Names:
        """Well-known types and our own are in the abi."""
        return Names(tree, path, module, own_package=own_package)

    def define(self, file: File, module: Module, names: Names) -> None:
        """Classes."""
        writer, body = MessageWriter(module, names), module.body
        for enum in file.enums:
            body.add("", "")
            body.extend(writer.enum(enum, type_name(enum.name)))
        for message in file.messages:
            body.add("", "")
            body.extend(writer.message(message, type_name(message.name)))

    def register(self, file: File, module: Module) -> None:
        """The descriptor and the classes by full name."""
        abi, body = module.use(ABI), module.body
        body.add("", "")
        with body.indented(f"{abi}.register(", ")"), body.indented(f"{abi}.File(", ")"):
            body.add(f"name={text(file.path)},")
            with body.indented("descriptor=(", "),"):
                body.add(*bytes_lines(file.descriptor))
            with body.indented("types=(", "),"):
                for name in file.type_names():
                    body.add(f"({text(name)}, {qualified_name(file.package, name)}),")

    def beside(self, tree: Tree, file: File) -> Iterable[OutputFile]:
        """Nothing."""
        return ()
