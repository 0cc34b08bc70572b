"""State functions and trigger `state`, over the socket (wire.md 7.3)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from iii_bridge.engine import Engine
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.state import State
from iii_bridge.engine.storage.database import Database
from iii_bridge.engine.storage.values import StateStore
from tests.engine.support import BareWorker, asynchronous


async def call(worker: BareWorker, verb: str, **data: Any) -> Any:
    answer = await worker.call(f"state::{verb}", data)
    assert "error" not in answer, answer
    return answer.get("result")


@asynchronous
async def test_values_come_and_go() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        assert await call(worker, "get", scope="s", key="k") is None
        first = await call(worker, "set", scope="s", key="k", value={"n": 1})
        assert first == {"old_value": None, "new_value": {"n": 1}}
        assert await call(worker, "set", scope="s", key="j", data=[2]) == {"old_value": None, "new_value": [2]}
        assert await call(worker, "set", scope="s", key="k", value=None) == {"old_value": {"n": 1}, "new_value": None}
        assert await call(worker, "list", scope="s") == [None, [2]]
        assert await call(worker, "list", scope="other") == []
        assert await call(worker, "list_groups") == {"groups": ["s"]}
        assert await call(worker, "delete", scope="s", key="j") == [2]
        assert await call(worker, "delete", scope="s", key="j") is None
        ops = [{"type": "increment", "path": "n", "by": 2}, {"type": "append", "path": "n", "value": 1}]
        updated = await call(worker, "update", scope="s", key="new", ops=ops)
        error = updated["errors"][0]
        assert (updated["old_value"], updated["new_value"]) == (None, {"n": 2})
        assert (error["op_index"], error["code"]) == (1, "append.type_mismatch")
        again = await call(worker, "update", scope="s", key="new", ops=ops[:1])
        assert again == {"old_value": {"n": 2}, "new_value": {"n": 4}}


@pytest.mark.parametrize(
    ("verb", "data", "problem"),
    [
        ("set", {"scope": "s", "key": "k"}, "missing field `value`"),
        ("set", {"scope": "s"}, "missing field `key`"),
        ("get", {"scope": "s", "key": 7}, "state::get"),
        ("update", {"scope": "s", "key": "k", "ops": [{"type": "explode"}]}, "explode"),
        ("list", None, "missing field `scope`"),
    ],
)
@asynchronous
async def test_what_does_not_fit(verb: str, data: Any, problem: str) -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        error = (await worker.call(f"state::{verb}", data))["error"]
        assert error["code"] == "deserialization_error"
        assert problem in error["message"]


@asynchronous
async def test_a_value_has_its_limit() -> None:
    hub, database = Hub(), Database(None)
    await database.open()
    hub.add_builtins(State(hub, StateStore(database), max_value_bytes=20).builtins())
    try:
        from iii_bridge.wire.codec import raw

        await hub.call("state::set", raw({"scope": "s", "key": "k", "value": "x" * 18}))
        with pytest.raises(Exception, match="21 bytes, at most 20"):
            await hub.call("state::set", raw({"scope": "s", "key": "k", "value": "x" * 19}))
        ops = [{"type": "append", "path": "", "value": "y"}]
        with pytest.raises(Exception, match="21 bytes, at most 20"):
            await hub.call("state::update", raw({"scope": "s", "key": "k", "ops": ops}))
        kept = await hub.call("state::get", raw({"scope": "s", "key": "k"}))
        assert kept is not None
        assert len(bytes(kept)) == 20
    finally:
        await hub.close(1012, "")
        await database.close()


@asynchronous
async def test_a_store_that_fails_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await engine._database.submit(lambda db: db.execute("ALTER TABLE state RENAME TO gone"))
        key = {"scope": "s", "key": "k"}
        wanted = {
            "set": ("SET_ERROR", {**key, "value": 1}),
            "get": ("GET_ERROR", key),
            "delete": ("DELETE_ERROR", key),
            "update": ("UPDATE_ERROR", {**key, "ops": []}),
            "list": ("LIST_ERROR", {"scope": "s"}),
            "list_groups": ("LIST_GROUPS_ERROR", {}),
        }
        for verb, (code, data) in wanted.items():
            error = (await worker.call(f"state::{verb}", data))["error"]
            assert (error["code"], "no such table" in error["message"]) == (code, True)
        assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 6


def event(kind: str, old: Any, new: Any) -> dict[str, Any]:
    shown = {"scope": "s", "key": "k", "old_value": old, "new_value": new}
    return {"type": "state", "event_type": f"state:{kind}", **shown}


@asynchronous
async def test_events_go_to_those_who_match() -> None:
    async with Engine() as engine:
        worker, writer = await BareWorker.join(engine), await BareWorker.join(engine)
        matching = {"all": {}, "scope": {"scope": "s"}, "key": {"key": "k"}, "both": {"scope": "s", "key": "k"}}
        others = {"other": {"scope": "t"}, "another": {"scope": "s", "key": "j"}}
        for name, config in {**matching, **others}.items():
            await worker.function(f"on::{name}")
            await worker.trigger(name, "state", f"on::{name}", config, metadata={"m": name})
        await call(writer, "set", scope="s", key="k", value=1)
        for name in ("all", "scope", "key", "both"):
            got = await worker.answer()
            assert (got["function_id"], got["metadata"]) == (f"on::{name}", {"m": name})
            assert got["data"] == event("created", None, 1)
        for name in ("all", "scope", "key"):
            await worker.send(type="unregistertrigger", id=name)
        await worker.barrier()
        await call(writer, "set", scope="s", key="k", value=1)
        assert (await worker.answer())["data"] == event("updated", 1, 1)
        await call(writer, "delete", scope="s", key="k")
        assert (await worker.answer())["data"] == event("deleted", 1, None)
        await call(writer, "delete", scope="s", key="k")
        assert (await worker.answer())["data"] == event("deleted", None, None)
        await call(writer, "update", scope="s", key="k", ops=[{"type": "set", "path": "a", "value": 1}])
        assert (await worker.answer())["data"] == event("created", None, {"a": 1})


@asynchronous
async def test_only_false_stops_and_a_broken_condition_skips(caplog: pytest.LogCaptureFixture) -> None:
    async with Engine() as engine:
        worker, writer = await BareWorker.join(engine), await BareWorker.join(engine)
        await worker.function("on::it")
        await worker.function("when::it")
        await worker.trigger("t", "state", "on::it", {"condition_function_id": "when::it"}, metadata={"m": 1})
        for verdict in (False, None, "false", True):
            await call(writer, "set", scope="s", key="k", value=1)
            asked = await worker.answer(verdict)
            assert (asked["function_id"], "metadata" in asked) == ("when::it", False)
            if verdict is not False:
                assert (await worker.answer())["function_id"] == "on::it"
        await call(writer, "set", scope="s", key="k", value=2)
        await worker.answer(error={"code": "x", "message": "m"})
        await call(writer, "set", scope="s", key="k", value=3)
        assert (await worker.answer(False))["data"]["new_value"] == 3
        assert "state: on::it failed: x" in caplog.text


@asynchronous
async def test_a_config_that_does_not_fit_is_refused() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.trigger("t", "state", "a::f", {"scope": 7})
        refused = await worker.receive("triggerregistrationresult")
        assert refused["error"]["message"].startswith("Failed to parse trigger config: ")


def test_it_survives_a_restart(tmp_path: Path) -> None:
    async def first() -> None:
        async with Engine(data_dir=tmp_path) as engine:
            worker = await BareWorker.join(engine)
            await call(worker, "set", scope="s", key="k", value=2**63)

    async def second() -> None:
        async with Engine(data_dir=tmp_path) as engine:
            worker = await BareWorker.join(engine)
            assert await call(worker, "get", scope="s", key="k") == 2**63

    asyncio.run(first())
    asyncio.run(second())
