"""From a service's methods, or a plain function, to handlers the dispatcher runs."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Final, cast

import msgspec
from msgspec import Raw

from iii_bridge.aio.dispatch import Handler
from iii_bridge.aio.invocation import Invocation
from iii_bridge.bridge.checks import checks_of, decode_json, encode_json
from iii_bridge.bridge.hints import Converter
from iii_bridge.bridge.interceptors import (
    AnyServerInterceptor,
    ServerCall,
    chain,
    only_async,
    only_blocking,
)
from iii_bridge.contract.spec import MethodSpec, OnViolation
from iii_bridge.errors import ContractError, LocalProtocolError, Side
from iii_bridge.types import Context
from iii_bridge.wire import InvokeFunction

__all__ = [
    "CALLER_MEMBER",
    "MethodBody",
    "calls_itself",
    "check_none_blocks",
    "function_handler",
    "intercepted",
    "method_body",
    "method_handler",
    "with_context",
]

_log: Final = logging.getLogger("iii_bridge.worker")

CALLER_MEMBER: Final = "_caller_worker_id"
"""What the engine adds to object payloads (wire.md 5.4)."""

MethodBody = Callable[[Any, Context], Awaitable[Any]]
"""A method of a service, asynchronous whichever base it was written on."""


class _Caller(msgspec.Struct):
    caller: str | None = msgspec.field(default=None, name=CALLER_MEMBER)


_peek: Final = msgspec.json.Decoder(_Caller)


def method_body(
    function: Callable[..., Any],
    pool: Executor | None,
    method: MethodSpec[Any, Any] | None = None,
    interceptors: Sequence[AnyServerInterceptor] = (),
) -> MethodBody:
    """An asynchronous method as it is; a blocking one (`pool` given) in a thread, with the context variables.

    `interceptors` go around it; `method` is what they are shown. Raises
    LocalProtocolError for a blocking interceptor around an asynchronous method.
    """
    blocking = only_blocking(interceptors)
    body: MethodBody
    if pool is not None:
        if blocking:
            function = intercepted(method, function, blocking)
        body = functools.partial(_in_thread, function, pool)
    else:
        check_none_blocks(interceptors)
        body = function if inspect.iscoroutinefunction(function) else functools.partial(_awaited, function)
    outer = only_async(interceptors)
    return intercepted(method, body, outer) if outer else body


def check_none_blocks(interceptors: Sequence[AnyServerInterceptor]) -> None:
    """Raises LocalProtocolError for a blocking interceptor, which would hold up the loop."""
    for each in only_blocking(interceptors):
        name = getattr(each, "__qualname__", type(each).__name__)
        raise LocalProtocolError(f"server interceptor {name} blocks, and a handler does not; write `async def`")


def intercepted(
    method: MethodSpec[Any, Any] | None, body: Callable[[Any, Context], Any], interceptors: Sequence[Callable[..., Any]]
) -> Callable[[Any, Context], Any]:
    """`body` with at least one interceptor around it, all of them blocking or not as it is."""
    run = chain(interceptors, lambda call: body(call.request, call.context))
    return lambda request, context: run(ServerCall(request=request, context=context, method=method))


def method_handler(method: MethodSpec[Any, Any], body: MethodBody) -> Handler:
    """Decodes, runs and encodes one method; a violation is a ContractError naming the side."""
    checks = checks_of(method)

    async def handle(invocation: Invocation) -> Raw | None:
        try:
            request, invocation.caller_worker_id = checks.decode_request(invocation.data)
        except ContractError as violation:
            if method.on_violation is OnViolation.ACK_AND_LOG and _is_queue_delivery(invocation):
                _log.error("acknowledged a delivery that violates its contract: %s", violation)
                return None
            raise
        return checks.encode_response(await body(request, invocation))

    return handle


def function_handler(function_id: str, body: MethodBody, convert: Converter) -> Handler:
    """A plain function on JSON values."""

    async def handle(invocation: Invocation) -> Raw:
        payload = decode_json(invocation.data, function_id, Side.REQUEST)
        if isinstance(payload, dict):
            caller = cast("dict[str, Any]", payload).pop(CALLER_MEMBER, None)
            invocation.caller_worker_id = caller if isinstance(caller, str) else None
        return encode_json(await body(convert(payload), invocation), function_id, Side.RESPONSE)

    return handle


def calls_itself(frame: InvokeFunction, worker_id: str | None) -> bool:
    """Whether a worker is asked by itself; only object payloads say who calls (wire.md 5.4)."""
    if worker_id is None or not isinstance(frame.data, Raw):
        return False
    try:
        return _peek.decode(frame.data).caller == worker_id
    except msgspec.DecodeError:
        return False


def with_context(function_id: str, function: Callable[..., Any]) -> Callable[[Any, Context], Any]:
    """A plain function as one of payload and context, whether it wants the latter or not; async or not as it is.

    Raises LocalProtocolError when it cannot be called with a payload, or a payload and a context.
    """
    if _wants_context(function_id, function):
        return function
    return lambda request, context: function(request)


async def _awaited(function: Callable[..., Any], request: Any, context: Context) -> Any:
    """What a wrapper around an asynchronous method returns is awaited; a method that blocks is on the wrong base."""
    result = function(request, context)
    if not inspect.isawaitable(result):
        name = getattr(function, "__qualname__", type(function).__name__)
        raise LocalProtocolError(f"{name} is not asynchronous; write `async def`, or use the base with Sync")
    return await result


async def _in_thread(function: Callable[..., Any], pool: Executor, *arguments: Any) -> Any:
    """A deadline ends the waiting, not the thread: blocking code cannot be interrupted."""
    run = contextvars.copy_context().run
    call = functools.partial(run, _without_stop_iteration, function, *arguments)
    return await asyncio.get_running_loop().run_in_executor(pool, call)


def _without_stop_iteration(function: Callable[..., Any], *arguments: Any) -> Any:
    """No future can hold a StopIteration: whoever waits for it would wait for ever."""
    try:
        return function(*arguments)
    except StopIteration as error:
        raise RuntimeError("the handler raised StopIteration") from error


def _is_queue_delivery(invocation: Invocation) -> bool:
    """See `Invocation.from_queue`; what cannot be told apart counts as a call, so that nothing is lost."""
    try:
        invocation.caller_worker_id = _peek.decode(invocation.data).caller
    except msgspec.DecodeError:
        return False
    return invocation.from_queue


def _wants_context(function_id: str, function: Callable[..., Any]) -> bool:
    """Whether the second parameter is for the context: it has no default, or is called `context`.

    Raises LocalProtocolError when the function cannot be called with a payload, or a payload and a context.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if not (positional or takes_any) or len(needed) > 2 or any(p.kind is p.KEYWORD_ONLY for p in needed):
        raise LocalProtocolError(
            f"the handler of {function_id} cannot be called; write handler(payload) or handler(payload, context)"
        )
    return len(positional) > 1 and (positional[1] in needed or positional[1].name == "context")
