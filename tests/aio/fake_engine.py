"""The other end of in-memory connections, played by a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from iii_bridge.aio.memory import Faults, MemoryTransport, memory_pair
from iii_bridge.aio.transport import TransportClosed


class Peer:
    """One accepted connection as the engine sees it."""

    def __init__(self, transport: MemoryTransport) -> None:
        self.transport = transport

    async def send(self, **frame: Any) -> None:
        await self.transport.send(json.dumps(frame).encode())

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame, or the next one of a type."""
        while True:
            frame: dict[str, Any] = json.loads(await self.transport.recv())
            if kind is None or frame["type"] == kind:
                return frame

    async def next_call(self) -> dict[str, Any]:
        """The next call that wants an answer."""
        while True:
            frame = await self.next("invokefunction")
            if "invocation_id" in frame:
                return frame

    async def answer(self, call: dict[str, Any], result: Any = None, **members: Any) -> None:
        names = {"invocation_id": call["invocation_id"], "function_id": call["function_id"]}
        await self.send(type="invocationresult", **names, **({"result": result} | members))


class FakeEngine:
    """Accepts connections; a test takes them with `accept`. While `away`, dialling fails."""

    def __init__(self) -> None:
        self.away = False
        self.dials = 0
        self.faults: Callable[[int], Faults] = lambda number: Faults()
        self._accepted: asyncio.Queue[Peer] = asyncio.Queue()
        self._dialling = asyncio.Condition()

    async def dialled(self, times: int) -> None:
        """Returns once there were that many attempts to connect."""
        async with self._dialling:
            await self._dialling.wait_for(lambda: self.dials >= times)

    async def dial(self) -> MemoryTransport:
        async with self._dialling:
            self.dials += 1
            self._dialling.notify_all()
        if self.away:
            raise TransportClosed(1006, "nobody is there")
        ours, theirs = memory_pair(self.faults(self.dials))
        self._accepted.put_nowait(Peer(theirs))
        return ours

    async def accept(self, *, register: bool = True) -> Peer:
        """The next connection, welcomed with `workerregistered`."""
        peer = await self._accepted.get()
        if register:
            number = str(self.dials)
            await peer.send(type="workerregistered", worker_id=f"worker-{number}", reattach_token=f"token-{number}")
        return peer

    async def serve(self, handle: Callable[[dict[str, Any]], Any]) -> None:
        """Accepts for ever and answers every call with `handle(frame)`: a result, or an exception's error body."""
        while True:
            try:
                peer = await self.accept()
                while True:
                    call = await peer.next_call()
                    answer = handle(call)
                    if answer is not SILENCE:
                        await peer.answer(call, answer)
            except TransportClosed:
                continue


SILENCE = object()
"""A `handle` returns it to answer nothing."""
