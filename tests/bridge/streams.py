"""A streaming service in both styles, and what has to be gone after a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from iii_bridge import Bridge, StatusCode, StatusError
from iii_bridge.engine import Engine
from tests.bridge.contracts import shop


class Watch(shop.WatchService):  # type: ignore[misc]
    """`limit` says how many; the order id says how it goes on."""

    def __init__(self) -> None:
        self.yielded = 0
        self.closed = asyncio.Event()
        self.contexts: list[Any] = []

    async def watch(self, request: Any, context: Any, /) -> AsyncIterator[Any]:
        self.contexts.append(context)
        try:
            for number in range(request.limit):
                self.yielded += 1
                yield shop.Receipt(order_id=request.order_id, total=number)
            if request.order_id == "wait":
                await asyncio.Event().wait()
            if request.order_id == "fail":
                raise StatusError(StatusCode.ABORTED, "enough", [{"n": 1}])
            if request.order_id == "violate":
                yield shop.Receipt(order_id="o", total=2**63)
        finally:
            self.closed.set()

    async def upload(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
        self.contexts.append(context)
        try:
            skus, total = [], 0
            async for request in requests:
                skus.append(request.sku)
                total += request.quantity
                if request.sku == "stop":
                    break
            return shop.Receipt(order_id=",".join(skus[-2:]), total=total)
        finally:
            self.closed.set()

    async def chat(self, requests: AsyncIterator[Any], context: Any, /) -> AsyncIterator[Any]:
        self.contexts.append(context)
        try:
            async for request in requests:
                if request.sku == "stop":
                    return
                yield shop.Receipt(order_id=request.sku, total=request.quantity * 2)
        finally:
            self.closed.set()


class WatchSync(shop.WatchServiceSync):  # type: ignore[misc]
    def __init__(self) -> None:
        self.yielded = 0
        self.closed = 0

    def watch(self, request: Any, context: Any, /) -> Iterator[Any]:
        try:
            for number in range(request.limit):
                self.yielded += 1
                yield shop.Receipt(order_id=request.order_id, total=number)
            if request.order_id == "fail":
                raise StatusError(StatusCode.ABORTED, "enough", [{"n": 1}])
        finally:
            self.closed += 1

    def upload(self, requests: Iterator[Any], context: Any, /) -> Any:
        return shop.Receipt(order_id="all", total=sum(request.quantity for request in requests))

    def chat(self, requests: Iterator[Any], context: Any, /) -> Iterator[Any]:
        for request in requests:
            yield shop.Receipt(order_id=request.sku, total=request.quantity * 2)


async def orders(count: int) -> AsyncIterator[Any]:
    """Requests to send."""
    for number in range(count):
        yield shop.PlaceRequest(sku=f"s{number}", quantity=number)


async def until(done: Callable[[], bool]) -> None:
    """Waits for something that nobody announces."""
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 -- there is no event to wait for
            await asyncio.sleep(0.01)


async def until_nothing_is_left(engine: Engine, *bridges: Bridge) -> None:
    """No channel, no open end, no invocation being served."""
    await until(
        lambda: (
            not len(engine._channels._table)
            and all(not len(bridge._streams.lingering) and not bridge._dispatcher.running for bridge in bridges)
        )
    )
