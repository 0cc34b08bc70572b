"""Trigger type `http`: bindings to routes, and the way of a request through them (wire.md 7.1)."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Iterable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw

from iii_bridge.engine.channels import Channel, Channels
from iii_bridge.engine.http_answer import Answer, error_answer, from_result, preflight
from iii_bridge.engine.http_binding import HTTP_TYPE, Route, read_route
from iii_bridge.engine.http_exchange import (
    BodyTooLarge,
    ClientGone,
    Exchange,
    Receive,
    RequestBody,
    ResponseStream,
    Send,
)
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.limits import MOST_REQUESTS
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.engine.routes import Match, RouteConflict, Routes
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.channel import ChannelRef, Direction
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.wire.codec import NULL, raw
from iii_bridge.wire.limits import MAX_MESSAGE_BYTES

__all__ = ["HttpProvider"]

_log = logging.getLogger("iii_bridge.engine.http")


class _Trigger(msgspec.Struct):
    type: str
    path: str
    method: str


class _Request(msgspec.Struct, omit_defaults=True):
    """The payload of a handler; conditions get it without the two channels."""

    query_params: dict[str, str]
    path_params: dict[str, str]
    headers: dict[str, str]
    path: str
    method: str
    body: Raw
    trigger: _Trigger
    request_body: ChannelRef | None = None
    response: ChannelRef | None = None


class _Verdict(msgspec.Struct):
    """What a middleware may return; anything else means continue."""

    action: str | None = None
    response: Raw = NULL


class _BadQuery(Exception):
    pass


class HttpProvider:
    """The `http` trigger type, and the ASGI application its requests arrive at.

    `timeout` is in seconds and bounds a request up to its first byte. `middleware` are functions asked before every
    route's own, in this order, in the namespace of the route's binding.
    """

    def __init__(self, hub: Hub, channels: Channels, timeout: float = 30.0, middleware: Iterable[str] = ()) -> None:
        self._hub = hub
        self._channels = channels
        self._timeout = timeout
        self._middleware = tuple(middleware)
        self._routes: Routes[Route] = Routes()
        self._running = asyncio.Semaphore(MOST_REQUESTS)

    # -- bindings ---------------------------------------------------------------------------

    @property
    def kind(self) -> TriggerType:
        """The trigger type, as discovery shows it."""
        return HTTP_TYPE

    def register(self, binding: Binding) -> None:
        """Adds a route; the same method and path again replaces it. Raises `TriggerRefused`."""
        route = read_route(binding)
        try:
            self._routes.add(route.method, route.path, route)
        except RouteConflict as conflict:
            raise TriggerRefused(str(conflict)) from None

    def unregister(self, binding: Binding) -> None:
        """Removes the route, unless another binding has taken it over."""
        try:
            route = read_route(binding)
        except TriggerRefused:
            return
        current = self._routes.get(route.method, route.path)
        if current is not None and current.binding is binding:
            self._routes.remove(route.method, route.path)

    # -- requests ---------------------------------------------------------------------------

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI application: http requests only."""
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, send)
        match = self._routes.find(exchange.path)
        answer = self._without_handler(exchange, match)
        if answer is not None or match is None:
            await exchange.answer(answer or error_answer(404, "NOT_FOUND", "Not Found"))
            return
        route = match.by_method[exchange.method]
        try:
            query = _query(exchange.query_string)
        except _BadQuery:
            text = b"Failed to deserialize query string: it is no percent-encoded UTF-8"
            await exchange.answer(Answer(400, [(b"content-type", b"text/plain; charset=utf-8")], text))
            return
        request = _Request(
            query_params=query,
            path_params=dict(zip(route.parameters, match.parameters, strict=True)),
            headers=exchange.headers(),
            path=route.path,
            method=route.method,
            body=NULL,
            trigger=_Trigger("http", route.path, route.method),
        )
        await self._handle(exchange, _Handling(self, exchange, route, request), route)

    async def _handle(self, exchange: Exchange, handling: _Handling, route: Route) -> None:
        """Waits for its turn, within the request's time. Only what decides on an answer takes a place, not its sending:
        neither a slow reader nor a stream without end keeps others out."""
        try:
            async with asyncio.timeout_at(handling.deadline):
                await self._running.acquire()
        except TimeoutError:
            text = f"{MOST_REQUESTS} requests are being handled; try again later"
            await exchange.answer(error_answer(503, "too_many_requests", text))
            return
        try:
            try:
                answer = await handling.decide()
            finally:
                self._running.release()
            await handling.send(answer)
        except ClientGone:
            return
        except Exception:
            await exchange.fail(_unexpected(route))
        finally:
            handling.close()

    def _without_handler(self, exchange: Exchange, match: Match[Route] | None) -> Answer | None:
        """OPTIONS, and the requests that meet no route (wire.md 7.1)."""
        if exchange.method == "OPTIONS":
            return preflight(None if match is None else match.by_method)
        if match is None:
            return error_answer(404, "NOT_FOUND", "Not Found")
        if exchange.method in match.by_method:
            return None
        if exchange.method == "HEAD" and "GET" in match.by_method:
            return error_answer(404, "NOT_FOUND", "Not Found")
        return Answer(405, [(b"allow", ",".join(sorted(match.by_method)).encode())])

    def invoke(
        self, route: Route, function_id: str, data: Raw, exchange: Exchange | None = None
    ) -> asyncio.Future[Raw | None]:
        """Calls a function in the binding's namespace; the handler's call carries trace and metadata."""
        return self._hub.call(
            function_id,
            data,
            namespace=route.binding.namespace,
            metadata=None if exchange is None else route.binding.metadata,
            traceparent=None if exchange is None else exchange.header("traceparent"),
            baggage=None if exchange is None else exchange.header("baggage"),
        )

    @property
    def timeout(self) -> float:
        """Seconds until a request without a first byte is answered 504."""
        return self._timeout

    @property
    def middleware(self) -> tuple[str, ...]:
        """The functions asked before every route's own."""
        return self._middleware

    @property
    def channels(self) -> Channels:
        """Where the two channels of a request are opened."""
        return self._channels


class _Handling:
    """One request on its way: middleware, body, condition, the route's middleware, handler, answer."""

    def __init__(self, provider: HttpProvider, exchange: Exchange, route: Route, request: _Request) -> None:
        self._provider = provider
        self._exchange = exchange
        self._route = route
        self._request = request
        self._in_middleware = False
        self._opened: list[tuple[str, Channel]] = []
        self._stream: ResponseStream | None = None
        self.deadline = asyncio.get_running_loop().time() + provider.timeout
        """When, on the loop's clock, the time for a first byte is over."""

    async def decide(self) -> Answer | None:
        """The answer; None when it comes over the response channel."""
        if self._provider.middleware:
            answer = await self._bounded(self._ask(self._provider.middleware))
            if answer is not None:
                return answer
        reading, request_body = self._open("read")
        response, written = self._open("write")
        body, self._stream = RequestBody(self._exchange, request_body), ResponseStream(written)
        try:
            return await self._bounded(self._handled(body, self._stream, reading, response))
        finally:
            body.stop()

    async def send(self, answer: Answer | None) -> None:
        """Sends what was decided."""
        if answer is not None:
            await self._exchange.answer(answer)
        elif self._stream is not None:
            await self._stream.send_to(self._exchange)

    def close(self) -> None:
        """Removes the two channels, whatever happened."""
        for channel_id, channel in self._opened:
            channel.end()
            channel.drop()
            self._provider.channels.remove(channel_id)

    async def _bounded(self, work: Coroutine[Any, Any, Answer | None]) -> Answer | None:
        """What becomes of a part of the way, failures and the end of the request's time among it."""
        try:
            async with asyncio.timeout_at(self.deadline):
                return await work
        except TimeoutError:
            if self._in_middleware:
                return error_answer(504, "MIDDLEWARE_TIMEOUT", "Middleware timeout")
            return Answer(504, [], cors=False)
        except InvocationError as failed:
            return _failed(self._route, failed)
        except BodyTooLarge:
            text = f"a JSON body may have {MAX_MESSAGE_BYTES} bytes; send another content type and read request_body"
            return error_answer(413, "payload_too_large", text)

    async def _handled(
        self, body: RequestBody, stream: ResponseStream, reading: ChannelRef, response: ChannelRef
    ) -> Answer | None:
        """The answer; None when it comes over the response channel, whose head is settled."""
        request, route = self._request, self._route
        request.body = await body.read()
        if route.condition is not None:
            verdict = await self._provider.invoke(route, route.condition, raw(request))
            if verdict is not None and bytes(verdict) == b"false":
                return error_answer(422, "CONDITION_NOT_MET", "Request condition not met", skipped=True)
        if route.middleware:
            answer = await self._ask(route.middleware)
            if answer is not None:
                return answer
        request.request_body, request.response = reading, response
        return await self._handler(stream)

    async def _ask(self, middleware: tuple[str, ...]) -> Answer | None:
        """Asks one after another; an answer of one ends the request."""
        request = self._request
        shown = {
            "path_params": request.path_params,
            "query_params": request.query_params,
            "headers": request.headers,
            "method": request.method,
        }
        data = raw({"phase": "preHandler", "request": shown, "context": {}})
        for function_id in middleware:
            self._in_middleware = True
            verdict = await self._provider.invoke(self._route, function_id, data)
            self._in_middleware = False
            response = _responds(verdict)
            if response is not None:
                return from_result(response)
        return None

    async def _handler(self, stream: ResponseStream) -> Answer | None:
        """The handler's return value, or None when it answers over the response channel."""
        data = raw(self._request)
        function_id = self._route.binding.function_id
        call = self._provider.invoke(self._route, function_id, data, self._exchange)
        head = asyncio.get_running_loop().create_task(stream.head())
        either: set[asyncio.Future[Any]] = {call, head}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if head.done():
                return None
            result = await call
            if result is not None:
                return from_result(result)
            await head
            return None
        finally:
            head.cancel()
            if not call.cancel() and not call.cancelled():
                call.exception()  # an answer over the channel came first: whatever the call ended with is of no use

    def _open(self, direction: Direction) -> tuple[ChannelRef, Channel]:
        entry, channel = self._provider.channels.open()
        self._opened.append((entry.id, channel))
        return entry.ref(direction), channel


def _responds(verdict: Raw | None) -> Raw | None:
    """The response a middleware wants to give, as a handler's return value, or None to continue."""
    if verdict is None:
        return None
    try:
        read = msgspec.json.decode(verdict, type=_Verdict)
    except (msgspec.DecodeError, RecursionError):
        return None
    if read.action != "respond":
        return None
    response = read.response if bytes(read.response).startswith(b"{") else Raw(b"{}")
    members = msgspec.json.decode(response, type=dict[str, Raw])
    members.setdefault("body", NULL)
    return raw(members)


def _query(query_string: str) -> dict[str, str]:
    """Percent-decoded; of a repeated key the last value wins."""
    try:
        return dict(parse_qsl(query_string, keep_blank_values=True, errors="strict"))
    except ValueError:
        raise _BadQuery from None


def _failed(route: Route, failed: InvocationError) -> Answer:
    error_id = secrets.token_hex(6)
    _log.warning("error %s: %s %s: %s", error_id, route.method, route.path, failed.code)
    return error_answer(500, failed.code, failed.message, error_id)


def _unexpected(route: Route) -> Answer:
    error_id = secrets.token_hex(6)
    _log.exception("error %s: %s %s", error_id, route.method, route.path)
    return error_answer(500, "INTERNAL_ERROR", "Internal server error", error_id)
