"""Equal digests mean equal contracts: what counts changes it, what does not leaves it alone."""

from __future__ import annotations

import re

import pytest

from tests.codegen.support import shop, tree_of

BASE = """
// A request.
message R { string a = 1; N n = 2; }
message N { E e = 1; repeated R r = 2; }
enum E { Z = 0; Y = 1; }
message Unused { string x = 1; }
service S { rpc M(R) returns (google.protobuf.Empty); }
"""


def digest(body: str) -> str:
    (service,) = tree_of(shop(body)).files["shop/v1/shop.proto"].services
    return service.digest


def test_form() -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest(BASE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("// A request.", "// Another comment."),
        ("string x = 1", "int32 x = 1"),
        ("string a = 1; N n = 2;", "N n = 2; string a = 1;"),
        ("Z = 0; Y = 1;", "Z = 0; Y = 1; /* same */"),
        ("rpc M(R) returns (google.protobuf.Empty);", 'rpc M(R) returns (google.protobuf.Empty) '
         '{ option (iii_bridge.v1.function) = { description: "only words" }; }'),
        ("rpc M(R) returns (google.protobuf.Empty);", 'rpc M(R) returns (google.protobuf.Empty) '
         '{ option (iii_bridge.v1.function) = { id: "s::m" }; }'),
    ],
)  # fmt: skip
def test_unchanged_by(old: str, new: str) -> None:
    assert digest(BASE.replace(old, new)) == digest(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("string a = 1", "string a = 3"),
        ("string a = 1", "string b = 1"),
        ("string a = 1", "bytes a = 1"),
        ("string a = 1", "optional string a = 1"),
        ("string a = 1", 'string a = 1 [json_name = "x"]'),
        ("string a = 1", "string a = 1 [(google.api.field_behavior) = REQUIRED]"),
        ("string a = 1", "string a = 1 [(buf.validate.field).string.max_len = 3]"),
        ("N n = 2;", "N n = 2; bytes b = 3 [(buf.validate.field).bytes.const = '1'];"),
        ("message R {", "message R { option (buf.validate.message).oneof = { fields: ['a', 'n'] };"),
        (
            "repeated R r = 2;",
            "repeated R r = 2; oneof o { option (buf.validate.oneof).required = true; int32 x = 3; }",
        ),
        ("Y = 1", "X = 1"),
        ("Y = 1", "Y = 2"),
        ("repeated R r", "R r"),
        ("returns (google.protobuf.Empty)", "returns (R)"),
        ("rpc M(", "rpc N("),
        ("rpc M(R)", "rpc M(stream R)"),
        ("service S {", 'service S { option (iii_bridge.v1.service) = { namespace: "west" };'),
        ("service S {", 'service S { option (iii_bridge.v1.service) = { metadata { key: "a" value: "b" } };'),
        ("service S {", "service S { option (iii_bridge.v1.service) = { timeout: { seconds: 5 } };"),
        ("service S {", "service S { option (iii_bridge.v1.service) = { unknown_members: UNKNOWN_MEMBERS_REJECT };"),
        (
            "service S {",
            "service S { option (iii_bridge.v1.service) = { unknown_enum_names: UNKNOWN_ENUM_NAMES_IGNORE };",
        ),
        ("Empty);", 'Empty) { option (google.api.http) = { post: "/a" }; }'),
        ("Empty);", "Empty) { option idempotency_level = IDEMPOTENT; }"),
        ("Empty);", 'Empty) { option (iii_bridge.v1.trigger) = { subscribe: { topic: "t" } }; }'),
    ],
)
def test_changed_by(old: str, new: str) -> None:
    changed = BASE.replace(old, new)
    assert changed != BASE
    assert digest(changed) != digest(BASE)
