"""What emitters are told to register is what the Python worker registers."""

from __future__ import annotations

import asyncio
import json
from types import ModuleType
from typing import Any

import msgspec
import pytest

from iii_codegen.emit.jsonschema.files import method_schemas
from iii_codegen.model.nodes import Tree
from iii_codegen.model.registration import ServiceRegistration, service_registration
from tests.aio.fake_engine import FakeEngine, Peer
from tests.bridge.support import bridge_in_memory
from tests.codegen.support import load, shop, tree_of
from tests.virtual_clock import run_virtually

CONTRACT = shop("""
message Line { string sku = 1 [(google.api.field_behavior) = REQUIRED]; int64 count = 2; }
message Order {
  string order_id = 1 [(google.api.field_behavior) = REQUIRED];
  repeated Line lines = 2;
  string shop_name = 3 [json_name = "theShop", (google.api.field_behavior) = REQUIRED];
}
message Free { string note = 1; }
message Loose { google.protobuf.Any any = 1; }
message Unreached { string x = 1 [(google.api.field_behavior) = REQUIRED]; }

service OrdersService {
  option (iii_bridge.v1.service) = { prefix: "orders" metadata { key: "team" value: "shop" } };
  // Places an order.
  rpc Place(Order) returns (Order) {
    option (google.api.http) = {
      post: "/v1/{shop_name=shops/*}/orders" body: "*"
      additional_bindings { put: "/v1/orders/{order_id}" body: "*" }
      additional_bindings { get: "/v1/files/{order_id=**}" }
    };
    option (iii_bridge.v1.trigger) = {
      durable_subscriber: { topic: "placed" queue_config: { max_retries: 3 backoff { seconds: 1 } } }
      metadata { key: "owner" value: "desk" }
    };
    option (iii_bridge.v1.trigger) = { durable_subscriber: { topic: "again" } };
    option (iii_bridge.v1.function) = { on_violation: ON_VIOLATION_ACK_AND_LOG };
  }
  rpc Cancel(Order) returns (Order) { option (google.api.http) = { post: "/v1/orders/{order_id}:cancel" body: "*" }; }
  rpc Revive(Order) returns (Order) { option (google.api.http) = { post: "/v1/orders/{order_id}:revive" body: "*" }; }
  rpc Tick(iii_bridge.v1.CronTick) returns (google.protobuf.Empty) {
    option (iii_bridge.v1.trigger) = { cron: { expression: "0 0 * * * *" } };
  }
  rpc Changed(iii_bridge.v1.StateChange) returns (google.protobuf.Empty) {
    option (iii_bridge.v1.trigger) = { state: { scope: "orders" } condition_function_id: "orders::wanted" };
  }
  rpc Heard(Free) returns (google.protobuf.Empty) {
    option (iii_bridge.v1.trigger) = { subscribe: { topic: "heard" } };
    option (iii_bridge.v1.trigger) = { custom: { type: "my::own" config_json: '{"a": [1]}' } };
  }
  rpc Raw(iii_bridge.v1.HttpRequest) returns (iii_bridge.v1.HttpResponse) {
    option (iii_bridge.v1.trigger) = { http: { api_path: "raw/:id" http_method: "POST" } };
  }
  rpc Away(Free) returns (Free) {
    option (iii_bridge.v1.function) = {
      http_endpoint: {
        url: "https://example.com/x" timeout { nanos: 1500000 } headers { key: "x-a" value: "b" }
        api_key: { header: "x-key" value_env: "KEY" }
      }
    };
  }
  rpc Follow(Order) returns (stream Order);
}
service Other { rpc Do(Loose) returns (Free); }
""")


@pytest.fixture(scope="module")
def tree() -> Tree:
    return tree_of(CONTRACT)


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return load(tmp_path_factory.mktemp("registration"), CONTRACT, "shop.v1")


def registration(tree: Tree, name: str) -> ServiceRegistration:
    services = {service.name: service for service in tree.files["shop/v1/shop.proto"].services}
    return service_registration(tree, services[name], method_schemas(tree))


async def answer_all(peer: Peer) -> None:
    """A willing engine."""
    while True:
        call = await peer.next_call()
        if call["function_id"] == "engine::functions::info":
            rows = [{"function_id": name, "worker_name": "w"} for name in call["data"]["function_ids"]]
            await peer.answer(call, {"functions": rows})
        else:
            await peer.answer(call, {})


def served_by_python(base: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The frames a Python worker sends for a service, in order."""

    async def never(self: Any, request: Any, context: Any, /) -> Any:
        raise AssertionError("must not run")

    async def main() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            answering = asyncio.create_task(answer_all(peer))
            methods = {method.name: never for method in base._service.methods if method.kind.value == "unary"}
            methods |= {m.name: follow for m in base._service.methods if m.kind.value != "unary"}
            await bridge.serve(type("Served", (base,), methods)())
            answering.cancel()
            desired = bridge._session.protocol.desired
            kinds = desired.functions.values(), desired.triggers.values()
            functions, triggers = ([json.loads(msgspec.json.encode(frame)) for frame in kind] for kind in kinds)
            return functions, triggers

    async def follow(self: Any, request: Any, context: Any, /) -> Any:
        raise AssertionError("must not run")
        yield

    return run_virtually(main())


@pytest.mark.parametrize("service", ["OrdersService", "Other"])
def test_a_python_worker_registers_the_same(tree: Tree, stubs: ModuleType, service: str) -> None:
    ours = registration(tree, service)
    base = getattr(stubs, service if service.endswith("Service") else f"{service}Service")
    functions, triggers = served_by_python(base)
    assert [{"type": "registerfunction", **frame.members()} for frame in ours.functions] == functions
    bound = [{key: value for key, value in trigger.items() if key not in ("type", "id")} for trigger in triggers]
    assert bound == [
        {
            "trigger_type": frame.trigger_type,
            "function_id": frame.function_id,
            "config": frame.config,
            **({"metadata": frame.metadata} if frame.metadata else {}),
        }
        for frame in ours.triggers
    ]


def test_the_python_worker_answers_with_the_same_contract(tree: Tree, stubs: ModuleType) -> None:
    from iii_bridge.bridge.reflection import contract_function

    made = contract_function(stubs.OrdersService._service)
    assert made is not None
    answer = asyncio.run(made[1](None))  # type: ignore[arg-type] # it looks at no invocation
    assert json.loads(bytes(answer)) == registration(tree, "OrdersService").answer


def test_rules_on_one_route_are_asked_in_order(tree: Tree) -> None:
    routes = [route for adapter in registration(tree, "OrdersService").http for route in adapter.routes]
    shared = next(route for route in routes if len(route.targets) == 2)
    assert [target.template.verb for target in shared.targets] == ["cancel", "revive"]
    assert shared.trigger.function_id == "orders::cancel::http"


def test_what_acknowledges_and_what_answers_http(tree: Tree) -> None:
    events = {adapter.function.id: adapter for adapter in registration(tree, "OrdersService").events}
    assert {name for name, adapter in events.items() if adapter.acknowledges} == {
        "orders::place::on-durable-subscriber",
        "orders::place::on-durable-subscriber-2",
    }
    assert [name for name, adapter in events.items() if adapter.answers_http] == ["orders::raw::on-http"]


def test_required_members_are_those_of_what_is_exchanged(tree: Tree) -> None:
    assert registration(tree, "OrdersService").required == {
        "shop.v1.Line": ("sku",),
        "shop.v1.Order": ("order_id", "shop_name"),
    }
    assert "shop.v1.Unreached" in registration(tree, "Other").required, "an Any may hold anything"


def test_the_contract_function_has_the_names_of_the_runtime() -> None:
    from iii_bridge.contract.reflection import CONTRACT_PREFIX
    from iii_bridge.protocol.sidecar import MEMBER
    from iii_codegen.model import registration as ours

    assert (ours.CONTRACT_PREFIX, ours.SIDECAR_MEMBER) == (CONTRACT_PREFIX, MEMBER)
