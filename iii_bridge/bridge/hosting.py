"""What the handlers of one bridge share: threads, interceptors, and limits on how many run at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from iii_bridge.aio.channels import close_iterator
from iii_bridge.aio.gate import Gate
from iii_bridge.bridge.handlers import MethodBody
from iii_bridge.bridge.interceptors import AnyServerInterceptor
from iii_bridge.bridge.stream_handlers import RESPONDS_WITH_STREAM, any_body
from iii_bridge.contract.spec import MethodSpec, ServiceSpec
from iii_bridge.errors import LocalProtocolError
from iii_bridge.types import Context

__all__ = ["Concurrency", "Hosting", "limits_of"]

Concurrency = int | Mapping[str, int]
"""How many invocations of a function are served at once: for every method, or by the Python name of some."""


class Hosting:
    """Turns functions into bodies that handlers run. Belongs to one event loop."""

    def __init__(
        self, threads: int, interceptors: Sequence[AnyServerInterceptor] = (), concurrency: int | None = None
    ) -> None:
        """At most `threads` blocking handlers run at once, and at most `concurrency` of all, None for any number."""
        self._threads = threads
        self._interceptors = tuple(interceptors)
        self._gate = None if concurrency is None else Gate("this worker", concurrency)
        self._pool: ThreadPoolExecutor | None = None

    def body(
        self,
        function: Callable[..., Any],
        *,
        name: str,
        blocking: bool,
        method: MethodSpec[Any, Any] | None = None,
        concurrency: int | None = None,
    ) -> MethodBody:
        """A function with everything around it; `concurrency` is its own limit, `name` what a refusal calls it.

        Raises LocalProtocolError for a blocking interceptor around an asynchronous function.
        """
        body = any_body(function, self._executor() if blocking else None, method, self._interceptors)
        behind = _stream_behind if method is not None and method.kind in RESPONDS_WITH_STREAM else _behind
        # Its own gate first: whoever waits there should not hold a place of all.
        if self._gate is not None:
            body = behind(self._gate, body)
        if concurrency is not None:
            body = behind(Gate(name, concurrency), body)
        return body

    def close(self) -> None:
        """Starts no further blocking handler; the threads end when theirs do."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _executor(self) -> Executor:
        """One bounded pool for all blocking handlers, made when the first of them is registered."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="iii-bridge handler")
        return self._pool


def limits_of(spec: ServiceSpec, concurrency: Concurrency | None) -> Mapping[str, int]:
    """The limit of each method that has one, by its Python name.

    Raises LocalProtocolError for a method the service does not have, and for a limit below 1.
    """
    names = [method.name for method in spec.methods]
    if concurrency is None:
        limits: Mapping[str, int] = {}
    elif isinstance(concurrency, int):
        limits = dict.fromkeys(names, concurrency)
    else:
        limits = concurrency
    for name, limit in limits.items():
        if name not in names:
            raise LocalProtocolError(f"{spec.full_name} has no method {name} to limit; it has {', '.join(names)}")
        if limit < 1:
            raise LocalProtocolError(f"the concurrency of {name} must be at least 1, not {limit!r}")
    return limits


def _behind(gate: Gate, body: MethodBody) -> MethodBody:
    async def wait_and_run(request: Any, context: Context) -> Any:
        async with gate:
            return await body(request, context)

    return wait_and_run


def _stream_behind(gate: Gate, body: MethodBody) -> MethodBody:
    """The place is held until the last response is taken."""

    async def wait_and_produce(request: Any, context: Context) -> AsyncIterator[Any]:
        async with gate:
            iterator = aiter(await body(request, context))
            try:
                async for response in iterator:
                    yield response
            finally:
                await close_iterator(iterator)

    async def begin(request: Any, context: Context) -> Any:
        return wait_and_produce(request, context)

    return begin
