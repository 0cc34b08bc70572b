"""`iii-bridge lint`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from iii_bridge.cli.main import app
from tests.codegen.support import shop, write_sources

BODY = "message R { bytes data = 1; }\nservice S { rpc M(R) returns (R); }"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sources(tmp_path / "proto", shop(BODY))
    monkeypatch.chdir(tmp_path)


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["lint", *arguments])


def test_findings_are_shown_with_place_code_and_hint() -> None:
    done = lint()
    assert done.exit_code == 1
    assert done.stdout == (
        "proto/shop/v1/shop.proto:14:19: warning III605: bytes of field shop.v1.R.data may be larger than a frame\n"
        "    hint: a frame holds 16 MiB and base64 adds a third: send large data in a stream\n"
        "proto/shop/v1/shop.proto:15:17: warning III606: shop.v1.S/M says nowhere what it does\n"
        "    hint: write a comment above the method\n"
    )


def test_forms() -> None:
    found = json.loads(lint("--json").stdout)
    assert [(item["code"], item["severity"], item["line"]) for item in found] == [
        ("III605", "warning", 14),
        ("III606", "warning", 15),
    ]
    assert lint("--github").stdout.splitlines()[1] == (
        "::warning file=proto/shop/v1/shop.proto,line=15,col=17,title=III606::"
        "shop.v1.S/M says nowhere what it does; write a comment above the method"
    )


def test_exit_codes() -> None:
    assert lint("--accept", "III605", "--accept", "III606").exit_code == 0
    done = lint("--accept", "III699")
    assert (done.exit_code, done.stderr) == (
        2,
        "error: there is no code III699; docs/reference/diagnostics.md lists them\n",
    )
    Path("proto/shop/v1/shop.proto").write_text("message")
    done = lint()
    assert (done.exit_code, done.stdout) == (2, "")
    assert "shop.proto:1:8" in done.stderr


def test_errors_are_findings_too() -> None:
    write_sources(Path("proto"), shop("service S { rpc M(google.protobuf.Value) returns (google.protobuf.Empty); }"))
    assert "error III204" in lint().stdout
