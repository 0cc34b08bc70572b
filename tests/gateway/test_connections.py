"""Connections end in order: by age, by idleness; a client that is gone is noticed."""

from __future__ import annotations

import socket
import threading
from typing import Any

import grpc

from tests.gateway.load import Load
from tests.gateway.support import WITHIN, live_gateway, message


def goings(channel: grpc.Channel) -> threading.Semaphore:
    """Counts how often the channel's connection was ended."""
    seen = threading.Semaphore(0)

    def changed(state: grpc.ChannelConnectivity) -> None:
        if state is grpc.ChannelConnectivity.IDLE:
            seen.release()

    channel.subscribe(changed)
    return seen


def test_an_old_connection_is_ended_and_no_call_is_lost() -> None:
    with live_gateway(options={"max_connection_age": 1.0, "max_connection_age_grace": 30.0}) as live:
        rpcs = live.rpcs()
        ended = goings(rpcs.channel)
        slow: Any = rpcs.method("unary_unary", "Wait").future(message("WaitRequest", seconds=3), timeout=WITHIN)
        with Load({"Look": lambda: rpcs.unary("Look", message("LookRequest"))}) as load:
            assert ended.acquire(timeout=WITHIN)
            assert ended.acquire(timeout=WITHIN)
            load.stop()
        assert set(load.ended["Look"]) == {"OK"}
        assert slow.result(WITHIN).metadata == "{}"


def test_an_idle_connection_is_ended_and_the_next_call_makes_another() -> None:
    with live_gateway(options={"max_connection_idle": 0.3}) as live:
        rpcs = live.rpcs()
        assert rpcs.unary("Look", message("LookRequest"))
        ended = goings(rpcs.channel)
        assert ended.acquire(timeout=WITHIN)
        assert rpcs.unary("Look", message("LookRequest"))


def test_a_client_that_is_gone_without_a_word_is_noticed() -> None:
    """It has begun to speak HTTP/2, and answers no ping."""
    with live_gateway(options={"keepalive": 1.0, "keepalive_timeout": 1.0}) as live:
        host, _, port = live.gateway.address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=WITHIN) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            while connection.recv(4096):
                pass  # settings, pings, and then the end
        assert live.rpcs().unary("Look", message("LookRequest"))
