"""The list and info functions, beyond what the recordings show."""

from __future__ import annotations

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
