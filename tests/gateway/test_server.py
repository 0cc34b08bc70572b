"""The server around the methods: limits, compression, refusals, the end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from iii_bridge import StatusCode, StatusError
from iii_bridge.errors import LocalProtocolError
from iii_bridge.gateway import BearerTokens, Gateway, GatewayOptions, IncomingCall
from tests.gateway.edge import contracts
from tests.gateway.support import Live, Rpcs, live_gateway, message, rich

Check: Any = health_pb2


def test_messages_and_metadata_have_their_limits(live: Live) -> None:
    rpcs = live.rpcs(**{"grpc.max_metadata_size": 1 << 20})
    fits = message("Everything", data=b"x" * (4 * 1024 * 1024 - 100))
    assert len(rpcs.unary("Echo", fits).data) == len(fits.data)
    for compression in (None, grpc.Compression.Gzip):  # what is small on the wire counts as what it becomes
        error = rpcs.failure("Echo", message("Everything", data=bytes(5 * 1024 * 1024)), compression=compression)
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    error = rpcs.failure("Look", message("LookRequest"), metadata=(("x-large", "y" * 20_000),))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rpcs.unary("Look", message("LookRequest"), metadata=(("x-large", "y" * 8_000),)).metadata


def test_compressed_requests_are_read(live: Live) -> None:
    wanted = message("Everything", text="a" * 10_000)
    assert live.rpcs().unary("Echo", wanted, compression=grpc.Compression.Gzip) == wanted


def test_the_number_of_calls_is_limited_and_room_comes_back() -> None:
    with live_gateway(options={"max_calls": 2, "compress": True}) as live:
        rpcs = live.rpcs()
        waiting = [
            rpcs.method("unary_unary", "Wait").future(message("WaitRequest", seconds=3600), timeout=2) for _ in range(2)
        ]
        live.until(lambda: live.gateway.admission.active == 2)
        error: Any = rpcs.failure("Look", message("LookRequest"))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert [detail.TypeName() for detail in rich(error).details][-1] == "google.rpc.RetryInfo"
        stub: Any = health_pb2_grpc.HealthStub(rpcs.channel)
        stub.Check(Check.HealthCheckRequest(), timeout=30)  # health is no such call
        for call in waiting:
            assert call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        live.until(lambda: live.gateway.admission.active == 0)
        assert rpcs.unary("Look", message("LookRequest"))
        assert live.gateway.admission.refused == 1
        large = message("Everything", text="a" * 100_000)
        assert rpcs.unary("Echo", large) == large  # a compressed response
        live.until_nothing_is_left()


def test_the_hook_lets_in_and_adds_metadata() -> None:
    asked: list[IncomingCall] = []
    tokens = BearerTokens({"s3cret": "ann"})

    async def authenticate(call: IncomingCall) -> Mapping[str, Any] | None:
        asked.append(call)
        if call.value("x-break") is not None:
            raise RuntimeError("secret")
        if call.value("x-forbid") is not None:
            raise StatusError(StatusCode.PERMISSION_DENIED, "not you", [{"@type": "edge/why"}])
        return {**await tokens(call), "iii-tenant": "t"}

    with live_gateway(authenticate=authenticate) as live:
        rpcs = live.rpcs()
        good = ("authorization", "Bearer s3cret")
        seen = rpcs.unary("Look", message("LookRequest"), metadata=(good, ("x-a", "1"), ("iii-tenant", "forged")))
        assert json.loads(seen.metadata) == {"iii-identity": "ann", "iii-tenant": "t", "x-a": "1"}
        assert (asked[0].method, asked[0].peer.startswith("ipv4:127.0.0.1")) == ("edge.v1.EdgeService/Look", True)
        without: Any = rpcs.failure("Look", message("LookRequest"))
        assert (without.code(), without.details()) == (
            grpc.StatusCode.UNAUTHENTICATED, "a bearer token is missing or not known here",
        )  # fmt: skip
        forbidden: Any = rpcs.failure("Look", message("LookRequest"), metadata=(good, ("x-forbid", "1")))
        assert (forbidden.code(), forbidden.details()) == (grpc.StatusCode.PERMISSION_DENIED, "not you")
        broken: Any = rpcs.failure("Look", message("LookRequest"), metadata=(("x-break", "1"),))
        assert broken.code() is grpc.StatusCode.INTERNAL
        assert "secret" not in broken.details()
        listing = rpcs.channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.RpcError) as caught:
            list(listing(iter([b""]), timeout=30))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED  # contracts are told to those who may call
        stub: Any = health_pb2_grpc.HealthStub(rpcs.channel)
        stub.Check(Check.HealthCheckRequest(), timeout=30)  # a load balancer has no token


def refused_at_last(rpcs: Rpcs) -> grpc.StatusCode:
    """The code of the first call that is taken no more; CANCELLED where it came at that very moment."""
    while True:
        try:
            rpcs.unary("Look", message("LookRequest"))
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code


def test_the_end_lets_calls_finish_and_takes_no_more() -> None:
    with live_gateway() as live:
        rpcs = live.rpcs()
        stub: Any = health_pb2_grpc.HealthStub(rpcs.channel)
        watching = stub.Watch(Check.HealthCheckRequest(), timeout=60)
        while next(watching).status != Check.HealthCheckResponse.SERVING:
            pass
        slow = rpcs.method("unary_unary", "Wait").future(message("WaitRequest", seconds=1.0), timeout=60)
        leave = threading.Event()

        def talk() -> Iterator[Any]:
            yield message("Item", number=1)
            leave.wait(60)

        endless: Any = rpcs.method("stream_stream", "Chat")(talk(), timeout=60)
        next(endless)
        live.until(lambda: live.gateway.admission.active == 2)
        stopping = threading.Thread(target=live.portal.call, args=(lambda: live.gateway.stop(3.0),))
        stopping.start()
        assert next(watching).status == Check.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.RpcError) as caught:
            next(watching)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert refused_at_last(rpcs) in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert slow.result(30).metadata == "{}"
        with pytest.raises(grpc.RpcError):
            next(endless)
        assert (endless.code(), endless.details().partition(";")[0]) == (
            grpc.StatusCode.UNAVAILABLE, "the gateway stopped before the call ended",
        )  # fmt: skip
        assert dict(endless.trailing_metadata())["grpc-retry-pushback-ms"] == "-1"
        leave.set()
        stopping.join(60)
        live.until_nothing_is_left()
        live.portal.call(live.gateway.stop)  # again, for nothing


def test_an_address_that_is_taken_is_told(live: Live) -> None:
    async def second() -> None:
        gateway = Gateway(live.bridge, contracts.services.values(), (), GatewayOptions(listen=live.gateway.address))
        with pytest.raises(LocalProtocolError, match=f"cannot listen at {live.gateway.address}"):
            await gateway.start()

    live.portal.call(second)


def test_services_must_be_there_and_once(live: Live) -> None:
    service = contracts.services["edge.v1.StrictService"]
    for services, problem in (((), "needs a service"), ((service, service), r"serves edge\.v1\.StrictService once")):
        with pytest.raises(LocalProtocolError, match=problem):
            Gateway(live.bridge, services)
