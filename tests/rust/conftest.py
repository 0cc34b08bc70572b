"""One engine with the Rust desk, and the same contract in Python, for every test here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from demo.processes import ROOT, Command, DemoError
from iii_bridge import Context, StatusCode, StatusError
from iii_bridge.abi.v1 import Empty
from tests.codegen.support import load
from tests.contract.bus import Bus, bus_with

WORKER = ROOT / "tests" / "rust" / "worker"
BINARY = ROOT / "target" / "debug" / "iii-bridge-test-worker"
DESK = Command("the Rust desk", (str(BINARY),))
CONTRACT = {"desk/v1/desk.proto": (WORKER / "proto" / "desk" / "v1" / "desk.proto").read_text(encoding="utf-8")}


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The contract in Python."""
    return load(tmp_path_factory.mktemp("desk"), CONTRACT, "desk.v1")


@dataclass
class Front:
    """What the FrontService, which Rust calls, was told."""

    heard: list[tuple[str, str, Context]] = field(default_factory=list[tuple[str, str, Context]])

    async def until(self, method: str, order_id: str) -> Context:
        """The context of a call, as soon as it has arrived."""
        async with asyncio.timeout(30):
            while True:
                for name, known, context in self.heard:
                    if (name, known) == (method, order_id):
                        return context
                await asyncio.sleep(0.02)


def front_service(stubs: ModuleType, front: Front) -> Any:
    class Service(stubs.FrontService):  # type: ignore[misc, name-defined]
        async def ask(self, request: Any, context: Context, /) -> Any:
            front.heard.append(("ask", request.order_id, context))
            if request.order_id == "refused":
                raise StatusError(StatusCode.ABORTED, "not today", [{"@type": "front/why"}])
            if request.order_id == "short":
                await asyncio.sleep(60)
            if request.order_id == "loading":
                await front.until("loading", "cancel")
            metadata = json.dumps(dict(context.metadata))
            return stubs.Seen(method="ask", order=request, metadata=metadata, attempt=context.attempt)

        async def tell(self, request: Any, context: Context, /) -> Any:
            front.heard.append(("tell", request.order_id, context))
            return Empty()

        async def post(self, request: Any, context: Context, /) -> Any:
            front.heard.append(("post", request.order_id, context))
            return Empty()

        async def watch(self, request: Any, context: Context, /) -> Any:
            front.heard.append(("watch", request.order_id, context))
            number = 0
            try:
                while number < 200 or request.order_id == "drop":
                    last = request.order_id == "drop" and number == 5
                    yield stubs.Order(order_id="enough" if last else str(number))
                    number += 1
                if request.order_id == "wrong":
                    raise StatusError(StatusCode.ABORTED, "enough")
            finally:
                front.heard.append(("watched", request.order_id, context))

        async def load(self, requests: Any, context: Context, /) -> Any:
            count = 0
            try:
                async for order in requests:
                    count += 1
                    front.heard.append(("loading", order.order_id, context))
                    if order.order_id == "early":
                        break
                front.heard.append(("loaded", str(count), context))
            except asyncio.CancelledError:
                front.heard.append(("cancelled", "load", context))
                raise
            return stubs.Seen(method="load", attempt=count)

        async def rename(self, requests: Any, context: Context, /) -> Any:
            async for order in requests:
                yield stubs.Order(order_id=order.order_id.upper(), urgent=True)

    return Service()


@pytest.fixture(scope="session")
def front() -> Front:
    return Front()


@pytest.fixture(scope="session")
def bus(stubs: ModuleType, front: Front) -> Iterator[Bus]:
    """The Rust desk, and the FrontService of the test's own bridge."""
    try:
        with bus_with(DESK) as shared:
            shared.run(shared.bridge.serve(front_service(stubs, front)))
            yield shared
    except DemoError as error:
        pytest.fail(str(error), pytrace=False)


Recall = Callable[[str, str], Awaitable[Any]]


@pytest.fixture
def recall(bus: Bus, stubs: ModuleType) -> Recall:
    """What a method of the desk saw last, as soon as it saw this order."""

    async def wait(method: str, order_id: str) -> Any:
        desk = stubs.DeskClient(bus.bridge)
        async with asyncio.timeout(30):
            while True:
                try:
                    seen = await desk.recall(stubs.Key(order_id=method))
                    if seen.order is not None and seen.order.order_id == order_id:
                        return seen
                except StatusError as error:
                    if error.status is not StatusCode.NOT_FOUND:
                        raise
                await asyncio.sleep(0.02)

    return wait
