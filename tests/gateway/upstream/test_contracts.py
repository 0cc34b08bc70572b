"""Contracts from a server's reflection."""

from __future__ import annotations

import pytest

from iii_bridge.aio.portal import Portal
from iii_bridge.dynamic import contracts_of_descriptors
from iii_bridge.errors import BridgeError
from iii_bridge.gateway.upstream import Target, ToldContracts, told_contracts
from tests.gateway.edge import contracts
from tests.gateway.support import Live
from tests.gateway.upstream.server import EDGE, BareServer
from tests.gateway.upstream.support import Exposed


async def told(address: str, *wanted: str, timeout: float = 60.0) -> ToldContracts:
    channel = Target(address).channel()
    try:
        return await told_contracts(channel, wanted, timeout=timeout)
    finally:
        await channel.close()


def test_a_server_of_grpcio_tells_its_contract(shared: Exposed) -> None:
    found = shared.run(lambda: told(shared.server.address))
    assert found.services == (EDGE,)
    read = contracts_of_descriptors(found.descriptors).services[EDGE]
    assert read.digest == contracts.services[EDGE].digest
    assert [method.function_id for method in read.methods] == [
        method.function_id for method in contracts.services[EDGE].methods
    ]


def test_a_gateway_is_a_server_too(live: Live) -> None:
    found = live.portal.call(lambda: told(live.gateway.address, EDGE))
    assert contracts_of_descriptors(found.descriptors).services[EDGE].digest == contracts.services[EDGE].digest


def test_mistakes_say_what_to_do(shared: Exposed) -> None:
    with pytest.raises(BridgeError, match=r"has no service edge\.v2\.Nothing; it has edge\.v1\.EdgeService"):
        shared.run(lambda: told(shared.server.address, "edge.v2.Nothing"))


def test_a_server_without_reflection_and_one_that_is_not_there() -> None:
    portal = Portal()
    server = BareServer(with_reflection=False)

    async def without() -> None:
        await server.start()
        with pytest.raises(BridgeError, match="has no reflection; name --proto"):
            await told(server.address)
        await server.stop()
        with pytest.raises(BridgeError, match=r"not there within 0\.5 s"):
            await told(server.address, timeout=0.5)

    try:
        portal.call(without)
    finally:
        portal.close()
