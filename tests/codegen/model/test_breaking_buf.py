"""Shared rules say what the real buf says, over every pair of field types, cardinalities and more."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from iii_codegen.model.breaking import breaking
from iii_codegen.model.breaking_codes import BREAKS
from iii_codegen.model.build import build
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import user_files
from tests.codegen.support import descriptors

BUF = Path(sys.executable).parent / "buf"
RULES = ["WIRE_JSON", "PACKAGE_SERVICE_NO_DELETE", "RPC_NO_DELETE"]
ELSEWHERE = {"ENUM_VALUE_SAME_NAME", "RPC_SAME_IDEMPOTENCY_LEVEL"}  # we name the line of the enum and of the method
UNSHARED = {"FIELD_SAME_DEFAULT"}  # default values are refused in contracts (III004)

SCALARS = (
    *("double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64"),
    *("sfixed32", "sfixed64", "bool", "string", "bytes", "E", "F", "M", "N"),
)
LABELS = ("{} f = 1;", "optional {} f = 1;", "repeated {} f = 1;", "oneof o {{ {} f = 1; }}", "map<string, {}> f = 1;")
TYPES = "enum E { A = 0; B = 1; } enum F { F_A = 0; } message M {} message N {}"
SERVICE = "message Q {{}} message R {{}} service S {{ {} }}"

PAIRS = {
    "rename": ("message X { string a = 1; }", "message X { string b = 1; }"),
    "json name": ("message X { string a = 1; }", 'message X { string a = 1 [json_name = "z"]; }'),
    "delete": ("message X { string a = 1; string b = 2; }", "message X { string a = 1; }"),
    "delete, number kept": ("message X { string a = 1; string b = 2; }", "message X { string a = 1; reserved 2; }"),
    "delete, both kept": (
        "message X { string a = 1; string b = 2; }",
        'message X { string a = 1; reserved 2 to 4; reserved "b"; }',
    ),
    "oneofs": (
        "message X { oneof o { string a = 1; string b = 2; } string c = 3; }",
        "message X { oneof p { string a = 1; } string b = 2; oneof q { string c = 3; } }",
    ),
    "nested": ("message X { message Y { string a = 1; } }", "message X { message Y { string b = 1; } }"),
    "message gone": ("message X { string a = 1; }", "message Y { string a = 1; }"),
    "reserved": (
        'message X { reserved 4 to 9, 20; reserved "a", "b"; } enum Z { O = 0; reserved 3; reserved "K"; }',
        'message X { reserved 4 to 6, 7, 9; reserved "a"; } enum Z { O = 0; }',
    ),
    "reserved, wider": ("message X { reserved 4 to 5; }", "message X { reserved 1 to 4; reserved 5 to max; }"),
    "values": (
        "enum Z { O = 0; P = 1; Q = 2; R = 3; }",
        'enum Z { O = 0; P1 = 1; reserved 2; reserved "R"; }',
    ),
    "aliases": (
        "enum Z { option allow_alias = true; O = 0; P = 1; P1 = 1; }",
        "enum Z { option allow_alias = true; O = 0; P = 1; P2 = 1; }",
    ),
    "an alias more": ("enum Z { O = 0; P = 1; }", "enum Z { option allow_alias = true; O = 0; P = 1; P2 = 1; }"),
    "another enum, a superset": (
        "message X { Y.E e = 1; } message Y { enum E { O = 0; } }",
        "message X { W.E e = 1; } message Y { enum E { O = 0; } } message W { enum E { O = 0; P = 1; } }",
    ),
    "another enum, smaller": (
        "message X { Y.E e = 1; } message Y { enum E { O = 0; P = 1; } }",
        "message X { W.E e = 1; } message Y { enum E { O = 0; P = 1; } } message W { enum E { O = 0; } }",
    ),
    "map keys": ("message X { map<string, string> a = 1; }", "message X { map<int32, string> a = 1; }"),
    "map values": ("message X { map<string, int32> a = 1; }", "message X { map<string, string> a = 1; }"),
    "rpc gone": (
        SERVICE.format("rpc A(Q) returns (R); rpc B(Q) returns (R);"),
        SERVICE.format("rpc A(Q) returns (R);"),
    ),
    "service gone": (SERVICE.format("rpc A(Q) returns (R);"), "message Q {} message R {}"),
    "request": (SERVICE.format("rpc A(Q) returns (R);"), SERVICE.format("rpc A(R) returns (R);")),
    "response": (SERVICE.format("rpc A(Q) returns (R);"), SERVICE.format("rpc A(Q) returns (Q);")),
    "streams": (SERVICE.format("rpc A(Q) returns (stream R);"), SERVICE.format("rpc A(stream Q) returns (R);")),
    "idempotency": (
        SERVICE.format("rpc A(Q) returns (R);"),
        SERVICE.format("rpc A(Q) returns (R) { option idempotency_level = IDEMPOTENT; }"),
    ),
}
PROTO2 = {
    "required": (
        "message X { required string a = 1; optional string b = 2; }",
        "message X { optional string a = 1; required string b = 2; required string c = 3; }",
    ),
    "to proto2": ("proto3", "message X { optional string a = 1; } enum Z { O = 0; }"),
}


def sources() -> tuple[dict[str, str], dict[str, str]]:
    """The old and the new files, a file and a package for each pair."""
    old: dict[str, str] = {}
    new: dict[str, str] = {}

    def add(before: str, after: str, syntax: tuple[str, str] = ("proto3", "proto3")) -> None:
        name = f"c{len(old)}"
        for files, body, kind in ((old, before, syntax[0]), (new, after, syntax[1])):
            lines = body.replace(";", ";\n").replace("{", "{\n")
            files[f"{name}/v1/x.proto"] = f'syntax = "{kind}";\npackage {name}.v1;\n{lines}\n'

    for one, other in itertools.permutations(SCALARS, 2):
        add(f"{TYPES} message X {{ {one} f = 1; }}", f"{TYPES} message X {{ {other} f = 1; }}")
    for kind in ("int32", "M"):
        for one, other in itertools.permutations(LABELS, 2):
            bodies = [f"{TYPES} message X {{ {label.format(kind)} }}" for label in (one, other)]
            add(*bodies)
    for before, after in PAIRS.values():
        add(before, after)
    for before, after in PROTO2.values():
        syntax = "proto3" if before == "proto3" else "proto2"
        add(
            "message X { optional string a = 1; } enum Z { O = 0; }" if before == "proto3" else before,
            after,
            (syntax, "proto2"),
        )
    return old, new


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    directory = tmp_path_factory.mktemp("images")
    paths: list[Path] = []
    for name, files in zip(("old", "new"), sources(), strict=True):
        image = FileDescriptorSet(file=[FileDescriptorProto.FromString(data) for data in descriptors(files)])
        path = directory / f"{name}.binpb"
        path.write_bytes(image.SerializeToString())
        paths.append(path)
    return paths[0], paths[1]


def place(file: str, line: int, rule: str) -> tuple[str, int, str]:
    return file, 0 if rule in ELSEWHERE else line, rule


def bufs(old: Path, new: Path) -> set[tuple[str, int, str]]:
    config = json.dumps({"version": "v2", "breaking": {"use": RULES}})
    command = [str(BUF), "breaking", str(new), "--against", str(old), "--config", config, "--error-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 100, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {place(item.get("path", ""), item.get("start_line", 0), item["type"]) for item in found}


def ours(old: Path, new: Path) -> set[tuple[str, int, str]]:
    trees = []
    for path in (old, new):
        files = FileDescriptorSet.FromString(path.read_bytes()).file
        names = user_files(item.name for item in files)
        trees.append(build([item.SerializeToString() for item in files], names, Report(), follow=lambda _: True))
    changes = breaking(trees[0], trees[1])
    assert changes
    shared = [change for change in changes if change.rule.buf]
    return {place(change.place.file, change.place.line, change.rule.buf) for change in shared}


def test_shared_rules_agree_with_buf(both: tuple[Path, Path]) -> None:
    theirs, mine = bufs(*both), ours(*both)
    assert len(theirs) > 300
    assert sorted(mine - theirs) == []
    assert sorted(theirs - mine) == []


def test_every_rule_of_bufs_category_is_shared() -> None:
    config = json.dumps({"version": "v2", "breaking": {"use": RULES}})
    command = [str(BUF), "config", "ls-breaking-rules", "--configured-only", "--format", "json", "--config", config]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    theirs = {json.loads(line)["id"] for line in done.stdout.splitlines()}
    assert theirs - UNSHARED == {item.buf for item in BREAKS.values() if item.buf}
