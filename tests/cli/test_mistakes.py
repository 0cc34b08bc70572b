"""What a user does wrong is a line or a usage text, never a stack trace, whatever the verb."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from iii_bridge.cli import main as cli

AWAY = ("--url", "ws://127.0.0.1:9")
MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "init twice": (("init", "."), "has bad in it; name a directory that is new or empty"),
    "init of a keyword": (("init", "class"), "cannot be a project"),
    "codegen of nothing": (("codegen",), "no such directory; create it"),
    "codegen both ways": (("codegen", "--check", "--watch"), "exclude each other"),
    "codegen of a broken table": (("codegen", "--project", "broken"), "is not valid TOML"),
    "schema of nothing": (("schema", "a.B"), "no such directory"),
    "lint of a file": (("lint", "--proto", "file"), "no such directory"),
    "breaking without a past": (("breaking", "--against", "nowhere"), "no such directory"),
    "an older version that is none": (
        ("breaking", "--against", "file", "--proto", "some"),
        "file is no descriptor set",
    ),
    "list of an address that is none": (("list", "--url", "http://x"), "ws://"),
    "call with no JSON": (("call", "a::b", "--data", "{"), "--data is no JSON"),
    "call of a file that is not there": (("call", "a::b", "--data", "@nosuch"), "cannot read nosuch"),
    "check of contracts that cannot be read": (("check", "--proto", "bad", *AWAY), "Expected"),
    "import into a package that is none": (("import", "--package", "1x", *AWAY), "is no name of a package"),
    "watch of a level that is none": (("watch", "--level", "loud", *AWAY), "loud"),
    "serve of nothing": (("serve", "nosuch:Thing"), "module nosuch"),
    "serve of a word": (("serve", "thing"), "is no target"),
    "http-front without contracts": (("http-front", *AWAY), "no such directory"),
    "gateway without contracts": (("gateway", "--proto", "nosuch", *AWAY), "no such directory"),
    "protos into a file": (("protos", "vendor", "file"), "cannot use"),
    "engine with a queue of a kind that is none": (("engine", "--queue", "a:b", "--memory"), "a:b"),
}


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("iii_bridge.cli.live.PATIENCE", 0.2)
    Path("file").write_text("x")
    for name in ("broken", "bad", "some"):
        Path(name).mkdir()
    Path("broken/pyproject.toml").write_text("[")
    Path("bad/a.proto").write_text("message")
    Path("some/a.proto").write_text('syntax = "proto3";')


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_words(
    arguments: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["iii-bridge", *arguments])
    monkeypatch.setattr(sys, "path", [*sys.path])  # `serve` puts the directory in front
    monkeypatch.setitem(os.environ, "COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert ended.value.code in (1, 2)
    assert said in " ".join(line.strip("│ ") for line in told.err.splitlines())
    assert "Traceback" not in told.err
    assert told.out == ""
