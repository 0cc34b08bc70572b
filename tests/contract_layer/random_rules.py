"""Hypothesis strategies: messages of fields with random validation rules, and values near what the rules ask for."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

__all__ = ["RuledField", "contract_text", "ruled_fields"]

INTEGERS = ("int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64")
FORMATS = {
    "email": ("a@b.c", "a@b@c", "a.b"),
    "hostname": ("a.b", "a-.b", "1.2", "x."),
    "ip": ("1.2.3.4", "::1", "::1%e", "1.2.3"),
    "ipv4": ("1.2.3.4", "::1", "01.2.3.4"),
    "ipv6": ("::1", "1.2.3.4", ":::"),
    "uri": ("http://a/b?c#d", "a/b", "urn:x", "http://[::1]/"),
    "uri_ref": ("a/b", "//h", "%zz"),
    "address": ("a.b", "::1", "a b"),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000", "123e4567"),
    "tuuid": ("123e4567e89b12d3a456426614174000", "x"),
    "ulid": ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "81ARZ3NDEKTSV4RRFFQ69G5FAV"),
    "ip_with_prefixlen": ("1.2.3.4/24", "1.2.3.4"),
    "ipv4_with_prefixlen": ("1.2.3.4/24", "::/1"),
    "ipv6_with_prefixlen": ("::1/12", "1.2.3.4/24"),
    "ip_prefix": ("1.2.3.0/24", "1.2.3.4/24", "::/0"),
    "ipv4_prefix": ("1.2.3.0/24", "1.2.3.4/33"),
    "ipv6_prefix": ("::/0", "::1/0"),
    "host_and_port": ("a:80", "[::1]:80", "a:"),
    "protobuf_fqn": ("a.b", ".a"),
    "protobuf_dot_fqn": (".a.b", "a"),
}
PATTERNS = {
    "^[a-c]+$": ("abc", "abcd", "ab\n"),
    "b": ("abc", "x"),
    r"^\\w+@\\d*$": ("a@1", "é@1", "a@"),
    "(?i)^k.?$": ("K", "\u212a", "kx", "k\n"),
    r"^(a|bc){1,2}$": ("abc", "bcbc", "aaa"),
    r"\\bx\\B": ("xy", "ax", "x"),
    "^[^a-z]*$": ("A\n", "a", "é"),
    "^.{2}$": ("éü", "a", "😀b"),
}
TEXTS = ("", "a", "ab", "abc", "xaz", "é", "日本", "😀", "a.b")
BYTES = (b"", b"a", b"ab", b"\xff", b"abcd", bytes(16))


@dataclass(frozen=True)
class RuledField:
    """One field of a contract, and the values worth trying."""

    declaration: str
    """Without its name and number: `repeated int32`."""
    rules: str
    """What stands in `(buf.validate.field) = { … }`."""
    values: tuple[Any, ...]
    """Of one item; for durations and timestamps (seconds, nanos)."""
    kind: str
    shape: str
    """`plain`, `optional`, `list`, `map` or `key`, whose values are the keys of a map."""


def contract_text(package: str, fields: list[RuledField]) -> str:
    """A contract with a message for each field, which stands under the name `a`, the number 1."""
    messages: list[str] = []
    for index, field in enumerate(fields):
        rules = f"[(buf.validate.field) = {{ {field.rules} }}]"
        messages.append(f"message M{index} {{ {field.declaration} a = 1 {rules}; }}")
    body = "\n".join(messages)
    imports = "".join(f'import "{path}";' for word, path in _IMPORTS.items() if word in body)
    head = f'syntax = "proto3"; package {package}; import "{VALIDATE}"; {imports}'
    inner = (
        "message Inner { string s = 1 [(buf.validate.field).string.min_len = 2]; string o = 2;"
        " repeated Inner more = 3;"
        " oneof choice { option (buf.validate.oneof).required = true; int32 x = 4; Inner y = 5; } }"
    )
    return "\n".join([head, "enum E { ZERO = 0; ONE = 1; SEVEN = 7; }", inner, body])


VALIDATE = "buf/validate/validate.proto"
_IMPORTS = {
    "protobuf.Duration": "google/protobuf/duration.proto",
    "protobuf.FieldMask": "google/protobuf/field_mask.proto",
    "protobuf.Timestamp": "google/protobuf/timestamp.proto",
    "Value a": "google/protobuf/wrappers.proto",
}


@st.composite
def ruled_fields(draw: st.DrawFn) -> RuledField:
    """Any field with any of the standard rules."""
    kind = draw(st.sampled_from([*INTEGERS, "float", "double", "bool", "string", "bytes", "enum", "message", *_TIMES]))
    rules, values = draw(_value_rules(kind))
    shape = draw(st.sampled_from(["plain", "optional", "list", "map", "wrapped", "key"]))
    if shape == "wrapped" and (kind not in _WRAPPERS):
        shape = "plain"
    if shape == "key" and kind not in _KEYS:
        shape = "map"
    if shape == "optional" and kind in ("message", *_TIMES):
        shape = "plain"
    return _shaped(draw, kind, shape, rules, values)


def _shaped(draw: st.DrawFn, kind: str, shape: str, rules: str, values: tuple[Any, ...]) -> RuledField:
    name = _TYPE_NAMES.get(kind, kind)
    ignore = draw(st.sampled_from(["", "", "", "ignore: IGNORE_IF_ZERO_VALUE", "ignore: IGNORE_ALWAYS"]))
    required = draw(st.sampled_from(["", "", "required: true"]))
    own = rules if draw(st.integers(0, 9)) else ""
    head = {"plain": name, "optional": f"optional {name}", "wrapped": _WRAPPERS.get(kind, "")}.get(shape)
    if head is not None:
        return RuledField(head, f"{own} {ignore} {required}", values, kind, "plain" if shape != "optional" else shape)
    inner = f"{{ {own} {draw(st.sampled_from(['', '', ignore]))} {draw(st.sampled_from(['', required]))} }}"
    low, high = sorted(draw(st.tuples(st.integers(0, 3), st.integers(0, 4))))
    size = draw(st.sampled_from(["", "min", "max", "both"]))
    least = size in ("min", "both")
    most = size in ("max", "both")
    if shape == "list":
        unique = "unique: true" if kind not in ("message", *_TIMES) and draw(st.booleans()) else ""
        bounds = (f"min_items: {low} " if least else "") + (f"max_items: {high} " if most else "")
        return RuledField(
            f"repeated {name}",
            f"repeated: {{ {bounds} {unique} items: {inner} }} {ignore} {required}",
            values,
            kind,
            shape,
        )
    bounds = (f"min_pairs: {low} " if least else "") + (f"max_pairs: {high} " if most else "")
    part = "keys" if shape == "key" else "values"
    head = f"map<{name}, string>" if shape == "key" else f"map<string, {name}>"
    return RuledField(head, f"map: {{ {bounds} {part}: {inner} }} {ignore} {required}", values, kind, shape)


_WRAPPERS = {
    name.lower().removesuffix("value"): f"google.protobuf.{name}"
    for name in (
        "BoolValue",
        "BytesValue",
        "DoubleValue",
        "FloatValue",
        "Int32Value",
        "Int64Value",
        "StringValue",
        "UInt32Value",
        "UInt64Value",
    )
}
_KEYS = ("bool", "string", *INTEGERS)
_TIMES = ("duration", "timestamp", "field_mask")
_TYPE_NAMES = {
    "enum": "E",
    "message": "Inner",
    "duration": "google.protobuf.Duration",
    "timestamp": "google.protobuf.Timestamp",
    "field_mask": "google.protobuf.FieldMask",
}


@st.composite
def _value_rules(draw: st.DrawFn, kind: str) -> tuple[str, tuple[Any, ...]]:
    """The rules in the text format, and values on both sides of them."""
    if kind in INTEGERS:
        return draw(_numbers(kind, draw(st.sampled_from(_INTEGER_EDGES[kind]))))
    if kind in ("float", "double"):
        return draw(_numbers(kind, draw(st.sampled_from((0.0, 0.1, -1.5, 16777217.0)))))
    if kind in ("duration", "timestamp"):
        return draw(_times(kind))
    if kind == "bool":
        return f"bool: {{ const: {draw(st.sampled_from(['true', 'false']))} }}", (False, True)
    if kind == "enum":
        return draw(_enums())
    if kind == "string":
        return draw(_strings())
    if kind == "bytes":
        return draw(_bytes())
    if kind == "field_mask":
        return draw(_masks())
    return "", (None, "a", "ab")


_INTEGER_EDGES = {
    kind: (5, 0, 2 ** (int(kind[-2:]) - (0 if kind[0] in "uf" else 1)) - 10, *(() if kind[0] in "uf" else (-5,)))
    for kind in INTEGERS
}


@st.composite
def _numbers(draw: st.DrawFn, kind: str, base: float) -> tuple[str, tuple[Any, ...]]:
    step = 1 if isinstance(base, int) else 0.5
    near = [base + step * offset for offset in (-1, 0, 1, 2)]
    near = [value for value in near if value >= 0 or not kind.startswith(("u", "f")) or kind == "float"]
    if kind == "float":
        near = [struct.unpack("<f", struct.pack("<f", value))[0] for value in near]
    one = st.sampled_from(near)
    parts = draw(_some(("const", "lower", "upper", "in", "not_in", "finite")))
    texts: list[str] = []
    for part in parts:
        match part:
            case "lower":
                texts.append(f"{draw(st.sampled_from(['gt', 'gte']))}: {draw(one)!r}")
            case "upper":
                texts.append(f"{draw(st.sampled_from(['lt', 'lte']))}: {draw(one)!r}")
            case "finite":
                texts += ["finite: true"] if kind in ("float", "double") else []
            case "const":
                texts.append(f"const: {draw(one)!r}")
            case _:
                texts.append(f"{part}: {draw(st.lists(one, min_size=1, max_size=3))!r}")
    special = (math.nan, math.inf, -math.inf, -0.0) if kind in ("float", "double") else ()
    return f"{kind}: {{ {' '.join(texts)} }}", (*near, 0, *special)


@st.composite
def _times(draw: st.DrawFn, kind: str) -> tuple[str, tuple[Any, ...]]:
    near = [(5, 0), (5, 1), (5, 1000), (6, 500_000_000), (0, 0), (7, 0)]
    near += [(-5, -1001), (-1, 0)] if kind == "duration" else [(-5, 1001)]
    one = st.sampled_from(near).map(lambda pair: f"{{ seconds: {pair[0]} nanos: {pair[1]} }}")
    now = ("now",) if kind == "timestamp" else ("in", "not_in")
    texts: list[str] = []
    for part in draw(_some(("const", "lower", "upper", *now))):
        match part:
            case "lower":
                texts.append(f"{draw(st.sampled_from(['gt', 'gte']))} {draw(one)}")
            case "upper":
                texts.append(f"{draw(st.sampled_from(['lt', 'lte']))} {draw(one)}")
            case "now":
                texts.append(draw(st.sampled_from(["within { seconds: 3600 }", "within { seconds: 9000000000 }"])))
            case "const":
                texts.append(f"const {draw(one)}")
            case _:
                texts.append(f"{part}: [{', '.join(draw(st.lists(one, min_size=1, max_size=2)))}]")
    return f"{kind}: {{ {' '.join(texts)} }}", tuple(near)


@st.composite
def _enums(draw: st.DrawFn) -> tuple[str, tuple[Any, ...]]:
    numbers = st.lists(st.sampled_from((0, 1, 7, 9)), min_size=1, max_size=2)
    choices = {
        "const": f"const: {draw(st.sampled_from((0, 1)))}",
        "defined_only": f"defined_only: {draw(st.sampled_from(['true', 'true', 'false']))}",
        "in": f"in: {draw(numbers)}",
        "not_in": f"not_in: {draw(numbers)}",
    }
    parts = draw(_some(tuple(choices)))
    return f"enum: {{ {' '.join(choices[part] for part in parts)} }}", (0, 1, 7, 9, -2)


@st.composite
def _strings(draw: st.DrawFn) -> tuple[str, tuple[Any, ...]]:
    text = st.sampled_from(TEXTS).map(lambda value: json.dumps(value, ensure_ascii=False))
    count = st.integers(0, 4)
    name, samples = draw(st.sampled_from(sorted(FORMATS.items())))
    pattern, matching = draw(st.sampled_from(sorted(PATTERNS.items())))
    header = draw(st.sampled_from(["HTTP_HEADER_NAME", "HTTP_HEADER_VALUE"]))
    choices = {
        "const": f"const: {draw(text)}",
        **{
            part: f"{part}: {draw(count)}"
            for part in ("len", "min_len", "max_len", "len_bytes", "min_bytes", "max_bytes")
        },
        **{part: f"{part}: {draw(text)}" for part in ("prefix", "suffix", "contains", "not_contains")},
        "in": f"in: [{', '.join(draw(st.lists(text, min_size=1, max_size=3)))}]",
        "not_in": f"not_in: [{', '.join(draw(st.lists(text, min_size=1, max_size=3)))}]",
        "pattern": f'pattern: "{pattern}"',
        "format": f"{name}: {draw(st.sampled_from(['true', 'true', 'true', 'false']))}",
        "header": f"well_known_regex: KNOWN_REGEX_{header} strict: {draw(st.sampled_from(['true', 'false']))}",
    }
    parts = draw(_some(tuple(choices)))
    if "header" in parts and "format" in parts:
        parts.remove("format")
    extra = (*(samples if "format" in parts else ()), *(matching if "pattern" in parts else ()))
    if "header" in parts:
        extra += (":path", "a b", "a\tb", "a\rb", "x-y")
    return f"string: {{ {' '.join(choices[part] for part in parts)} }}", (*TEXTS, *extra)


@st.composite
def _bytes(draw: st.DrawFn) -> tuple[str, tuple[Any, ...]]:
    data = st.sampled_from(BYTES).map(lambda value: '"' + "".join(f"\\x{byte:02x}" for byte in value) + '"')
    count = st.integers(0, 4)
    choices = {
        "const": f"const: {draw(data)}",
        **{part: f"{part}: {draw(count)}" for part in ("len", "min_len", "max_len")},
        **{part: f"{part}: {draw(data)}" for part in ("prefix", "suffix", "contains")},
        "in": f"in: [{', '.join(draw(st.lists(data, min_size=1, max_size=3)))}]",
        "not_in": f"not_in: [{', '.join(draw(st.lists(data, min_size=1, max_size=3)))}]",
        "pattern": 'pattern: "^[ab]*$"',
        "format": f"{draw(st.sampled_from(['ip', 'ipv4', 'ipv6', 'uuid']))}: true",
    }
    parts = draw(_some(tuple(choices)))
    values = tuple(value for value in BYTES if value != b"\xff") if "pattern" in parts else BYTES
    return f"bytes: {{ {' '.join(choices[part] for part in parts)} }}", values


@st.composite
def _masks(draw: st.DrawFn) -> tuple[str, tuple[Any, ...]]:
    paths = st.lists(st.sampled_from(["a", "a.b", "b", "c.d"]), min_size=1, max_size=2)
    texts = {
        "const": "const { " + " ".join(f'paths: "{path}"' for path in draw(paths)) + " }",
        "in": f"in: {json.dumps(draw(paths))}",
        "not_in": f"not_in: {json.dumps(draw(paths))}",
    }
    parts = draw(_some(tuple(texts)))
    return f"field_mask: {{ {' '.join(texts[part] for part in parts)} }}", (
        (),
        ("a",),
        ("a.b", "b"),
        ("c.d.e",),
        ("ab",),
    )


def _some(parts: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(parts), min_size=1, max_size=3, unique=True)
