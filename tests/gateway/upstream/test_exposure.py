"""A service is registered while its server serves it."""

from __future__ import annotations

import pytest

from iii_bridge import FunctionNotFoundError, RegistrationRejectedError, connect
from iii_bridge.errors import LocalProtocolError
from iii_bridge.gateway.upstream import Exposure, Target
from tests.gateway.edge import contracts, edge
from tests.gateway.support import until
from tests.gateway.upstream.server import EDGE, BareServer
from tests.gateway.upstream.support import Exposed, exposed


def test_health_decides() -> None:
    with exposed(BareServer()) as live:

        async def main() -> None:
            assert live.changes == [(EDGE, True)]
            await live.server.says(False)
            await until(lambda: len(live.changes) == 2)
            with pytest.raises(FunctionNotFoundError):
                await live.caller.call("edge::echo", {})
            await live.server.says(True)
            await until(lambda: len(live.changes) == 3)
            assert (await live.client.echo(edge.Everything(text="again"))).text == "again"

        live.run(main)
    assert live.changes == [(EDGE, True), (EDGE, False), (EDGE, True)]


@pytest.mark.parametrize("with_health", [True, False])
def test_a_server_goes_and_comes_back(with_health: bool) -> None:
    with exposed(BareServer(with_health=with_health)) as live:

        async def main() -> None:
            await live.server.stop()
            await until(lambda: live.changes[-1] == (EDGE, False))
            live.server = BareServer(with_health=with_health, port=live.server.port)
            await live.server.start()
            await until(lambda: live.changes[-1] == (EDGE, True))
            assert (await live.client.echo(edge.Everything(text="again"))).text == "again"

        live.run(main)


def test_a_function_of_another_worker_ends_it() -> None:
    with exposed(BareServer()) as live:

        async def main() -> None:
            async with connect(live.engine.url, worker_name="second") as second:
                spec = contracts.services[EDGE]
                async with Exposure(second, [spec], Target(live.server.address)) as rival:
                    with pytest.raises(RegistrationRejectedError):
                        await rival.wait()

        live.run(main)


def test_calls_end_before_the_connection_does(shared: Exposed) -> None:
    async def main() -> None:
        with pytest.raises(LocalProtocolError, match="name a service"):
            Exposure(shared.bridge, [], Target(shared.server.address))

    shared.run(main)
