"""One HTTP request and its answer, between ASGI and channels (wire.md 7.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

import msgspec
from msgspec import Raw

from iii_bridge.engine.channels import Channel, ChannelGone
from iii_bridge.engine.http_answer import BODILESS, Answer, Headers, header_line, with_cors
from iii_bridge.wire.codec import NULL
from iii_bridge.wire.limits import MAX_MESSAGE_BYTES

__all__ = ["BodyTooLarge", "ClientGone", "Exchange", "Receive", "RequestBody", "ResponseStream", "Send"]

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class ClientGone(Exception):
    """The client left before its request was whole."""


class BodyTooLarge(Exception):
    """A JSON body that no message can hold."""


class Exchange:
    """The request as ASGI gives it, and the one way to answer it."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        raw_path = scope.get("raw_path")
        self.method: str = scope["method"]
        self.path: str = scope["path"] if raw_path is None else raw_path.split(b"?", 1)[0].decode("ascii", "replace")
        self.query_string: str = scope["query_string"].decode("ascii", "replace")
        self._lines = cast(Headers, scope["headers"])
        self._receive = receive
        self._send = send
        self._started = False

    def headers(self) -> dict[str, str]:
        """Header names in lower case; of a repeated one the last wins, a non-ASCII value is empty."""
        return {name.decode("latin-1").lower(): _ascii(value) for name, value in self._lines}

    def header(self, name: str) -> str | None:
        """One header, or None."""
        key = name.encode()
        return next((_ascii(value) for known, value in reversed(self._lines) if known.lower() == key), None)

    async def chunk(self) -> tuple[bytes, bool]:
        """The next part of the body, and whether more follow. Raises `ClientGone`."""
        event = await self._receive()
        if event["type"] != "http.request":
            raise ClientGone
        return event.get("body", b""), event.get("more_body", False)

    async def left(self) -> None:
        """Returns once the client has gone or has its whole answer; what is left of the body is thrown away."""
        while (await self._receive())["type"] == "http.request":
            pass

    async def answer(self, answer: Answer) -> None:
        """Sends a whole answer."""
        await self.start(answer.status, answer.lines())
        await self.write(b"" if self.method == "HEAD" else answer.body, more=False)

    async def fail(self, answer: Answer) -> None:
        """Sends an answer if none has begun; otherwise the connection can only be cut."""
        if self._started:
            raise ConnectionError("the response had begun when its handling failed")
        await self.answer(answer)

    async def start(self, status: int, headers: Headers) -> None:
        """Sends status and headers."""
        self._started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, body: bytes, *, more: bool) -> None:
        """Sends a part of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


class RequestBody:
    """The body: parsed when it is JSON, and in any case on the channel `request_body`."""

    def __init__(self, exchange: Exchange, channel: Channel) -> None:
        self._exchange = exchange
        self._channel = channel
        self._pump: asyncio.Task[None] | None = None

    async def read(self) -> Raw:
        """The parsed body; null when it is not JSON, and then it streams in as the channel is read.

        Raises `BodyTooLarge`.
        """
        if "application/json" not in (self._exchange.header("content-type") or ""):
            self._pump = asyncio.get_running_loop().create_task(self._stream())
            return NULL
        body = await self._whole()
        if body:
            await self._channel.put(body)
        self._channel.end()
        return _json_or_null(body)

    async def _whole(self) -> bytes:
        """A JSON body goes to the function in one message, so no more of it is read than one can hold."""
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            part, more = await self._exchange.chunk()
            size += len(part)
            if size > MAX_MESSAGE_BYTES:
                raise BodyTooLarge
            parts.append(part)
        return b"".join(parts)

    def stop(self) -> None:
        """The answer begins: the rest of the body is of no use."""
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None

    async def _stream(self) -> None:
        more = True
        try:
            while more:
                part, more = await self._exchange.chunk()
                if part:
                    await self._channel.put(part)
        except (ChannelGone, ClientGone):
            return
        finally:
            self._channel.end()


class _Control(msgspec.Struct):
    type: str
    status_code: Any = None
    headers: Raw = Raw(b"{}")


class ResponseStream:
    """An answer given over the channel `response`: control texts, then binary chunks."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._status = 200
        self._headers: dict[str, str] = {}
        self._first: bytes | None = None

    async def head(self) -> None:
        """Waits for the first binary item, or the end; status and headers are settled then."""
        while (item := await self._channel.get()) is not None:
            if isinstance(item, bytes):
                self._first = item
                return
            self._control(item)

    async def send_to(self, exchange: Exchange) -> None:
        """Sends what `head` settled and everything that follows, chunk by chunk, while the client is there."""
        lines = [line for name, value in self._headers.items() if (line := header_line(name, value)) is not None]
        if self._first is None or self._status in BODILESS:
            await exchange.answer(Answer(self._status, lines))
            return
        watch = asyncio.get_running_loop().create_task(exchange.left())
        watch.add_done_callback(lambda _: self._channel.drop())
        try:
            await exchange.start(self._status, with_cors(lines))
            item: str | bytes | None = self._first
            while item is not None:
                if isinstance(item, bytes):
                    await exchange.write(item, more=True)
                item = await self._channel.get()
            await exchange.write(b"", more=False)
        finally:
            watch.cancel()

    def _control(self, text: str) -> None:
        """`set_status` and `set_headers`; anything else is ignored."""
        try:
            control = msgspec.json.decode(text, type=_Control)
            headers = msgspec.json.decode(control.headers, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            return
        status = control.status_code
        if control.type == "set_status" and isinstance(status, int) and 200 <= status <= 599:
            self._status = status
        elif control.type == "set_headers":
            self._headers.update({name: value for name, value in headers.items() if isinstance(value, str)})


def _ascii(value: bytes) -> str:
    return value.decode("ascii") if value.isascii() else ""


def _json_or_null(body: bytes) -> Raw:
    """The body undecoded, so numbers stay exact; null when it is empty or no JSON."""
    try:
        return msgspec.json.decode(body.decode("utf-8"), type=Raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return NULL
