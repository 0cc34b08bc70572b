"""Every kind of method, from a real gRPC client through the engine to a handler and back."""

from __future__ import annotations

import json
import threading
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from google.rpc import error_details_pb2

from iii_bridge.status import StatusCode
from tests.gateway.support import Live, Rpcs, message, rich

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def everything() -> Any:
    found = message(
        "Everything", text="täxt \U0001f600", large=-(2**63), unsigned=2**64 - 1, fixed=2**32 - 1, ratio=0.1, flag=True,
        data=bytes(range(256)), colour=1, numbers=[1, -(2**53) - 1], right=0, maybe="",
        list=[message("Part", name="", weight=-1)],
    )  # fmt: skip
    found.parts["k"].CopyFrom(message("Part", name="p", weight=2**62))
    found.at.FromJsonString("2026-02-28T23:59:59.000000001Z")
    found.length.FromNanoseconds(-500_000_000)
    found.loose.update({"a": [1.5, None, {"b": "c"}]})
    return found


def test_every_field_comes_back(rpcs: Rpcs) -> None:
    assert rpcs.unary("Echo", everything()) == everything()
    assert rpcs.unary("Echo", message("Everything")) == message("Everything")
    unknown = message("Everything", colour=77)  # enum numbers nobody has named are kept
    assert rpcs.unary("Echo", unknown) == unknown


def test_deadline_trace_and_metadata_reach_the_handler(rpcs: Rpcs) -> None:
    metadata = (
        ("x-tenant", "t"), ("x-many", "1"), ("x-many", "2"), ("x-raw-bin", b"\x00\xff"), ("authorization", "Bearer s"),
        ("traceparent", TRACE), ("baggage", "k=v"), ("iii-identity", "forged"),
    )  # fmt: skip
    seen = rpcs.unary("Look", message("LookRequest"), metadata=metadata, timeout=50)
    assert json.loads(seen.metadata) == {"x-tenant": "t", "x-many": ["1", "2"], "x-raw-bin": "AP8="}
    assert seen.traceparent.split("-")[1] == TRACE.split("-")[1]
    assert "k=v" in seen.baggage
    assert 0 < seen.remaining < 51
    assert rpcs.unary("Look", message("LookRequest"), metadata=(("traceparent", "nonsense"),)).traceparent == ""


def test_a_deadline_ends_the_call_at_both_sides(live: Live, rpcs: Rpcs) -> None:
    error = rpcs.failure("Wait", message("WaitRequest", seconds=3600), timeout=0.3)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    live.until(lambda: live.service.begun["wait"] == live.service.ended["wait"] > 0)


def test_a_cancelled_call_is_forgotten(live: Live, rpcs: Rpcs) -> None:
    begun = live.service.begun["wait"]
    future = rpcs.method("unary_unary", "Wait").future(message("WaitRequest", seconds=3600), timeout=2)
    live.until(lambda: live.service.begun["wait"] > begun)
    future.cancel()
    assert future.code() is grpc.StatusCode.CANCELLED
    live.until(lambda: live.gateway.admission.active == 0)


@pytest.mark.parametrize("code", StatusCode)
def test_a_status_of_the_handler_arrives_unchanged(rpcs: Rpcs, code: StatusCode) -> None:
    details = [
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "a", "description": "b"}]},
        {"@type": "type.googleapis.com/edge.v1.Part", "name": "p"},
        {"@type": "shop/hint", "order": "17"},
    ]
    request = message("FailRequest", code=code, message="nö\nway", details=[json.dumps(each) for each in details])
    error: Any = rpcs.failure("Fail", request)
    assert (error.code().name, error.details()) == (code.name, "nö\nway")
    bad, part, loose = rich(error).details
    assert bad.Is(error_details_pb2.BadRequest.DESCRIPTOR)
    assert part.type_url.endswith("/edge.v1.Part")
    found = Struct()
    assert loose.Unpack(found)
    assert json_format.MessageToDict(found) == details[2]
    without: Any = rpcs.failure("Fail", message("FailRequest", code=code))
    assert (without.code().name, without.details()) == (code.name, "")


def test_an_error_that_is_no_status_shows_no_stack(rpcs: Rpcs) -> None:
    error: Any = rpcs.failure("Fail", message("FailRequest", message="boom"))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, "boom")
    assert "Traceback" not in str(error.trailing_metadata())
    info = error_details_pb2.ErrorInfo()
    assert rich(error).details[0].Unpack(info)
    assert (info.reason, info.domain) == ("invocation_failed", "iii")


def test_violations_name_side_and_field(rpcs: Rpcs) -> None:
    wrong = message("Everything")
    wrong.at.seconds = 2**60
    error: Any = rpcs.failure("Echo", wrong)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    found = error_details_pb2.BadRequest()
    assert rich(error).details[0].Unpack(found)
    assert found.field_violations[0].field == "at"
    theirs: Any = rpcs.failure("Violate", message("LookRequest"))
    assert theirs.code() is grpc.StatusCode.INTERNAL
    assert theirs.details().endswith("at $.weight")


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\x08"])
def test_malformed_messages_are_invalid(rpcs: Rpcs, data: bytes) -> None:
    for name in ("Echo", "Fire", "Watch")[: 1 if b"\xfe" in data else 3]:  # only Echo has a text that must be UTF-8
        kind = rpcs.channel.unary_stream if name == "Watch" else rpcs.channel.unary_unary
        with pytest.raises(grpc.RpcError) as caught:
            answer = kind(f"/edge.v1.EdgeService/{name}")(data, timeout=30)
            list(answer)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT, name


def test_fields_a_strict_contract_does_not_know_are_refused(rpcs: Rpcs) -> None:
    data = message("Part", name="p").SerializeToString() + b"\xfa\x07\x01x"
    with pytest.raises(grpc.RpcError) as caught:
        rpcs.channel.unary_unary("/edge.v1.StrictService/Take")(data, timeout=30)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details().endswith('the contract does not know the field at $["127"]')
    assert rpcs.channel.unary_unary("/edge.v1.EdgeService/Fire")(b"\xfa\x07\x01x", timeout=30) == b""


def test_a_contract_nobody_serves_is_unavailable_and_another_unimplemented(live: Live, rpcs: Rpcs) -> None:
    error: Any = Rpcs(rpcs.channel, "edge.v1.AbsentService").failure("Get", message("LookRequest"))
    assert (error.code(), error.details()) == (
        grpc.StatusCode.UNAVAILABLE, "no worker serves absent::get at the moment",
    )  # fmt: skip
    assert dict(error.trailing_metadata())["grpc-retry-pushback-ms"] == "500"
    for path in ("/edge.v1.EdgeService/Nothing", "/nothing.v1.Service/Get", "/", "/a"):
        with pytest.raises(grpc.RpcError) as caught:
            rpcs.channel.unary_unary(path)(b"", timeout=30)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED, path


def test_void_and_queued_calls_answer_at_once_and_show_the_receipt(live: Live, rpcs: Rpcs) -> None:
    _, fired = rpcs.method("unary_unary", "Fire").with_call(message("Item", number=41), timeout=30)
    assert dict(fired.initial_metadata())["iii-delivery"] == "void"
    _, queued = rpcs.method("unary_unary", "Queue").with_call(message("Item", number=42), timeout=30)
    told = dict(queued.initial_metadata())
    assert told["iii-delivery"] == "enqueue"
    assert len(told["iii-message-receipt-id"]) == 36
    live.until(lambda: {41, 42} <= set(live.service.items))


def items(count: int, last: str = "") -> list[Any]:
    return [
        *(message("Item", number=number) for number in range(count)),
        *([message("Item", text=last)] if last else []),
    ]


def test_a_stream_of_responses(rpcs: Rpcs) -> None:
    watch = rpcs.method("unary_stream", "Watch")
    answers = list(watch(message("WatchRequest", count=500, size=20), timeout=30))
    assert [item.number for item in answers] == list(range(500))
    assert list(watch(message("WatchRequest"), timeout=30)) == []


@pytest.mark.parametrize(("then", "code"), [("fail", grpc.StatusCode.ABORTED), ("violate", grpc.StatusCode.INTERNAL)])
def test_a_stream_that_fails_gives_what_came_before(rpcs: Rpcs, then: str, code: grpc.StatusCode) -> None:
    answers: Any = rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=3, then=then), timeout=30)
    numbers = []
    with pytest.raises(grpc.RpcError):
        for item in answers:
            numbers.append(item.number)  # noqa: PERF401 -- what came before the error counts
    assert (numbers, answers.code()) == ([0, 1, 2], code)


def test_a_stream_of_requests_and_its_end(rpcs: Rpcs) -> None:
    add = rpcs.method("stream_unary", "Add")
    found = add(iter(items(1000)), timeout=30)
    assert (found.count, found.total) == (1000, 499500)
    assert add(iter(()), timeout=30).count == 0


def test_a_handler_may_answer_before_the_requests_end(live: Live, rpcs: Rpcs) -> None:
    def endless() -> Any:
        yield from items(3, last="stop")
        while not live.service.ended["add"] > ended:
            yield message("Item")

    ended = live.service.ended["add"]
    assert rpcs.method("stream_unary", "Add")(endless(), timeout=30).count == 4


def test_a_stream_both_ways_is_a_conversation(rpcs: Rpcs) -> None:
    turn = threading.Semaphore(0)

    def ask() -> Any:
        for number in range(50):
            yield message("Item", number=number)
            assert turn.acquire(timeout=30)  # asks on when the answer is there

    chat = rpcs.method("stream_stream", "Chat")
    heard = []
    for answer in chat(ask(), timeout=30):
        heard.append(answer.number)
        turn.release()
    assert heard == [2 * number for number in range(50)]
    ended = chat(iter(items(5, last="stop")), timeout=30)
    assert len(list(ended)) == 5
    failing = chat(iter(items(5, last="fail")), timeout=30)
    with pytest.raises(grpc.RpcError):
        list(failing)
    assert (failing.code(), failing.details()) == (grpc.StatusCode.ABORTED, "enough")


def test_a_malformed_item_ends_its_stream(live: Live, rpcs: Rpcs) -> None:
    add = rpcs.channel.stream_unary("/edge.v1.EdgeService/Add")
    with pytest.raises(grpc.RpcError) as caught:
        add(iter([b"\x08\x01", b"\xff"]), timeout=30)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details().endswith("at $[1]")
    live.until(lambda: live.service.ended["add"] == live.service.begun["add"])


def test_a_client_that_leaves_ends_the_handler(live: Live, rpcs: Rpcs) -> None:
    ended = live.service.ended.copy()
    watching = rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=1, then="wait"), timeout=60)
    next(watching)
    watching.cancel()
    live.until(lambda: live.service.ended["watch"] > ended["watch"])


def test_a_slow_reader_holds_back_the_handler(live: Live) -> None:
    before = live.service.yielded
    slow = live.rpcs()
    watching = slow.method("unary_stream", "Watch")(message("WatchRequest", count=5000, size=10_000), timeout=60)
    next(watching)
    live.until(lambda: live.service.yielded > before + 10)
    steady = -1

    def held() -> bool:
        nonlocal steady
        same, steady = steady == live.service.yielded, live.service.yielded
        return same

    live.until(held)
    assert live.service.yielded - before < 4000  # 50 MB asked for, and a few in flight
    assert sum(1 for _ in watching) == 4999
