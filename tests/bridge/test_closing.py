"""How a bridge ends: takes nothing more, finishes what runs, takes everything back, sends what waits, closes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from iii_bridge import Bridge, FunctionNotFoundError, Outcome, StatusCode, StatusError
from iii_bridge.aio.transport import TransportClosed
from tests.aio.fake_engine import FakeEngine
from tests.bridge.contracts import shop
from tests.bridge.support import bench, bridge_in_memory, run_really
from tests.test_worker import Orders
from tests.virtual_clock import run_virtually


class Slow(Orders):
    """`place` waits until it may go on, and then asks another function of the same worker."""

    def __init__(self) -> None:
        super().__init__()
        self.bridge: Bridge | None = None
        self.entered = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def place(self, request: Any, context: Any, /) -> Any:
        if request.sku != "slow":
            return await super().place(request, context)
        self.entered.set()
        await self.may_go_on.wait()
        assert self.bridge is not None
        return await shop.OrdersClient(self.bridge).get(shop.GetRequest(order_id="nested", limit=7))


async def _refused(caller: Bridge) -> StatusError:
    """A call that may not be repeated, made again until the worker refuses it."""
    while True:
        try:
            await shop.OrdersClient(caller).place(shop.PlaceRequest(sku="a"), timeout=5)
        except StatusError as error:
            return error


def test_what_runs_finishes_and_what_still_arrives_is_told_that_it_did_not_run() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Slow()
            service.bridge = worker
            await worker.serve(service)
            slow = asyncio.create_task(shop.OrdersClient(caller).place(shop.PlaceRequest(sku="slow"), timeout=25))
            await service.entered.wait()
            closing = asyncio.create_task(worker.close(grace=20))

            error = await _refused(caller)
            assert (error.status, error.outcome) == (StatusCode.UNAVAILABLE, Outcome.NOT_RUN)
            assert str(error) == (
                "orders::place failed: orders::place did not run: its worker is closing; call again [UNAVAILABLE]; "
                "outcome not_run"
            )
            async with httpx.AsyncClient(trust_env=False) as http:
                answer = await http.get(f"{b.engine.http_url}/v1/orders/o")
            assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
            assert not closing.done()

            service.may_go_on.set()
            assert await slow == shop.Receipt(order_id="nested", total=7), "what finishes may call its own worker"
            await closing
            with pytest.raises(FunctionNotFoundError):
                await shop.OrdersClient(caller).place(shop.PlaceRequest(sku="a"))

    run_really(main(), 60)


def test_a_call_that_may_be_repeated_goes_on_to_whoever_serves_it_next() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Slow()
            await worker.serve(service)
            slow = asyncio.create_task(shop.OrdersClient(caller).place(shop.PlaceRequest(sku="slow"), timeout=25))
            await service.entered.wait()
            closing = asyncio.create_task(worker.close(grace=0.05))
            await _refused(caller)
            find = asyncio.create_task(
                shop.OrdersClient(caller).get(shop.GetRequest(order_id="o", limit=3), timeout=25)
            )
            await closing
            with pytest.raises(Exception, match="invocation_stopped"):
                await slow
            successor = await b.bridge("successor")
            await successor.serve(Orders())
            assert (await find).total == 3

    run_really(main(), 60)


async def _serve_plainly(bridge: Bridge, entered: asyncio.Event, may_go_on: asyncio.Event) -> list[str]:
    """One function with an http route and a cron trigger; the ids of both triggers."""

    async def work(payload: Any) -> Any:
        entered.set()
        await may_go_on.wait()
        return {"done": True}

    bridge.register_function("plain::work", work)
    http = bridge.register_trigger("http", "plain::work", {"api_path": "/work"})
    cron = bridge.register_trigger("cron", "plain::work", {"expression": "@daily"})
    return [http.id, cron.id]


def test_the_order_of_an_end_on_the_wire() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            entered, may_go_on = asyncio.Event(), asyncio.Event()
            http, cron = await _serve_plainly(bridge, entered, may_go_on)
            await peer.send(type="invokefunction", invocation_id="i1", function_id="plain::work", data={})
            await entered.wait()
            closing = asyncio.create_task(bridge.close(grace=5))
            assert (await peer.next("unregistertrigger"))["id"] == cron, "events first: nobody waits for them"
            for invocation_id, data in (("i2", {}), ("i3", 7), ("i4", {"_caller_worker_id": "somebody"})):
                await peer.send(
                    type="invokefunction", invocation_id=invocation_id, function_id="plain::work", data=data
                )
                refusal = await peer.next()
                assert (refusal["invocation_id"], refusal["error"]["code"]) == (invocation_id, "UNAVAILABLE")
                assert refusal["error"]["stacktrace"].startswith('iii-status/1 {"code":"UNAVAILABLE"')
            may_go_on.set()
            last = [await peer.next() for _ in range(3)]
            assert (last[0]["invocation_id"], last[0]["result"]) == ("i1", {"done": True})
            assert [(frame["type"], frame["id"]) for frame in last[1:]] == [
                ("unregistertrigger", http),
                ("unregisterfunction", "plain::work"),
            ]
            with pytest.raises(TransportClosed):
                await peer.next()
            await closing

    run_virtually(main())


def test_without_grace_the_order_is_the_same_and_what_runs_is_cancelled() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            entered = asyncio.Event()
            http, cron = await _serve_plainly(bridge, entered, asyncio.Event())
            await peer.send(type="invokefunction", invocation_id="i1", function_id="plain::work", data={})
            await entered.wait()
            closing = asyncio.create_task(bridge.close())
            frames = []
            with pytest.raises(TransportClosed):
                while True:
                    frames.append(await peer.next())
            assert [(frame["type"], frame["id"]) for frame in frames if frame["type"].startswith("unregister")] == [
                ("unregistertrigger", cron),
                ("unregistertrigger", http),
                ("unregisterfunction", "plain::work"),
            ]
            assert [frame for frame in frames if frame["type"] == "invocationresult"] == []
            await closing

    run_virtually(main())


def test_a_handler_may_close_its_own_bridge() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):

            async def stop(payload: Any) -> None:
                await bridge.close(grace=5)

            bridge.register_function("plain::stop", stop)
            await peer.send(type="invokefunction", invocation_id="i1", function_id="plain::stop", data={})
            assert (await peer.next("unregisterfunction"))["id"] == "plain::stop"
            with pytest.raises(TransportClosed):
                await peer.next()
            await bridge.wait_closed()

    run_virtually(main())
