"""Options are inherited: function, else service, else file, else default."""

from __future__ import annotations

from iii_bridge.contract.spec import (
    Defaults,
    Delivery,
    Enums,
    HttpAuth,
    HttpEndpointSpec,
    Idempotency,
    Int64,
    JsonProfile,
    MethodKind,
    Names,
    OnViolation,
    UnknownEnumNames,
    UnknownMembers,
)
from iii_codegen.model.nodes import Contract, Service
from tests.codegen.support import shop, tree_of


def service(body: str) -> Service:
    (found,) = tree_of(shop("message R { string x = 1; }\n" + body)).files["shop/v1/shop.proto"].services
    return found


def contracts(body: str) -> dict[str, Contract]:
    return {method.name: method.contract for method in service(body).methods}


EVERYTHING = """
option (iii_bridge.v1.file) = { json: { names: NAMES_PROTO int64: INT64_NUMBER } };
// Sells.
service ShopService {
  option (iii_bridge.v1.service) = {
    prefix: "sales" namespace: "west" metadata { key: "team" value: "a" } metadata_json: "{\\"tier\\": 1}"
    timeout: { seconds: 9 } attempt_timeout: { seconds: 2 } queue: "q" unknown_members: UNKNOWN_MEMBERS_WARN
    unknown_enum_names: UNKNOWN_ENUM_NAMES_IGNORE
    on_violation: ON_VIOLATION_ACK_AND_LOG json: { enums: ENUMS_NUMBER }
  };
  // Buys.
  rpc Buy(R) returns (google.protobuf.Empty) {
    option idempotency_level = IDEMPOTENT;
    option (iii_bridge.v1.function) = {
      id: "buy::it" description: "Buys it." timeout: { seconds: 5 nanos: 500000000 } queue: "fast"
      metadata { key: "team" value: "b" } delivery: DELIVERY_ENQUEUE unknown_members: UNKNOWN_MEMBERS_REJECT
      unknown_enum_names: UNKNOWN_ENUM_NAMES_REJECT
      on_violation: ON_VIOLATION_ERROR json: { int64: INT64_STRING defaults: DEFAULTS_OMIT }
      http_endpoint: { url: "https://x.test/a" method: "put" timeout: { seconds: 1 } headers { key: "X-A" value: "1" }
                       api_key: { header: "X-Key" value_env: "KEY" } }
    };
  }
  rpc SellAll(R) returns (R) { option idempotency_level = NO_SIDE_EFFECTS; }
}
"""


def test_the_function_wins() -> None:
    buy = contracts(EVERYTHING)["Buy"]
    assert buy == Contract(
        function_id="buy::it",
        description="Buys it.",
        namespace="west",
        metadata={"team": "b", "tier": 1},
        timeout=5.5,
        attempt_timeout=2.0,
        idempotency=Idempotency.IDEMPOTENT,
        delivery=Delivery.ENQUEUE,
        queue="fast",
        json=JsonProfile(Names.PROTO, Int64.STRING, Enums.NUMBER, Defaults.OMIT),
        unknown_members=UnknownMembers.REJECT,
        unknown_enum_names=UnknownEnumNames.REJECT,
        on_violation=OnViolation.ERROR,
        http_endpoint=HttpEndpointSpec(
            url="https://x.test/a",
            method="PUT",
            timeout=1.0,
            headers={"X-A": "1"},
            auth=HttpAuth(kind="api_key", env="KEY", header="X-Key"),
        ),
    )


def test_the_service_and_the_file_fill_in() -> None:
    sell = contracts(EVERYTHING)["SellAll"]
    assert sell == Contract(
        function_id="sales::sell-all",
        namespace="west",
        metadata={"team": "a", "tier": 1},
        timeout=9.0,
        attempt_timeout=2.0,
        idempotency=Idempotency.NO_SIDE_EFFECTS,
        queue="q",
        json=JsonProfile(Names.PROTO, Int64.NUMBER, Enums.NUMBER, Defaults.EMIT),
        unknown_members=UnknownMembers.WARN,
        unknown_enum_names=UnknownEnumNames.IGNORE,
        on_violation=OnViolation.ACK_AND_LOG,
    )


def test_defaults() -> None:
    assert contracts("service Plain { rpc M(R) returns (R); }") == {"M": Contract(function_id="plain::m")}


def test_descriptions_come_from_comments() -> None:
    found = service(EVERYTHING)
    assert (found.description, found.methods[0].comment, found.namespace) == ("Sells.", "Buys.", "west")
    plain = contracts("service S {\n  // One\n  // two.\n  rpc M(R) returns (R);\n}")
    assert plain["M"].description == "One\ntwo."


def test_auth_of_each_kind() -> None:
    for text, auth in (
        ('bearer: { token_env: "T" }', HttpAuth(kind="bearer", env="T")),
        ('hmac: { secret_env: "S" }', HttpAuth(kind="hmac", env="S")),
    ):
        option = f'option (iii_bridge.v1.function) = {{ http_endpoint: {{ url: "http://x" {text} }} }};'
        endpoint = contracts(f"service S {{ rpc M(R) returns (R) {{ {option} }} }}")["M"].http_endpoint
        assert endpoint is not None
        assert endpoint.auth == auth


def test_kinds_of_methods() -> None:
    found = service(
        """service S { rpc A(R) returns (R); rpc B(stream R) returns (R); rpc C(R) returns (stream R);
           rpc D(stream R) returns (stream R); }"""
    )
    assert [method.kind for method in found.methods] == [
        MethodKind.UNARY,
        MethodKind.CLIENT_STREAM,
        MethodKind.SERVER_STREAM,
        MethodKind.BIDI_STREAM,
    ]
