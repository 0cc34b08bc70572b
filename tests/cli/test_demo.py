"""`iii-bridge demo`, where there is nothing to run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from iii_bridge.cli import demo
from iii_bridge.cli.main import app


def test_outside_a_checkout_it_says_where_to_run_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "_PYTHON", tmp_path / "examples")
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 2
    assert "checkout" in result.output
    assert "make demo" in result.output


def test_no_order_lines_are_refused() -> None:
    result = CliRunner().invoke(app, ["demo", "--lines", "0"])
    assert result.exit_code == 2
    assert "--lines" in result.output
