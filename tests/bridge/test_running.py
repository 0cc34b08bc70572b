"""`run`: from the first connection to the last answer, with real signals."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from iii_bridge import (
    Bridge,
    BridgeSync,
    ConnectionLostError,
    InvocationError,
    LocalProtocolError,
    Outcome,
    RegistrationRejectedError,
    connect_sync,
    run,
)
from iii_bridge.aio.portal import Portal
from iii_bridge.engine import Engine
from tests.bridge.contracts import shop
from tests.bridge.test_in_memory import Orders


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    portal = Portal()

    async def start() -> Engine:
        return await Engine(port=0, http_port=0).__aenter__()

    engine = portal.call(start)
    yield engine.url
    portal.call(lambda: engine.__aexit__(None, None, None))
    portal.close()


@pytest.fixture
def caller(url: str) -> Iterator[BridgeSync]:
    with connect_sync(url, worker_name="caller") as bridge:
        yield bridge


class Slow(Orders):
    """Answers once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.may_answer = asyncio.Event()

    async def place(self, request: Any, context: Any, /) -> Any:
        self.entered.set()
        await self.may_answer.wait()
        return shop.Receipt(order_id=request.sku)


class Meanwhile(threading.Thread):
    """Does something with a running worker and keeps what came of it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.outcome: Any = None

    def run(self) -> None:
        try:
            self.outcome = self._work()
        except Exception as error:
            self.outcome = error


def serve_meanwhile(
    url: str, service: Any, during: Callable[[Bridge], None], calling: Meanwhile, **options: Any
) -> None:
    def ready(bridge: Bridge) -> None:
        calling.start()
        watching = threading.Thread(target=lambda: service.entered.wait(20) and during(bridge), daemon=True)
        watching.start()

    run(service, url=url, worker_name="slow", on_ready=ready, **options)
    calling.join(20)


def kill(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_is_being_served_finish(url: str, caller: BridgeSync, number: signal.Signals) -> None:
    service = Slow()
    client = shop.OrdersClientSync(caller)
    calling = Meanwhile(lambda: client.place(shop.PlaceRequest(sku="tea"), timeout=20))
    gone: list[Any] = []

    def during(bridge: Bridge) -> None:
        kill(number)
        while not gone:  # nothing new is taken while the old is finished
            try:
                client.note(shop.PlaceRequest(sku="new"), timeout=20)
            except InvocationError as error:
                gone.append(error)
        bridge._session._loop.call_soon_threadsafe(service.may_answer.set)

    serve_meanwhile(url, service, during, calling)
    assert calling.outcome == shop.Receipt(order_id="tea")
    assert gone[0].outcome is Outcome.NOT_RUN


@pytest.mark.parametrize("patient", [True, False], ids=["a second signal", "no more grace"])
def test_what_does_not_finish_is_cancelled(url: str, caller: BridgeSync, patient: bool) -> None:
    client = shop.OrdersClientSync(caller)
    calling = Meanwhile(lambda: client.place(shop.PlaceRequest(sku="tea"), timeout=20))

    def during(bridge: Bridge) -> None:
        kill()
        if patient:
            outcomes: list[Any] = []
            while Outcome.NOT_RUN not in outcomes:  # the first signal has been heard
                try:
                    client.note(shop.PlaceRequest(sku="new"), timeout=20)
                except InvocationError as error:
                    outcomes.append(error.outcome)
            kill()

    serve_meanwhile(url, Slow(), during, calling, grace=60.0 if patient else 0.1)
    assert isinstance(calling.outcome, InvocationError)
    assert calling.outcome.code == "invocation_stopped"


def test_services_may_be_made_with_the_bridge_and_several_at_once(url: str) -> None:
    made: list[Any] = []

    async def make(bridge: Bridge) -> Any:
        made.append(bridge)
        return Orders()

    def ready(bridge: Bridge) -> None:
        made.append(bridge)
        kill()

    run(make, url=url, worker_name="made", on_ready=ready)
    assert made[0] is made[1]
    run(Orders, url=url, worker_name="made", on_ready=lambda bridge: kill())
    for sources, problem in (
        ((), "needs a service"),
        ((7,), "generated base"),
        ((lambda a, b: a,), "needs 2 arguments"),
    ):
        with pytest.raises(LocalProtocolError, match=problem):
            run(*sources, url=url, worker_name="made")  # type: ignore[arg-type]


def test_what_ends_it_is_raised(url: str, caller: BridgeSync) -> None:
    caller.serve(Orders())
    with pytest.raises(RegistrationRejectedError):
        run(Orders(), url=url, worker_name="second")
    with pytest.raises(ConnectionLostError):
        run(Orders(), url="ws://127.0.0.1:9", connect_timeout=0.2)
