"""Bindings made by hand."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest

from iii_bridge import ContractError, LocalProtocolError
from tests.aio.fake_engine import FakeEngine
from tests.bridge.support import bench, bridge_in_memory, run_really
from tests.virtual_clock import run_virtually


def test_a_binding_invokes_its_function_until_it_is_taken_back() -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker", namespace="shop")

            @worker.function("x::page")
            async def page(payload: object, context: object) -> object:
                return {"status_code": 200, "body": {"owner": context.metadata["owner"]}}  # type: ignore[attr-defined]

            trigger = worker.register_trigger(
                "http", "x::page", {"api_path": "/page", "http_method": "GET"}, metadata={"owner": "shop"}
            )
            await worker.confirm("x::page")
            assert (trigger.trigger_type, trigger.function_id, trigger.error) == ("http", "x::page", None)
            async with httpx.AsyncClient(base_url=b.engine.http_url) as http:
                assert (await http.get("/page")).json() == {"owner": "shop"}
                trigger.unregister()
                trigger.unregister()
                await worker.confirm("x::page")
                assert (await http.get("/page")).status_code == 404

    run_really(main())


def test_a_refusal_is_logged_and_shown(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker")
            worker.register_function("x::page", lambda payload: {})
            trigger = worker.register_trigger("http", "x::page", {})
            await worker.confirm("x::page")
            assert trigger.error is not None
            assert trigger.error.code == "trigger_registration_failed"

    with caplog.at_level(logging.ERROR):
        run_really(main())
    assert "http trigger of x::page was not registered" in caplog.text


def test_ids_are_unique_and_stay_over_reconnects() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            ids = [bridge.register_trigger("cron", "x::y", {"expression": "* * * * * *"}).id for _ in range(3)]
            assert len(set(ids)) == 3
            assert [(await peer.next("registertrigger"))["id"] for _ in ids] == ids
            peer.transport.break_connection()
            again = await engine.accept()
            assert [(await again.next("registertrigger"))["id"] for _ in ids] == ids

    run_virtually(main())


@pytest.mark.parametrize(
    ("own", "options", "sent"),
    [
        (None, {}, {}),
        ("shop", {}, {"namespace": "shop"}),
        ("shop", {"namespace": "other"}, {"namespace": "other"}),
        (
            None,
            {"trigger_namespace": "types", "metadata": {"a": 1}},
            {"trigger_namespace": "types", "metadata": {"a": 1}},
        ),
    ],
)
def test_the_frame_names_the_functions_namespace(
    own: str | None, options: dict[str, object], sent: dict[str, object]
) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine(), namespace=own) as (bridge, peer):
            trigger = bridge.register_trigger("k", "x::y", {"c": 1}, **options)  # type: ignore[arg-type]
            frame = await peer.next("registertrigger")
            base = {"type": "registertrigger", "id": trigger.id, "trigger_type": "k", "function_id": "x::y"}
            assert frame == base | {"config": {"c": 1}} | sent

    run_virtually(main())


def test_bad_bindings_are_refused_here() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, _):
            with pytest.raises(LocalProtocolError, match="function_id is empty"):
                bridge.register_trigger("http", "", {})
            with pytest.raises(LocalProtocolError, match="trigger_type is empty"):
                bridge.register_trigger("", "x::y", {})
            with pytest.raises(ContractError, match="x::y config"):
                bridge.register_trigger("http", "x::y", {"a": object()})

    run_virtually(main())


def test_a_binding_to_a_type_nobody_offers_here_is_answered() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (_, peer):
            await peer.send(type="registertrigger", id="t", trigger_type="k", function_id="f", config={})
            async with asyncio.timeout(5):
                answer = await peer.next("triggerregistrationresult")
            assert answer["error"]["code"] == "trigger_type_not_found"

    run_virtually(main())
