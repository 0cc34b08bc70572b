"""The plugins under the real protoc and the real buf give what the driver gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from iii_codegen.emit.jsonschema.files import method_schemas
from iii_codegen.emit.typescript.package import emit_typescript
from iii_codegen.protos import import_paths, vendored_files
from tests.codegen.support import shop, tree_of, write_sources

BIN = Path(sys.executable).parent
PLUGINS = ("protoc-gen-iii-python", "protoc-gen-iii-jsonschema", "protoc-gen-iii-typescript")
CONTRACT = shop(
    """
    message R { string id = 1; google.protobuf.Timestamp at = 2; }
    service ShopService {
      rpc Buy(R) returns (google.protobuf.Empty) { option (google.api.http) = { get: "/a/{id}" }; }
    }
    """
)
BROKEN = shop("message R {}\nservice S { rpc M(R) returns (google.protobuf.Value); }")

BUF = """\
version: v2
plugins:
  - local: protoc-gen-iii-python
    out: contracts
    strategy: all
  - local: protoc-gen-iii-jsonschema
    out: schemas
    strategy: all
    opt: [dialect=2020-12]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_sources(tmp_path / "proto", CONTRACT)
    for name in ("contracts", "schemas"):
        (tmp_path / name).mkdir()
    return tmp_path


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=100, env={**os.environ, "PATH": path}
    )


def protoc(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [f"-I{path}" for path in ("proto", *import_paths())]
    plugins = [f"--plugin={BIN / name}" for name in PLUGINS]
    files = [path.relative_to(project / "proto").as_posix() for path in (project / "proto").rglob("*.proto")]
    return run(sys.executable, "-m", "grpc_tools.protoc", *paths, *plugins, *arguments, *files, cwd=project)


def tree(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def from_the_driver(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    other = tmp_path_factory.mktemp("driver")
    write_sources(other / "proto", CONTRACT)
    done = run(sys.executable, "-m", "iii_codegen", cwd=other)
    assert done.returncode == 0, done.stderr
    return tree(other / "contracts"), tree(other / "schemas")


def test_protoc(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = protoc(project, "--iii-python_out=contracts", "--iii-jsonschema_out=schemas")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tree(project / "contracts"), tree(project / "schemas")) == from_the_driver(project, tmp_path_factory)


def test_protoc_writes_rust(project: Path) -> None:
    (project / "rust").mkdir()
    (project / "pyproject.toml").write_text(
        '[tool.iii-bridge]\npython = false\nschemas = false\n[tool.iii-bridge.rust]\nout = "driven"\n'
    )
    done = protoc(project, f"--plugin={BIN / 'protoc-gen-iii-rust'}", "--iii-rust_out=rust")
    assert (done.returncode, done.stderr) == (0, "")
    driven = run(sys.executable, "-m", "iii_codegen", cwd=project)
    assert driven.returncode == 0, driven.stderr
    assert tree(project / "rust") == tree(project / "driven")


def test_protoc_shows_diagnostics(project: Path) -> None:
    write_sources(project / "proto", BROKEN)
    done = protoc(project, "--iii-python_out=contracts")
    assert done.returncode == 1
    assert "shop/v1/shop.proto:15:17: error III204: response of shop.v1.S/M is google.protobuf.Value" in done.stderr
    assert tree(project / "contracts") == {}


def test_protoc_with_every_option_of_schemas(project: Path) -> None:
    done = protoc(
        project, "--iii-jsonschema_out=schemas", "--iii-jsonschema_opt=of=messages,profile=protojson,dialect=draft-07"
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = tree(project / "schemas")
    assert list(found) == ["draft-07/shop.v1.R.json"]
    assert {"type": "null"} in json.loads(found["draft-07/shop.v1.R.json"])["properties"]["id"]["anyOf"]


def test_protoc_writes_the_glue_of_typescript(project: Path) -> None:
    (project / "src").mkdir()
    done = protoc(project, "--iii-typescript_out=src", "--iii-typescript_opt=import_extension=none")
    assert (done.returncode, done.stderr) == (0, "")
    expected = emit_typescript(tree_of(CONTRACT), method_schemas(tree_of(CONTRACT)), extension="none")
    assert tree(project / "src") == {file.path: file.content for file in expected}


def test_protoc_refuses_unknown_options(project: Path) -> None:
    done = protoc(project, "--iii-jsonschema_out=schemas", "--iii-jsonschema_opt=dialekt=draft-07")
    assert done.returncode == 1
    assert "unknown option dialekt; did you mean dialect?" in done.stderr


def test_buf(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With the option files vendored beside the contracts, as `iii-bridge protos vendor` puts them."""
    for name, content in vendored_files():
        if not name.startswith("google/protobuf/"):
            write_sources(project / "vendor", {name: content.decode()})
    (project / "buf.yaml").write_text("version: v2\nmodules:\n  - path: proto\n  - path: vendor\n")
    (project / "buf.gen.yaml").write_text(BUF)
    done = run(str(BIN / "buf"), "generate", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    contracts, schemas = from_the_driver(project, tmp_path_factory)
    assert tree(project / "contracts") == contracts
    assert tree(project / "schemas") == {name: text for name, text in schemas.items() if name.startswith("2020-12/")}
