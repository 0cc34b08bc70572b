"""How a bridge comes by channels."""

from __future__ import annotations

import pytest

from iii_bridge import ContractError, UnsupportedError
from iii_bridge.bridge.settings import Settings
from iii_bridge.client import Bridge
from tests.aio.fake_engine import FakeEngine
from tests.bridge.contracts import shop
from tests.bridge.support import bridge_in_memory, run_really
from tests.virtual_clock import run_virtually


def test_a_bridge_without_a_dialler_for_channels_says_so() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            import asyncio

            calling = asyncio.create_task(anext(shop.WatchClient(bridge).watch(shop.GetRequest())))
            call = await peer.next_call()
            assert (call["function_id"], call["data"]) == ("engine::channels::create", {})
            ref = {"channel_id": "c", "access_key": "k"}
            await peer.answer(call, {"writer": {**ref, "direction": "write"}, "reader": {**ref, "direction": "read"}})
            with pytest.raises(UnsupportedError, match="make it with connect"):
                await calling

    run_virtually(main())


def test_an_engine_that_gives_no_channel_breaks_its_contract() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            import asyncio

            calling = asyncio.create_task(anext(shop.WatchClient(bridge).watch(shop.GetRequest())))
            await peer.answer(await peer.next_call(), {"writer": None})
            with pytest.raises(ContractError, match="engine::channels::create response"):
                await calling

    run_virtually(main())


def test_streams_of_a_bridge_that_never_connects_are_not_sent() -> None:
    async def main() -> None:
        bridge = Bridge(Settings.resolve("ws://127.0.0.1:1", environment={}), FakeEngine().dial)
        from iii_bridge import InvocationTimeoutError, Outcome

        with pytest.raises(InvocationTimeoutError) as late:
            await anext(shop.WatchClient(bridge).watch(shop.GetRequest(), timeout=0.05))
        assert late.value.outcome is Outcome.NOT_SENT
        await bridge.close()

    run_really(main())
