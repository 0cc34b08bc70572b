"""The list and info functions, beyond what the recordings show."""

from __future__ import annotations

import json
import time
from typing import Any

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous


async def listed(asker: BareWorker, /, **query: Any) -> list[str]:
    answer = await asker.call("engine::functions::list", query)
    return [row["function_id"] for row in answer["result"]["functions"]]


@asynchronous
async def test_listing_functions() -> None:
    async with Engine() as engine:
        one = await BareWorker.join(engine, "one")
        two = await BareWorker.join(engine, "two", namespace="shop")
        await one.function("orders::place", description="Places an Order")
        await one.function("z::orders-old")
        await one.function("mail::send", description="tells about orders")
        await two.function("orders::place")
        assert await listed(one, worker="one") == ["mail::send", "orders::place", "z::orders-old"]
        assert await listed(one, workers=["one", "two"], prefix="orders::") == ["orders::place", "orders::place"]
        assert await listed(one, search="ORDERS", worker="one") == ["orders::place", "z::orders-old", "mail::send"]
        usual = await listed(one)
        assert "engine::queue::enqueue" in usual
        assert "engine::functions::list" not in usual
        assert "engine::functions::list" in await listed(one, include_internal=True)


@asynchronous
async def test_describing_functions() -> None:
    async with Engine() as engine:
        asker = await BareWorker.join(engine)
        for namespace in ("a", "b"):
            worker = await BareWorker.join(engine, namespace=namespace)
            await worker.function("twice::f")
            await worker.function(f"once::{namespace}")

        async def info(**query: Any) -> Any:
            answer = await asker.call("engine::functions::info", query)
            return answer.get("result") or answer["error"]["code"]

        assert (await info(function_id="once::a"))["namespace"] == "a"
        assert await info(function_id="twice::f") == "INVALID_ARGUMENTS"
        assert (await info(function_id="twice::f", namespace="b"))["namespace"] == "b"
        assert await info(function_id="once::a", namespace="b") == "NOT_FOUND"
        assert await info() == "INVALID_ARGUMENTS"
        assert await info(function_id="x", function_ids=["x"]) == "INVALID_ARGUMENTS"
        assert await info(function_ids=["x"] * 40) == {"functions": [{"function_id": "x", "error": "not_found"}]}
        assert await info(function_ids=[f"x{n}" for n in range(33)]) == "INVALID_ARGUMENTS"
        batch = await info(function_ids=["once::b", "nope", "once::a"])
        assert [row["function_id"] for row in batch["functions"]] == ["once::b", "nope", "once::a"]


@asynchronous
async def test_triggers_types_and_parked_ones() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine, "w")
        await worker.function("a::f")
        await worker.trigger("t1", "http", "a::f", {"api_path": "/" + "x" * 100})
        await worker.trigger("t2", "nosuch", "a::f", {})
        rows = (await worker.call("engine::registered-triggers::list", {}))["result"]["registered_triggers"]
        assert [row["id"] for row in rows] == ["t1"]
        assert len(rows[0]["config_summary"]) == 81
        assert rows[0]["config_summary"].endswith("…")
        missing = await worker.call("engine::registered-triggers::info", {"id": "t2"})
        assert missing["error"]["code"] == "NOT_FOUND"
        for query, count in (({"trigger_type": "http"}, 1), ({"worker": "x"}, 0), ({"search": "A::"}, 1)):
            found = (await worker.call("engine::registered-triggers::list", query))["result"]
            assert len(found["registered_triggers"]) == count
        types = (await worker.call("engine::triggers::list", {"search": "HTTP"}))["result"]["triggers"]
        assert [row["id"] for row in types] == ["http"]
        info = (await worker.call("engine::triggers::info", {"id": "http"}))["result"]
        assert info["instance_count"] == 1
        assert info["configuration_schema"]["required"] == ["api_path"]


@asynchronous
async def test_workers() -> None:
    async with Engine() as engine:
        await BareWorker.join(engine, "hidden", pid=None)
        shown = await BareWorker.join(engine, "shown", runtime="node", description="d", os="o", version="9")
        rows = (await shown.call("engine::workers::list", {}))["result"]["workers"]
        assert [row["name"] for row in rows] == ["shown"]
        assert {key: rows[0][key] for key in ("runtime", "os", "version", "status", "id")} == {
            "runtime": "node",
            "os": "o",
            "version": "9",
            "status": "connected",
            "id": shown.id,
        }
        for query, count in (({"runtime": "rust"}, 0), ({"status": "connected"}, 1), ({"search": "SHO"}, 1)):
            assert len((await shown.call("engine::workers::list", query))["result"]["workers"]) == count
        hidden = (await shown.call("engine::workers::info", {"name": "hidden"}))["result"]
        assert "pid" not in hidden["worker"]
        missing = await shown.call("engine::workers::info", {"name": "nobody"})
        assert missing["error"]["code"] == "NOT_FOUND"


# Every filter of every list, beside what each leaves out, in one small town of three workers.
FUNCTIONS: list[tuple[dict[str, Any], list[str]]] = [
    ({"workers": ["two", "quiet"]}, ["orders::place", "q::plain"]),
    ({"worker": "one"}, ["mail::send", "orders::place", "z::orders-old"]),
    ({"worker": "one", "workers": ["two"]}, ["mail::send", "orders::place", "orders::place", "z::orders-old"]),
    ({"worker": "nobody"}, []),
    ({"worker": "ONE"}, []),
    ({"worker": "one", "workers": None, "prefix": None, "search": None, "include_internal": None}, ["mail::send", "orders::place", "z::orders-old"]),  # noqa: E501
    ({"worker": "one", "include_internal": True}, ["a::hidden", "mail::send", "orders::place", "z::orders-old"]),
    ({"prefix": "orders::"}, ["orders::place", "orders::place"]),
    ({"prefix": "ORDERS::"}, []),
    ({"prefix": "lace"}, []),
    ({"prefix": "a::hid"}, []),
    ({"prefix": "engine::functions::"}, []),
    ({"prefix": "engine::functions::l", "include_internal": True}, ["engine::functions::list"]),
    ({"prefix": "engine::queue::e"}, ["engine::queue::enqueue"]),
    ({"search": "orders", "worker": "one"}, ["orders::place", "z::orders-old", "mail::send"]),
    ({"search": "SEND", "worker": "one"}, ["mail::send"]),
    ({"search": "ld", "prefix": "z"}, ["z::orders-old"]),
    ({"search": "no such text"}, []),
]  # fmt: skip
TYPES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["cron", "durable:subscriber", "hook", "http", "state", "stream", "stream:join", "stream:leave", "subscribe"]),
    ({"include_internal": True, "prefix": "engine::"}, ["engine::functions-available", "engine::workers-available"]),
    ({"include_internal": True, "search": "log"}, ["log"]),
    ({"prefix": "stream:"}, ["stream:join", "stream:leave"]),
    ({"prefix": "STREAM"}, []),
    ({"search": "JOIN"}, ["stream:join"]),
    ({"search": "of the town"}, ["hook"]),
    ({"worker": "two"}, ["hook"]),
    ({"worker": "iii-stream"}, ["stream", "stream:join", "stream:leave"]),
    ({"worker": "iii-stream", "search": "leave", "prefix": None}, ["stream:leave"]),
    ({"worker": "nobody"}, []),
]
BINDINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["web", "bell", "call"]),
    ({"include_internal": True}, ["web", "bell", "call", "deep"]),
    ({"trigger_type": "http"}, ["web"]),
    ({"trigger_type": "HTTP"}, []),
    ({"function_id": "mail::send"}, ["bell", "call"]),
    ({"function_id": "mail"}, []),
    ({"worker": "two"}, ["call"]),
    ({"worker": "one", "trigger_type": "cron", "function_id": None}, ["bell"]),
    ({"search": "CRO"}, ["bell"]),
    ({"search": "mail"}, ["bell", "call"]),
    ({"search": "WEB"}, ["web"]),
    ({"search": "parked"}, []),
]
WORKERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["one", "two"]),
    ({"runtime": "node"}, ["two"]),
    ({"runtime": "Node"}, []),
    ({"status": "connected"}, ["one", "two"]),
    ({"status": "gone"}, []),
    ({"search": "TW"}, ["two"]),
    ({"search": "quiet"}, []),
    ({"search": "n", "runtime": "test", "status": None}, ["one"]),
]
LISTS = {
    "engine::functions::list": ("functions", "function_id", FUNCTIONS),
    "engine::triggers::list": ("triggers", "id", TYPES),
    "engine::registered-triggers::list": ("registered_triggers", "id", BINDINGS),
    "engine::workers::list": ("workers", "name", WORKERS),
}


async def town(engine: Engine) -> tuple[BareWorker, BareWorker]:
    """Two workers that are listed and one that is not, with functions, a trigger type and bindings of every kind."""
    one = await BareWorker.join(engine, "one", version="1", os="linux", isolation="vm", description="first")
    two = await BareWorker.join(engine, "two", namespace="shop", runtime="node")
    quiet = await BareWorker.join(engine, "quiet", pid=None)
    await quiet.function("q::plain")
    formats = {"request_format": {"type": "object"}, "response_format": {"type": "string"}}
    await one.function("orders::place", description="places", metadata={"k": [1]}, **formats)
    await one.function("z::orders-old", metadata={"internal": "true"})
    await one.function("mail::send", description="Tells about ORDERS")
    await one.function("a::hidden", metadata={"internal": True})
    await two.function("orders::place")
    schemas = {"trigger_request_format": {"title": "Config"}, "call_request_format": {"title": "Payload"}}
    await two.send(type="registertriggertype", id="hook", description="of the Town", namespace="default", **schemas)
    await one.trigger("web", "http", "orders::place", {"api_path": "/o"}, metadata={"m": 1})
    await one.trigger("bell", "cron", "mail::send", {"expression": "0 0 0 1 1 *"})
    await one.trigger("parked", "nosuch", "mail::send", {})
    await two.trigger("call", "hook", "mail::send", {"text": "é" * 100})
    await one.trigger("deep", "state", "engine::log::info", None)
    return one, two


@asynchronous
async def test_every_filter_of_every_list() -> None:
    async with Engine() as engine:
        one, _ = await town(engine)
        for function_id, (member, key, cases) in LISTS.items():
            for query, expected in cases:
                answer = await one.call(function_id, query)
                assert [row[key] for row in answer["result"][member]] == expected, (function_id, query)
            wrong = await one.call(function_id, {"search": 7})
            assert wrong["error"]["code"] == "deserialization_error"
            nothing = await one.call(function_id, None)
            assert nothing["result"] == (await one.call(function_id, {}))["result"]


@asynchronous
async def test_every_shape() -> None:
    async with Engine() as engine:
        one, two = await town(engine)

        async def get(asked: str, /, **query: Any) -> Any:
            return (await one.call(asked, query))["result"]

        place = {
            "function_id": "orders::place",
            "namespace": "default",
            "worker_name": "one",
            "description": "places",
            "metadata": {"k": [1]},
        }
        bare = {"function_id": "orders::place", "namespace": "shop", "worker_name": "two"}
        assert (await get("engine::functions::list", prefix="orders"))["functions"] == [place, bare]
        web = {"id": "web", "trigger_type": "http", "config": {"api_path": "/o"}}
        schemas = {"request_schema": {"type": "object"}, "response_schema": {"type": "string"}}
        detail = {**place, **schemas, "registered_triggers": [web]}
        assert await get("engine::functions::info", function_id="orders::place") == detail
        shop = {**bare, "registered_triggers": []}
        assert await get("engine::functions::info", function_id="orders::place", namespace="shop") == shop
        batch = await get("engine::functions::info", function_ids=["nope", "orders::place", "nope"])
        assert batch == {"functions": [{"function_id": "nope", "error": "not_found"}, detail]}

        hook = {"id": "hook", "namespace": "default", "worker_name": "two", "description": "of the Town"}
        assert hook in (await get("engine::triggers::list"))["triggers"]
        hook_info = {**hook, "configuration_schema": {"title": "Config"}, "request_schema": {"title": "Payload"}}
        assert await get("engine::triggers::info", id="hook") == {**hook_info, "instance_count": 1}
        missing = await one.call("engine::triggers::info", {"id": "hook", "namespace": "shop"})
        assert missing["error"]["code"] == "NOT_FOUND"

        text = json.dumps({"text": "é" * 100}, ensure_ascii=False, separators=(",", ":"))
        call = {
            "id": "call",
            "trigger_type": "hook",
            "function_id": "mail::send",
            "worker_name": "two",
            "config": {"text": "é" * 100},
        }
        rows = (await get("engine::registered-triggers::list", trigger_type="hook"))["registered_triggers"]
        assert rows == [{**call, "config_summary": text[:80] + "…"}]
        info = await get("engine::registered-triggers::info", id="call")
        send = await get("engine::functions::info", function_id="mail::send")
        assert info == {**call, "trigger": {**hook_info, "instance_count": 1}, "function": send}
        assert (await get("engine::registered-triggers::info", id="web"))["metadata"] == {"m": 1}
        await one.send(type="unregisterfunction", id="mail::send")
        assert (await get("engine::registered-triggers::info", id="call"))["function"] is None

        (row,) = (await get("engine::workers::list", search="two"))["workers"]
        connected_at = row["connected_at_ms"]
        assert abs(connected_at - time.time() * 1000) < 600_000
        assert row == {
            "name": "two", "description": None, "version": None, "id": two.id, "namespace": "shop", "runtime": "node",
            "os": None, "status": "connected", "function_count": 1, "connected_at_ms": connected_at,
            "active_invocations": 0, "isolation": None, "ip_address": "127.0.0.1",
        }  # fmt: skip
        about = await get("engine::workers::info", name="two")
        assert about["worker"] == {**row, "internal": False, "pid": 1}
        assert (about["functions"], about["trigger_types"]) == ([bare], [hook])
        assert [b["id"] for b in about["registered_triggers"]] == ["call"]
        hidden = (await get("engine::workers::info", name="one"))["functions"]
        assert "a::hidden" in [f["function_id"] for f in hidden]
        elsewhere = await one.call("engine::workers::info", {"name": "two", "namespace": "default"})
        assert elsewhere["error"]["code"] == "NOT_FOUND"


@asynchronous
async def test_what_is_described_wrongly_or_oddly_is_listed_all_the_same() -> None:
    """Schemas are kept as they came, whatever their dialect, or if they are none (sdks.md 9.18)."""
    odd = [{"$ref": "#/$defs/Gone"}, {"definitions": {"A": {"type": 7}}}, "text", 7, [None], True, None]
    async with Engine() as engine:
        worker = await BareWorker.join(engine, "w")
        for number, schema in enumerate(odd):
            await worker.function(f"odd::{number}", request_format=schema, response_format=schema, metadata=schema)
        for number, schema in enumerate(odd):
            info = (await worker.call("engine::functions::info", {"function_id": f"odd::{number}"}))["result"]
            for member in ("request_schema", "response_schema", "metadata"):
                assert info.get(member) == schema
                assert (member in info) is (schema is not None)
        assert len(await listed(worker, prefix="odd::")) == len(odd)
        config = '{ "api_path": "/o", "far": 1e999 }'  # beyond every float: kept, and shown as it came
        await worker.socket.send(
            f'{{"type":"registertrigger","id":"t","trigger_type":"http","function_id":"odd::0","config":{config}}}'
        )
        (row,) = (await worker.call("engine::registered-triggers::list", {}))["result"]["registered_triggers"]
        assert row["config_summary"] == config
