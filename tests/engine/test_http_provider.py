"""http triggers, end to end: what the recordings do not show, and the hard cases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest
from websockets.asyncio.client import connect

from iii_bridge.engine import Engine
from iii_bridge.engine.http_provider import HttpProvider
from tests.engine.support import BareWorker, asynchronous


@asynccontextmanager
async def site(**options: Any) -> AsyncIterator[tuple[Engine, BareWorker, httpx.AsyncClient]]:
    """An engine, a worker with function a::web bound to `POST /x/:id` and `GET /y`, and a client."""
    async with Engine(**options) as engine:
        worker = await BareWorker.join(engine)
        await worker.function("a::web")
        await worker.trigger("t1", "http", "a::web", {"api_path": "x/:id", "http_method": "post"})
        await worker.trigger("t2", "http", "a::web", {"api_path": "/y"})
        async with httpx.AsyncClient(base_url=engine.http_url, trust_env=False) as client:
            yield engine, worker, client


def channel(engine: Engine, ref: dict[str, str]) -> str:
    return f"{engine.url}/ws/channels/{ref['channel_id']}?key={ref['access_key']}&dir={ref['direction']}"


@asynchronous
async def test_a_request_and_its_answer() -> None:
    async with site() as (_, worker, client):
        asked = asyncio.create_task(
            client.post("/x/a%2Fb?k=1&k=2&e=%C3%A9&plus=a+b&none=", content=b'{"n":36893488147419103232}',
                        headers=[("content-type", "application/json; charset=utf-8"), ("x-a", "1"), ("x-a", "2"),
                                 ("traceparent", "00-t"), ("baggage", "b=1")])
        )  # fmt: skip
        call = await worker.answer({"status_code": 201, "headers": {"x-b": "3"}, "body": {"ok": True}})
        data = call["data"]
        assert data["path_params"] == {"id": "a%2Fb"}
        assert data["query_params"] == {"k": "2", "e": "é", "plus": "a b", "none": ""}
        assert data["headers"]["x-a"] == "2"
        assert data["body"] == {"n": 36893488147419103232}
        assert (data["path"], data["method"]) == ("/x/:id", "POST")
        assert data["trigger"] == {"type": "http", "path": "/x/:id", "method": "POST"}
        assert "_caller_worker_id" not in data
        assert call["traceparent"] == "00-t"
        answer = await asked
        assert (answer.status_code, answer.headers["x-b"], answer.json()) == (201, "3", {"ok": True})


@asynchronous
async def test_requests_without_a_handler() -> None:
    async with site() as (_, _worker, client):
        assert (await client.get("/nowhere")).json() == {"error": {"code": "NOT_FOUND", "message": "Not Found"}}
        refused = await client.put("/y")
        assert (refused.status_code, refused.headers["allow"], refused.content) == (405, "GET", b"")
        assert (await client.head("/y")).status_code == 404
        assert (await client.head("/x/1")).status_code == 405
        assert (await client.options("/y")).status_code == 200
        assert (await client.get("/y?a=%ff")).status_code == 400
        assert (await client.get("/y/")).status_code == 404


@asynchronous
async def test_a_missing_target_and_a_handler_error() -> None:
    async with site() as (_, worker, client):
        await worker.trigger("t3", "http", "a::none", {"api_path": "/none"})
        missing = await client.get("/none")
        assert missing.status_code == 500
        assert missing.json()["error"]["code"] == "function_not_found"
        asked = asyncio.create_task(client.get("/y"))
        await worker.answer(error={"code": "MINE", "message": "no", "stacktrace": "secret"})
        error = (await asked).json()["error"]
        assert {key: error[key] for key in ("code", "message")} == {"code": "MINE", "message": "no"}
        assert set(error) == {"code", "message", "error_id"}


@asynchronous
async def test_a_worker_that_dies_is_a_500() -> None:
    async with site() as (_, worker, client):
        asked = asyncio.create_task(client.get("/y"))
        await worker.receive("invokefunction")
        await worker.close()
        assert (await asked).json()["error"]["code"] == "invocation_stopped"
        assert (await client.get("/y")).status_code == 404


@asynchronous
async def test_a_raw_body_is_read_from_the_channel() -> None:
    async with site() as (engine, worker, client):
        body = bytes(range(256)) * 4096
        asked = asyncio.create_task(client.post("/x/1", content=body, headers={"content-type": "application/x-raw"}))
        call = await worker.receive("invokefunction")
        assert call["data"]["body"] is None
        async with connect(channel(engine, call["data"]["request_body"]), max_size=None) as reader:
            got = b"".join([item async for item in reader if isinstance(item, bytes)])
        assert got == body
        await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result={"status_code": 202})
        assert (await asked).status_code == 202


@asynchronous
async def test_a_json_body_is_on_the_channel_too() -> None:
    async with site() as (engine, worker, client):
        asked = asyncio.create_task(client.post("/x/1", json={"a": 1}))
        call = await worker.receive("invokefunction")
        async with connect(channel(engine, call["data"]["request_body"])) as reader:
            assert [item async for item in reader] == [b'{"a":1}']
        await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result={})
        assert (await asked).status_code == 200


@asynchronous
async def test_a_streamed_answer() -> None:
    async with site() as (engine, worker, client):

        async def stream() -> None:
            call = await worker.receive("invokefunction")
            async with connect(channel(engine, call["data"]["response"])) as writer:
                await writer.send(json.dumps({"type": "set_status", "status_code": 206}))
                await writer.send(json.dumps({"type": "set_status", "status_code": 9000}))
                await writer.send(json.dumps({"type": "set_headers", "headers": {"x-a": "1", "x-b": 2}}))
                await writer.send(json.dumps({"type": "novel"}))
                await writer.send("no json")
                for number in range(200):
                    await writer.send(b"%03d " % number)
                await writer.send("text after the first byte is ignored")
            await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result={"status_code": 500})

        streaming = asyncio.create_task(stream())
        answer = await client.get("/y")
        await streaming
        assert (answer.status_code, answer.headers["x-a"]) == (206, "1")
        assert "x-b" not in answer.headers
        assert answer.content == b"".join(b"%03d " % number for number in range(200))


@asynchronous
async def test_a_client_that_leaves_a_stream_frees_its_writer() -> None:
    async with site() as (engine, worker, client):

        async def begin() -> None:
            async with client.stream("GET", "/y") as answer:
                await anext(answer.aiter_raw())

        reading = asyncio.create_task(begin())
        call = await worker.receive("invokefunction")
        async with connect(channel(engine, call["data"]["response"])) as writer:
            await writer.send(b"first")
            await reading
            async with asyncio.timeout(5):
                while len(engine._channels._table):
                    await worker.barrier()
                await writer.send(b"second")
                await writer.wait_closed()


@asynchronous
async def test_a_place_is_held_until_an_answer_is_decided_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.http_provider.MOST_REQUESTS", 1)
    async with site() as (engine, worker, client):
        reading = asyncio.create_task(client.get("/y"))
        call = await worker.receive("invokefunction")
        async with connect(channel(engine, call["data"]["response"])) as writer:
            await writer.send(b"a stream without end")
            asked = asyncio.create_task(client.get("/y"))
            await worker.answer({"body": "while it goes on"})
            assert (await asked).json() == "while it goes on"
        assert (await reading).content == b"a stream without end"
        provider = cast(HttpProvider, engine.hub._providers["http"])
        await provider._running.acquire()
        monkeypatch.setattr(provider, "_timeout", 0.1)
        turned_away = await client.get("/y")
        assert (turned_away.status_code, turned_away.json()["error"]["code"]) == (503, "too_many_requests")
        monkeypatch.undo()
        provider._running.release()
        asked = asyncio.create_task(client.get("/y"))
        await worker.answer({"body": "room again"})
        assert (await asked).json() == "room again"


@asynchronous
async def test_closing_the_response_channel_without_a_byte_is_an_empty_answer() -> None:
    async with site() as (engine, worker, client):
        asked = asyncio.create_task(client.get("/y"))
        call = await worker.receive("invokefunction")
        await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result=None)
        async with connect(channel(engine, call["data"]["response"])) as writer:
            await writer.send(json.dumps({"type": "set_status", "status_code": 204}))
        assert (await asked).status_code == 204


@asynchronous
async def test_no_answer_in_time_is_a_504() -> None:
    async with site(http_timeout=0.05) as (_, worker, client):
        asked = asyncio.create_task(client.get("/y"))
        call = await worker.receive("invokefunction")
        late = await asked
        assert (late.status_code, late.content) == (504, b"")
        assert "access-control-allow-origin" not in late.headers
        await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result={})
        await worker.barrier()


@asynchronous
async def test_conditions() -> None:
    async with site() as (_, worker, client):
        await worker.function("a::cond")
        config = {"api_path": "/c", "condition_function_id": "a::cond"}
        await worker.trigger("t4", "http", "a::web", config, metadata={"m": 1})
        for verdict in (None, 0, "", {"x": False}, True):
            asked = asyncio.create_task(client.get("/c"))
            condition = await worker.answer(verdict)
            assert condition["function_id"] == "a::cond"
            assert "metadata" not in condition
            assert not {"request_body", "response"} & set(condition["data"])
            handler = await worker.answer({})
            assert (handler["function_id"], handler["metadata"]) == ("a::web", {"m": 1})
            assert (await asked).status_code == 200
        asked = asyncio.create_task(client.get("/c"))
        await worker.answer(False)
        stopped = await asked
        assert (stopped.status_code, stopped.json()["skipped"]) == (422, True)
        asked = asyncio.create_task(client.get("/c"))
        await worker.answer(error={"code": "BAD", "message": "m"})
        failed = await asked
        assert (failed.status_code, failed.json()["error"]["code"]) == (500, "BAD")


@asynchronous
async def test_middleware() -> None:
    async with site(http_timeout=0.2) as (_, worker, client):
        await worker.function("a::mw")
        config = {"api_path": "/m", "middleware_function_ids": ["a::mw"]}
        await worker.trigger("t5", "http", "a::web", config)
        for verdict in (None, 7, {"action": "novel"}, {"action": "continue"}):
            asked = asyncio.create_task(client.get("/m"))
            await worker.answer(verdict)
            assert (await worker.answer({}))["function_id"] == "a::web"
            assert (await asked).status_code == 200
        asked = asyncio.create_task(client.get("/m"))
        await worker.answer({"action": "respond"})
        bare = await asked
        assert (bare.status_code, bare.content) == (200, b"null")
        asked = asyncio.create_task(client.get("/m"))
        await worker.answer(error={"code": "BAD", "message": "m"})
        assert (await asked).json()["error"]["code"] == "BAD"
        slow = await client.get("/m")
        assert (slow.status_code, slow.json()["error"]["code"]) == (504, "MIDDLEWARE_TIMEOUT")
        await worker.receive("invokefunction")


@asynchronous
async def test_middleware_of_every_route() -> None:
    async with site(http_timeout=0.5, http_middleware=["all::one", "all::two"]) as (engine, worker, client):
        await worker.trigger("t5", "http", "a::web", {"api_path": "/m", "middleware_function_ids": ["a::mw"]})
        missing = await client.get("/m")
        assert (missing.status_code, missing.json()["error"]["code"]) == (500, "function_not_found")
        order = ("all::one", "all::two", "a::mw")
        for function_id in order:
            await worker.function(function_id)
        asked = asyncio.create_task(client.get("/m?q=1"))
        for function_id in order:
            seen = await worker.answer({"action": "continue"})
            assert seen["function_id"] == function_id
            assert set(seen["data"]) == {"phase", "request", "context"}
            assert seen["data"]["request"]["query_params"] == {"q": "1"}
        assert (await worker.answer({}))["function_id"] == "a::web"
        assert (await asked).status_code == 200
        asked = asyncio.create_task(client.get("/m"))
        assert (await worker.answer({"action": "respond", "response": {"status_code": 401}}))[
            "function_id"
        ] == "all::one"
        assert (await asked).status_code == 401
        slow = await client.get("/m")
        assert (slow.status_code, slow.json()["error"]["code"]) == (504, "MIDDLEWARE_TIMEOUT")
        await worker.receive("invokefunction")
        assert (await client.get("/none")).status_code == 404
        shop = await BareWorker.join(engine, namespace="shop")
        for function_id in ("all::one", "all::two", "b::web"):
            await shop.function(function_id)
        await shop.trigger("t6", "http", "b::web", {"api_path": "/b"}, namespace="shop")
        asked = asyncio.create_task(client.get("/b"))
        assert [(await shop.answer({}))["function_id"] for _ in range(3)] == ["all::one", "all::two", "b::web"]
        assert (await asked).status_code == 200


@asynchronous
async def test_a_binding_in_a_namespace() -> None:
    async with site() as (engine, _, client):
        local = await BareWorker.join(engine, namespace="shop")
        await local.function("b::web")
        await local.trigger("t6", "http", "b::web", {"api_path": "/b"}, namespace="shop")
        await local.trigger("t7", "http", "b::web", {"api_path": "/unnamed"})
        asked = asyncio.create_task(client.get("/b"))
        await local.answer({"body": 1})
        assert (await asked).json() == 1
        assert (await client.get("/unnamed")).json()["error"]["code"] == "function_not_found"


@asynchronous
async def test_replacing_and_removing_routes() -> None:
    async with site() as (engine, worker, client):
        other = await BareWorker.join(engine)
        await other.function("b::web")
        await other.trigger("t8", "http", "b::web", {"api_path": "/y"})
        asked = asyncio.create_task(client.get("/y"))
        assert (await other.answer({}))["function_id"] == "b::web"
        await asked
        await worker.send(type="unregistertrigger", id="t2")
        await worker.barrier()
        asked = asyncio.create_task(client.get("/y"))
        assert (await other.answer({}))["function_id"] == "b::web"
        await asked
        await other.send(type="unregistertrigger", id="t8")
        await other.barrier()
        assert (await client.get("/y")).status_code == 404


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "api_path is required for http triggers"),
        (None, "api_path is required for http triggers"),
        ({"api_path": 7}, "Failed to parse trigger config"),
        ({"api_path": "/z", "http_method": "BREW"}, "http_method 'BREW' is not supported"),
        ({"api_path": "/x/:other", "http_method": "POST"}, "conflicts with already-registered route 'POST /x/:id'"),
    ],
)
@asynchronous
async def test_configs_that_are_refused(config: Any, problem: str) -> None:
    async with site() as (_, worker, _client):
        await worker.trigger("t9", "http", "a::web", config)
        refused = await worker.receive("triggerregistrationresult")
        assert refused["error"]["code"] == "trigger_registration_failed"
        assert problem in refused["error"]["message"]


@asynchronous
async def test_many_requests_at_once_get_their_own_answers() -> None:
    async with site() as (_, worker, client):

        async def echo() -> None:
            for _ in range(200):
                call = await worker.receive("invokefunction")
                body = call["data"]["path_params"]["id"]
                await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result={"body": body})

        echoing = asyncio.create_task(echo())
        answers = await asyncio.gather(*(client.post(f"/x/{number}") for number in range(200)))
        await echoing
        assert [answer.json() for answer in answers] == [str(number) for number in range(200)]


@asynchronous
async def test_no_request_leaves_a_channel_behind() -> None:
    async with site(http_timeout=0.05) as (engine, worker, client):
        asked = asyncio.create_task(client.get("/y"))
        await worker.answer({})
        await asked
        assert (await client.get("/y")).status_code == 504
        await worker.receive("invokefunction")
        with pytest.raises(httpx.TransportError):
            await client.post("/x/1", content=cut_short(), headers={"content-type": "application/json"})
        await client.get("/none")
        channels = engine._channels._table
        async with asyncio.timeout(5):
            while len(channels):
                await client.get("/none")


async def cut_short() -> AsyncIterator[bytes]:
    """A body whose sender fails half way."""
    yield b'{"a":'
    raise httpx.TransportError("gone")
