"""Every code of the table is reported where it should be, with a place, and all of them at once."""

from __future__ import annotations

import re

import pytest

from iii_codegen.model.codes import CODES
from iii_codegen.model.diagnostics import Severity
from iii_codegen.validate_file import VALIDATE_FILE
from tests.codegen.support import Sources, codes, model, shop

EMPTY = "google.protobuf.Empty"


def method(options: str, request: str = "R", response: str = EMPTY) -> dict[str, str]:
    """A contract with one method; its options begin on line 18."""
    return shop(
        f"""
        message R {{ string id = 1; int64 big = 2; repeated string tags = 3; R child = 4; }}
        service S {{
          rpc M({request}) returns ({response}) {{
            {options}
          }}
        }}
        """
    )


def function(text: str, response: str = EMPTY) -> dict[str, str]:
    return method(f"option (iii_bridge.v1.function) = {{ {text} }};", response=response)


def service(text: str) -> dict[str, str]:
    return shop(
        f"message R {{ string id = 1; }}\nservice S {{\n option (iii_bridge.v1.service) = {{ {text} }};\n"
        f"rpc M(R) returns ({EMPTY});\n}}"
    )


def trigger(text: str, **types: str) -> dict[str, str]:
    return method(f"option (iii_bridge.v1.trigger) = {{ {text} }};", **types)


def http(text: str, **types: str) -> dict[str, str]:
    return method(f"option (google.api.http) = {{ {text} }};", **types)


def proto2(body: str) -> dict[str, str]:
    return {"shop/v1/shop.proto": f'syntax = "proto2";\npackage shop.v1;\n{body}'}


def endpoint(text: str) -> dict[str, str]:
    return function(f"http_endpoint: {{ {text} }}")


def raw(path: str, package: str = "shop.v1", body: str = "") -> dict[str, str]:
    return {path: f'syntax = "proto3";\npackage {package};\n{body}'}


URL = 'url: "https://x.test/a"'
RAW = "iii_bridge.v1.HttpRequest"

NEWER = """
syntax = "proto2";
package buf.validate;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
message FieldRules { optional bool novel = 99; }
"""
PREDEFINED = """
syntax = "proto2";
package shop.v1;
import "buf/validate/validate.proto";
extend buf.validate.StringRules {
  optional bool odd = 1001 [(buf.validate.predefined).cel = { id: "odd" expression: "true" }];
}
"""


def rule(text: str, kind: str) -> Sources:
    """A field with one validation rule."""
    return shop(f"enum E {{ ZERO = 0; ONE = 1; }}\nmessage M {{ {kind} a = 1 [(buf.validate.field).{text}]; }}")


CASES: list[tuple[str, Sources]] = [
    ("III001", {"shop/v1/shop.proto": 'edition = "2024";\npackage shop.v1;'}),
    ("III002", proto2("message M { optional group G = 1 { optional int32 a = 1; } }")),
    ("III003", proto2("message M { extensions 100; }\nextend M { optional int32 x = 100; }")),
    ("III004", proto2("message M { optional int32 a = 1 [default = 5]; }")),
    ("III005", raw("shop/shop.proto", "shop")),
    ("III006", raw("elsewhere/shop.proto")),
    ("III007", raw("shop/v1/a.proto") | raw("shop/v1/b.proto", "other.v1")),
    ("III008", raw("shop/v1/a-b.proto") | raw("shop/v1/a_b.proto")),
    ("III008", raw("shop/v1/1.proto") | raw("shop/v1/_1.proto")),
    ("III009", raw("shop/v1/shop.proto", body="message M { map<string, string> _1 = 1; }")),
    ("III010", function("timeout: { seconds: 999999999999999 }")),
    ("III010", function("unknown_members: 77")),
    ("III010", function("json: { enums: 9 }")),
    ("III010", service("delivery: -1")),
    ("III010", trigger('stream: { stream_name: "s" event: 12 }')),
    ("III101", shop("message R {}\nmessage SService {}\nservice S { rpc M(R) returns (R); }")),
    ("III101", shop("message R {}\nenum SClient { Z = 0; }\nservice S { rpc M(R) returns (R); }")),
    ("III101", shop('message R {}\nservice S { rpc A(R) returns (R); }\nservice SService {}')),
    ("III102", shop('message M { string a = 1 [json_name = "b"]; string b = 2 [json_name = "c"]; }')),
    ("III103", shop("message R { string _caller_worker_id = 1; }\nservice S { rpc M(R) returns (R); }")),
    ("III103", shop(
        'message R { string x = 1 [json_name = "_caller_worker_id"]; }\nservice S { rpc M(R) returns (R); }'
    )),
    ("III103", shop(
        'message R { string x = 1 [json_name = "iii-bridge"]; }\nservice S { rpc M(R) returns (stream R); }'
    )),
    ("III104", shop("message M { iii_bridge.v1.JsonProfile a = 1; }\n// uses iii_bridge.v1.file")),
    ("III104", shop("message M { map<string, iii_bridge.v1.Delivery> a = 1; }\n// uses iii_bridge.v1.file")),
    ("III104", method("option (iii_bridge.v1.function) = {};", response="iii_bridge.v1.Trigger")),
    ("III201", function('id: ""')),
    ("III201", service('prefix: ""')),
    ("III202", function('id: "a b"')),
    ("III202", function('id: "a\\nb"')),
    ("III202", trigger('durable_subscriber: { topic: "t" } condition_function_id: "a b"')),
    ("III202", trigger('http: { api_path: "/a" middleware_function_ids: "" }')),
    ("III203", shop("message R {}\nservice S { rpc Ab(R) returns (R); rpc ab(R) returns (R); }")),
    *(("III204", method("", request=f"google.protobuf.{name}")) for name in ("StringValue", "Value", "ListValue")),
    *(("III204", method("", response=f"google.protobuf.{name}")) for name in ("Timestamp", "Duration", "FieldMask")),
    ("III205", function('metadata_json: "[1]"')),
    ("III205", function('metadata_json: "{"')),
    ("III205", service('metadata_json: "1"')),
    ("III206", function('metadata { key: "a" value: "1" } metadata_json: "{\\"a\\": 1}"')),
    ("III207", function('metadata { key: "iii-bridge" value: "1" }')),
    ("III208", function("timeout: { seconds: -1 }")),
    ("III208", function("timeout: {}")),
    ("III208", endpoint(f"{URL} timeout: {{ seconds: -1 }}")),
    ("III208", service("timeout: {}")),
    ("III209", method(
        "option idempotency_level = IDEMPOTENT; option (iii_bridge.v1.function) ="
        " { timeout: { seconds: 1 } attempt_timeout: { seconds: 2 } };"
    )),
    ("III210", function("delivery: DELIVERY_VOID", response="R")),
    ("III210", function('delivery: DELIVERY_ENQUEUE queue: "q"', response="R")),
    ("III211", function("delivery: DELIVERY_ENQUEUE")),
    ("III212", function("attempt_timeout: { seconds: 1 }")),
    ("III212", method(
        "option idempotency_level = IDEMPOTENT; option (iii_bridge.v1.function) = { attempt_timeout: { seconds: 1 } };",
        response="stream R",
    )),
    ("III213", method("option (iii_bridge.v1.function) = { delivery: DELIVERY_VOID };", request="stream R")),
    ("III214", function("json: { int64: INT64_NUMBER }")),
    ("III215", service('namespace: " "')),
    ("III301", trigger("")),
    ("III302", trigger("http: {}")),
    ("III302", http('body: "*"')),
    ("III302", http("")),
    ("III303", http('get: "/a//b"')),
    ("III303", trigger('http: { api_path: "/a/{b}" }')),
    ("III304", trigger('http: { api_path: "/a" http_method: "BREW" }')),
    ("III304", http('custom: { kind: "TRACE" path: "/a" }')),
    ("III305", http('get: "/a" additional_bindings { get: "/a" }')),
    ("III305", http('get: "/a/{id}" additional_bindings { get: "/a/{big}" }')),
    ("III305", http('post: "/a/{id}:x" additional_bindings { post: "/a/{big}:x" }')),
    ("III305", method(
        'option (google.api.http) = { get: "/a/{id}" };'
        'option (iii_bridge.v1.trigger) = { http: { api_path: "a/:big" } };'
    )),
    *(("III306", http(f'get: "/a/{{{name}}}"')) for name in ("nothing", "tags", "child", "id.x")),
    ("III307", http('post: "/a" body: "nothing"')),
    ("III308", http('get: "/a"', request="stream R")),
    ("III309", http('get: "/a" response_body: "nothing"')),
    ("III310", method("", request=RAW)),
    ("III311", trigger("subscribe: {}")),
    ("III311", trigger("durable_subscriber: {}")),
    ("III311", trigger("cron: {}", request=EMPTY)),
    ("III311", trigger("stream: {}")),
    ("III311", trigger("custom: {}")),
    ("III312", trigger('cron: { expression: "0 9 * * *" }', request=EMPTY)),
    ("III313", trigger('durable_subscriber: { topic: "t" queue_config: { concurrency: 0 } }')),
    ("III313", trigger('durable_subscriber: { topic: "t" queue_config: { delay: { nanos: 5 } } }')),
    ("III313", trigger('durable_subscriber: { topic: "t" queue_config: { backoff: { seconds: -5 } } }')),
    ("III314", trigger('custom: { type: "x" config_json: "[]" }')),
    ("III315", trigger('subscribe: { topic: "t" }', request="stream R")),
    ("III316", trigger('stream: { event: EVENT_JOIN stream_name: "s" }')),
    ("III317", trigger('subscribe: { topic: "t" } condition_function_id: "a::b"')),
    ("III318", trigger('state: {}')),
    *(("III401", endpoint(f'url: "{url}"')) for url in ("", "/a", "ftp://x", "http://", "http://x:y/", "http://a b")),
    ("III402", endpoint(f'{URL} method: "HEAD"')),
    ("III403", endpoint(f'{URL} headers {{ key: "a b" value: "1" }}')),
    ("III403", endpoint(f'{URL} headers {{ key: "a" value: "1\\r\\n" }}')),
    ("III403", endpoint(f'{URL} api_key: {{ value_env: "K" }}')),
    ("III405", method(f"option (iii_bridge.v1.function) = {{ http_endpoint: {{ {URL} }} }};", response="stream R")),
    ("III404", endpoint(f"{URL} bearer: {{}}")),
    ("III404", endpoint(f"{URL} hmac: {{}}")),
    ("III404", endpoint(f'{URL} api_key: {{ header: "X" }}')),
    ("III501", rule("string.min_len = 1", "int32")),
    ("III501", rule("repeated.items.int32.gt = 1", "repeated string")),
    ("III501", rule("repeated.unique = true", "repeated M")),
    ("III501", rule("map.keys.int32.gt = 1", "map<string, int32>")),
    ("III501", rule("string.min_len = 1", "M")),
    ("III502", rule("int32 = { gt: 5 lt: 5 }", "int32")),
    ("III502", rule("string = { min_len: 5 max_len: 4 }", "string")),
    ("III502", rule("repeated.items.bytes = { len: 1 max_len: 0 }", "repeated bytes")),
    ("III502", rule("map = { min_pairs: 2 max_pairs: 1 }", "map<string, string>")),
    ("III502", rule("repeated = { min_items: 2 max_items: 1 }", "repeated string")),
    ("III502", rule('string = { const: "a" in: "b" }', "string")),
    ("III502", rule("enum = { const: 1 not_in: 1 }", "E")),
    ("III502", rule("double = { in: 1 not_in: 1 }", "double")),
    ("III503", rule('string.pattern = "(?=a)"', "string")),
    ("III503", rule('bytes.pattern = "a**"', "bytes")),
    ("III503", rule('string.pattern = "(abcdefghijklmnopqrstuvw|x){1000}"', "string")),
    ("III504", rule('cel = { id: "x" expression: "true" }', "string")),
    ("III504", rule('cel_expression = "this > 1"', "int32")),
    ("III504", shop('message M { option (buf.validate.message).cel_expression = "true"; }')),
    ("III504", {
        "shop/v1/predefined.proto": PREDEFINED,
        **shop(
            'import "shop/v1/predefined.proto"; message M { string a = 1 [(buf.validate.field).string.(odd) = true]; }'
        ),
    }),
    ("III505", shop('message M { option (buf.validate.message).oneof = { fields: ["a", "b"] }; string a = 1; }')),
    ("III505", shop('message M { option (buf.validate.message).oneof = { fields: ["a", "a"] }; string a = 1; }')),
    ("III505", shop("message M { option (buf.validate.message).oneof = { required: true }; string a = 1; }")),
    ("III507", rule('string.pattern = "(?m)^a$"', "string")),
    ("III507", rule('repeated.items.string.pattern = "^[\\U0001F600-\\U0001F602]$"', "repeated string")),
    ("III506", {VALIDATE_FILE: NEWER, **shop("message M { string a = 1 [(buf.validate.field).novel = true]; }")}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "sources"), CASES, ids=[f"{code}-{index}" for index, (code, _) in enumerate(CASES)])
def test_reported(code: str, sources: Sources) -> None:
    found = model(sources)[1].diagnostics
    assert [item.code for item in found] == [code], [str(item) for item in found]
    (finding,) = found
    assert finding.place.file in sources
    assert finding.place.line > 0
    assert finding.place.column > 0
    assert re.fullmatch(r"[^\n]+:\d+:\d+: (error|warning) III\d+: [^\n]+\n    hint: [^\n]+", str(finding))


def test_every_code_has_a_case() -> None:
    lints = {code for code in CODES if code.startswith("III6")}  # tests/codegen/model/test_check_bus.py
    assert {code for code, _ in CASES} == set(CODES) - lints


@pytest.mark.parametrize(
    ("sources", "line"),
    [
        (function('id: ""'), 17),
        (trigger("subscribe: {}"), 17),
        (http('get: "/a//b"'), 17),
        (service('metadata_json: "1"'), 16),
        (endpoint('url: ""'), 17),
    ],
)
def test_the_place_is_the_option(sources: Sources, line: int) -> None:
    (finding,) = model(sources)[1].diagnostics
    assert finding.place.line == line


def test_all_problems_are_reported_at_once() -> None:
    found = codes(
        shop(
            """
            message R { string a = 1 [json_name = "b"]; string b = 2 [json_name = "z"]; }
            service S {
              rpc M(R) returns (google.protobuf.StringValue) {
                option (iii_bridge.v1.function) = { id: "" timeout: { seconds: -1 } };
                option (iii_bridge.v1.trigger) = { cron: { expression: "never" } };
              }
              rpc N(google.protobuf.Value) returns (R);
            }
            """
        )
    )
    assert found == ["III102", "III204", "III201", "III208", "III312", "III318", "III204"]


def test_what_methods_inherit_is_reported_once_at_the_service() -> None:
    found = model(
        shop(
            """
            message R {}
            service S {
              option (iii_bridge.v1.service) = { namespace: " " timeout: { seconds: -1 } };
              rpc M(R) returns (R);
              rpc N(R) returns (R);
            }
            """
        )
    )[1].diagnostics
    assert [(item.code, item.place.line) for item in found] == [("III215", 15), ("III208", 16)]


def test_every_type_in_the_way_of_a_service_is_named() -> None:
    types = "message R {}\nmessage SService {}\nenum SClient { Z = 0; }\n"
    found = model(shop(types + "service S { rpc M(R) returns (R); }"))
    assert [item.problem.rpartition(" clashes with ")[2] for item in found[1].diagnostics] == [
        "shop.v1.SClient in shop/v1/shop.proto",
        "shop.v1.SService in shop/v1/shop.proto",
    ]


def test_one_route_in_two_services() -> None:
    found = model(
        shop(
            """
            message R { string id = 1; string name = 2; }
            service A { rpc M(R) returns (R) { option (google.api.http) = { get: "/x/{id}" }; } }
            service B { rpc M(R) returns (R) { option (google.api.http) = { get: "/x/{name}" }; } }
            """
        )
    )[1].diagnostics
    assert [item.problem for item in found] == [
        "route GET /x/:name (GET /x/:id) of shop.v1.B/M is bound to shop.v1.A/M already"
    ]


def test_the_adapter_of_an_http_binding_has_an_id_of_its_own() -> None:
    found = model(
        shop(
            """
            message R {}
            service S {
              rpc M(R) returns (R) { option (google.api.http) = { get: "/x" additional_bindings { get: "/y" } }; }
              rpc N(R) returns (R) { option (iii_bridge.v1.function) = { id: "s::m::http" }; }
            }
            """
        )
    )[1].diagnostics
    assert [item.problem for item in found] == ["shop.v1.S/N has the function id s::m::http of shop.v1.S/M"]


def test_a_profile_is_reported_once_a_service() -> None:
    body = "message R { int64 x = 1; } message T { string x = 1; }"
    option = "option (iii_bridge.v1.service) = { json: { int64: INT64_NUMBER } };"
    assert codes(shop(f"{body} service S {{ {option} rpc A(R) returns (R); rpc B(R) returns (R); }}")) == ["III214"]
    assert codes(shop(f"{body} service S {{ {option} rpc A(T) returns (T); }}")) == []


def test_an_inherited_attempt_timeout_is_no_finding() -> None:
    assert codes(service("attempt_timeout: { seconds: 1 }")) == []


def test_one_id_in_two_namespaces_is_no_conflict() -> None:
    def named(service: str, namespace: str) -> str:
        option = f'option (iii_bridge.v1.service) = {{ prefix: "p" namespace: "{namespace}" }};'
        return f"service {service} {{ {option} rpc M(R) returns (R); }}"

    assert codes(shop(f"message R {{}} {named('A', 'east')} {named('B', 'west')}")) == []
    assert codes(shop(f"message R {{}} {named('A', 'east')} {named('B', 'east')}")) == ["III203"]


def test_a_correct_contract_has_no_findings() -> None:
    assert codes(http('post: "/a/{id}" body: "*" additional_bindings { get: "/b/{child.id}" }', response="R")) == []
    assert codes(method("", request="google.protobuf.Struct", response="google.protobuf.Any")) == []


def test_warnings_are_no_errors() -> None:
    report = model(raw("shop/shop.proto", "shop"))[1]
    assert (len(report.errors), len(report.warnings)) == (0, 1)
    assert report.warnings[0].severity is Severity.WARNING
