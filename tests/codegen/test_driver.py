"""The whole run, as `iii-bridge codegen` and `python -m iii_codegen` make it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from iii_codegen.driver import run
from tests.codegen.support import shop, write_sources

CONTRACT = shop(
    """
    message R { string id = 1; }
    service OrdersService { rpc Place(R) returns (google.protobuf.Empty); }
    """
)


class Project:
    """A project directory, and what a run in it said."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out: list[str] = []
        self.err: list[str] = []

    def run(self, *, check: bool = False) -> int:
        self.out.clear()
        self.err.clear()
        return run(self.root, check=check, out=self.out.append, err=self.err.append)

    def files(self) -> dict[str, float]:
        found = (path for path in self.root.rglob("*") if path.is_file() and "proto" not in path.parts)
        return {path.relative_to(self.root).as_posix(): path.stat().st_mtime_ns for path in found}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    write_sources(tmp_path / "proto", CONTRACT)
    return Project(tmp_path)


def test_everything_is_written(project: Project) -> None:
    assert project.run() == 0
    assert sorted(project.files()) == [
        "contracts/__init__.py",
        "contracts/py.typed",
        "contracts/shop/__init__.py",
        "contracts/shop/v1/__init__.py",
        "contracts/shop/v1/shop_pb.py",
        "contracts/shop/v1/shop_schemas.py",
        "schemas/2020-12/shop.v1.OrdersService.Place.request.json",
        "schemas/2020-12/shop.v1.OrdersService.Place.response.json",
        "schemas/draft-07/shop.v1.OrdersService.Place.request.json",
        "schemas/draft-07/shop.v1.OrdersService.Place.response.json",
    ]
    assert project.out == [
        f"{project.root}/contracts: 6 written, 0 removed, 0 unchanged",
        f"{project.root}/schemas: 4 written, 0 removed, 0 unchanged",
    ]


def test_a_second_run_touches_nothing(project: Project) -> None:
    project.run()
    before = project.files()
    assert project.run() == 0
    assert project.files() == before


def test_check_lists_drift_and_writes_nothing(project: Project) -> None:
    assert project.run(check=True) == 1
    assert project.files() == {}
    assert project.err[0] == "missing: contracts/__init__.py"
    project.run()
    assert (project.run(check=True), project.err) == (0, [])
    (project.root / "contracts/shop/v1/shop_pb.py").unlink()
    (project.root / "proto/shop/v1/shop.proto").write_text(
        (project.root / "proto/shop/v1/shop.proto").read_text().replace("string id", "string name")
    )
    before = project.files()
    assert project.run(check=True) == 1
    assert project.err == [
        "missing: contracts/shop/v1/shop_pb.py",
        "changed: contracts/shop/v1/shop_schemas.py",
        "changed: schemas/2020-12/shop.v1.OrdersService.Place.request.json",
        "changed: schemas/draft-07/shop.v1.OrdersService.Place.request.json",
        "4 generated files differ from the contracts; run `iii-bridge codegen`",
    ]
    assert project.files() == before


def test_a_removed_contract_is_removed(project: Project) -> None:
    write_sources(project.root / "proto", {"old/v1/old.proto": 'syntax = "proto3"; package old.v1; message O {}'})
    project.run()
    assert "contracts/old/v1/old_pb.py" in project.files()
    (project.root / "proto/old/v1/old.proto").unlink()
    assert project.run() == 0
    assert not any("old" in name for name in project.files())


def test_errors_stop_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    project.run()
    before = project.files()
    write_sources(project.root / "proto", {"b/v1/b.proto": shop("message A {}")["shop/v1/shop.proto"]})
    write_sources(project.root / "proto", shop("message R {}\nservice S { rpc M(R) returns (google.protobuf.Value); }"))
    (project.root / "proto/b/v1/b.proto").unlink()
    assert project.run() == 1
    assert project.err[0].startswith("proto/shop/v1/shop.proto:15:17: error III204: ")
    assert project.files() == before


def test_mistakes_of_protobuf_are_shown(project: Project) -> None:
    write_sources(project.root / "proto", {"bad.proto": "syntax = 'proto3';\nmessage {"})
    assert project.run() == 1
    assert f"{project.root}/proto/bad.proto:2:9: Expected message name." in project.err[0]


def test_places_are_shown_from_the_current_directory(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "pyproject.toml").write_text("[tool.iii-bridge]\nproto = 'my api'")
    write_sources(project.root / "my api", {"old/old.proto": 'syntax = "proto3"; package old; message O {}'})
    for directory, place in (
        (project.root, "my api/old/old.proto"),
        (project.root / "my api", "old/old.proto"),
        (project.root / "proto", f"{project.root}/my api/old/old.proto"),
    ):
        monkeypatch.chdir(directory)
        assert project.run() == 0
        assert project.err[0].startswith(f"{place}:1:1: warning III005: ")
    write_sources(project.root / "my api", {"old/old.proto": "message {"})
    monkeypatch.chdir(project.root)
    assert project.run() == 1
    assert project.err[0].startswith("my api/old/old.proto:1:9: Expected message name.")


def test_settings_that_cannot_be_used(project: Project) -> None:
    (project.root / "pyproject.toml").write_text("[tool.iii-bridge]\nprot = 'x'")
    assert project.run() == 2
    assert project.err == ["error: unknown key tool.iii-bridge.prot in pyproject.toml; did you mean proto?"]


def test_a_file_in_the_way_is_not_overwritten(project: Project) -> None:
    mine = project.root / "contracts/shop/v1/shop_pb.py"
    write_sources(project.root, {"contracts/shop/v1/shop_pb.py": "x = 1\n"})
    for check in (False, True):
        assert project.run(check=check) == 2
        assert project.err == [
            f"error: {mine} was not generated; move it away, or name another `out` in [tool.iii-bridge]"
        ]
    assert [name for name in project.files() if name.startswith(("contracts", "schemas"))] == [
        "contracts/shop/v1/shop_pb.py"
    ]
    assert mine.read_text() == "x = 1\n"


def test_a_directory_that_cannot_be_written(project: Project) -> None:
    (project.root / "schemas").write_text("a file")
    assert project.run() == 2
    assert len(project.err) == 1
    assert re.match(r"error: .*Not a directory: ", project.err[0])


def test_warnings_are_shown(project: Project) -> None:
    write_sources(project.root / "proto", {"old/old.proto": 'syntax = "proto3"; package old; message O {}'})
    assert project.run() == 0
    assert project.err[0].startswith(f"{project.root}/proto/old/old.proto:1:1: warning III005: package old ")


def test_copies_of_library_files_are_no_contracts(project: Project) -> None:
    from iii_codegen.protos import vendored_files

    for name, content in vendored_files():
        write_sources(project.root / "proto", {name: content.decode()})
    assert project.run() == 0
    assert not any("google" in name or "iii_bridge" in name for name in project.files())


def test_files_of_the_checkers_own_directory_do_not_matter(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files come out wherever the run is started from."""
    project.run()
    before = {name: (project.root / name).read_text() for name in project.files()}
    elsewhere = project.root / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert project.run(check=True) == 0
    assert {name: (project.root / name).read_text() for name in project.files()} == before


def test_as_a_program(project: Project) -> None:
    def program(*arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "iii_codegen", *arguments]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=60, env=environment)

    assert program("--check").returncode == 1
    done = program()
    assert (done.returncode, done.stderr) == (0, "")
    for seed in ("1", "2"):
        done = program("--check", "--project", str(project.root), seed=seed)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_missing_library_is_named(project: Project) -> None:
    script = """
import importlib.util, runpy, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "croniter" else real(name, *rest)
sys.argv = ["iii_codegen"]
runpy.run_module("iii_codegen", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project.root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "error: croniter is not installed; install it with: pip install 'iii-bridge[codegen]'\n"


def test_rules_in_cel_need_messages_they_are_evaluated_for(project: Project) -> None:
    rule = '(buf.validate.field).cel = { id: "even" message: "must be even" expression: "this % 2 == 0" }'
    write_sources(project.root / "proto", shop(f"message R {{ int32 number = 1 [{rule}]; }}"))
    assert project.run() == 1
    assert re.search(
        r"shop\.proto:\d+:\d+: error III504: field number has a rule in CEL: even$", project.err[0].split("\n")[0]
    )
    (project.root / "pyproject.toml").write_text('[tool.iii-bridge]\nmessages = "google"\n')
    assert project.run() == 0
    code = (
        "from contracts.shop.v1 import R; from iii_bridge.contract.protojson import codec_for; codec = codec_for(R)\n"
        "codec.encode(R(number=2))\n"
        "try: codec.encode(R(number=3))\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "must be even at $.number\n"
