"""Workers in Python, TypeScript and Rust behind one gateway, called by grpcio and by @grpc/grpc-js."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from iii_bridge.dynamic import Contracts
from iii_bridge.status import StatusCode
from tests.gateway.languages import SERVED, example_contracts, languages_gateway
from tests.gateway.node_client import call, node_calls

ECHOES = SERVED[:3]
QUOTE, RESERVE = f"{SERVED[3]}/Quote", f"{SERVED[4]}/Reserve"
Health: Any = health_pb2


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return example_contracts()


@pytest.fixture(scope="module")
def address(contracts: Contracts) -> Iterator[str]:
    with languages_gateway(contracts) as found:
        yield found


@pytest.fixture(scope="module")
def channel(address: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(address) as found:
        yield found


def unary(channel: grpc.Channel, contracts: Contracts, path: str, **fields: Any) -> Any:
    method = next(method for method in contracts.methods() if method.full_name == path)
    make = channel.unary_unary(f"/{path}", method.request.SerializeToString, method.response.FromString)
    return make(method.request(**fields), timeout=30)


@pytest.mark.parametrize("service", ECHOES)
def test_every_value_comes_back(service: str, channel: grpc.Channel, contracts: Contracts) -> None:
    value = contracts.message_class("examples.types.v1.Everything")(
        signed=-(2**63), unsigned=2**64 - 1, small=-1, ratio=0.1, flag=True, text="täxt", data=bytes(range(256)),
        color=-1, palette=[1, 2], blob=b"", counts={"a": 2**62}, note="",
    )  # fmt: skip
    value.at.FromJsonString("2026-02-28T23:59:59.123456789Z")
    make = channel.unary_unary(f"/{service}/Echo", type(value).SerializeToString, type(value).FromString)
    assert make(value, timeout=30) == value


def test_statuses_of_typescript_and_rust_arrive_unchanged(channel: grpc.Channel, contracts: Contracts) -> None:
    for path, fields, code, text in (
        (QUOTE, {"sku": "none", "quantity": 1}, "NOT_FOUND", "no price for sku none: it is not in the catalogue"),
        (QUOTE, {"sku": "bolt-000", "quantity": 0}, "INVALID_ARGUMENT", "the quantity must be positive"),
        (RESERVE, {"sku": "none", "quantity": 1}, "NOT_FOUND", "no stock of sku none"),
        (RESERVE, {"sku": "bolt-000", "quantity": 151}, "FAILED_PRECONDITION",
         "a line may reserve at most 150 of sku bolt-000: split the order"),
    ):  # fmt: skip
        with pytest.raises(grpc.RpcError) as caught:
            unary(channel, contracts, path, order_id="o", **fields)
        failed: Any = caught.value
        assert (failed.code().name, failed.details()) == (code, text)
        assert "iii-status" not in str(failed.trailing_metadata())
    assert unary(channel, contracts, QUOTE, order_id="o", sku="bolt-000", quantity=2).total_cents == 236006
    assert unary(channel, contracts, RESERVE, order_id="o", sku="bolt-000", quantity=2).parcels == 2


def test_a_node_client_meets_the_same(address: str, contracts: Contracts) -> None:
    order = {"order_id": "n", "sku": "bolt-000", "quantity": "2"}
    value = {"signed": str(-(2**63)), "unsigned": str(2**64 - 1), "color": "COLOR_NEGATIVE", "blob": "AP8="}
    calls = [call(service, "Echo", value) for service in ECHOES]
    calls += [call(SERVED[3], "Quote", order), call(SERVED[4], "Reserve", order | {"sku": "none"})]
    *echoes, quoted, refused = node_calls(address, contracts.descriptors, *calls)
    for echo in echoes:
        assert value.items() <= echo["responses"][0].items()
    assert quoted["responses"][0]["total_cents"] == "236006"
    assert (refused["code"], refused["details"]) == (StatusCode.NOT_FOUND, "no stock of sku none")


def test_every_service_is_healthy(channel: grpc.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    for service in SERVED:
        for answer in stub.Watch(Health.HealthCheckRequest(service=service), timeout=30):
            if answer.status == Health.HealthCheckResponse.SERVING:
                break
