"""How many handlers run at once, by worker and by function, whatever the entrance."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from iii_bridge import InvocationTimeoutError, LocalProtocolError
from iii_bridge.bridge.hosting import limits_of
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really
from tests.bridge.test_in_memory import Orders

SPEC = shop.OrdersService._service


class Counting(Orders):
    """Knows how many of its handlers ran at once."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = self.most = self.served = 0

    async def place(self, request: Any, context: Any, /) -> Any:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.02)
        self.inside -= 1
        self.served += 1
        return shop.Receipt(order_id=request.sku)


class Stuck(Orders):
    """Never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()
        self.entries = 0

    async def place(self, request: Any, context: Any, /) -> Any:
        self.entries += 1
        self.entered.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("where", ["worker", "function", "method"])
def test_a_limit_holds_and_nobody_is_lost(where: str) -> None:
    async def main() -> None:
        service = Counting()
        async with bench() as b:
            worker = await b.bridge("worker", concurrency=2 if where == "worker" else None)
            caller = await b.bridge("caller")
            limits = {"worker": None, "function": 2, "method": {"place": 2}}[where]
            await worker.serve(service, concurrency=limits)
            client = shop.OrdersClient(caller)
            calls = [client.place(shop.PlaceRequest(sku=str(number)), timeout=20) for number in range(20)]
            assert [answer.order_id for answer in await asyncio.gather(*calls)] == [str(n) for n in range(20)]
            assert (service.most, service.served) == (2, 20)

    run_really(main())


def test_waiting_ends_at_the_deadline_without_the_handler() -> None:
    async def main() -> None:
        service = Stuck()
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")
            await worker.serve(service, concurrency={"place": 1})
            client = shop.OrdersClient(caller)
            slow = asyncio.create_task(client.place(shop.PlaceRequest(sku="slow"), timeout=20))
            await service.entered.wait()
            with pytest.raises(InvocationTimeoutError):
                await client.place(shop.PlaceRequest(sku="tea"), timeout=0.1)
            assert service.entries == 1
            slow.cancel()

    run_really(main())


def test_plain_functions_have_limits_too_and_blocking_ones_share_few_threads() -> None:
    lock = threading.Lock()
    inside = {"limited": 0, "pooled": 0}
    most = {"limited": 0, "pooled": 0}

    def enter(name: str) -> None:
        with lock:
            inside[name] += 1
            most[name] = max(most[name], inside[name])
        time.sleep(0.01)
        with lock:
            inside[name] -= 1

    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker", handler_threads=3)
            worker.register_function("x::limited", lambda payload: enter("limited"), concurrency=1)
            worker.register_function("x::pooled", lambda payload: enter("pooled"))
            await worker.confirm("x::limited", "x::pooled")
            await asyncio.gather(*(worker.call(name) for name in ("x::limited", "x::pooled") for _ in range(10)))
            assert most["limited"] == 1
            assert most["pooled"] <= 3

    run_really(main())


def test_a_limit_names_a_method_and_is_a_number() -> None:
    assert limits_of(SPEC, None) == {}
    assert limits_of(SPEC, {"place": 4}) == {"place": 4}
    assert set(limits_of(SPEC, 4)) == {method.name for method in SPEC.methods}
    for bad in ({"plaze": 1}, {"place": 0}, 0):
        with pytest.raises(LocalProtocolError, match=r"plaze to limit|at least 1"):
            limits_of(SPEC, bad)
