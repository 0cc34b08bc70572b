"""The heartbeat of a line: what a half-open connection looks like, and a slow one."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.frames import Opcode

from iii_bridge.aio import websocket
from iii_bridge.aio.transport import TransportClosed
from tests.aio.test_websocket import Asked, listening, run


def test_a_peer_that_is_asked_and_says_nothing_is_given_up() -> None:
    async def main() -> None:
        pings: list[bytes] = []

        async def deaf(connection: ServerConnection) -> None:
            """Reads what arrives and answers nothing, as nobody behind a dead line would."""

            def note(data: bytes) -> None:
                connection.protocol.receive_data(data)
                pings.extend(
                    bytes(event.data)
                    for event in connection.protocol.events_received()
                    if getattr(event, "opcode", None) is Opcode.PING
                )

            connection.data_received = note  # type: ignore[method-assign]
            await connection.wait_closed()

        async with listening(deaf) as url:
            asked = Asked(await websocket.dial(url, {}, heartbeat=0.05))
            with pytest.raises(TransportClosed) as caught:
                await asked.recv()
            assert caught.value.code == 1006
            assert len(pings) == 2
            await asked.line.close()

    run(main())


def test_a_quiet_peer_that_answers_is_kept() -> None:
    async def main() -> None:
        async def quiet(connection: ServerConnection) -> None:
            await asyncio.sleep(0.6)
            await connection.send("still here")
            await connection.wait_closed()

        async with listening(quiet) as url:
            asked = Asked(await websocket.dial(url, {}, heartbeat=0.05))
            assert await asked.recv() == "still here"
            await asked.line.close()

    run(main())
