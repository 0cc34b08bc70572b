"""Foreign workers and the bridge find an engine again that went away."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from demo.processes import running
from demo.team import rust_worker, typescript_worker
from example_contracts.examples.types.v1 import Everything, RelayRequest, RustTypesClient, TypescriptTypesClient
from iii_bridge import Bridge, BridgeError, connect
from iii_bridge.engine import Engine

VALUE = Everything(signed=-1, label="still here")
AGAIN_WITHIN = 30.0


async def both_relay(bridge: Bridge) -> bool:
    """Whether TypeScript reaches Rust and Rust reaches TypeScript."""
    to_rust = RelayRequest(function_id="rust-types::echo", value=VALUE)
    to_typescript = RelayRequest(function_id="typescript-types::echo", value=VALUE)
    answers = await asyncio.gather(
        TypescriptTypesClient(bridge).relay(to_rust, timeout=5.0),
        RustTypesClient(bridge).relay(to_typescript, timeout=5.0),
        return_exceptions=True,
    )
    unexpected = [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, BridgeError)]
    assert not unexpected
    return all(answer == VALUE for answer in answers)


async def restart_the_engine() -> None:
    engine = Engine(port=0, http_port=0, stream_port=0)
    await engine.start()
    url, port = engine.url, urlsplit(engine.url).port
    assert port is not None
    async with running(url, typescript_worker(), rust_worker()), connect(url, worker_name="restart-test") as bridge:
        assert await both_relay(bridge)
        await engine.stop()
        async with Engine(port=port, http_port=0, stream_port=0), asyncio.timeout(AGAIN_WITHIN):
            while not await both_relay(bridge):  # noqa: ASYNC110 - reconnecting is announced to nobody
                await asyncio.sleep(0.1)


@pytest.mark.timeout(90)
def test_after_a_restart_the_workers_serve_again() -> None:
    asyncio.run(restart_the_engine())
