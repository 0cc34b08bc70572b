"""Where a connection stands, seen by listeners."""

from __future__ import annotations

import logging

import pytest

from iii_bridge import ConnectionState
from iii_bridge.aio.states import ConnectionStates
from tests.aio.test_session import world
from tests.virtual_clock import run_virtually

S = ConnectionState


def test_a_listener_hears_the_present_state_and_each_new_one() -> None:
    states = ConnectionStates()
    heard: list[ConnectionState] = []
    forget = states.listen(heard.append)
    states.change(S.CONNECTING)
    states.change(S.CONNECTING)
    states.change(S.CONNECTED)
    forget()
    forget()
    states.change(S.RECONNECTING)
    assert heard == [S.DISCONNECTED, S.CONNECTING, S.CONNECTED]
    for last in (S.CLOSED, S.FAILED):
        states.change(last)
        assert states.current is S.CLOSED


def test_a_listener_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    states = ConnectionStates()
    heard: list[ConnectionState] = []

    def fail(state: ConnectionState) -> None:
        raise ValueError("no")

    with caplog.at_level(logging.ERROR):
        states.listen(fail)
        states.listen(heard.append)
        states.change(S.CONNECTED)
    assert heard == [S.DISCONNECTED, S.CONNECTED]
    assert "a listener failed on connected" in caplog.text


@pytest.mark.parametrize("refused", [True, False])
def test_a_session_goes_through_its_states(refused: bool) -> None:
    async def main() -> None:
        async with world() as w:
            heard: list[ConnectionState] = []
            w.session.states.listen(heard.append)
            peer = await w.connected()
            peer.transport.break_connection()
            peer = await w.engine.accept()
            await w.session.wait_ready(60)
            assert heard == [S.DISCONNECTED, S.CONNECTING, S.CONNECTED, S.RECONNECTING, S.CONNECTED]
            if refused:
                names = {"code": "WORKER_NAMESPACE_CONFLICT", "namespace": "default", "worker_name": "w"}
                await peer.send(type="registrationrejected", owner_worker_id="o", **names)
                with pytest.raises(Exception, match="WORKER_NAMESPACE_CONFLICT"):
                    await w.session.wait_ended()
            await w.session.close()
            assert heard[5:] == [S.FAILED if refused else S.CLOSED]

    run_virtually(main())
