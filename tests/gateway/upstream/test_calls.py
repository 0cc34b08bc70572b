"""Methods of a gRPC server, called as functions."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from iii_bridge import ContractError, InvocationTimeoutError, StatusCode, StatusError
from tests.engine.peers.peers import Peer
from tests.gateway.edge import edge
from tests.gateway.support import WITHIN, until
from tests.gateway.upstream.support import Exposed


def items(*numbers: int, texts: dict[int, str] | None = None) -> AsyncIterator[Any]:
    async def produce() -> AsyncIterator[Any]:
        for number in numbers:
            yield edge.Item(number=number, text=(texts or {}).get(number, ""))

    return produce()


def test_a_message_comes_back_as_it_was_sent(shared: Exposed) -> None:
    sent = edge.Everything(
        text="ü😀", large=-(2**63), unsigned=2**64 - 1, data=b"\x00\xff", numbers=[1, 2**53 + 1], left="", flag=True
    )
    assert shared.run(lambda: shared.client.echo(sent)) == sent


def test_a_function_of_plain_json_is_served_with_schemas(shared: Exposed) -> None:
    answer = shared.run(lambda: shared.caller.call("edge::echo", {"large": "7", "data": "AP8="}))
    assert (answer["large"], answer["data"]) == ("7", "AP8=")
    listed = shared.run(lambda: shared.caller.call("engine::functions::info", {"function_id": "edge::echo"}))
    assert listed["request_schema"]["title"] == "Everything"
    assert listed["metadata"]["iii-bridge"]["method"] == "edge.v1.EdgeService/Echo"


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_status_arrives_unchanged(shared: Exposed, code: grpc.StatusCode) -> None:
    violation = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": "s"}]}
    request = edge.FailRequest(code=code.value[0], message=f"it is {code.name}", details=[json.dumps(violation)])
    with pytest.raises(StatusError) as caught:
        shared.run(lambda: shared.client.fail(request))
    assert (caught.value.status_code.name, caught.value.message) == (code.name, f"it is {code.name}")
    assert caught.value.details == (violation,)


def test_a_failure_of_the_server_is_unknown_and_what_it_does_not_have_unimplemented(shared: Exposed) -> None:
    with pytest.raises(StatusError) as caught:
        shared.run(lambda: shared.client.fail(edge.FailRequest(message="boom")))
    assert caught.value.status_code is StatusCode.UNKNOWN
    with pytest.raises(StatusError) as caught:
        shared.run(lambda: shared.client.violate(edge.LookRequest()))
    assert caught.value.status_code is StatusCode.UNIMPLEMENTED


def test_deadline_trace_and_metadata_reach_the_server(shared: Exposed) -> None:
    metadata = {
        "x-one": "1",
        "x-more": ["a", "b"],
        "X-Number": 7,
        "x-raw-bin": base64.b64encode(b"\x00\xff").decode(),
        "authorization": "secret",
        "grpc-timeout": "1S",
        "x-object": {"a": 1},
        "not a name": "x",
    }
    seen = shared.run(lambda: shared.client.look(edge.LookRequest(), timeout=WITHIN, metadata=metadata))
    assert 0 < seen.remaining < WITHIN + 1  # gRPC rounds
    assert seen.traceparent.startswith("00-") or seen.traceparent == ""
    found = shared.server.seen.pop()
    assert found["x-one"] == ["1"]
    assert found["x-more"] == ["a", "b"]
    assert found["x-number"] == ["7"]
    assert found["x-raw-bin"] == [b"\x00\xff"]
    assert not {"authorization", "grpc-timeout", "x-object", "not a name"} & found.keys()


def test_a_deadline_ends_the_call_at_the_server(shared: Exposed) -> None:
    before = shared.server.ended["wait"]
    with pytest.raises((InvocationTimeoutError, StatusError)):
        shared.run(lambda: shared.client.wait(edge.WaitRequest(seconds=1000), timeout=0.3))
    shared.run(lambda: until(lambda: shared.server.ended["wait"] == before + 1))


def test_bytes_that_are_no_response_name_the_function_and_the_side(shared: Exposed) -> None:
    shared.server.garbage = True
    try:
        with pytest.raises(ContractError) as caught:
            shared.run(lambda: shared.client.look(edge.LookRequest()))
    finally:
        shared.server.garbage = False
    assert (caught.value.function_id, caught.value.side.value, caught.value.path) == ("edge::look", "response", "$")


def test_a_stream_of_responses_arrives_in_order_and_to_its_end(shared: Exposed) -> None:
    async def main() -> list[int]:
        return [item.number async for item in shared.client.watch(edge.WatchRequest(count=300))]

    assert shared.run(main) == list(range(300))


def test_a_status_after_responses(shared: Exposed) -> None:
    async def main() -> list[int]:
        found: list[int] = []
        with pytest.raises(StatusError) as caught:
            async for item in shared.client.watch(edge.WatchRequest(count=3, then="fail")):
                found.append(item.number)  # noqa: PERF401 -- what came before the failure counts
        assert caught.value.status_code is StatusCode.ABORTED
        return found

    assert shared.run(main) == [0, 1, 2]


def test_leaving_a_stream_cancels_the_call_at_the_server(shared: Exposed) -> None:
    before = shared.server.ended["watch"]

    async def main() -> None:
        async with shared.client.watch(edge.WatchRequest(count=1, then="wait")) as responses:
            assert (await anext(responses)).number == 0
        await until(lambda: shared.server.ended["watch"] == before + 1)

    shared.run(main)


def test_a_slow_reader_slows_the_server(shared: Exposed) -> None:
    async def main() -> None:
        shared.server.yielded = 0
        async with shared.client.watch(edge.WatchRequest(count=10_000, size=10_000)) as responses:
            assert (await anext(responses)).number == 0
            settled = -1
            while settled != shared.server.yielded:
                settled = shared.server.yielded
                await asyncio.sleep(0.3)  # it has stopped once nothing came for this long
            assert settled < 5_000

    shared.run(main)


def test_a_stream_of_requests(shared: Exposed) -> None:
    result = shared.run(lambda: shared.client.add(items(*range(100))))
    assert (result.count, result.total) == (100, 4950)


def test_the_server_ends_a_stream_of_requests(shared: Exposed) -> None:
    async def endless() -> AsyncIterator[Any]:
        yield edge.Item(text="fail")
        while True:
            yield edge.Item(number=1)
            await asyncio.sleep(0.01)

    with pytest.raises(StatusError) as caught:
        shared.run(lambda: shared.client.add(endless()))
    assert caught.value.status_code is StatusCode.ABORTED


def test_both_sides_talk_in_turn(shared: Exposed) -> None:
    async def main() -> list[int]:
        answered = asyncio.Event()
        found: list[int] = []

        async def requests() -> AsyncIterator[Any]:
            for number in range(5):
                yield edge.Item(number=number)
                await answered.wait()
                answered.clear()
            yield edge.Item(text="stop")

        async for item in shared.client.chat(requests()):
            found.append(item.number)
            answered.set()
        return found

    assert shared.run(main) == [0, 2, 4, 6, 8]


def test_a_request_that_does_not_fit_ends_the_call_at_both_ends(shared: Exposed) -> None:
    async def main() -> None:
        begun, ended = shared.server.begun, shared.server.ended
        before = begun["chat"]

        async def requests() -> AsyncIterator[Any]:
            yield edge.Item(number=1)
            await until(lambda: begun["chat"] == before + 1)
            yield edge.Item(number=2**63)

        with pytest.raises(ContractError):
            async for _ in shared.client.chat(requests()):
                pass
        await until(lambda: ended["chat"] == begun["chat"])

    shared.run(main)


def test_details_the_contracts_do_not_know_stay_whole(shared: Exposed) -> None:
    known = error_details_pb2.ErrorInfo.DESCRIPTOR.full_name
    detail = {"@type": f"type.googleapis.com/{known}", "reason": "R", "domain": "d"}
    struct = {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"@type": "shop/hint", "n": 1.0}}
    request = edge.FailRequest(code=9, message="no", details=[json.dumps(detail), json.dumps(struct)])
    with pytest.raises(StatusError) as caught:
        shared.run(lambda: shared.client.fail(request))
    assert caught.value.details == (detail, {"@type": "shop/hint", "n": 1.0})


@pytest.mark.parametrize("sdk", ["python", "node", "rust"])
def test_workers_on_the_official_sdks_call_it_by_its_function_id(shared: Exposed, sdk: str) -> None:
    with Peer(sdk, shared.engine.url, f"{sdk}-caller") as peer:
        assert peer.call("edge::echo", {"text": "ü", "large": str(2**60)})["large"] == str(2**60)
        refused = peer.refused("edge::fail", {"code": 5, "message": "no such thing"})
        assert "no such thing" in refused["message"]
        wrong = peer.refused("edge::echo", {"large": "much"})
        assert "$.large" in wrong["message"]
