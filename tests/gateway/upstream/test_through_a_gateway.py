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


HEADERS = [("x-a", "1"), ("x-a", "2"), ("x-raw-bin", b"\x00\xff")]
TRAILERS = [("x-b", "3"), ("x-cooked-bin", b"\x01")]
SAYS = (
    (
        "x-say",
        json.dumps(
            {
                "headers": [("x-a", "1"), ("x-a", "2"), ("x-raw-bin", "AP8="), ("iii-delivery", "void")],
                "trailers": [("x-b", "3"), ("x-cooked-bin", "AQ=="), ("cookie", "c")],
            }
        ),
    ),
)


def own(pairs: Any) -> list[tuple[str, str | bytes]]:
    """Without what gRPC and the gateway add."""
    return [(name, value) for name, value in pairs if name.startswith(("x-", "iii-", "cookie"))]


def test_metadata_of_one_response_comes_back(rpcs: Rpcs) -> None:
    _, call = rpcs.method("unary_unary", "Echo").with_call(message("Everything"), metadata=SAYS, timeout=60)
    assert (own(call.initial_metadata()), own(call.trailing_metadata())) == (HEADERS, TRAILERS)
    item = message("Item", number=1)
    _, call = rpcs.method("stream_unary", "Add").with_call(iter([item]), metadata=SAYS, timeout=60)
    assert (own(call.initial_metadata()), own(call.trailing_metadata())) == (HEADERS, TRAILERS)


def test_metadata_beside_a_status_and_of_streams_comes_back_as_trailers(rpcs: Rpcs) -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": "s"}]}
    request = message("FailRequest", code=9, message="no", details=[json.dumps(detail)])
    error: Any = rpcs.failure("Fail", request, metadata=SAYS)
    assert (error.details(), len(rich(error).details)) == ("no", 1)
    assert own(error.trailing_metadata()) == HEADERS + TRAILERS
    call = rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=2), metadata=SAYS, timeout=60)
    assert [item.number for item in call] == [0, 1]
    assert own(call.trailing_metadata()) == HEADERS + TRAILERS
    call = rpcs.method("stream_stream", "Chat")(iter([message("Item", number=2)]), metadata=SAYS, timeout=60)
    assert [item.number for item in call] == [4]
    assert own(call.trailing_metadata()) == HEADERS + TRAILERS


def test_an_ordinary_caller_of_the_server_sees_no_metadata(shared: Exposed) -> None:
    async def ordinary() -> Any:
        return await shared.caller.call("edge::echo", {"text": "t"}, metadata=dict(SAYS), timeout=60)

    answer = shared.run(ordinary)
    assert answer["text"] == "t"
    assert "iii-bridge" not in answer
