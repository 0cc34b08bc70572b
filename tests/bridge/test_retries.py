"""Repeating calls, under the virtual clock: a script says how each attempt ends and when."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from iii_bridge import Reconnect, connect
from iii_bridge.bridge.retries import DEFAULT_RETRY, Budget, Hedge, Retries, Retry
from iii_bridge.engine import Engine
from iii_bridge.errors import (
    ConnectionLostError,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    StatusError,
)
from iii_bridge.status import StatusCode
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really
from tests.bridge.test_in_memory import Orders
from tests.virtual_clock import run_virtually

OK = Raw(b'"ok"')
STEADY = Retry(jitter=0.0)
MISSING = FunctionNotFoundError("function_not_found", "m", "x::y")
STOPPED = InvocationError("invocation_stopped", "m", "x::y")
CLOSING = StatusError(StatusCode.UNAVAILABLE, "m", function_id="x::y", outcome=Outcome.NOT_RUN)
LOST = ConnectionLostError("x::y", Outcome.UNKNOWN)
TIMEOUT = object()


class Script:
    """How attempts end: after so many seconds, with that."""

    def __init__(self, *endings: tuple[float, Any]) -> None:
        self.endings = endings
        self.started: list[tuple[float, float, int]] = []
        self.cancelled = 0

    async def attempt(self, timeout: float, number: int) -> Raw:
        now = asyncio.get_running_loop().time()
        seconds, ending = self.endings[min(len(self.started), len(self.endings) - 1)]
        self.started.append((round(now, 3), round(timeout, 3), number))
        if ending is TIMEOUT or seconds > timeout:
            seconds, ending = timeout, InvocationTimeoutError("x::y", timeout, Outcome.UNKNOWN)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(ending, Exception):
            raise ending.with_traceback(None)
        assert isinstance(ending, Raw)
        return ending


class Quick(Orders):
    """Answers at the first attempt."""

    async def get(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.order_id)


def run(
    script: Script,
    policy: Retry = STEADY,
    *,
    timeout: float = 9.0,
    recovering: bool = False,
    hedge: Hedge | None = None,
) -> Raw:
    async def main() -> Raw:
        retries = Retries(policy, lambda: recovering)
        return await retries.run("x::y", script.attempt, timeout=timeout, attempt_timeout=timeout / 3, hedge=hedge)

    return run_virtually(main())


def test_after_a_timeout_the_next_attempt_comes_at_once_after_a_lost_executor_later_and_later() -> None:
    script = Script((0, TIMEOUT), (0, STOPPED), (0, STOPPED), (0, STOPPED), (0.1, OK))
    assert run(script) == OK
    assert script.started == [(0, 3, 1), (3, 3, 2), (3.05, 3, 3), (3.15, 3, 4), (3.35, 3, 5)]


@pytest.mark.parametrize(
    "error", [StatusError(StatusCode.UNAVAILABLE, "m"), InvocationError("x", "m", "x::y"), MISSING]
)
def test_what_the_function_answers_is_final(error: Exception) -> None:
    script = Script((0, error))
    with pytest.raises(type(error)):
        run(script)
    assert len(script.started) == 1


def test_a_closing_worker_is_not_the_last_word() -> None:
    assert run(Script((0, CLOSING), (0, MISSING), (0, OK))) == OK
    with pytest.raises(StatusError) as caught:
        run(Script((0, CLOSING)), timeout=3.0)
    assert caught.value.outcome is Outcome.NOT_RUN
    with pytest.raises(StatusError, match="outcome unknown"):
        run(Script((0, STOPPED), (0, CLOSING)), timeout=3.0)


def test_a_function_that_is_gone_with_the_engine_is_waited_for() -> None:
    for before, recovering in (((0, LOST), False), ((0, MISSING), True), ((0, STOPPED), False)):
        script = Script(before, (0, MISSING), (0, MISSING), (0, OK))
        assert run(script, recovering=recovering) == OK
    with pytest.raises(FunctionNotFoundError) as caught:
        run(Script((0, MISSING)), timeout=3.0, recovering=True)
    assert caught.value.outcome is None, "nothing was sent to a function"
    with pytest.raises(FunctionNotFoundError, match="outcome unknown"):
        run(Script((0, LOST), (0, MISSING)), timeout=3.0)


def test_a_function_that_answered_a_moment_ago_is_waited_for() -> None:
    async def main() -> None:
        retries = Retries(STEADY, lambda: False)

        async def call(script: Script) -> Raw:
            return await retries.run("x::y", script.attempt, timeout=3.0, attempt_timeout=1.0, hedge=None)

        with pytest.raises(FunctionNotFoundError):
            await call(Script((0, MISSING), (0, OK)))
        assert await call(Script((0, OK))) == OK
        assert await call(Script((0, MISSING), (0, MISSING), (0, OK))) == OK
        await asyncio.sleep(31.0)
        with pytest.raises(FunctionNotFoundError):
            await call(Script((0, MISSING), (0, OK)))

    run_virtually(main())


def test_attempts_may_be_counted() -> None:
    script = Script((0, STOPPED))
    with pytest.raises(InvocationError, match="outcome unknown"):
        run(script, Retry(attempts=3))
    assert [number for _, _, number in script.started] == [1, 2, 3]


def test_a_slow_callee_gets_no_multiple_of_its_load() -> None:
    async def main() -> None:
        retries = Retries(Retry(budget=0.1, reserve=5), lambda: False)
        script = Script((0, TIMEOUT))
        calls = [retries.run("x::y", script.attempt, timeout=9.0, attempt_timeout=3.0, hedge=None) for _ in range(100)]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(end, InvocationTimeoutError) for end in ends)
        assert len(script.started) == 100 + 5, "the reserve is spent at once and earned slowly"
        timeouts = {end.timeout for end in ends if isinstance(end, InvocationTimeoutError)}
        assert timeouts == {3.0}, "a call that may not be repeated says how long it waited"

    run_virtually(main())


@given(st.lists(st.booleans(), max_size=200), st.floats(0, 2), st.integers(0, 10))
def test_a_budget_never_gives_more_than_was_earned(steps: list[bool], ratio: float, reserve: int) -> None:
    budget = Budget(ratio, reserve)
    earned, spent = 0, 0
    for earn in steps:
        if earn:
            budget.earn()
            earned += 1
        elif budget.spend():
            spent += 1
        assert spent <= reserve + ratio * earned + 1e-6


def test_a_hedge_sends_a_copy_and_takes_the_first_answer() -> None:
    script = Script((2.0, OK), (0.5, Raw(b'"copy"')))
    assert run(script, hedge=Hedge(after=1.0)) == Raw(b'"copy"')
    assert script.started == [(0, 3, 1), (1, 2, 2)]
    assert script.cancelled == 1
    quick = Script((0.5, OK))
    assert run(quick, hedge=Hedge(after=1.0)) == OK
    assert len(quick.started) == 1


def test_a_hedge_waits_for_the_other_copy_and_then_tries_again() -> None:
    script = Script((1.2, STOPPED), (0.8, OK))
    assert run(script, hedge=Hedge(after=1.0)) == OK
    failed = Script((1.2, STOPPED), (0.8, STOPPED), (0.1, OK))
    assert run(failed, hedge=Hedge(after=1.0)) == OK
    assert [number for _, _, number in failed.started] == [1, 2, 3]
    final = Script((1.2, StatusError(StatusCode.NOT_FOUND, "m")), (0.8, OK))
    with pytest.raises(StatusError):
        run(final, hedge=Hedge(after=1.0))
    with pytest.raises(LocalProtocolError):
        Hedge(after=0.0)


def test_copies_count_against_the_budget() -> None:
    script = Script((2.5, OK))
    assert run(script, Retry(budget=0.0, reserve=0), hedge=Hedge(after=1.0, copies=5)) == OK
    assert len(script.started) == 1
    assert DEFAULT_RETRY.budget < 1


def test_a_call_right_after_a_restart_waits_for_the_callee_to_come_back() -> None:
    async def main() -> None:
        slowly, quickly = Reconnect(initial=1.0, jitter=0.0), Reconnect(initial=0.05)
        async with AsyncExitStack() as stack:
            async with Engine(port=0, http_port=0) as engine:
                worker = await stack.enter_async_context(connect(engine.url, worker_name="w", reconnect=slowly))
                caller = await stack.enter_async_context(connect(engine.url, worker_name="c", reconnect=quickly))
                await worker.serve(Quick())
                url = engine.url
            async with Engine(port=int(url.rpartition(":")[2].strip("/")), http_port=0):
                await caller.call("engine::functions::list", {})  # the caller is back, the callee is not
                client = shop.OrdersClient(caller)
                with pytest.raises(FunctionNotFoundError):
                    await client.place(shop.PlaceRequest(sku="tea"))
                calling = asyncio.create_task(client.get(shop.GetRequest(order_id="o"), timeout=60))
                assert (await calling).order_id == "o"

    run_really(main(), 90)


def test_only_methods_without_side_effects_are_hedged() -> None:
    async def main() -> None:
        service = Orders()
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")
            await worker.serve(service)
            client = shop.OrdersClient(caller.hedged(after=0.05, copies=2))
            assert (await client.get(shop.GetRequest(order_id="o"), timeout=30)).order_id == "o"
            assert service.seen == [1, 2, 3], "two copies, long before an attempt of 10 s times out"
            with pytest.raises(InvocationTimeoutError):
                await client.place(shop.PlaceRequest(sku="slow"), timeout=0.3)
            assert len(service.seen) == 4

    run_really(main())
