"""Helpers for engine tests: asynchronous tests without a plugin, and a bare worker."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

from websockets.asyncio.client import ClientConnection, connect

from iii_bridge.engine import Engine

P = ParamSpec("P")
WAIT = 20.0


def asynchronous(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Runs an async test function on a loop of its own, for a minute at most."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 60))

    return run


async def until(found: Callable[[], bool]) -> None:
    """Waits for what nothing tells of."""
    async with asyncio.timeout(WAIT):
        while not found():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.001)


class BareWorker:
    """A hand-written worker: JSON in, JSON out, no cleverness."""

    def __init__(self, socket: ClientConnection, worker_id: str, token: str) -> None:
        self.socket = socket
        self.id = worker_id
        self.token = token
        self._others: list[Any] = []

    @classmethod
    async def join(cls, engine: Engine, name: str | None = None, **details: Any) -> BareWorker:
        """Connects and registers; returns once the engine has answered."""
        worker = await cls.connect(engine)
        data = {"runtime": "test", "pid": 1, "name": name, **details}
        await worker.call("engine::workers::register", data)
        return worker

    @classmethod
    async def connect(cls, engine: Engine) -> BareWorker:
        """Connects without registering."""
        socket = await connect(engine.url, compression=None, ping_interval=None, max_size=None)
        greeting = json.loads(await socket.recv())
        return cls(socket, greeting["worker_id"], greeting["reattach_token"])

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def receive(self, kind: str) -> Any:
        """The next frame of this type; others are kept for later."""
        for index, frame in enumerate(self._others):
            if frame["type"] == kind:
                return self._others.pop(index)
        async with asyncio.timeout(WAIT):
            while True:
                frame = json.loads(await self.socket.recv())
                if frame["type"] == kind:
                    return frame
                self._others.append(frame)

    async def function(self, function_id: str, **more: Any) -> None:
        """Registers a function and waits until it is there."""
        await self.send(type="registerfunction", id=function_id, **more)
        await self.barrier()

    async def barrier(self) -> None:
        """Returns once the engine has applied everything sent so far."""
        await self.send(type="ping")
        await self.receive("pong")

    async def trigger(self, trigger_id: str, kind: str, function_id: str, config: Any, **more: Any) -> None:
        """Registers a trigger and waits until the engine has looked at it."""
        await self.send(
            type="registertrigger", id=trigger_id, trigger_type=kind, function_id=function_id, config=config, **more
        )
        await self.barrier()

    async def start(self, function_id: str, data: Any, **more: Any) -> str:
        """Sends a synchronous call; the answer is read with `receive`."""
        self._calls = getattr(self, "_calls", 0) + 1
        invocation_id = f"{self._calls:08x}-0000-4000-8000-{self.id[-12:]}"
        await self.send(type="invokefunction", invocation_id=invocation_id, function_id=function_id, data=data, **more)
        return invocation_id

    async def call(self, function_id: str, data: Any, **more: Any) -> Any:
        """A synchronous call: the whole invocationresult."""
        await self.start(function_id, data, **more)
        return await self.receive("invocationresult")

    async def answer(self, result: Any = None, **more: Any) -> Any:
        """Answers the next call that arrives, and returns it."""
        call = await self.receive("invokefunction")
        body = more or {"result": result}
        await self.send(
            type="invocationresult", invocation_id=call["invocation_id"], function_id=call["function_id"], **body
        )
        return call

    async def close(self) -> None:
        await self.socket.close()
