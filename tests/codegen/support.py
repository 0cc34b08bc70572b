"""Inline contracts: compile, build, generate, import."""

from __future__ import annotations

import importlib
import itertools
import re
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

from iii_codegen.emit.jsonschema.files import method_schemas
from iii_codegen.emit.python.package import emit_python
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.check_rules import check_cel
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Tree
from iii_codegen.protos import import_paths
from iii_codegen.validate_file import VALIDATE_FILE, validate_proto
from iii_codegen.write import plan, write

Sources = Mapping[str, str]

_numbers = itertools.count()

_HEAD = (  # an import, and a word by which it is known to be needed
    ("google/api/annotations.proto", "google.api.http"),
    ("google/api/field_behavior.proto", "field_behavior"),
    ("google/protobuf/any.proto", "protobuf.Any"),
    ("google/protobuf/duration.proto", "protobuf.Duration"),
    ("google/protobuf/empty.proto", "protobuf.Empty"),
    ("google/protobuf/field_mask.proto", "protobuf.FieldMask"),
    ("google/protobuf/struct.proto", "protobuf.(Struct|Value|ListValue|NullValue)"),
    ("google/protobuf/timestamp.proto", "protobuf.Timestamp"),
    ("google/protobuf/wrappers.proto", r"protobuf.\w+\dValue|protobuf.(String|Bool|Bytes|Double|Float)Value"),
    ("iii_bridge/v1/contract.proto", r"iii_bridge.v1.(file|service|function|trigger)"),
    ("iii_bridge/v1/events.proto", r"iii_bridge.v1.[A-Z]"),
)


def shop(body: str) -> dict[str, str]:
    """A contract `shop/v1/shop.proto` that imports what it needs; the body begins on line 14."""
    text = textwrap.dedent(body).lstrip("\n")
    imports = [f'import "{path}";' if re.search(word, text) else "" for path, word in _HEAD]
    rules = f' import "{VALIDATE_FILE}";' if "buf.validate" in text else ""
    head = ['syntax = "proto3";', f"package shop.v1;{rules}", *imports]
    return {"shop/v1/shop.proto": "\n".join([*head, text])}


def write_sources(root: Path, sources: Sources) -> None:
    for name, text in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def descriptors(sources: Sources) -> tuple[bytes, ...]:
    """Serialized FileDescriptorProtos with source info, dependencies first."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        write_sources(root / "proto", sources)
        if any(VALIDATE_FILE in text for text in sources.values()):
            write_sources(root / "rules", {VALIDATE_FILE: validate_proto()})
        output = root / "out.pb"
        paths = [f"-I{path}" for path in (root / "proto", *import_paths(), root / "rules") if path.is_dir()]
        arguments = ["--include_imports", "--include_source_info", f"--descriptor_set_out={output}"]
        code = protoc.main(["protoc", *paths, *arguments, *sources])
        assert code == 0, "protoc refused the contract; see its message above"
        return tuple(item.SerializeToString() for item in FileDescriptorSet.FromString(output.read_bytes()).file)


def model(sources: Sources) -> tuple[Tree, Report]:
    """The tree of a contract, and what is wrong with it."""
    report = Report()
    tree = build(descriptors(sources), list(sources), report, follow=lambda _: True)
    check(tree, report)
    check_cel(tree, report)  # as for betterproto2's messages
    return tree, report


def tree_of(sources: Sources) -> Tree:
    """The tree of a contract without errors."""
    tree, report = model(sources)
    assert report.errors == []
    return tree


def codes(sources: Sources) -> list[str]:
    """The codes of everything that is wrong with a contract, by place."""
    return [item.code for item in model(sources)[1].diagnostics]


def write_package(root: Path, sources: Sources, messages: str = "betterproto2") -> Tree:
    """Generates a package into a directory."""
    tree = tree_of(sources)
    write(plan(root, emit_python(tree, method_schemas(tree), messages=messages), (".py", ".pyi")))
    return tree


def load(directory: Path, sources: Sources, module: str = "", messages: str = "betterproto2") -> ModuleType:
    """Generates a contract below a directory and imports it, or one of its packages, under a name of its own."""
    root = f"generated_{next(_numbers)}"
    write_package(directory / root, sources, messages)
    sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    try:
        return importlib.import_module(f"{root}.{module}" if module else root)
    finally:
        sys.path.remove(str(directory))
