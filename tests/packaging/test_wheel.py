"""A wheel from a clean checkout, in an empty environment elsewhere, does the whole job."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.packaging.conftest import Elsewhere

CONTRACT = """\
syntax = "proto3";
package acme.greeter.v1;
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "iii_bridge/v1/contract.proto";

message GreetRequest {
  string name = 1 [(google.api.field_behavior) = REQUIRED];
}
message GreetResponse {
  string text = 1;
}
service GreeterService {
  // Greets somebody.
  rpc Greet(GreetRequest) returns (GreetResponse) {
    option (google.api.http) = { post: "/v1/greetings" body: "*" };
    option (iii_bridge.v1.function) = { timeout: { seconds: 5 } };
  }
}
"""

PROGRAM = """\
import asyncio
from iii_bridge import Context, connect
from iii_bridge.engine import Engine
from contracts.acme.greeter.v1 import GreeterClient, GreeterService, GreetRequest, GreetResponse

class Greeter(GreeterService):
    async def greet(self, request: GreetRequest, context: Context, /) -> GreetResponse:
        return GreetResponse(text=f"hello {request.name}")

async def main() -> None:
    async with Engine(port=0, http_port=0) as engine:
        async with connect(engine.url, worker_name="greeter") as bridge:
            await bridge.serve(Greeter())
            answer = await GreeterClient(bridge).greet(GreetRequest(name="world"))
            print(answer.text)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def elsewhere(installed: Elsewhere) -> Path:
    """A project beside the environment with the wheel."""
    home = installed.home
    project = home / "project"
    (project / "proto/acme/greeter/v1").mkdir(parents=True)
    (project / "proto/acme/greeter/v1/greeter.proto").write_text(CONTRACT)
    (project / "pyproject.toml").write_text('[project]\nname = "acme"\nversion = "0"\n[tool.iii-bridge]\n')
    (project / "serve.py").write_text(PROGRAM)
    return home


def run(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment["PATH"] = f"{home / 'venv/bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"
    return subprocess.run(
        command, cwd=home / "project", env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.timeout(600)
def test_the_wheel_generates_and_serves_somebody_elses_contracts(elsewhere: Path) -> None:
    generated = run(elsewhere, "iii-bridge", "codegen")
    assert generated.returncode == 0, generated.stderr
    assert (elsewhere / "project/contracts/acme/greeter/v1/__init__.py").is_file()
    assert list((elsewhere / "project/schemas").rglob("*.json"))
    fresh = run(elsewhere, "iii-bridge", "codegen", "--check")
    assert fresh.returncode == 0, fresh.stderr
    served = run(elsewhere, "python", "serve.py")
    assert served.returncode == 0, served.stderr
    assert served.stdout == "hello world\n"


@pytest.mark.timeout(600)
def test_the_wheel_brings_its_types_and_its_protos(elsewhere: Path) -> None:
    where = run(elsewhere, "python", "-c", "import iii_bridge; print(iii_bridge.__path__[0])").stdout.strip()
    package = Path(where)
    assert str(elsewhere) in where
    assert (package / "py.typed").is_file()
    assert (package.parent / "iii_codegen/py.typed").is_file()
    runtime = "iii_codegen/emit/typescript/runtime"
    here = {path.name for path in (Path(__file__).parents[2] / "codegen" / runtime).glob("*.ts")}
    assert {path.name for path in (package.parent / runtime).glob("*.ts")} == here
    paths = run(elsewhere, "iii-bridge", "protos", "path")
    assert paths.returncode == 0, paths.stderr
    roots = [Path(line) for line in paths.stdout.split()]
    for name in ("iii_bridge/v1/contract.proto", "google/api/annotations.proto", "google/protobuf/struct.proto"):
        assert any((root / name).is_file() for root in roots), name


@pytest.mark.timeout(600)
def test_the_wheel_brings_plugins_that_write_what_codegen_writes(elsewhere: Path) -> None:
    generated = run(elsewhere, "iii-bridge", "codegen")
    assert generated.returncode == 0, generated.stderr
    paths = [
        f"-I{path}" for path in ("proto", *run(elsewhere, "iii-bridge", "protos", "path").stdout.split("\n")) if path
    ]
    for plugin, written in (("python", "contracts"), ("jsonschema", "schemas")):
        out = elsewhere / "by-plugin" / written
        out.mkdir(parents=True)
        command = ["python", "-m", "grpc_tools.protoc", *paths, f"--iii-{plugin}_out={out}"]
        made = run(elsewhere, *command, "acme/greeter/v1/greeter.proto")
        assert (made.returncode, made.stderr) == (0, "")
        expected, found = files_below(elsewhere / "project" / written), files_below(out)
        assert expected == found
        assert expected


def files_below(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
