"""The contracts of the engine's own functions, each called on the embedded engine, from a namespace of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from iii_bridge import Bridge, ContractError, Side
from iii_bridge import v1 as engine
from iii_bridge.abi.v1 import AsyncStub, Empty, ServiceSpec, Value
from iii_bridge.counters import COUNTERS
from tests.bridge.support import bench, run_really, until

CLIENTS: list[type[AsyncStub]] = [
    client
    for name in engine.__all__
    if isinstance(client := getattr(engine, name), type) and issubclass(client, AsyncStub)
]


def value(plain: Any) -> Value:
    return Value.from_python(plain)


async def state(bridge: Bridge) -> None:
    client = engine.StateClient(bridge)
    key = engine.StateKey(scope="shop", key="k")
    change = await client.set(engine.StateSetRequest(scope="shop", key="k", value=value({"n": 1})))
    assert change.old_value is not None
    assert (change.old_value.to_python(), change.new_value and change.new_value.to_python()) == (None, {"n": 1})
    assert (await client.get(key)).to_python() == {"n": 1}
    ops = [
        engine.UpdateOp(type="increment", path=value("n"), by=2),
        engine.UpdateOp(type="append", path=value(["l"]), value=value("x")),
        engine.UpdateOp(type="increment", path=value("l"), by=1),
    ]
    changed = await client.update(engine.StateUpdateRequest(scope="shop", key="k", ops=ops))
    assert changed.new_value is not None
    assert changed.new_value.to_python() == {"n": 3, "l": "x"}
    assert [(error.op_index, error.code) for error in changed.errors] == [(2, "increment.not_number")]
    assert (await client.list(engine.StateScope(scope="shop"))).to_python() == [{"n": 3, "l": "x"}]
    assert (await client.list_groups(Empty())).groups == ["shop"]
    assert (await client.delete(key)).to_python() == {"n": 3, "l": "x"}
    assert (await client.get(key)).to_python() is None
    with pytest.raises(ContractError) as missing:
        await client.set(engine.StateSetRequest(scope="shop", key="k"))
    assert (missing.value.side, missing.value.path) == (Side.REQUEST, "$.value")


async def stream(bridge: Bridge) -> None:
    client = engine.StreamClient(bridge)
    where = {"stream_name": "orders", "group_id": "g"}
    item = engine.StreamItem(**where, item_id="i")
    change = await client.set(engine.StreamSetRequest(**where, item_id="i", data=value({"a": 1})))
    assert change.new_value is not None
    assert change.new_value.to_python() == {"a": 1}
    assert (await client.get(item)).to_python() == {"a": 1}
    ops = [engine.UpdateOp(type="set", path=value("a"), value=value(None))]
    changed = await client.update(engine.StreamUpdateRequest(**where, item_id="i", ops=ops))
    assert changed.new_value is not None
    assert changed.new_value.to_python() == {"a": None}
    assert (await client.list(engine.StreamGroup(**where))).to_python() == [{"a": None}]
    assert (await client.list_groups(engine.StreamName(stream_name="orders"))).to_python() == ["g"]
    listed = await client.list_all(Empty())
    assert [(each.id, each.groups) for each in listed.stream] == [("orders", ["g"])]
    await client.send(engine.StreamSendRequest(**where, type="hi", data=value(1)))
    deleted = await client.delete(item)
    assert deleted.old_value is not None
    assert deleted.old_value.to_python() == {"a": None}


async def queue(bridge: Bridge) -> None:
    client = engine.QueueClient(bridge)
    seen: list[Any] = []

    def refuse(payload: Any) -> None:
        seen.append(payload)
        raise ValueError("no")

    bridge.register_function("jobs::refuse", refuse)
    await bridge.confirm("jobs::refuse")
    config = {"topic": "paid", "queue_config": {"maxRetries": 0, "backoffDelayMs": 1}}
    bridge.register_trigger("durable:subscriber", "jobs::refuse", config)
    topics: list[Any] = []
    while not topics:
        topics = (await client.list_topics(Empty())).to_python()
    await client.publish(engine.PublishRequest(topic="paid", data=value({"n": 1})))
    await client.publish(engine.PublishRequest(topic="paid", data=value({"n": 2})))

    async def letters() -> list[Any]:
        found: list[Any] = (await client.dead_letters(engine.DeadLettersRequest(topic="paid"))).to_python()
        return found

    while len(await letters()) < 2:
        continue
    assert (await client.topic_stats(engine.Topic(topic="paid"))).dlq_depth == 2
    assert "paid" in [row["topic"] for row in (await client.dead_letter_topics(Empty())).to_python()]
    first, second = await letters()
    one = engine.DeadLetterRequest(queue="paid", message_id=first["id"])
    assert (await client.discard_message(one)).redriven in (0, 1)
    one = engine.DeadLetterRequest(queue="paid", message_id=second["id"])
    assert (await client.redrive_message(one)).queue == "paid"
    await until(lambda: len(seen) == 3, bridge)
    assert (await client.redrive(engine.RedriveRequest(topic="paid"))).queue == "paid"


async def pubsub(bridge: Bridge) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    bridge.register_function("gossip::hear", heard.put_nowait)
    await bridge.confirm("gossip::hear")
    bridge.register_trigger("subscribe", "gossip::hear", {"topic": "gossip"})
    catalog = engine.CatalogClient(bridge)
    asked = engine.ListTriggersRequest(function_id="gossip::hear")
    while not (await catalog.list_triggers(asked)).registered_triggers:
        continue
    await engine.PubSubClient(bridge).publish(engine.PublishRequest(topic="gossip", data=value({"x": 1})))
    assert await heard.get() == {"x": 1}


async def catalog(bridge: Bridge) -> None:
    client = engine.CatalogClient(bridge)
    bridge.register_function("plain::f", lambda payload: payload, description="a function", metadata={"a": 1})
    await bridge.confirm("plain::f")
    (row,) = (await client.list_functions(engine.ListFunctionsRequest(prefix="plain::"))).functions
    assert (row.function_id, row.namespace, row.description) == ("plain::f", "shop", "a function")
    detail = await client.get_function(engine.GetFunctionRequest(function_id="plain::f", namespace="shop"))
    assert detail.metadata is not None
    assert detail.metadata.to_python() == {"a": 1}
    kinds = await client.list_trigger_types(engine.ListTriggerTypesRequest(search="CRON"))
    assert [kind.id for kind in kinds.triggers] == ["cron"]
    trigger = bridge.register_trigger("cron", "plain::f", {"expression": "@yearly"})
    asked = engine.ListTriggersRequest(function_id="plain::f")
    while not (rows := (await client.list_triggers(asked)).registered_triggers):
        continue
    assert (rows[0].id, rows[0].trigger_type) == (trigger.id, "cron")
    workers = (await client.list_workers(engine.ListWorkersRequest(search=bridge.worker_name))).workers
    assert [(worker.name, worker.namespace, worker.runtime) for worker in workers] == [
        (bridge.worker_name, "shop", "python")
    ]


async def log(bridge: Bridge) -> None:
    client = engine.LogClient(bridge)
    for level in (client.trace, client.debug, client.info, client.warn, client.error):
        await level(engine.LogRequest(message="said", data=value({"n": 1}), service_name="shop"))


@pytest.mark.parametrize("part", [state, stream, queue, pubsub, catalog, log])
def test_every_function_is_called_by_its_contract(part: Callable[[Bridge], Awaitable[None]]) -> None:
    called: set[str] = set()

    async def main() -> None:
        async with bench() as b:

            async def note(call: Any, proceed: Any, /) -> Any:
                if call.method is not None:
                    called.add(call.method.function_id)
                return await proceed(call)

            unknown = dict(COUNTERS.snapshot()["unknown_members"])
            await part(await b.bridge("asks", namespace="shop", client_interceptors=[note]))
            assert COUNTERS.snapshot()["unknown_members"] == unknown, "the contract knows all that the engine answers"

    run_really(main(), 60)
    service = {"pubsub": "PubSub"}.get(part.__name__, part.__name__.title())
    spec: ServiceSpec = getattr(engine, f"{service}Client")._methods
    assert {method.function_id for method in spec.methods} <= called


def test_there_is_a_part_for_each_contract() -> None:
    assert sorted(client.__name__ for client in CLIENTS) == sorted(
        ["CatalogClient", "LogClient", "PubSubClient", "QueueClient", "StateClient", "StreamClient"]
    )
