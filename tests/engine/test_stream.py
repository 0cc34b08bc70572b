"""Stream functions, triggers, and storage by a worker (wire.md 7.4)."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous

WHERE = {"stream_name": "st", "group_id": "g"}
ITEM = {**WHERE, "item_id": "i"}


async def call(worker: BareWorker, verb: str, **data: Any) -> Any:
    answer = await worker.call(f"stream::{verb}", data)
    assert "error" not in answer, answer
    return answer.get("result")


@asynchronous
async def test_items_come_and_go() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        assert await call(worker, "get", **ITEM) is None
        assert await call(worker, "set", **ITEM, data={"a": 1}) == {"old_value": None, "new_value": {"a": 1}}
        assert await call(worker, "set", **{**ITEM, "item_id": "j"}, data=2) == {"old_value": None, "new_value": 2}
        ops = [{"type": "set", "path": "a", "value": 2}, {"type": "increment", "path": "b", "by": "x"}]
        updated = await call(worker, "update", **ITEM, ops=ops[:1])
        assert updated == {"old_value": {"a": 1}, "new_value": {"a": 2}}
        failing = [{"type": "append", "path": "a", "value": 1}]
        assert (await call(worker, "update", **ITEM, ops=failing))["errors"][0]["code"] == "append.type_mismatch"
        assert await call(worker, "get", **ITEM) == {"a": 2}
        assert await call(worker, "list", **WHERE) == [{"a": 2}, 2]
        assert await call(worker, "list_groups", stream_name="st") == ["g"]
        assert await call(worker, "list_all") == {"stream": [{"id": "st", "groups": ["g"]}], "count": 1}
        assert await call(worker, "delete", **ITEM) == {"old_value": {"a": 2}}
        assert await call(worker, "delete", **ITEM) == {"old_value": None}
        sent = await worker.call("stream::send", {**WHERE, "type": "hello", "data": 1})
        assert sent["result"] is None
        error = (await worker.call("stream::update", {**ITEM, "ops": ops}))["error"]
        assert error["code"] == "deserialization_error"


@asynchronous
async def test_events_go_to_those_who_match() -> None:
    async with Engine() as engine:
        worker, writer = await BareWorker.join(engine), await BareWorker.join(engine)
        configs = {
            "stream": {"stream_name": "st"},
            "group": WHERE,
            "item": ITEM,
            "item-anywhere": {"stream_name": "st", "item_id": "i"},
            "other-item": {**WHERE, "item_id": "j"},
            "other-group": {"stream_name": "st", "group_id": "h"},
        }
        for name, config in configs.items():
            await worker.function(f"on::{name}")
            await worker.trigger(name, "stream", f"on::{name}", config, metadata={"m": name})
        await call(writer, "set", **ITEM, data=1)
        for name in ("stream", "group", "item-anywhere", "item"):
            got = await worker.answer()
            assert (got["function_id"], got["metadata"]) == (f"on::{name}", {"m": name})
            wrapper = got["data"]
            assert isinstance(wrapper.pop("timestamp"), int)
            event = {"type": "create", "data": 1}
            assert wrapper == {"type": "stream", "streamName": "st", "groupId": "g", "id": "i", "event": event}
        await call(writer, "send", **WHERE, type="hello", data={"b": 1})
        for name in ("stream", "group"):
            got = await worker.answer()
            assert (got["function_id"], got["data"]["id"]) == (f"on::{name}", None)
            assert got["data"]["event"] == {"type": "event", "event": {"type": "hello", "data": {"b": 1}}}
        for verb, more, kind, data in (
            ("set", {"data": 2}, "update", 2),
            ("update", {"ops": [{"type": "increment", "path": "", "by": 3}]}, "update", 5),
            ("delete", {}, "delete", 5),
        ):
            await call(writer, verb, **ITEM, **more)
            events = [(await worker.answer())["data"]["event"] for _ in range(4)]
            assert events == [{"type": kind, "data": data}] * 4
        await call(writer, "delete", **ITEM)
        await call(writer, "send", **WHERE, id="j", type="x", data=None)
        assert [(await worker.answer())["function_id"] for _ in range(3)] == [
            "on::stream",
            "on::group",
            "on::other-item",
        ]


@asynchronous
async def test_a_stream_trigger_names_its_stream() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.trigger("t", "stream", "a::f", {})
        refused = await worker.receive("triggerregistrationresult")
        assert refused["error"]["message"] == "stream_name is required for stream triggers"


@asynchronous
async def test_a_worker_may_keep_the_items() -> None:
    async with Engine() as engine:
        keeper, user = await BareWorker.join(engine), await BareWorker.join(engine)
        for verb in ("get", "set", "delete", "list", "list_groups"):
            await keeper.function(f"stream::{verb}(mine)")
        await user.function("on::it")
        await user.trigger("t", "stream", "on::it", {"stream_name": "mine"})
        item = {"stream_name": "mine", "group_id": "g", "item_id": "i"}
        group = {"stream_name": "mine", "group_id": "g"}

        async def through(verb: str, data: Any, *answers: Any) -> tuple[list[Any], Any]:
            await user.start(f"stream::{verb}", data)
            asked = [(await keeper.answer(answer))["data"] for answer in answers]
            return asked, await user.receive("invocationresult")

        asked, answer = await through("set", {**item, "data": 1}, {"old_value": None, "new_value": 1})
        assert (asked, answer["result"]) == ([{**item, "data": 1}], {"old_value": None, "new_value": 1})
        assert (await user.answer())["data"]["event"] == {"type": "create", "data": 1}
        asked, answer = await through("get", item, 7)
        assert (asked, answer["result"]) == ([item], 7)
        asked, answer = await through("list", group, [7])
        assert (asked, answer["result"]) == ([group], [7])
        asked, answer = await through("list_groups", {"stream_name": "mine"}, ["g"])
        assert (asked, answer["result"]) == ([{"stream_name": "mine"}], ["g"])
        ops = [{"type": "increment", "path": "", "by": 1}]
        asked, answer = await through("update", {**item, "ops": ops}, 7, {"old_value": 7, "new_value": 8})
        assert (asked, answer["result"]) == ([item, {**item, "data": 8}], {"old_value": 7, "new_value": 8})
        assert (await user.answer())["data"]["event"] == {"type": "update", "data": 8}
        await keeper.function("stream::update(mine)")
        asked, answer = await through("update", {**item, "ops": ops}, {"old_value": 8, "new_value": 9})
        assert (asked, answer["result"]) == ([{**item, "ops": ops}], {"old_value": 8, "new_value": 9})
        assert (await user.answer())["data"]["event"] == {"type": "update", "data": 9}
        asked, answer = await through("delete", item, {"old_value": 9})
        assert (asked, answer["result"]) == ([item], {"old_value": 9})
        assert (await user.answer())["data"]["event"] == {"type": "delete", "data": 9}
        _, answer = await through("set", {**item, "data": 1}, "something else")
        assert answer["result"] == {"old_value": None, "new_value": 1}
        await user.answer()
        await user.start("stream::get", item)
        await keeper.answer(error={"code": "x", "message": "m"})
        error = (await user.receive("invocationresult"))["error"]
        assert error == {"code": "STREAM_GET_ERROR", "message": "stream::get(mine): x: m"}


@asynchronous
async def test_a_store_that_fails_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await engine._database.submit(lambda db: db.execute("ALTER TABLE stream_items RENAME TO gone"))
        wanted = {
            "set": ("STREAM_SET_ERROR", {**ITEM, "data": 1}),
            "get": ("STREAM_GET_ERROR", ITEM),
            "delete": ("STREAM_DELETE_ERROR", ITEM),
            "update": ("STREAM_UPDATE_ERROR", {**ITEM, "ops": []}),
            "list": ("STREAM_GET_GROUP_ERROR", WHERE),
            "list_groups": ("STREAM_LIST_GROUPS_ERROR", {"stream_name": "st"}),
            "list_all": ("STREAM_LIST_ALL_ERROR", {}),
        }
        for verb, (code, data) in wanted.items():
            error = (await worker.call(f"stream::{verb}", data))["error"]
            assert (error["code"], "no such table" in error["message"]) == (code, True)
        assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 7
