"""A proxy on the loopback that spoils the connections going through it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from types import TracebackType

__all__ = ["KINDS", "Proxy"]

KINDS = ("cut", "close", "truncate", "delay", "slow", "freeze", "refuse")
"""cut: reset both sides. close: end both in order. truncate: half of what is read goes on, then cut. delay: what is
read goes on late. slow: a few bytes at a time. freeze: nothing goes on, and nobody is told. refuse: nobody new."""

_CHUNK = 64 * 1024


class _Pipe:
    """One connection: both directions, and what is wrong with them."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.delay = 0.0
        self.bytes_at_once = _CHUNK
        self.truncate = False
        self.thawed = asyncio.Event()
        self.thawed.set()

    def cut(self) -> None:
        for writer in (self.near, self.far):
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK):
                await self.thawed.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self.truncate:
                    writer.write(data[: len(data) // 2])
                    await writer.drain()
                    self.cut()
                    return
                while data:
                    piece, data = data[: self.bytes_at_once], data[self.bytes_at_once :]
                    writer.write(piece)
                    await writer.drain()
                    if data:
                        await asyncio.sleep(0.005)
        except OSError:
            pass
        finally:
            self.cut()


class Proxy:
    """`async with Proxy(port) as proxy`: connect to `proxy.url` instead of the engine at that port."""

    def __init__(self, engine_port: int, seed: int = 0) -> None:
        self.injected: Counter[str] = Counter()
        self._engine_port = engine_port
        self._random = random.Random(seed)
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for pipe in tuple(self._pipes):
            pipe.thawed.set()
            pipe.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def inject(self, kind: str, seconds: float) -> None:
        """Spoils one connection, or all new ones, for a while."""
        pipes = sorted(self._pipes, key=id)
        if not pipes and kind != "refuse":
            return
        self.injected[kind] += 1
        pipe = self._random.choice(pipes) if pipes else None
        if kind == "refuse":
            self._refusing = True
            await asyncio.sleep(seconds)
            self._refusing = False
        elif pipe is None or kind == "cut":
            if pipe is not None:
                pipe.cut()
        elif kind == "close":
            pipe.near.close()
            pipe.far.close()
        elif kind == "truncate":
            pipe.truncate = True
        elif kind == "delay":
            pipe.delay = min(seconds, 0.3)
            await asyncio.sleep(seconds)
            pipe.delay = 0.0
        elif kind == "slow":
            pipe.bytes_at_once = 200
            await asyncio.sleep(seconds)
            pipe.bytes_at_once = _CHUNK
        else:
            pipe.thawed.clear()  # for ever: whoever waits has to notice

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._engine_port)
        except OSError:
            writer.transport.abort()
            return
        pipe = _Pipe(writer, far)
        self._pipes.add(pipe)
        try:
            await asyncio.gather(pipe.carry(reader, far), pipe.carry(far_reader, writer))
        finally:
            self._pipes.discard(pipe)
