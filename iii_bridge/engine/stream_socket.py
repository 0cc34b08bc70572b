"""The stream socket: clients join groups or items and are sent what happens to them (wire.md 7.4)."""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
import socket
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from iii_bridge.engine.builtins import BuiltinFailure
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.limits import MOST_STREAM_SOCKETS
from iii_bridge.engine.stream import JoinRequest, Streams
from iii_bridge.engine.stream_events import StreamEvent, synced, unauthorized
from iii_bridge.errors import InvocationError
from iii_bridge.wire.codec import NULL, raw

__all__ = ["StreamSocket"]

_BACKLOG: Final = 256
_MOST_SUBSCRIPTIONS: Final = 1024
_MOST_FRAME_BYTES: Final = 64 * 1024
_LAGS: Final = 1013
"""Try again later: a client that rejoins is given what is there, so nothing is missed without a word."""

_CLOSE_SECONDS: Final = 2.0
_log = logging.getLogger("iii_bridge.engine.stream")


class _Data(msgspec.Struct, rename="camel"):
    subscription_id: str
    stream_name: str
    group_id: str
    id: str | None = None


class _Frame(msgspec.Struct):
    type: Literal["join", "leave"]
    data: _Data


class _AuthAnswer(msgspec.Struct):
    context: Raw = NULL


_frames: Final = msgspec.json.Decoder(_Frame)
Group = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Subscription:
    client: _Client
    request: JoinRequest

    @property
    def group(self) -> Group:
        return self.request.stream_name, self.request.group_id


class _Client:
    """One socket's way out: a bounded queue and the task that writes it."""

    def __init__(self, ws: ServerConnection) -> None:
        self._ws = ws
        self._events: deque[bytes] = deque()
        self._ready = asyncio.Event()
        self.lags = False

    def push(self, event: bytes) -> None:
        if len(self._events) >= _BACKLOG:
            self.lags = True
        else:
            self._events.append(event)
        self._ready.set()

    async def write(self) -> None:
        """Writes until the socket ends; one that cannot keep up is closed, for it has lost events."""
        with contextlib.suppress(ConnectionClosed):
            while not self.lags:
                while self._events and not self.lags:
                    await self._ws.send(self._events.popleft(), text=True)
                self._ready.clear()
                if not self.lags:
                    await self._ready.wait()
            await self._close(_LAGS, "too slow: events were lost; join again")

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._ws.close(code, reason)
        except TimeoutError:
            self._ws.transport.abort()


class StreamSocket:
    """Accepts on one bound port. `auth_function` is asked before a socket opens, and refuses it by failing."""

    def __init__(self, hub: Hub, streams: Streams, auth_function: str | None = None) -> None:
        self._hub = hub
        self._streams = streams
        self._auth = auth_function
        self._server: Server | None = None
        self._groups: dict[Group, dict[int, _Subscription]] = {}
        self._contexts: dict[ServerConnection, Raw] = {}
        streams.on_event.append(self._happened)

    async def start(self, sock: socket.socket) -> None:
        """Begins to accept on a bound socket."""
        quiet = logging.getLogger("iii_bridge.engine.websockets")
        quiet.setLevel(logging.ERROR)
        self._server = await serve(
            self._handle,
            sock=sock,
            process_request=self._admit,
            compression=None,
            max_size=_MOST_FRAME_BYTES,
            ping_interval=None,
            close_timeout=_CLOSE_SECONDS,
            server_header=None,
            logger=quiet,
        )

    async def stop(self, code: int, reason: str) -> None:
        """Stops accepting and closes what is open."""
        if self._server is not None:
            self._server.close(code=code, reason=reason)
            await self._server.wait_closed()

    # -- sockets ----------------------------------------------------------------------------

    async def _admit(self, ws: ServerConnection, request: Request) -> Response | None:
        if len(ws.server.connections) >= MOST_STREAM_SOCKETS:
            return ws.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        if self._auth is None:
            return None
        path, _, query = request.path.partition("?")
        peer: Any = ws.remote_address
        asked = {
            "headers": {name.lower(): value for name, value in request.headers.raw_items()},
            "path": path,
            "query_params": dict(parse_qsl(query, keep_blank_values=True)),
            "addr": f"{peer[0]}:{peer[1]}" if peer else "",
        }
        try:
            answer = await self._hub.call(self._auth, raw(asked))
        except InvocationError as error:
            _log.warning("stream auth function %s failed: %s", self._auth, error.code)
            return ws.respond(http.HTTPStatus.UNAUTHORIZED, "Unauthorized\n")
        with contextlib.suppress(msgspec.DecodeError):
            self._contexts[ws] = msgspec.json.decode(answer or b"{}", type=_AuthAnswer).context
        return None

    async def _handle(self, ws: ServerConnection) -> None:
        client = _Client(ws)
        context = self._contexts.pop(ws, NULL)
        mine: dict[str, _Subscription] = {}
        writer = asyncio.get_running_loop().create_task(client.write())
        try:
            async for frame in ws:
                await self._frame(client, context, mine, frame)
        except ConnectionClosed:
            pass
        finally:
            for subscription in list(mine.values()):
                self._leave(mine, subscription)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _frame(self, client: _Client, context: Raw, mine: dict[str, _Subscription], frame: str | bytes) -> None:
        """A frame that cannot be read is dropped, as on the protocol socket (wire.md 1.2)."""
        try:
            read = _frames.decode(frame)
        except (msgspec.DecodeError, RecursionError):
            return
        data = read.data
        known = mine.get(data.subscription_id)
        if known is not None:
            self._leave(mine, known)
        if read.type == "join" and len(mine) < _MOST_SUBSCRIPTIONS:
            asked = JoinRequest(data.subscription_id, data.stream_name, data.group_id, data.id, context)
            await self._join(client, mine, asked)

    async def _join(self, client: _Client, mine: dict[str, _Subscription], asked: JoinRequest) -> None:
        where = asked.stream_name, asked.group_id, asked.id
        if not await self._streams.may_join(asked):
            client.push(msgspec.json.encode(unauthorized(*where)))
            return
        try:
            found = await self._there(asked)
        except BuiltinFailure as failure:
            _log.error("stream %s cannot be joined: %s", asked.stream_name, failure)
            client.push(msgspec.json.encode(unauthorized(*where)))
            return
        # no await between the reading and this: each event is in what was read, or is sent
        client.push(msgspec.json.encode(synced(*where, found)))
        subscription = _Subscription(client, asked)
        mine[asked.subscription_id] = subscription
        self._groups.setdefault(subscription.group, {})[id(subscription)] = subscription

    async def _there(self, asked: JoinRequest) -> Raw:
        if asked.id is None:
            return await self._streams.items.of_group(asked.stream_name, asked.group_id)
        return await self._streams.items.get(asked.stream_name, asked.group_id, asked.id) or NULL

    def _leave(self, mine: dict[str, _Subscription], subscription: _Subscription) -> None:
        del mine[subscription.request.subscription_id]
        group = self._groups[subscription.group]
        del group[id(subscription)]
        if not group:
            del self._groups[subscription.group]
        self._streams.left(subscription.request)

    def _happened(self, event: StreamEvent) -> None:
        group = self._groups.get((event.stream_name, event.group_id))
        if not group:
            return
        text = msgspec.json.encode(event)
        for subscription in group.values():
            if subscription.request.id in (None, event.id):
                subscription.client.push(text)
