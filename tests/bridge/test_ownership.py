"""Confirming who owns a function, under the virtual clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from iii_bridge import Bridge
from iii_bridge.bridge.settings import Settings
from iii_bridge.errors import ConnectionLostError, ForbiddenError, RegistrationRejectedError
from tests.aio.fake_engine import FakeEngine, Peer
from tests.bridge.support import bridge_in_memory
from tests.virtual_clock import run_virtually


def rows(*found: dict[str, Any]) -> dict[str, Any]:
    return {"functions": list(found)}


OURS = {"function_id": "f", "namespace": "default", "worker_name": "w"}
THEIRS = OURS | {"worker_name": "other"}
UNKNOWN = {"function_id": "f", "error": "not_found"}
CLOSED = {"function_id": "f", "error": "forbidden"}


async def asked(peer: Peer) -> dict[str, Any]:
    call = await peer.next_call()
    assert call["function_id"] == "engine::functions::info"
    assert call["data"] == {"function_ids": ["f"], "namespace": "default"}
    return call


def test_the_catalogue_says_it_is_ours() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            confirming = asyncio.create_task(bridge.confirm("f"))
            await peer.answer(await asked(peer), rows(OURS))
            await confirming

    run_virtually(main())


def test_a_function_held_back_is_asked_for_again() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            confirming = asyncio.create_task(bridge.confirm("f"))
            for _ in range(5):
                await peer.answer(await asked(peer), rows(UNKNOWN))
            await peer.answer(await asked(peer), rows(OURS))
            await confirming

    run_virtually(main())


def test_a_connection_lost_while_asking_is_no_answer() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            confirming = asyncio.create_task(bridge.confirm("f"))
            await asked(peer)
            peer.transport.break_connection()
            again = await engine.accept()
            await asked(again)  # and no answer at all
            await again.answer(await asked(again), rows(OURS))
            await confirming

    run_virtually(main())


def test_somebody_elses_is_refused_by_name() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            confirming = asyncio.create_task(bridge.confirm("f"))
            await peer.answer(await asked(peer), rows(THEIRS))
            with pytest.raises(RegistrationRejectedError, match=r"f was not registered .* owned by worker other"):
                await confirming

    run_virtually(main())


def test_a_rejection_counts_even_when_the_catalogue_does_not_know() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            confirming = asyncio.create_task(bridge.confirm("f"))
            call = await asked(peer)
            code = {"code": "FUNCTION_NAMESPACE_CONFLICT", "namespace": "default", "owner_worker_id": "o-1"}
            await peer.send(type="registrationrejected", function_id="f", **code)
            await peer.answer(call, rows(UNKNOWN))
            with pytest.raises(RegistrationRejectedError, match="owned by worker o-1"):
                await confirming

    run_virtually(main())


def test_a_registration_that_was_dropped_silently_is_reported() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):

            async def never() -> None:
                while True:
                    await peer.answer(await asked(peer), rows(UNKNOWN))

            answering = asyncio.create_task(never())
            with pytest.raises(RegistrationRejectedError, match="does not show it after 10 s") as caught:
                await bridge.confirm("f")
            assert caught.value.code == "NOT_REGISTERED"
            answering.cancel()

    run_virtually(main())


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("rejected", [True, False])
def test_where_the_catalogue_is_closed_a_barrier_and_a_grace_period_decide(whole: bool, rejected: bool) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            confirming = asyncio.create_task(bridge.confirm("f"))
            call = await asked(peer)
            if whole:
                await peer.answer(call, error={"code": "FORBIDDEN", "message": "no"})
            else:
                await peer.answer(call, rows(CLOSED))
            barrier = await peer.next_call()
            assert barrier["function_id"] == "engine::workers::register"
            await peer.answer(barrier, {"success": True})
            if rejected:
                code = {"code": "FUNCTION_NAMESPACE_CONFLICT", "namespace": "default", "owner_worker_id": "o"}
                await peer.send(type="registrationrejected", function_id="f", **code)
                with pytest.raises(RegistrationRejectedError):
                    await confirming
            else:
                begin = asyncio.get_running_loop().time()
                await confirming
                assert asyncio.get_running_loop().time() - begin == pytest.approx(0.5)

    run_virtually(main())


def test_more_functions_than_a_batch_holds_are_asked_in_batches() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            ids = [f"f{number}" for number in range(40)]
            confirming = asyncio.create_task(bridge.confirm(*ids))
            seen: list[str] = []
            for _ in range(2):
                call = await peer.next_call()
                seen += call["data"]["function_ids"]
                await peer.answer(call, rows(*(OURS | {"function_id": name} for name in call["data"]["function_ids"])))
            await confirming
            assert seen == ids

    run_virtually(main())


def open_with(answer: dict[str, Any] | None) -> None:
    """Opens a bridge whose register call is answered like this."""

    async def main() -> None:
        engine = FakeEngine()
        settings = Settings.resolve("ws://memory", worker_name="w", environment={}, connect_timeout=5.0)
        bridge = Bridge(settings, engine.dial)
        opening = asyncio.create_task(bridge.open())
        peer = await engine.accept()
        call = await peer.next_call()
        assert call["function_id"] == "engine::workers::register"
        if answer is not None:
            await peer.answer(call, **answer)
        await opening

    run_virtually(main())


def test_opening_ends_when_the_engine_takes_the_worker_or_not() -> None:
    with pytest.raises(ForbiddenError):
        open_with({"error": {"code": "FORBIDDEN", "message": "namespace 'x' not allowed"}})
    with pytest.raises(RegistrationRejectedError, match="w was not registered"):
        open_with({"result": {"success": False}})
    with pytest.raises(ConnectionLostError, match="did not accept this worker within 5 s"):
        open_with(None)


def test_a_connection_lost_while_opening_is_tried_again() -> None:
    async def main() -> None:
        engine = FakeEngine()
        bridge = Bridge(Settings.resolve("ws://memory", worker_name="w", environment={}), engine.dial)
        opening = asyncio.create_task(bridge.open())
        peer = await engine.accept()
        await peer.next_call()
        peer.transport.break_connection()
        again = await engine.accept()
        await again.answer(await again.next_call(), {"success": True})
        await opening
        await bridge.close()

    run_virtually(main())


def test_an_answer_lost_while_opening_is_asked_for_again() -> None:
    async def main() -> None:
        engine = FakeEngine()
        bridge = Bridge(Settings.resolve("ws://memory", worker_name="w", environment={}), engine.dial)
        opening = asyncio.create_task(bridge.open())
        peer = await engine.accept()
        await peer.next_call()
        again = await peer.next_call()
        assert again["function_id"] == "engine::workers::register"
        await peer.answer(again, {"success": True})
        await opening
        assert asyncio.get_running_loop().time() < 5.0
        await bridge.close()

    run_virtually(main())
