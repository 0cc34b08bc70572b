"""A stand-in for a service: it answers from the contract, so that consumers are tested without their provider."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Unpack

from iii_bridge.abi.stubs import Service
from iii_bridge.bridge.connecting import connect
from iii_bridge.bridge.settings import ConnectOptions
from iii_bridge.client import Bridge
from iii_bridge.contract.spec import MethodKind, MethodSpec, ServiceSpec
from iii_bridge.errors import StatusError
from iii_bridge.status import StatusCode
from iii_bridge.testing.engines import run_bridge
from iii_bridge.testing.search import examples_of
from iii_bridge.testing.strategies import strategy_for
from iii_bridge.testing.workers import AnyService, spec_of
from iii_bridge.types import Context, Json
from iii_bridge.worker import ServeOptions

__all__ = ["MockCall", "MockMethod", "MockWorker"]

_EXAMPLES: Final = 10
_STREAMED: Final = 3  # responses of a stream that nobody has set
_RESPONDS_WITH_STREAM: Final = (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM)
_TAKES_STREAM: Final = (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM)


@dataclasses.dataclass(frozen=True, slots=True)
class MockCall:
    """One call that was answered, or is about to be. Requests are checked before; those that break the contract never
    get here."""

    request: Any
    """The message; of a method that takes a stream the list of them, complete once the stream has ended."""
    metadata: Mapping[str, Json]
    caller_worker_id: str | None


class MockMethod:
    """One method of a mock: what it answers, and the calls it has seen."""

    def __init__(self, method: MethodSpec[Any, Any], seed: int) -> None:
        self._method = method
        self._seed = seed
        self._generated: list[Any] = []
        self._answers: Sequence[Any] = ()
        self._given = 0
        self._delay = 0.0
        self._calls: list[MockCall] = []
        self._called = threading.Condition()

    def answers(self, *answers: Any) -> MockMethod:
        """What calls are answered with, one after the other, the last one for all that follow.

        Each is a response; for a method that answers with a stream a list of
        them; an error to raise; or a function of the request, or of request and
        context, asynchronous or not, that returns such a thing. No answer at
        all goes back to generated ones.
        """
        self._answers, self._given = answers, 0
        return self

    def fails(self, code: StatusCode, message: str, details: Sequence[Mapping[str, Any]] = ()) -> MockMethod:
        """Calls are answered with a status."""
        return self.answers(StatusError(code, message, details))

    def delays(self, seconds: float) -> MockMethod:
        """Waits so long before each answer; longer than the caller's deadline, it never comes."""
        self._delay = seconds
        return self

    @property
    def calls(self) -> list[MockCall]:
        """The calls so far, in order."""
        with self._called:
            return list(self._calls)

    def wait_for_calls(self, count: int = 1, timeout: float = 30.0) -> list[MockCall]:
        """The calls, once there are `count`; for test threads. Raises TimeoutError after `timeout` seconds."""
        with self._called:
            if not self._called.wait_for(lambda: len(self._calls) >= count, timeout):
                raise TimeoutError(f"{self._method.full_name} was called {len(self._calls)} times, not {count}")
            return list(self._calls)

    def forget(self) -> None:
        """Forgets the calls, and answers and delays that were set."""
        with self._called:
            self._calls.clear()
        self._answers, self._given, self._delay = (), 0, 0.0

    # --- for the service -----------------------------------------------------

    def prepare(self) -> None:
        """Makes the generated answers; a mock that is being served must not stop to think."""
        if not self._generated:
            cases = strategy_for(self._method.response, unknown_enum_numbers=False)
            self._generated = examples_of(cases, _EXAMPLES, seed=self._seed)[::-1]  # the first are the emptiest

    def handler(self) -> Callable[..., Any]:
        """The method of a service class."""
        if self._method.kind in _RESPONDS_WITH_STREAM:

            async def stream(_: object, request: Any, context: Context) -> AsyncIterator[Any]:
                for response in await self._answer(request, context):
                    yield response

            return stream

        async def single(_: object, request: Any, context: Context) -> Any:
            return await self._answer(request, context)

        return single

    async def _answer(self, request: Any, context: Context) -> Any:
        call = MockCall(
            [] if self._method.kind in _TAKES_STREAM else request, context.metadata, context.caller_worker_id
        )
        with self._called:
            number = len(self._calls)
            self._calls.append(call)
            self._called.notify_all()
        if self._method.kind in _TAKES_STREAM:
            call.request.extend([item async for item in request])
        if self._delay:
            await asyncio.sleep(self._delay)
        return await self._next(call.request, context, number)

    async def _next(self, request: Any, context: Context, number: int) -> Any:
        if not self._answers:
            return self._made(number)
        answer = self._answers[min(self._given, len(self._answers) - 1)]
        self._given += 1
        if callable(answer) and not isinstance(answer, self._method.response):
            wanted = len(inspect.signature(answer).parameters)
            answer = answer(request, context) if wanted > 1 else answer(request)
            if inspect.isawaitable(answer):
                answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _made(self, number: int) -> Any:
        made = self._generated
        if self._method.kind in _RESPONDS_WITH_STREAM:
            return [made[(number + offset) % len(made)] for offset in range(_STREAMED)]
        return made[number % len(made)]


class MockWorker:
    """A worker that has nothing but its contract.

        pricing = MockWorker(PricingService)
        pricing["Quote"].answers(Quotation(total_cents=5))
        with pricing.running(url):
            ...                                    # run the consumer, in whatever language
        assert pricing["Quote"].calls[0].request.sku == "tea"

    It is registered under the right ids, with schemas, metadata and bindings,
    as the service itself is. What nobody has set is answered with generated
    messages, the same for the same `seed`; requests and answers are checked by
    the contract on both sides.
    """

    def __init__(self, service: AnyService, *, seed: int = 0) -> None:
        """`service`: a generated base or client, or a spec. Raises UnsupportedError for rules nothing can keep."""
        self._given = service
        spec = spec_of(service)
        # Nobody else's endpoint is called by a mock.
        methods = tuple(dataclasses.replace(method, http_endpoint=None) for method in spec.methods)
        self.spec: ServiceSpec = dataclasses.replace(spec, methods=methods)
        self._methods = {method.name: MockMethod(method, seed) for method in methods}
        self._rpc_names = {method.full_name.rpartition("/")[2]: method.name for method in methods}

    def __getitem__(self, method: str) -> MockMethod:
        """A method by its name, as the contract or as Python writes it. Raises KeyError for one there is none of."""
        found = self._methods.get(self._rpc_names.get(method, method))
        if found is None:
            raise KeyError(f"{self.spec.full_name} has no method {method}; it has {', '.join(self._rpc_names)}")
        return found

    def __iter__(self) -> Iterator[MockMethod]:
        return iter(self._methods.values())

    def forget(self) -> None:
        """As `MockMethod.forget`, of all."""
        for method in self:
            method.forget()

    def service(self) -> Service:
        """An instance to serve, or to give to `iii_bridge.in_memory` where the mock was made of a generated base."""
        for method in self:
            method.prepare()
        base: type[Any] = Service
        if isinstance(self._given, type) and issubclass(self._given, Service):
            base = self._given
        members: dict[str, Any] = {name: method.handler() for name, method in self._methods.items()}
        made: Any = type(f"Mock{self.spec.full_name.rpartition('.')[2]}", (base,), {**members, "_service": self.spec})
        service: Service = made()
        return service

    async def serve(self, bridge: Bridge, **options: Unpack[ServeOptions]) -> None:
        """Serves it on a bridge of yours. Raises as `Bridge.serve`."""
        await bridge.serve(self.service(), **options)

    @contextmanager
    def running(self, url: str | None = None, **options: Unpack[ConnectOptions]) -> Generator[MockWorker]:
        """Serves it on a connection of its own, in a thread; takes what `connect` takes, and raises as `serve`."""
        if self.spec.namespace is not None:
            options.setdefault("namespace", self.spec.namespace)
        options.setdefault("worker_name", f"mock of {self.spec.full_name}")
        service = self.service()

        async def start() -> Bridge:
            bridge = await connect(url, **options)
            try:
                await bridge.serve(service)
            except BaseException:
                await bridge.close()
                raise
            return bridge

        with run_bridge(start):
            yield self
