"""Random hostile contracts generate, import, construct, and survive the binary round trip; no two names meet."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import betterproto2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.contract.registry import file_of
from iii_codegen.emit.python.names import method_names
from tests.codegen.support import load

KEYWORDS = ["class", "None", "True", "from", "async", "def", "lambda", "import", "is", "match", "case", "type"]
BUILTINS = ["int", "str", "list", "dict", "bytes", "self", "cls", "super", "object", "property", "print"]
IMPORTED = ["builtins", "betterproto2", "dataclasses", "datetime", "abi", "abc", "typing", "collections", "annotations"]
RUNTIME = ["load", "parse", "dump", "is_set", "to_dict", "from_dict", "to_json", "FromString", "name", "value", "mro"]
INNER = ["_caller", "_schemas", "_methods", "__init__", "_", "__", "_x", "underscore_x", "class_", "class__", "shop_pb"]
SHAPES = ["Outer", "OuterInner", "Outer_Inner", "Inner", "A", "B", "a", "b", "Entry", "SCHEMAS", "x1", "x_1", "_1x"]
NAMES = [*KEYWORDS, *BUILTINS, *IMPORTED, *RUNTIME, *INNER, *SHAPES]

name_lists = st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True)
COMMENTS = ['say "hi"', '"""', "back\\slash \\", "\\N{x} \\u", "'''", 'ends in "', "\x0bodd\x7f", "# no ■ code é", ""]
comments = st.sampled_from(COMMENTS)

SCALARS = {"int32": 7, "string": "é", "bool": True, "bytes": b"\x00\xff", "double": 1.5, "sint64": -5, "fixed32": 9}


def by_camel(names: list[str]) -> list[str]:
    """protoc refuses fields, and values of an enum, that differ in underscores or case only."""
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.replace("_", "").lower(), name)
    return list(seen.values())


@st.composite
def contracts(draw: st.DrawFn) -> str:
    """A file with messages, nested ones, enums and services, all of them named badly."""
    tops = draw(name_lists)
    lines = ['syntax = "proto3";', "package shop.v1;", 'import "iii_bridge/v1/contract.proto";']
    for top in tops:
        inner = draw(st.sampled_from(NAMES))
        fields = [name for name in by_camel(draw(name_lists)) if name != inner]
        lines += [f"// {line}" for line in draw(comments).split("\n")]
        lines += [f"message {top} {{", f"  message {inner} {{ string x = 1; .shop.v1.{top} up = 2; }}"]
        for number, name in enumerate(fields, 1):
            kinds = ["optional int32", "repeated string", f".shop.v1.{top}.{inner}", *SCALARS]
            # A map called _ gives a message Entry, one called _1 gives 1Entry, which is refused.
            kinds += ["map<string, int32>"] if name.strip("_")[:1].isalpha() else []
            kinds += [f"repeated .shop.v1.{other}" for other in tops[:2]]
            lines += [f"  // {draw(comments)}", f"  {draw(st.sampled_from(kinds))} {name} = {number};"]
        lines.append("}")
    values = by_camel(draw(name_lists))
    lines.append("enum HostileValues {")
    lines += [f"  {name} = {number};" for number, name in enumerate(values) if name not in tops]
    lines = lines if len(lines) and not lines[-1].endswith("{") else [*lines, "  ZERO = 0;"]
    lines[-1:] = [lines[-1], "}"]
    methods = [name for name in draw(name_lists) if name not in tops] + ["Sync"]
    lines.append("service Hostile {")
    for number, name in enumerate(dict.fromkeys(methods)):
        option = f'option (iii_bridge.v1.function) = {{ id: "h::{number}" }};'
        lines.append(f"  rpc {name}(.shop.v1.{tops[0]}) returns (.shop.v1.{tops[-1]}) {{ {option} }}")
    lines.append("}")
    return "\n".join(lines)


def fix_enum(text: str) -> str:
    """The first value of a proto3 enum is zero, whichever names were left out."""
    head, _, tail = text.partition("enum HostileValues {\n")
    body, _, rest = tail.partition("\n}")
    names = [line.split("=")[0].strip() for line in body.split("\n")]
    numbered = "\n".join(f"  {name} = {number};" for number, name in enumerate(names))
    return f"{head}enum HostileValues {{\n{numbered}\n}}{rest}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contracts())
def test_hostile_contracts_work(text: str) -> None:
    source = {"shop/v1/shop.proto": fix_enum(text)}
    with tempfile.TemporaryDirectory() as directory:
        package = load(Path(directory), source, "shop.v1")
        check_package(package)


def check_package(package: ModuleType) -> None:
    assert len(package.__all__) == len(set(package.__all__))
    types = [getattr(package, name) for name in package.__all__]
    messages = [cls for cls in types if isinstance(cls, type) and issubclass(cls, betterproto2.Message)]
    registered = dict(file_of(messages[0]).types)
    assert len(set(registered.values())) == len(registered), "two types became one class"
    for cls in registered.values():
        if issubclass(cls, betterproto2.Message):
            round_trip(cls)
        else:
            check_enum(cls)
    specs = package.HostileService._service.methods
    assert len({spec.name for spec in specs}) == len(specs)
    client = package.HostileClient(object())
    for spec in specs:
        assert not spec.name.startswith("_")
        assert getattr(package.HostileService, spec.name).__isabstractmethod__
        assert spec.full_name in repr(getattr(client, spec.name))
        assert spec.schemas()[spec.full_name].request.startswith("{")


def round_trip(cls: type[Any]) -> None:
    fields = dataclasses.fields(cls)
    assert len({field.name for field in fields}) == len(fields)
    values = {field.name: sample(field.metadata["betterproto"]) for field in fields}
    message = cls(**{name: value for name, value in values.items() if value is not None})
    assert cls.parse(bytes(message)) == message
    for name, value in values.items():
        assert value is None or getattr(cls.parse(bytes(message)), name) == value


def sample(meta: betterproto2.FieldMetadata) -> Any:
    if meta.proto_type == "map":
        return {"k": 3}
    if meta.proto_type == "message":
        return None
    value = SCALARS[meta.proto_type]
    return [value] if meta.repeated else value


def check_enum(cls: Any) -> None:
    renamed = cls.betterproto_value_to_renamed_proto_names()
    for member in cls:
        assert (member.proto_name or member.name) == renamed.get(member.value, member.name)
    assert {number: name for name, number in cls.betterproto_renamed_proto_names_to_value().items()} == renamed


@given(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True), unique=True, max_size=12))
def test_method_names_never_meet(names: list[str]) -> None:
    python = method_names(names)
    assert len(set(python.values())) == len(names)
    assert all(name.isidentifier() and not name.startswith("_") for name in python.values())
