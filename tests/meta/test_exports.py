"""Every module says what it exports, and every exported name says what it is."""

from __future__ import annotations

import ast
import importlib

import pytest

from tests.meta.source import Module, public_names, written_by_hand

MODULES = written_by_hand()
WITH_CODE = [
    m for m in MODULES if any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for n in m.tree.body)
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_has_a_docstring(module: Module) -> None:
    assert ast.get_docstring(module.tree) or not module.tree.body, module.path


@pytest.mark.parametrize("module", WITH_CODE, ids=lambda module: module.name)
def test_exports_are_listed_and_exist(module: Module) -> None:
    names = public_names(module)
    assert names is not None, f"{module.name} has no __all__"
    assert len(names) == len(set(names))
    loaded = importlib.import_module(module.name)
    assert [name for name in names if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("module", WITH_CODE, ids=lambda module: module.name)
def test_public_names_have_docstrings(module: Module) -> None:
    exported = set(public_names(module) or ())
    missing = []
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in exported:
            missing += [] if ast.get_docstring(node) else [node.name]
        elif isinstance(node, ast.ClassDef) and node.name in exported:
            missing += [] if ast.get_docstring(node) else [node.name]
            missing += [f"{node.name}.{method}" for method in _undocumented_methods(node)]
    assert missing == []


def _undocumented_methods(node: ast.ClassDef) -> list[str]:
    """Public methods without a docstring; overloads and property setters have theirs elsewhere."""
    found = []
    for item in node.body:
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) or item.name.startswith("_"):
            continue
        decorators = {ast.unparse(decorator) for decorator in item.decorator_list}
        if any(name in {"overload", "override", "typing.override"} or name.endswith(".setter") for name in decorators):
            continue
        if not ast.get_docstring(item):
            found.append(item.name)
    return found
