"""The service behind the gateway in these tests, and what has to be gone after a call."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from iii_bridge import Bridge, StatusCode, StatusError
from iii_bridge.contract.well_known import Empty
from iii_bridge.dynamic import Contracts, contracts_of_protos
from tests.bridge.contracts import generate

__all__ = ["PROTO", "Edge", "Strict", "contracts", "edge", "serve_edge"]

PROTO = Path(__file__).parent / "proto"

generate(PROTO, "gateway_test_contracts")
edge: Any = importlib.import_module("gateway_test_contracts.edge.v1")
contracts: Contracts = contracts_of_protos(PROTO)
"""The same contracts, as a gateway has them."""


def _say(context: Any) -> None:
    """Says beside the answer what the call's metadata wishes: `x-say` is the arguments in JSON."""
    context.respond_with(**json.loads(context.metadata.get("x-say", "{}")))


class Edge(edge.EdgeService):  # type: ignore[misc]
    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.items: list[int] = []
        self.yielded = 0
        self.arrived = asyncio.Event()

    async def echo(self, request: Any, context: Any, /) -> Any:
        _say(context)
        return request

    async def fail(self, request: Any, context: Any, /) -> Any:
        _say(context)
        if not request.code:
            raise RuntimeError(request.message)
        details = [json.loads(text) for text in request.details]
        raise StatusError(StatusCode(request.code), request.message, details)

    async def look(self, request: Any, context: Any, /) -> Any:
        return edge.Seen(
            metadata=json.dumps(dict(context.metadata), sort_keys=True),
            traceparent=context.traceparent or "",
            baggage=context.baggage or "",
            remaining=context.remaining(),
        )

    async def wait(self, request: Any, context: Any, /) -> Any:
        self.begun["wait"] += 1
        try:
            await asyncio.sleep(request.seconds)
            return await self.look(request, context)
        finally:
            self.ended["wait"] += 1

    async def violate(self, request: Any, context: Any, /) -> Any:
        return edge.Part(name="p", weight=2**63)

    async def fire(self, request: Any, context: Any, /) -> Any:
        return self._note(request)

    async def queue(self, request: Any, context: Any, /) -> Any:
        return self._note(request)

    def _note(self, request: Any) -> Any:
        self.items.append(request.number)
        self.arrived.set()
        return Empty()

    async def watch(self, request: Any, context: Any, /) -> AsyncIterator[Any]:
        self.begun["watch"] += 1
        try:
            for number in range(request.count):
                self.yielded += 1
                yield edge.Item(number=number, text="x" * request.size)
            _say(context)
            if request.then == "wait":
                await asyncio.Event().wait()
            if request.then == "fail":
                raise StatusError(StatusCode.ABORTED, "enough", [{"@type": "edge/reason", "n": 1}])
            if request.then == "violate":
                yield edge.Item(number=2**63)
        finally:
            self.ended["watch"] += 1

    async def add(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
        self.begun["add"] += 1
        try:
            count = total = 0
            async for item in requests:
                count, total = count + 1, total + item.number
                if item.text == "stop":
                    break
            _say(context)
            return edge.Sum(count=count, total=total)
        finally:
            self.ended["add"] += 1

    async def chat(self, requests: AsyncIterator[Any], context: Any, /) -> AsyncIterator[Any]:
        self.begun["chat"] += 1
        _say(context)
        try:
            async for item in requests:
                if item.text == "stop":
                    return
                if item.text == "fail":
                    raise StatusError(StatusCode.ABORTED, "enough")
                yield edge.Item(number=2 * item.number)
        finally:
            self.ended["chat"] += 1


class Strict(edge.StrictService):  # type: ignore[misc]
    async def take(self, request: Any, context: Any, /) -> Any:
        _say(context)
        return request


async def serve_edge(bridge: Bridge) -> Edge:
    """Serves everything but what nobody serves."""
    service = Edge()
    await bridge.serve(service)
    await bridge.serve(Strict())
    return service
