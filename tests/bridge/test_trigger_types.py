"""Trigger types that a worker provides: bindings come, events go out, refusals are told."""

from __future__ import annotations

import asyncio
import queue
from typing import Any

import pytest

from iii_bridge import Bridge, ContractError, InvocationError, LocalProtocolError, Side, connect_sync
from iii_bridge.aio.portal import Portal
from iii_bridge.bridge.trigger_types import TriggerBinding, TriggerType
from iii_bridge.engine import Engine
from tests.aio.fake_engine import FakeEngine
from tests.bridge.contracts import shop
from tests.bridge.support import bench, bridge_in_memory, run_really, until
from tests.virtual_clock import run_virtually


async def one_binding(kind: TriggerType[Any], bridge: Bridge) -> TriggerBinding[Any]:
    await until(lambda: kind.bindings, bridge)
    (binding,) = kind.bindings.values()
    return binding


def test_an_event_reaches_whoever_is_bound() -> None:
    async def main() -> None:
        async with bench() as b:
            provider, worker = await b.bridge("provider"), await b.bridge("worker")
            told: list[str] = []

            async def heard(binding: TriggerBinding[Any]) -> None:
                told.append(f"bound {binding.function_id}")

            kind = provider.register_trigger_type(
                "shop::opened",
                description="a shop opens",
                payload_format={"type": "object"},
                on_bind=heard,
                on_unbind=lambda binding: told.append(f"gone {binding.function_id}"),
            )
            seen: list[Any] = []

            async def greet(payload: Any, context: Any) -> Any:
                seen.append((payload, dict(context.metadata)))
                return {"hello": payload["city"]}

            worker.register_function("greeter::greet", greet)
            trigger = worker.register_trigger("shop::opened", "greeter::greet", {"city": "rome"}, metadata={"a": 1})
            binding = await one_binding(kind, worker)
            assert (binding.id, binding.config, dict(binding.metadata)) == (trigger.id, {"city": "rome"}, {"a": 1})
            assert await kind.fire(binding, {"city": "rome"}) == {"hello": "rome"}
            assert seen == [({"city": "rome"}, {"a": 1})]
            listed = await worker.call("engine::triggers::info", {"id": "shop::opened"})
            assert listed["description"] == "a shop opens"
            trigger.unregister()
            await until(lambda: not kind.bindings, worker)
            assert told == ["bound greeter::greet", "gone greeter::greet"]

    run_really(main())


def test_configs_and_payloads_are_checked_against_their_messages() -> None:
    async def main() -> None:
        async with bench() as b:
            provider, worker = await b.bridge("provider"), await b.bridge("worker")
            kind = provider.register_trigger_type("shop::near", config=shop.Address, payload=shop.PlaceRequest)
            worker.register_function("greeter::greet", lambda payload: payload["sku"])
            wrong = worker.register_trigger("shop::near", "greeter::greet", {"street": 5})
            await until(lambda: wrong.error, worker)
            assert "expected a string, found a number at $.street" in str(wrong.error)
            worker.register_trigger("shop::near", "greeter::greet", {"street": "high"})
            binding = await one_binding(kind, worker)
            assert binding.config == shop.Address(street="high")
            assert await kind.fire(binding, shop.PlaceRequest(sku="a")) == "a"
            with pytest.raises(ContractError) as caught:
                await kind.fire(binding, shop.PlaceRequest(quantity=2**70))
            assert (caught.value.function_id, caught.value.side) == ("greeter::greet", Side.REQUEST)

    run_really(main())


@pytest.mark.parametrize(("says", "runs"), [(False, False), (True, True), (None, True), (0, True)])
def test_only_a_literal_false_of_the_condition_skips(says: Any, runs: bool) -> None:
    async def main() -> None:
        async with bench() as b:
            provider, worker = await b.bridge("provider"), await b.bridge("worker")
            kind = provider.register_trigger_type("shop::opened")
            ran: list[Any] = []
            worker.register_function("greeter::greet", lambda payload: ran.append(payload))
            worker.register_function("greeter::wants", lambda payload: says if payload == {"n": 1} else "wrong payload")
            worker.register_trigger("shop::opened", "greeter::greet", {"condition_function_id": "greeter::wants"})
            await kind.fire(await one_binding(kind, worker), {"n": 1})
            assert ran == ([{"n": 1}] if runs else [])

    run_really(main())


def test_whoever_is_bound_may_be_refused_with_a_reason() -> None:
    async def main() -> None:
        async with bench() as b:
            provider, worker = await b.bridge("provider"), await b.bridge("worker")

            def refuse(binding: TriggerBinding[Any]) -> None:
                raise ValueError("no shop there")

            kind = provider.register_trigger_type("shop::opened", on_bind=refuse)
            worker.register_function("x::y", lambda payload: None)
            trigger = worker.register_trigger("shop::opened", "x::y", {})
            await until(lambda: trigger.error, worker)
            assert "no shop there" in str(trigger.error)
            assert not kind.bindings

    run_really(main())


def test_bindings_come_back_after_a_reconnect_and_no_ghost_stays() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            told: list[str] = []
            gone = asyncio.Event()

            def forget(binding: TriggerBinding[Any]) -> None:
                told.append(f"-{binding.id}")
                gone.set()

            kind = bridge.register_trigger_type(
                "shop::opened", on_bind=lambda binding: told.append(f"+{binding.id}"), on_unbind=forget
            )
            bind = {"type": "registertrigger", "trigger_type": "shop::opened", "function_id": "x::y", "config": None}
            for trigger_id in ("t1", "t2"):
                await peer.send(id=trigger_id, **bind)
                assert "error" not in await peer.next("triggerregistrationresult")
            await peer.transport.close()
            peer = await engine.accept()
            assert (await peer.next("registertriggertype"))["id"] == "shop::opened"
            await peer.send(id="t2", **bind)
            await peer.next("triggerregistrationresult")
            assert list(kind.bindings) == ["t2"]
            assert told == ["+t1", "+t2", "-t1", "-t2", "+t2"]
            # The same id again replaces; an unknown type is refused.
            await peer.send(id="t2", **bind | {"function_id": "x::z"})
            await peer.next("triggerregistrationresult")
            assert kind.bindings["t2"].function_id == "x::z"
            await peer.send(id="t9", **bind | {"trigger_type": "other"})
            assert (await peer.next("triggerregistrationresult"))["error"]["code"] == "trigger_type_not_found"
            gone.clear()
            await peer.send(type="unregistertrigger", id="t2", trigger_type="shop::opened")
            await gone.wait()
            assert (told[-1], dict(kind.bindings)) == ("-t2", {})

    run_virtually(main())


def test_a_type_that_is_taken_back_waits_for_another_provider() -> None:
    async def main() -> None:
        async with bench() as b:
            first, second, worker = await b.bridge("first"), await b.bridge("second"), await b.bridge("worker")
            kind = first.register_trigger_type("shop::opened")
            worker.register_function("x::y", lambda payload: payload)
            worker.register_trigger("shop::opened", "x::y", {})
            binding = await one_binding(kind, worker)
            with pytest.raises(LocalProtocolError, match="provided already"):
                first.register_trigger_type("shop::opened")
            with pytest.raises(LocalProtocolError, match="empty"):
                first.register_trigger_type("")
            kind.unregister()
            kind.unregister()
            other = second.register_trigger_type("shop::opened")
            assert (await one_binding(other, worker)).id == binding.id
            assert not kind.bindings
            worker.unregister_function("x::y")
            with pytest.raises(InvocationError, match="x::y"):
                await other.fire(binding, {})

    run_really(main())


def test_the_blocking_twin_provides_them_too() -> None:
    portal = Portal()
    engine = portal.call(Engine(port=0, http_port=0).__aenter__)
    try:
        with connect_sync(engine.url, worker_name="provider") as provider:
            told: queue.Queue[str] = queue.Queue()

            def heard(binding: TriggerBinding[Any]) -> None:
                if "refuse" in binding.config:
                    raise ValueError("no such city")
                told.put(f"bound {provider.call('engine::functions::list') is not None}")  # may use the bridge

            def gone(binding: TriggerBinding[Any]) -> None:
                told.put(f"gone {binding.function_id}")

            kind = provider.register_trigger_type("shop::opened", on_bind=heard, on_unbind=gone)
            assert kind.id == "shop::opened"
            provider.register_function("greeter::greet", lambda payload: {"hello": payload["city"]}, concurrency=1)
            trigger = provider.register_trigger("shop::opened", "greeter::greet", {"city": "rome"})
            assert told.get(timeout=30) == "bound True"
            while not kind.bindings:  # told before it counts
                provider.call("engine::workers::list")
            (binding,) = kind.bindings.values()
            assert kind.fire(binding, {"city": "rome"}, timeout=20) == {"hello": "rome"}
            with pytest.raises(InvocationError, match="no such city"):
                provider.call(
                    "engine::register_trigger",
                    {"trigger_type": kind.id, "function_id": "greeter::greet", "config": {"refuse": True}},
                )
            provider.unregister_trigger(trigger)
            assert told.get(timeout=30) == "gone greeter::greet"
            provider.unregister_function("greeter::greet")
            kind.unregister()
            kind.unregister()
            assert kind.bindings == {}
    finally:
        portal.call(lambda: engine.__aexit__(None, None, None))
        portal.close()
