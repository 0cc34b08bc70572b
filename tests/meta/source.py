"""Reads the project's own source as syntax trees, once."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module
    text: str

    @property
    def generated(self) -> bool:
        return "DO NOT EDIT" in self.text[:400]

    def imports(self) -> set[str]:
        """Every module this one imports, wherever the statement stands; TYPE_CHECKING blocks included."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.update(self._from(node))
        return found

    def _from(self, node: ast.ImportFrom) -> set[str]:
        base = node.module or ""
        if node.level:
            is_package = self.path.name == "__init__.py"
            parts = self.name.split(".")
            parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
            base = ".".join([*parts, *([node.module] if node.module else [])])
        return {base, *(f"{base}.{alias.name}" for alias in node.names)}


@functools.cache
def modules() -> tuple[Module, ...]:
    found = []
    for package, folder in (("iii_bridge", ROOT), ("iii_codegen", ROOT / "codegen")):
        for path in sorted((folder / package).rglob("*.py")):
            parts = list(path.relative_to(folder).with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text()
            found.append(Module(name, path, ast.parse(text), text))
    return tuple(found)


def written_by_hand() -> list[Module]:
    return [module for module in modules() if not module.generated]


def public_names(module: Module) -> list[str] | None:
    for node in module.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            return list(ast.literal_eval(node.value))  # type: ignore[union-attr, arg-type]
    return None
