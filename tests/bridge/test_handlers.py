"""From methods and plain functions to handlers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec import UNSET, Raw

from iii_bridge.aio.invocation import Invocation, current_invocation
from iii_bridge.bridge.handlers import function_handler, method_body, method_handler, with_context
from iii_bridge.bridge.interceptors import is_async
from iii_bridge.errors import ContractError, LocalProtocolError, Side
from iii_bridge.wire import InvokeFunction
from tests.bridge.contracts import shop

PLACE = shop.OrdersClient.place.method
NOTE = shop.OrdersClient.note.method


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2, thread_name_prefix="pool") as made:
        yield made


def invoke(handler: Any, data: bytes, metadata: Any = UNSET) -> Any:
    async def main() -> Any:
        invocation = Invocation("i", InvokeFunction("x::y", "i", Raw(data), metadata=metadata))
        current_invocation.set(invocation)
        result = await handler(invocation)
        return None if result is None else bytes(result)

    return asyncio.run(main())


def plain(function: Any, pool: ThreadPoolExecutor) -> Any:
    """A plain function as `register_function` turns it into a handler."""
    body = method_body(with_context("x::y", function), None if is_async(function) else pool)
    return function_handler("x::y", body, lambda payload: payload)


async def accept(request: Any, context: Any) -> Any:
    return shop.Receipt(order_id=f"{request.sku}/{context.caller_worker_id}")


async def refuse(request: Any, context: Any) -> Any:
    raise AssertionError("must not run")


def test_a_method_gets_its_message_and_who_called() -> None:
    answer = invoke(method_handler(PLACE, accept), b'{"_caller_worker_id":"w","sku":"a"}')
    assert b'"orderId":"a/w"' in answer


def test_a_bad_request_never_reaches_the_method() -> None:
    with pytest.raises(ContractError, match=r"orders::place request .* at \$\.sku"):
        invoke(method_handler(PLACE, refuse), b"{}")


def test_a_bad_response_never_leaves() -> None:
    async def wrong(request: Any, context: Any) -> Any:
        return shop.Receipt(order_id="o", total=2**70)

    with pytest.raises(ContractError) as caught:
        invoke(method_handler(PLACE, wrong), b'{"sku":"a"}')
    assert (caught.value.side, caught.value.path) == (Side.RESPONSE, "$.total")


def test_a_bad_queue_delivery_is_acknowledged_where_the_contract_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert invoke(method_handler(NOTE, refuse), b'{"quantity":1}') is None
    assert "acknowledged a delivery that violates its contract: orders::note request" in caplog.text
    with pytest.raises(ContractError):
        invoke(method_handler(PLACE, refuse), b'{"quantity":1}')


@pytest.mark.parametrize(
    ("data", "metadata"),
    [
        (b'{"_caller_worker_id":"w","quantity":1}', UNSET),
        (b'{"quantity":1}', Raw(b'{"iii-bridge":{"remaining_ms":5,"attempt":1}}')),
        (b'{"quantity":1}', Raw(b'{"owner":"shop"}')),
        (b"[]", UNSET),
        (b'{"_caller_worker_id":7}', UNSET),
    ],
)
def test_what_may_be_a_call_is_answered_with_an_error(data: bytes, metadata: Any) -> None:
    with pytest.raises(ContractError):
        invoke(method_handler(NOTE, refuse), data, metadata)


def test_a_blocking_method_runs_in_a_thread_with_the_context(pool: ThreadPoolExecutor) -> None:
    def block(request: Any, context: Any) -> Any:
        assert current_invocation.get() is context
        return shop.Receipt(order_id=threading.current_thread().name)

    answer = invoke(method_handler(PLACE, method_body(block, pool)), b'{"sku":"a"}')
    assert b'"orderId":"pool' in answer


class AsyncObject:
    async def __call__(self, payload: Any) -> Any:
        return [payload]


async def doubled(payload: Any) -> Any:
    return payload * 2


async def wants_context(payload: Any, context: Any) -> Any:
    return [payload, context.caller_worker_id]


def blocking(payload: Any) -> Any:
    return threading.current_thread().name.startswith("pool")


@pytest.mark.parametrize(
    ("function", "data", "answer"),
    [
        (doubled, b"2", b"4"),
        (AsyncObject(), b"2", b"[2]"),
        (wants_context, b'{"_caller_worker_id":"w","a":1}', b'[{"a":1},"w"]'),
        (wants_context, b'{"_caller_worker_id":7,"a":1}', b'[{"a":1},null]'),
        (wants_context, b"[1]", b"[[1],null]"),
        (blocking, b"null", b"true"),
        (max, b"[1,3]", b"3"),
    ],
)
def test_a_plain_function_takes_json_and_maybe_the_context(
    function: Any, data: bytes, answer: bytes, pool: ThreadPoolExecutor
) -> None:
    handler = plain(function, pool)
    assert invoke(handler, data) == answer


async def with_an_option(payload: Any, limit: int = 10) -> Any:
    return [payload, limit]


async def with_optional_context(payload: Any, context: Any = None) -> Any:
    return context is not None


@pytest.mark.parametrize(("function", "answer"), [(with_an_option, b"[1,10]"), (with_optional_context, b"true")])
def test_a_second_parameter_with_a_default_is_the_contexts_only_by_name(
    function: Any, answer: bytes, pool: ThreadPoolExecutor
) -> None:
    assert invoke(plain(function, pool), b"1") == answer


@pytest.mark.parametrize(
    "function", [lambda: None, lambda a, b, c: None, lambda a, *, key: None, lambda *, key=1: None]
)
def test_a_handler_that_cannot_be_called_is_refused(function: Any, pool: ThreadPoolExecutor) -> None:
    with pytest.raises(LocalProtocolError, match=r"the handler of x::y cannot be called; write handler\(payload\)"):
        plain(function, pool)


def test_a_blocking_handler_that_stops_iterating_is_answered(pool: ThreadPoolExecutor) -> None:
    def stop(payload: Any) -> Any:
        return next(iter(()))

    with pytest.raises(RuntimeError, match="the handler raised StopIteration"):
        invoke(plain(stop, pool), b"1")


def test_a_plain_result_that_is_no_json_is_a_violation(pool: ThreadPoolExecutor) -> None:
    async def odd(payload: Any) -> Any:
        return {"a": object()}

    with pytest.raises(ContractError, match="x::y response"):
        invoke(plain(odd, pool), b"1")


def test_a_blocking_method_on_the_asynchronous_base_is_named() -> None:
    def block(request: Any, context: Any) -> Any:
        return shop.Receipt()

    with pytest.raises(LocalProtocolError, match=r"block is not asynchronous; write `async def`"):
        invoke(method_handler(PLACE, method_body(block, None)), b'{"sku":"a"}')


def test_a_wrapper_around_an_asynchronous_method_is_awaited() -> None:
    def wrapper(request: Any, context: Any) -> Any:
        return place(request, context)

    async def place(request: Any, context: Any) -> Any:
        return shop.Receipt(order_id="w")

    assert b'"orderId":"w"' in invoke(method_handler(PLACE, method_body(wrapper, None)), b'{"sku":"a"}')
