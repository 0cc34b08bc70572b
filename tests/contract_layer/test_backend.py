"""The seam between the codec and message libraries."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import iii_bridge.contract
from iii_bridge.abi import v1 as abi
from iii_bridge.contract import backend
from iii_bridge.contract.backend import backend_of
from tests.contract_layer.contracts import orders


def test_a_backend_is_found_once_by_class() -> None:
    cls = orders().cls("shop.v1.Order")
    assert backend_of(cls) is backend_of(abi.Struct)
    assert backend_of(cls).owns(cls)


@pytest.mark.parametrize("cls", [int, abi.NullValue, type])
def test_other_classes_have_none(cls: type) -> None:
    with pytest.raises(TypeError, match="is not a generated message class; generate it from its contract"):
        backend_of(cls)


def test_only_the_seam_knows_of_the_libraries() -> None:
    folder = Path(iii_bridge.contract.__file__).parent
    own = {module.rpartition(".")[2] for module in backend._OURS.values()}
    users = {
        path.stem
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and {(node.module or "").rpartition(".")[2], *_names(node)} & own
    }
    assert users == set()


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}
