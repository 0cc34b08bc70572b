"""`iii-bridge codegen` and `iii-bridge protos`, as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.support import shop, write_sources

PROGRAM = Path(sys.executable).parent / "iii-bridge"


def program(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PROGRAM), *arguments], cwd=cwd, capture_output=True, text=True, timeout=60)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    contract = "message R { string id = 1; }\nservice OrdersService { rpc Place(R) returns (R); }"
    write_sources(tmp_path / "proto", shop(contract))
    return tmp_path


def test_codegen_and_check(project: Path) -> None:
    assert program("codegen", "--check", cwd=project).returncode == 1
    done = program("codegen", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert program("codegen", "--check", cwd=project).returncode == 0
    script = "from contracts.shop.v1 import OrdersClient, OrdersService, R; print(R(id='1'))"
    done = subprocess.run([sys.executable, "-c", script], cwd=project, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "R(id='1')\n"), done.stderr


def test_codegen_in_another_directory(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = program("codegen", "--project", str(project), cwd=tmp_path_factory.mktemp("elsewhere"))
    assert done.returncode == 0
    assert (project / "contracts/shop/v1/__init__.py").is_file()


def test_codegen_exit_codes(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.iii-bridge]\npyton.out = 'x'\n")
    done = program("codegen", cwd=project)
    assert (done.returncode, done.stderr) == (
        2,
        "error: unknown key tool.iii-bridge.pyton in pyproject.toml; did you mean python?\n",
    )
    (project / "pyproject.toml").unlink()
    (project / "proto/shop/v1/shop.proto").write_text("message")
    done = program("codegen", cwd=project)
    assert done.returncode == 1
    assert "shop.proto:1:8" in done.stderr
    assert "Traceback" not in done.stderr


def test_protos_path(tmp_path: Path) -> None:
    done = program("protos", "path", cwd=tmp_path)
    assert done.returncode == 0
    roots = [Path(line) for line in done.stdout.splitlines()]
    for name in ("iii_bridge/v1/contract.proto", "google/api/annotations.proto", "google/protobuf/empty.proto"):
        assert any((root / name).is_file() for root in roots), name


def test_protos_vendor(tmp_path: Path) -> None:
    done = program("protos", "vendor", "third_party", cwd=tmp_path)
    assert done.returncode == 0
    assert "third_party/iii_bridge/v1/contract.proto\n" in done.stdout
    assert "extend" in (tmp_path / "third_party/iii_bridge/v1/contract.proto").read_text()
    assert (tmp_path / "third_party/google/api/http.proto").is_file()
    again = program("protos", "vendor", "third_party", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "")


@pytest.mark.parametrize("verb", ["codegen", "protos"])
def test_a_missing_extra_is_named(verb: str, tmp_path: Path) -> None:
    script = f"""
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "grpc_tools" else real(name, *rest)
sys.argv = ["iii-bridge", "{verb}"]
from iii_bridge.cli.main import main
main()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert "grpc_tools" in done.stderr
    assert "pip install 'iii-bridge[codegen]'" in done.stderr
    assert "Traceback" not in done.stderr
