"""What the tests hold: a typed client of the TypeScript worker, and a way to have it call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from iii_bridge import StatusCode, StatusError
from iii_bridge.abi.v1 import Empty
from tests.contract.bus import Bus

from demo.processes import Command  # isort: skip -- on the path since tests.contract is imported

__all__ = ["Lab", "Mirror", "lab_worker"]


def lab_worker(project: Path, *environment: str) -> Command:
    """The compiled worker; `environment` holds settings such as `LAB_OTEL=1`."""
    return Command("the TypeScript worker", ("env", *environment, "node", str(project / "dist" / "worker.js")))


class Mirror:
    """The Python worker of lab.v1.MirrorService."""

    @staticmethod
    def of(stubs: ModuleType) -> Any:
        """An instance on the generated base."""
        noted: list[str] = []

        class MirrorService(stubs.MirrorService):  # type: ignore[misc, name-defined]
            async def echo(self, request: Any, context: Any, /) -> Any:
                if request.name == "wrong":
                    return stubs.Sample(name="wrong", amount=2**63)
                return request

            async def compact(self, request: Any, context: Any, /) -> Any:
                return request

            async def note(self, request: Any, context: Any, /) -> Any:
                noted.append(request.what)
                return Empty()

            async def act(self, request: Any, context: Any, /) -> Any:
                if request.what == "status":
                    raise StatusError(StatusCode.ALREADY_EXISTS, "twice", [{"@type": "mirror", "what": request.with_}])
                if request.what == "error":
                    raise ValueError("no status")
                if request.what == "noted":
                    return stubs.Report(what=",".join(noted))
                left = context.remaining()
                return stubs.Report(
                    what=request.what,
                    caller=context.caller_worker_id or "",
                    attempt=context.attempt,
                    remaining=0 if left is None else int(left * 1000),
                    metadata=str(dict(context.metadata)),
                    binding=context.traceparent or "",
                )

        return MirrorService()


class Lab:
    """The bus, the Python clients, and the TypeScript clients by way of the worker."""

    def __init__(self, bus: Bus, stubs: ModuleType) -> None:
        self.bus = bus
        self.stubs = stubs
        self.client = stubs.LabClient(bus.bridge)

    def run(self, call: Any) -> Any:
        """The outcome of a coroutine."""
        return self.bus.run(call)

    def typescript(self, client: str, method: str, request: Any, **more: Any) -> Any:
        """What a TypeScript client gets: `result`, `contract`, `status` or `error`, and what it says."""
        told = {"client": client, "method": method, "request": request, **more}
        return self.run(self.bus.bridge.call("ts::call", told))

    def lines(self) -> list[str]:
        """What the TypeScript worker has noted."""
        return list(self.run(self.client.read(Empty())).lines)

    def until(self, true: Callable[[], Any]) -> None:
        """Waits for something that nobody announces."""

        async def wait() -> None:
            async with asyncio.timeout(30):
                while not await asyncio.to_thread(true):  # noqa: ASYNC110 - nobody announces it
                    await asyncio.sleep(0.05)

        asyncio.run(wait())
