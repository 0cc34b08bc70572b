"""One Python module: imports are values, collected while the text that needs them is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from iii_codegen.emit.file import Lines, header
from iii_codegen.emit.python.literal import text

__all__ = ["ABC", "ABI", "BETTERPROTO", "BUILTINS", "COLLECTIONS", "DATACLASSES", "DATETIME", "Import", "Module"]


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """`import name`, or `from module import name as alias` where a module is named."""

    group: int
    """0 the standard library, 1 libraries, 2 iii-bridge, 3 siblings."""
    module: str
    name: str
    alias: str

    @property
    def line(self) -> str:
        """The statement."""
        renamed = "" if self.alias == self.name else f" as {self.alias}"
        if not self.module:
            return f"import {self.name}{renamed}"
        return f"from {self.module} import {self.name}{renamed}"


ABC: Final = Import(0, "", "abc", "abc")
BUILTINS: Final = Import(0, "", "builtins", "builtins")
COLLECTIONS: Final = Import(0, "", "collections.abc", "collections.abc")
DATACLASSES: Final = Import(0, "", "dataclasses", "dataclasses")
DATETIME: Final = Import(0, "", "datetime", "datetime")
BETTERPROTO: Final = Import(1, "", "betterproto2", "betterproto2")
ABI: Final = Import(2, "iii_bridge.abi", "v1", "abi")


class Module:
    """The module being written."""

    def __init__(self) -> None:
        self._imports: dict[Import, Import] = {}
        self._aliases: set[str] = set()
        self.body = Lines()
        self.exports: list[str] = []

    def use(self, needed: Import) -> str:
        """The name an import is used by; the import statement is written because of it.

        Two imports may want one name, as `a/b_c.proto` and `a/b/c.proto` do: the second one gets a number.
        """
        if needed not in self._imports:
            alias, number = needed.alias, 1
            while alias in self._aliases:
                number += 1
                alias = f"{needed.alias}_{number}"
            self._aliases.add(alias)
            self._imports[needed] = replace(needed, alias=alias)
        return self._imports[needed].alias

    def source(self, *sources: str) -> str:
        """The module's text."""
        lines = [f"# {header(*sources)}", "# ruff: noqa", "", "from __future__ import annotations"]
        group = -1
        for item in sorted(self._imports.values()):
            if item.group != group:
                lines.append("")
                group = item.group
            lines.append(item.line)
        if self.exports:
            lines += ["", "__all__ = [", *(f"    {text(name)}," for name in sorted(self.exports)), "]"]
        return "\n".join([*lines, *self.body.all()]).rstrip("\n") + "\n"
