"""What differs between message libraries in generated Python: classes and how they are referred to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from iii_codegen.emit.file import OutputFile
from iii_codegen.emit.python.module import Module
from iii_codegen.emit.python.types import Names
from iii_codegen.model.nodes import File, Tree

__all__ = ["MessageLibrary"]


class MessageLibrary(Protocol):
    """A message library, as the emitter sees it; services are the same for all."""

    def names(self, tree: Tree, path: str, module: Module, *, own_package: bool) -> Names:
        """How one module refers to types."""
        ...

    def define(self, file: File, module: Module, names: Names) -> None:
        """Adds the enums and messages of a file to its module."""
        ...

    def register(self, file: File, module: Module) -> None:
        """Adds what makes the module's types known; the last thing in it."""
        ...

    def beside(self, tree: Tree, file: File) -> Iterable[OutputFile]:
        """Further files for the types of a file."""
        ...
