"""TLS and mutual TLS, with the certificates of `tls/`: an authority, a server, a client, and a stranger's client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from iii_bridge import StatusCode, StatusError
from iii_bridge.gateway import IncomingCall, Tls
from tests.gateway.support import Live, Rpcs, live_gateway, message

TLS = Path(__file__).parent / "tls"


def read(name: str) -> bytes:
    return (TLS / name).read_bytes()


def secure(live: Live, client: str | None = None, ca: str = "ca.pem") -> Rpcs:
    key, chain = (None, None) if client is None else (read(f"{client}.key.pem"), read(f"{client}.pem"))
    channel = grpc.secure_channel(
        live.gateway.address,
        grpc.ssl_channel_credentials(read(ca), key, chain),
        options=[("grpc.use_local_subchannel_pool", 1)],
    )
    live.channels.append(channel)
    return Rpcs(channel)


def refused(rpcs: Rpcs) -> None:
    error: Any = rpcs.failure("Look", message("LookRequest"), timeout=20)
    assert error.code() is grpc.StatusCode.UNAVAILABLE


def test_a_server_shows_its_certificate() -> None:
    tls = Tls.read(TLS / "server.pem", TLS / "server.key.pem")
    with live_gateway(options={"tls": tls}) as live:
        assert json.loads(secure(live).unary("Look", message("LookRequest")).metadata) == {}
        # a client that shows one is not asked whose it is
        assert json.loads(secure(live, "client").unary("Look", message("LookRequest")).metadata) == {}
        refused(secure(live, ca="stranger.pem"))
        refused(live.rpcs())


def test_clients_must_show_theirs_and_handlers_see_whose() -> None:
    async def only_the_shop(call: IncomingCall) -> None:
        if call.identity is None or call.identity.common_name != "shop":
            raise StatusError(StatusCode.PERMISSION_DENIED, "for the shop only")

    tls = Tls.read(TLS / "server.pem", TLS / "server.key.pem", TLS / "ca.pem")
    with live_gateway(options={"tls": tls}, authenticate=only_the_shop) as live:
        forged = (("iii-peer-common-name", "admin"),)
        seen = secure(live, "client").unary("Look", message("LookRequest"), metadata=forged)
        assert json.loads(seen.metadata) == {
            "iii-peer-common-name": "shop", "iii-peer-names": ["spiffe://tests/shop", "shop.test"],
        }  # fmt: skip
        denied: Any = secure(live, "server").failure("Look", message("LookRequest"))
        assert (denied.code(), denied.details()) == (grpc.StatusCode.PERMISSION_DENIED, "for the shop only")
        for rpcs in (secure(live), secure(live, "stranger"), live.rpcs()):
            refused(rpcs)


def test_a_certificate_that_is_none_is_told() -> None:
    tls = Tls(certificate=b"no certificate", key=b"no key")
    with pytest.raises(Exception, match="certificate whole"), live_gateway(options={"tls": tls}):
        pass
