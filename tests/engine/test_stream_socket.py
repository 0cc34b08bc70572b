"""The stream socket: joining, syncing, leaving, refusing, and falling behind (wire.md 7.4)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from iii_bridge.engine import Engine
from tests.engine.support import WAIT, BareWorker, asynchronous, until

WHERE = {"stream_name": "st", "group_id": "g"}


async def join(ws: ClientConnection, item: str | None = None, name: str = "s1", kind: str = "join") -> None:
    data = {"subscriptionId": name, "streamName": "st", "groupId": "g"}
    await ws.send(json.dumps({"type": kind, "data": data if item is None else {**data, "id": item}}))


async def opened(url: str) -> ClientConnection:
    return await connect(url)


async def event(ws: ClientConnection) -> Any:
    async with asyncio.timeout(WAIT):
        wrapper = json.loads(await ws.recv())
    assert (wrapper["type"], wrapper["streamName"], wrapper["groupId"]) == ("stream", "st", "g")
    assert isinstance(wrapper["timestamp"], int)
    return wrapper["id"], wrapper["event"]


async def put(worker: BareWorker, item: str, data: Any) -> None:
    assert "result" in await worker.call("stream::set", {**WHERE, "item_id": item, "data": data})


@asynchronous
async def test_what_is_there_and_then_what_happens() -> None:
    async with Engine() as engine, connect(engine.stream_url) as group, connect(engine.stream_url) as item:
        worker = await BareWorker.join(engine)
        await put(worker, "i", 1)
        await join(group)
        assert await event(group) == (None, {"type": "sync", "data": [1]})
        await join(item, "i")
        assert await event(item) == ("i", {"type": "sync", "data": 1})
        await join(item, "none", "s2")
        assert await event(item) == ("none", {"type": "sync", "data": None})
        await put(worker, "j", 2)
        assert await event(group) == ("j", {"type": "create", "data": 2})
        await put(worker, "i", 3)
        assert await event(group) == ("i", {"type": "update", "data": 3})
        assert await event(item) == ("i", {"type": "update", "data": 3})
        await worker.call("stream::delete", {**WHERE, "item_id": "i"})
        assert await event(group) == ("i", {"type": "delete", "data": 3})
        assert await event(item) == ("i", {"type": "delete", "data": 3})
        await worker.call("stream::send", {**WHERE, "type": "hi", "data": 4})
        assert await event(group) == (None, {"type": "event", "event": {"type": "hi", "data": 4}})
        await join(item, kind="leave")
        await put(worker, "none", 5)
        assert await event(item) == ("none", {"type": "create", "data": 5})


@asynchronous
async def test_one_event_for_each_subscription_and_junk_is_dropped() -> None:
    async with Engine() as engine, connect(engine.stream_url) as ws:
        worker = await BareWorker.join(engine)
        for junk in ("no json", "[" * 50_000, '{"type":"dance","data":{}}', b"\x00\xff", '{"type":"join","data":{}}'):
            await ws.send(junk)
        await join(ws, name="a")
        await join(ws, name="b")
        await join(ws, name="b")
        for _ in range(3):
            assert (await event(ws))[1]["type"] == "sync"
        await put(worker, "i", 1)
        assert [await event(ws) for _ in range(2)] == [("i", {"type": "create", "data": 1})] * 2


@asynchronous
async def test_join_and_leave_functions() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("on::join")
        await worker.function("on::leave")
        await worker.trigger("j", "stream:join", "on::join", {"stream_name": "another"}, metadata={"m": 1})
        await worker.trigger("l", "stream:leave", "on::leave", {})
        asked = {"subscription_id": "s1", "stream_name": "st", "group_id": "g", "id": None, "context": None}
        async with connect(engine.stream_url) as ws:
            await join(ws)
            got = await worker.answer({"unauthorized": True})
            assert (got["data"], got["metadata"]) == (asked, {"m": 1})
            assert await event(ws) == (None, {"type": "unauthorized"})
            await join(ws)
            await worker.answer(error={"code": "x", "message": "m"})
            assert await event(ws) == (None, {"type": "unauthorized"})
            for verdict in (None, {"unauthorized": False}, "text"):
                await join(ws, kind="leave")
                await join(ws)
                got = await worker.answer(verdict)
                while got["function_id"] == "on::leave":
                    got = await worker.answer(verdict)
                assert (await event(ws))[1] == {"type": "sync", "data": []}
            await join(ws, "i", "s2")
            await worker.answer()
            await event(ws)
        left = [(await worker.answer())["data"] for _ in range(2)]
        wanted = [asked, {**asked, "subscription_id": "s2", "id": "i"}]
        assert [entry for entry in left if entry in wanted]


@asynchronous
async def test_an_auth_function_gives_a_context_and_its_failure_refuses() -> None:
    async with Engine(stream_auth_function="who::is") as engine:
        worker = await BareWorker.join(engine)
        with pytest.raises(InvalidStatus, match="401"):
            await connect(engine.stream_url)
        await worker.function("who::is")
        await worker.function("on::join")
        await worker.trigger("j", "stream:join", "on::join", {})
        for answer, context in (({"context": {"user": 7}}, {"user": 7}), (None, None), ("text", None)):
            opening = asyncio.create_task(opened(f"{engine.stream_url}/p?a=1&b=2"))
            asked = (await worker.answer(answer))["data"]
            assert (asked["path"], asked["query_params"]) == ("/p", {"a": "1", "b": "2"})
            assert asked["headers"]["upgrade"] == "websocket"
            assert asked["addr"].startswith("127.0.0.1:")
            ws = await opening
            await join(ws)
            assert (await worker.answer())["data"]["context"] == context
            await event(ws)
            await ws.close()


@asynchronous
async def test_a_socket_that_falls_behind_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.stream_socket._BACKLOG", 5)
    async with Engine() as engine, connect(engine.stream_url, max_queue=1) as ws:
        worker = await BareWorker.join(engine)
        await join(ws)
        await event(ws)
        big = {**WHERE, "type": "x", "data": "x" * 400_000}
        for _ in range(60):
            await worker.call("stream::send", big)
        with pytest.raises(ConnectionClosed):
            while True:
                await event(ws)
        assert ws.close_code in (1006, 1013)
        await until(lambda: engine._stream_socket._groups == {})


@asynchronous
async def test_an_engine_that_stops_says_so() -> None:
    async with Engine() as engine:
        ws = await connect(engine.stream_url)
        await join(ws)
        await event(ws)
    await ws.wait_closed()
    assert ws.close_code == 1012
