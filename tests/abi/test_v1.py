"""Version 1 of what generated code imports only grows."""

from __future__ import annotations

import dataclasses
import sys
from types import ModuleType
from typing import Any

import pytest

from iii_bridge.abi import v1
from tests.abi.surface import breaks, main, recorded, surface


def test_nothing_generated_code_relies_on_is_gone_or_changed() -> None:
    assert breaks(recorded(), surface()) == []


def test_what_is_new_is_recorded_so_that_it_stays_too() -> None:
    new = sorted(set(surface()) - set(recorded()))
    assert new == [], "run python -m tests.abi.surface and commit the record"


def test_the_record_names_every_export() -> None:
    assert {fact.split(" ")[0].split(".")[0] for fact in recorded()} >= set(v1.__all__)


def _module(**exports: Any) -> ModuleType:
    module = ModuleType("small")
    vars(module).update(exports, __all__=sorted(exports))
    return module


def _spec(*fields: Any) -> type:
    return dataclasses.make_dataclass("Spec", fields, kw_only=True)


def test_what_breaks_a_stub_is_found() -> None:
    def register(file: str, /, *, name: str = "") -> str: ...
    def with_more(file: str, /, *, name: str = "", more: int = 0) -> str: ...
    def with_needed(file: str, /, *, name: str = "", more: int) -> str: ...
    def by_keyword(*, file: str, name: str = "") -> str: ...
    def other_default(file: str, /, *, name: str = "x") -> str: ...

    before = surface(_module(register=register, Spec=_spec(("name", "str"))))

    def found(function: Any, *more: Any, name: str = "str") -> list[str]:
        return breaks(before, surface(_module(register=function, Spec=_spec(("name", name), *more))))

    assert found(register) == []
    assert found(with_more) == []
    assert found(register, ("more", "int", 0)) == []
    assert found(with_needed) == ["new and has no default: register takes by keyword more: int"]
    assert found(by_keyword) == [
        "gone or changed: register takes 0 (by position only) file: str",
        "new and has no default: register takes by keyword file: str",
    ]
    assert found(other_default) == ["gone or changed: register takes by keyword name: str = ''"]
    assert "gone or changed: Spec.name has type str" in found(register, name="int")
    assert "new and has no default: Spec takes by keyword more: int" in found(register, ("more", "int"))
    assert breaks(before, surface(_module(register=register)))[0] == "gone or changed: Spec is a class"
    assert breaks(before, [*before, "Unheard is a class"]) == []


def test_the_record_is_not_rewritten_when_something_breaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = surface.__globals__["RECORD"]
    before = record.read_bytes()
    monkeypatch.setattr(v1, "__all__", [name for name in v1.__all__ if name != "Unary"])
    assert main() == 1
    assert "gone or changed: Unary is a class" in capsys.readouterr().err
    assert record.read_bytes() == before


def test_version_0_is_gone() -> None:
    assert "iii_bridge.abi.v0" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        __import__("iii_bridge.abi.v0")
