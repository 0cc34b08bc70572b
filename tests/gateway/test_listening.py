"""Where a gateway listens: beside another one, and at a socket of the file system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from iii_bridge import LocalProtocolError
from iii_bridge.gateway import Gateway, GatewayOptions
from iii_bridge.gateway.upstream import Target
from tests.gateway.edge import contracts
from tests.gateway.support import WITHIN, Live, Rpcs, live_gateway, message


@contextmanager
def another(live: Live, listen: str, **options: Any) -> Iterator[Gateway]:
    """One more gateway on the same bridge."""

    async def start() -> Gateway:
        chosen = GatewayOptions(listen=listen, health_interval=0.2, **options)
        gateway = Gateway(live.bridge, contracts.services.values(), [contracts.descriptors], chosen)
        await gateway.start()
        return gateway

    gateway = live.portal.call(start)
    try:
        yield gateway
    finally:
        live.portal.call(gateway.stop)


def fresh(address: str) -> grpc.Channel:
    """A connection of its own: channels of one address share one otherwise."""
    return grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])


def test_a_second_gateway_takes_over_the_port_of_the_first() -> None:
    with live_gateway(options={"reuse_port": True}) as live:
        address = live.gateway.address
        with pytest.raises(LocalProtocolError, match="is the address free"), another(live, address):
            pass  # one that does not say so gets no place beside it
        with another(live, address, reuse_port=True) as second:
            assert second.port == live.gateway.port
            with fresh(address) as old:
                assert Rpcs(old).unary("Echo", message("Everything", text="both")).text == "both"
                live.portal.call(live.gateway.stop)
                # Whichever of them it was connected to: it comes back at the one that is left.
                ready = Rpcs(old).unary("Echo", message("Everything", text="one"), wait_for_ready=True)
                assert ready.text == "one"
            for _ in range(3):
                with fresh(address) as new:
                    assert Rpcs(new).unary("Echo", message("Everything", text="new"), wait_for_ready=True).text == "new"
        with fresh(address) as late:
            error: Any = Rpcs(late).failure("Echo", message("Everything"))
            assert error.code() is grpc.StatusCode.UNAVAILABLE


def test_a_socket_of_the_file_system_is_an_address(live: Live, tmp_path: Path) -> None:
    listen = f"unix:{tmp_path}/gateway.sock"
    with another(live, listen) as gateway:
        assert (gateway.address, (tmp_path / "gateway.sock").is_socket()) == (listen, True)
        with fresh(listen) as channel:
            rpcs = Rpcs(channel)
            assert rpcs.unary("Echo", message("Everything", text="ü")).text == "ü"
            answers = rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=3), timeout=WITHIN)
            assert [item.number for item in answers] == [0, 1, 2]

        async def through_a_target() -> bytes:
            async with Target(listen).channel() as upstream:
                call: Any = upstream.unary_unary("/edge.v1.EdgeService/Echo")
                answer: bytes = await call(message("Everything", text="x").SerializeToString(), timeout=WITHIN)
                return answer

        assert live.portal.call(through_a_target) == message("Everything", text="x").SerializeToString()
