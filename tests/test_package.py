"""The package's front."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import iii_bridge


def test_every_public_name_is_there_and_loaded_on_first_use() -> None:
    for name in iii_bridge.__all__:
        assert getattr(iii_bridge, name).__name__ == name
    assert dir(iii_bridge) == sorted(iii_bridge.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = iii_bridge.nothing  # type: ignore[attr-defined]


def test_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(iii_bridge.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported == set(iii_bridge.__all__)


def test_importing_the_package_opens_no_library() -> None:
    code = (
        "import sys, iii_bridge; print(sorted({'websockets', 'asyncio', 'msgspec', 'betterproto2'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
