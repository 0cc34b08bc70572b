"""A gRPC client, a gateway, an engine, an exposed gRPC server: what goes in at one end comes out at the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from iii_bridge.gateway import Gateway, GatewayOptions
from tests.gateway.edge import contracts
from tests.gateway.support import Rpcs, message, rich
from tests.gateway.upstream.server import EDGE
from tests.gateway.upstream.support import Exposed


@pytest.fixture(scope="module")
def rpcs(shared: Exposed) -> Iterator[Rpcs]:
    async def start() -> Gateway:
        gateway = Gateway(
            shared.caller, [contracts.services[EDGE]], [contracts.descriptors], GatewayOptions(listen="127.0.0.1:0")
        )
        await gateway.start()
        return gateway

    gateway = shared.run(start)
    with grpc.insecure_channel(gateway.address) as channel:
        yield Rpcs(channel)
    shared.run(gateway.stop)


def test_messages(rpcs: Rpcs) -> None:
    sent = message("Everything", text="ü", large=-(2**63), data=b"\x00", numbers=[1, 2])
    assert rpcs.unary("Echo", sent) == sent


def test_a_status_with_details_is_the_very_same(rpcs: Rpcs) -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": "s"}]}
    request = message("FailRequest", code=9, message="no", details=[json.dumps(detail)])
    error: Any = rpcs.failure("Fail", request)
    found = rich(error)
    assert (found.code, found.message) == (9, "no")
    assert [each.type_url for each in found.details] == ["type.googleapis.com/google.rpc.QuotaFailure"]


def test_streams_both_ways(rpcs: Rpcs) -> None:
    numbers = [message("Item", number=number) for number in range(50)]
    answers = rpcs.method("stream_stream", "Chat")(iter(numbers), timeout=60)
    assert [answer.number for answer in answers] == [2 * number for number in range(50)]


def test_metadata_and_deadline(rpcs: Rpcs, shared: Exposed) -> None:
    rpcs.unary("Look", message("LookRequest"), metadata=(("x-a", "1"), ("x-a", "2"), ("x-b-bin", b"\xff")), timeout=30)
    seen = shared.server.seen.pop()
    assert (seen["x-a"], seen["x-b-bin"]) == (["1", "2"], [b"\xff"])
