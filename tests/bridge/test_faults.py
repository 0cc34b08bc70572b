"""A bridge and the embedded engine over in-memory connections that keep breaking."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from iii_bridge import Bridge, ConnectionLostError, InvocationError, InvocationTimeoutError, Outcome
from iii_bridge.abi.v1 import Empty
from iii_bridge.aio.memory import Faults, MemoryTransport, memory_pair
from iii_bridge.bridge.settings import Settings
from iii_bridge.engine import Engine
from iii_bridge.protocol.backoff import Backoff
from iii_bridge.v1 import HttpResponse
from tests.bridge.contracts import shop
from tests.bridge.support import run_really


class Line:
    """Dials an engine in memory; every connection breaks somewhere until `healthy`."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self._engine = engine
        self._random = random.Random(seed)
        self._serving: set[asyncio.Task[None]] = set()
        self._latest: MemoryTransport | None = None
        self.dials = 0
        self.healthy = True

    def break_now(self) -> None:
        """Breaks the connection at hand."""
        assert self._latest is not None
        self._latest.break_connection()

    async def dial(self) -> MemoryTransport:
        self.dials += 1
        ours, theirs = memory_pair(self._faults(), self._faults())
        task = asyncio.create_task(self._engine.accept(theirs))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self._latest = ours
        return ours

    def _faults(self) -> Faults:
        if self.healthy:
            return Faults()
        kind = self._random.choice(["drop_at", "break_after"])
        return Faults(**{kind: self._random.randint(8, 40)})

    async def bridge(self, name: str) -> Bridge:
        bridge = Bridge(Settings.resolve(worker_name=name, environment={}), self.dial)
        bridge._session._backoff = Backoff(initial=0.01, limit=0.05)
        await bridge.open()
        return bridge


class Orders(shop.OrdersService):  # type: ignore[misc]
    def __init__(self) -> None:
        self.placed: list[str] = []

    async def place(self, request: Any, context: Any, /) -> Any:
        self.placed.append(request.sku)
        return shop.Receipt(order_id=request.sku)

    async def get(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.order_id)

    async def note(self, request: Any, context: Any, /) -> Any:
        return Empty()

    async def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse()


async def endings(line: Line, caller: Bridge, call: Any) -> list[Any]:
    """How 200 calls end, in waves, while the caller's connections keep breaking."""
    line.healthy = False
    ends: list[Any] = []
    for wave in range(20):
        numbers = range(wave * 10, wave * 10 + 10)
        ends += await asyncio.gather(*(call(str(number)) for number in numbers), return_exceptions=True)
    line.healthy = True
    assert caller._session.protocol.pending_calls == 0
    return ends


@pytest.mark.parametrize("seed", range(3))
def test_calls_that_may_be_repeated_all_succeed(seed: int) -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine:
            worker = await Line(engine, seed).bridge("orders")
            await worker.serve(Orders())
            line = Line(engine, seed)
            caller = await line.bridge("caller")
            client = shop.OrdersClient(caller)
            line.healthy = False
            line.break_now()
            ends = await endings(line, caller, lambda name: client.get(shop.GetRequest(order_id=name), timeout=20))
            assert [end.order_id for end in ends] == [str(number) for number in range(200)]
            assert line.dials > 5, "nothing broke"
            await caller.close()
            await worker.close()

    run_really(main(), 60)


@pytest.mark.parametrize("seed", range(3))
def test_calls_that_may_not_end_once_and_say_what_is_known(seed: int) -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine:
            service = Orders()
            worker = await Line(engine, seed).bridge("orders")
            await worker.serve(service)
            line = Line(engine, seed)
            caller = await line.bridge("caller")
            client = shop.OrdersClient(caller)
            line.healthy = False
            line.break_now()
            ends = await endings(line, caller, lambda name: client.place(shop.PlaceRequest(sku=name), timeout=1))
            assert len(set(service.placed)) == len(service.placed), "a call with side effects was repeated"
            for number, end in enumerate(ends):
                if not isinstance(end, BaseException):
                    assert end.order_id == str(number)
                    assert str(number) in service.placed
                else:
                    assert isinstance(end, ConnectionLostError | InvocationTimeoutError), end
                    if end.outcome is Outcome.NOT_SENT:
                        assert str(number) not in service.placed
            assert any(isinstance(end, ConnectionLostError) for end in ends)
            await caller.close()
            await worker.close()

    run_really(main(), 60)


@pytest.mark.parametrize("seed", range(3))
def test_a_worker_on_a_bad_line_keeps_serving(seed: int) -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine:
            line = Line(engine, seed)
            worker = await line.bridge("orders")
            await worker.serve(Orders())
            caller = await Line(engine, seed).bridge("caller")
            client = shop.OrdersClient(caller)
            line.healthy = False
            line.break_now()

            async def get(name: str) -> Any:
                """The function is gone while its worker is: the engine says so at once (wire.md 2.5)."""
                while True:
                    try:
                        return await client.get(shop.GetRequest(order_id=name), timeout=1)
                    except (InvocationError, InvocationTimeoutError):
                        await asyncio.sleep(0.01)

            answers = [(await get(str(number))).order_id for number in range(100)]
            assert answers == [str(number) for number in range(100)]
            assert line.dials > 3, "nothing broke"
            await caller.close()
            await worker.close()

    run_really(main(), 60)
