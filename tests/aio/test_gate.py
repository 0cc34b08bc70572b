"""Who gets in, who waits, who is sent away."""

from __future__ import annotations

import asyncio

import pytest

from iii_bridge.aio.gate import Gate
from iii_bridge.errors import StatusError
from iii_bridge.status import StatusCode
from tests.virtual_clock import run_virtually


def test_so_many_at_once_and_the_others_in_order() -> None:
    async def main() -> None:
        gate = Gate("x::y", 2)
        inside: set[int] = set()
        most: list[int] = []
        order: list[int] = []

        async def visit(number: int) -> None:
            async with gate:
                order.append(number)
                inside.add(number)
                most.append(len(inside))
                await asyncio.sleep(1.0)
                inside.remove(number)

        await asyncio.gather(*(visit(number) for number in range(7)))
        assert max(most) == 2
        assert order == list(range(7))
        assert asyncio.get_running_loop().time() == pytest.approx(4.0)

    run_virtually(main())


def test_whoever_finds_too_many_waiting_is_refused() -> None:
    async def main() -> None:
        gate = Gate("x::y", 1, backlog=1)
        async with gate:
            waiting = asyncio.create_task(gate.__aenter__())
            await asyncio.sleep(0)
            with pytest.raises(StatusError, match="x::y serves 1 at once and 1 wait already") as caught:
                async with gate:
                    pass
            assert caught.value.status is StatusCode.RESOURCE_EXHAUSTED
        await waiting
        await gate.__aexit__(None, None, None)

    run_virtually(main())


def test_one_that_gives_up_makes_room() -> None:
    async def main() -> None:
        gate = Gate("x::y", 1, backlog=1)
        async with gate:
            impatient = asyncio.create_task(gate.__aenter__())
            await asyncio.sleep(0)
            impatient.cancel()
            await asyncio.wait((impatient,))
            patient = asyncio.create_task(gate.__aenter__())
            await asyncio.sleep(0)
        await patient
        await gate.__aexit__(None, None, None)
        async with gate:
            pass

    run_virtually(main())
