"""Bindings fired by the embedded engine itself: what it hands over is what the contract takes."""

from __future__ import annotations

import asyncio
from typing import Any

from iii_bridge.abi.v1 import Empty
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really, until


class Listening(shop.ListeningService):  # type: ignore[misc]
    """Puts whatever arrives into a queue by the trigger type it came by."""

    def __init__(self) -> None:
        self.arrived: dict[str, asyncio.Queue[tuple[Any, Any]]] = {}

    def waiting(self, kind: str) -> asyncio.Queue[tuple[Any, Any]]:
        return self.arrived.setdefault(kind, asyncio.Queue())

    async def _note(self, request: Any, context: Any, /) -> Any:
        waiting = self.waiting(context.binding.trigger_type)
        waiting.put_nowait((request, context))
        if getattr(request, "sku", "") == "again" and waiting.qsize() == 1:
            raise ConnectionError("not yet")
        return Empty()

    tick = paid = heard = changed = _note


def test_events_of_the_engine_arrive_typed() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, other = await b.bridge("worker"), await b.bridge("other")
            service = Listening()
            await worker.serve(service)

            tick, context = await service.waiting("cron").get()
            assert tick.trigger == "cron"
            assert tick.job_id == context.binding.trigger_id
            assert dict(context.binding.metadata) == {"owner": "shop"}
            assert tick.actual_time >= tick.scheduled_time

            await other.call("state::set", {"scope": "orders", "key": "k", "value": {"total": 1}})
            change, context = await service.waiting("state").get()
            assert (change.event_type, change.scope, change.key) == ("state:created", "orders", "k")
            assert change.new_value.to_python() == {"total": 1}
            await other.call("state::set", {"scope": "other", "key": "k", "value": 1})
            await other.call("state::delete", {"scope": "orders", "key": "k"})
            change, _ = await service.waiting("state").get()
            assert (change.event_type, change.old_value.to_python()) == ("state:deleted", {"total": 1})

            await other.call("publish", {"topic": "gossip", "data": {"sku": "a", "quantity": "3"}})
            heard, context = await service.waiting("subscribe").get()
            assert (heard.sku, heard.quantity, context.caller_worker_id) == ("a", 3, None)
            assert context.binding.trigger_type == "subscribe"

            # The first delivery fails, and the topic delivers once more.
            await other.call("iii::durable::publish", {"topic": "paid", "data": {"sku": "again"}})
            paid_for = service.waiting("durable:subscriber")
            await until(lambda: paid_for.qsize() == 2, other)
            paid, context = paid_for.get_nowait()
            assert (paid.sku, dict(context.binding.metadata)) == ("again", {"owner": "shop"})

    run_really(main(), 60)


def test_a_delivery_that_breaks_the_contract_becomes_a_dead_letter() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, other = await b.bridge("worker"), await b.bridge("other")
            service = Listening()
            await worker.serve(service)
            await other.call("iii::durable::publish", {"topic": "paid", "data": {"quantity": 1}})
            letters: list[Any] = []
            async with asyncio.timeout(30):
                while not letters:
                    letters = await other.call("engine::queue::dlq_messages", {"topic": "paid"})
            assert len(letters) == 1
            assert "the required member is missing at $.sku" in str(letters[0])
            assert "durable:subscriber" not in service.arrived

    run_really(main(), 60)
