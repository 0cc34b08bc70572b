"""Plays a recording's `>` frames to an engine and compares what comes back.

The recorded pauses are not slept through: before a frame is sent on one
connection, the connection that spoke last is asked for a pong, which proves
that what it sent before has been applied. An expected frame is waited for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from iii_bridge.engine import Engine
from tests.transcripts.matching import Names, mismatch, replaced

RECORDINGS = Path(__file__).parent / "recordings"
_RECORDED_HTTP = "127.0.0.1:3311"
_STREAM_SOCKET = "stream-socket"
_JOIN = {"type": "join", "data": {"subscriptionId": "s", "streamName": "st", "groupId": "g"}}


@dataclass(frozen=True)
class Difference:
    """One wanted difference: on `line` (from 1) of the recording our engine says `ours(recorded)` instead.

    `line` None is a frame the real engine does not send; `ours` then tells such frames apart.
    """

    recording: str
    line: int | None
    reason: str
    ours: Callable[[Any], Any]


@dataclass
class Outcome:
    """What a replay found. It agrees when `problems` is empty and every difference was met."""

    problems: list[str] = field(default_factory=list)
    compared: int = 0
    met: set[int] = field(default_factory=set)


def load(name: str) -> list[dict[str, Any]]:
    """The events of a recording."""
    text = (RECORDINGS / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


class Peer:
    """One recorded connection, live: keeps what came until somebody looks for it."""

    def __init__(self, socket: ClientConnection, patience: float) -> None:
        self.socket = socket
        self._patience = patience
        self.frames: list[Any] = []
        self.closed: tuple[int, str] | None = None
        self._arrived = asyncio.Event()
        self._pongs = 0
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                frame = _body(message) if isinstance(message, str) else {"binary": message.hex()}
                if frame == {"type": "pong"} and self._pongs:
                    self._pongs -= 1
                else:
                    self.frames.append(frame)
                self._arrived.set()
        except ConnectionClosed:
            pass
        self.closed = (int(self.socket.close_code or 1006), self.socket.close_reason or "")
        self._arrived.set()

    async def wait(self, found: Callable[[], bool]) -> bool:
        """Waits until something that came satisfies `found`; False when nothing does in time."""
        try:
            async with asyncio.timeout(self._patience):
                while not found():
                    if self.closed is not None:
                        return False
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    async def barrier(self) -> None:
        """Returns once the engine has applied everything sent so far."""
        if self.closed is not None:
            return
        self._pongs += 1
        wanted = self._pongs - 1
        await self.socket.send('{"type":"ping"}')
        await self.wait(lambda: self._pongs <= wanted)

    async def ended(self) -> None:
        async with asyncio.timeout(self._patience):
            await self._reader

    async def abort(self) -> None:
        """Breaks the connection without a close frame, as a killed process does."""
        self.socket.transport.abort()
        await self._reader


class Replay:
    """One recording against one engine."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        events: list[dict[str, Any]],
        differences: list[Difference],
        patience: float = 10.0,
    ) -> None:
        self._engine = engine
        self._patience = patience
        self._name = name
        self._events = events
        self._differences = [d for d in differences if d.recording == name]
        self._names = Names()
        self._peers: dict[str, Peer] = {}
        self._spoke: Peer | None = None
        self._requests: dict[int, asyncio.Task[httpx.Response]] = {}
        self._starts = _request_starts(events)
        self.outcome = Outcome()

    async def run(self) -> Outcome:
        """Walks the recording; afterwards what came and was not recorded counts as a problem."""
        for number, event in enumerate(self._events, 1):
            if number in self._starts:
                await self._begin_request(self._starts[number])
            await self._step(number, event)
        for conn, peer in self._peers.items():
            if conn != _STREAM_SOCKET:
                await peer.barrier()
            for frame in peer.frames:
                self._surplus(conn, frame)
            await peer.abort()
        return self.outcome

    async def _step(self, number: int, event: dict[str, Any]) -> None:
        if "note" in event:
            await self._note(event["note"])
            return
        if "http" in event:
            self._compare_http(number, event["answer"], await self._requests[number])
        elif event["conn"] == "channel-reader":
            await self._channel_item(number, event)
        elif "closed" in event:
            await self._closed(number, event)
        else:
            peer = await self._peer(event["conn"])
            if event["dir"] == ">":
                await self._send(peer, event["frame"])
            else:
                await self._expect(number, event["conn"], peer, event["frame"])

    async def _note(self, note: str) -> None:
        """The recorder joined a group on the stream socket where it noted so, and did not record its own frame."""
        joins = any(event.get("conn") == _STREAM_SOCKET for event in self._events)
        if note == "stream" and joins:
            socket = await connect(self._engine.stream_url, compression=None)
            peer = self._peers[_STREAM_SOCKET] = Peer(socket, self._patience)
            await socket.send(json.dumps(_JOIN))
            await peer.wait(lambda: bool(peer.frames))

    async def _peer(self, conn: str) -> Peer:
        if conn not in self._peers:
            socket = await connect(self._engine.url, compression=None, ping_interval=None)
            self._peers[conn] = Peer(socket, self._patience)
        return self._peers[conn]

    async def _send(self, peer: Peer, frame: Any) -> None:
        if self._spoke is not None and self._spoke is not peer:
            await self._spoke.barrier()
        self._spoke = peer
        await peer.socket.send(json.dumps(self._names.to_live(frame), separators=(",", ":"), ensure_ascii=False))

    async def _expect(self, number: int, conn: str, peer: Peer, recorded: Any) -> None:
        expected = replaced(self._wanted(number, recorded), _RECORDED_HTTP, self._engine.http_url[7:])
        closest: list[str] = []

        def found() -> bool:
            closest.clear()
            for index, frame in enumerate(peer.frames):
                trial = self._names.copy()
                problem = mismatch(expected, frame, trial)
                if problem is None:
                    self._names = trial
                    del peer.frames[index]
                    return True
                closest.append(problem)
            return False

        if await peer.wait(found):
            self.outcome.compared += 1
        else:
            what = f"{self._name}:{number} {conn}: no frame like {json.dumps(recorded)[:200]}"
            self.outcome.problems.append(f"{what}; came instead: {closest or 'nothing'}")

    def _wanted(self, number: int, recorded: Any) -> Any:
        for index, difference in enumerate(self._differences):
            if difference.line == number:
                self.outcome.met.add(index)
                return difference.ours(recorded)
        return recorded

    def _surplus(self, conn: str, frame: Any) -> None:
        for index, difference in enumerate(self._differences):
            if difference.line is None and difference.ours(frame):
                self.outcome.met.add(index)
                return
        self.outcome.problems.append(f"{self._name} {conn}: not recorded: {json.dumps(frame)[:300]}")

    async def _closed(self, number: int, event: dict[str, Any]) -> None:
        """A close of the recorder's own doing is repeated; one of the engine's is waited for."""
        conn, recorded = event["conn"], event["closed"]
        peer = self._peers[conn]
        by_engine = recorded[0] != 1006 or _last_sent(self._events, number)["type"] == "reattach"
        if not by_engine:
            await peer.abort()
            del self._peers[conn]
            self._check_left(conn, peer)
            return
        try:
            await peer.ended()
        except TimeoutError:
            self.outcome.problems.append(f"{self._name}:{number} {conn}: still open, recorded as closed {recorded}")
            return
        wanted = self._wanted(number, recorded)
        came = list(peer.closed or ())
        self.outcome.compared += 1
        if mismatch(wanted, came, self._names) is not None:
            self.outcome.problems.append(f"{self._name}:{number} {conn}: closed {came}, wanted {wanted}")

    def _check_left(self, conn: str, peer: Peer) -> None:
        for frame in peer.frames:
            self._surplus(conn, frame)

    # -- http -------------------------------------------------------------------------------

    async def _begin_request(self, number: int) -> None:
        if self._spoke is not None:
            await self._spoke.barrier()
        request = self._events[number - 1]["http"]
        body = request["body"]
        content: dict[str, Any] = {}
        headers = dict(request["headers"])
        if isinstance(body, str):
            content["content"] = body
        elif body is not None:
            content["content"] = json.dumps(body, separators=(",", ":"))
            headers.setdefault("content-type", "application/json")
        call = _request(self._engine.http_url, request["method"], request["path"], headers, content)
        self._requests[number] = asyncio.create_task(call)

    def _compare_http(self, number: int, recorded: dict[str, Any], came: httpx.Response) -> None:
        headers = sorted([name, value] for name, value in came.headers.multi_items() if name != "date")
        answer = {"status": came.status_code, "headers": headers, "body": _body(came.text)}
        expected = {**recorded, "headers": sorted(recorded["headers"]), "body": _body(recorded["body"])}
        problem = mismatch(self._wanted(number, expected), answer, self._names)
        self.outcome.compared += 1
        if problem is not None:
            path = self._events[number - 1]["http"]["path"]
            self.outcome.problems.append(f"{self._name}:{number} http {path}: {problem}")

    # -- channels ---------------------------------------------------------------------------

    async def _channel_item(self, number: int, event: dict[str, Any]) -> None:
        """The recorder wrote the items that its reader then got; so do we, at the reader's first event."""
        if "channel-reader" not in self._peers:
            created = next(e for e in reversed(self._events[: number - 1]) if "reader" in str(e.get("frame", "")))
            ref = self._names.to_live(created["frame"]["result"]["reader"])
            url = f"{self._engine.url}/ws/channels/{ref['channel_id']}?key={ref['access_key']}&dir="
            self._peers["channel-reader"] = Peer(await connect(url + "read", compression=None), self._patience)
            async with connect(url + "write", compression=None) as writer:
                for item in (e["frame"] for e in self._events if e.get("conn") == "channel-reader" and "frame" in e):
                    await writer.send(item if isinstance(item, str) else bytes.fromhex(item["binary"]))
        peer = self._peers["channel-reader"]
        if "closed" in event:
            await self._closed(number, event)
        else:
            await self._expect(number, "channel-reader", peer, event["frame"])


async def _request(
    base: str, method: str, path: str, headers: dict[str, str], content: dict[str, Any]
) -> httpx.Response:
    """One request from a client of its own, as the recorder made them: no cookies are carried over."""
    named = {"user-agent": "python-httpx/0.28.1", **headers}
    async with httpx.AsyncClient(base_url=base, trust_env=False) as web:
        return await web.request(method, path, headers=named, **content)


def _request_starts(events: list[dict[str, Any]]) -> dict[int, int]:
    """Which line each http exchange begins before: its answer's line, less the frames it caused."""
    starts: dict[int, int] = {}
    for number, event in enumerate(events, 1):
        if "http" not in event:
            continue
        start = number
        while start > 1 and _caused_by_request(events[start - 2]):
            start -= 1
        starts[start] = number
    return starts


def _caused_by_request(event: dict[str, Any]) -> bool:
    kind = event.get("frame", {}).get("type") if isinstance(event.get("frame"), dict) else None
    return kind == "invocationresult" if event.get("dir") == ">" else kind == "invokefunction"


def _last_sent(events: list[dict[str, Any]], number: int) -> Any:
    return next(e["frame"] for e in reversed(events[: number - 1]) if e.get("dir") == ">")


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
