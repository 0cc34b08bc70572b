"""How a server is reached: TLS both ways, sizes, and what makes no sense."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from iii_bridge import StatusCode, StatusError
from iii_bridge.aio.portal import Portal
from iii_bridge.errors import LocalProtocolError
from iii_bridge.gateway.upstream import Target, UpstreamTls
from tests.gateway.edge import edge
from tests.gateway.upstream.server import BareServer
from tests.gateway.upstream.support import exposed

TLS = Path(__file__).parents[2] / "aio" / "tls"
CERTIFICATE, KEY = TLS / "cert.pem", TLS / "key.pem"


class SecureServer(BareServer):
    """Shows a certificate, and wants one."""

    async def start(self, credentials: grpc.ServerCredentials | None = None) -> None:
        pem = CERTIFICATE.read_bytes()
        await super().start(
            grpc.ssl_server_credentials([(KEY.read_bytes(), pem)], root_certificates=pem, require_client_auth=True)
        )


def test_certificates_are_shown_both_ways() -> None:
    tls = UpstreamTls.read(CERTIFICATE, CERTIFICATE, KEY)
    with exposed(SecureServer(), {"tls": tls, "authority": "localhost"}) as live:
        assert live.run(lambda: live.client.echo(edge.Everything(text="secret"))).text == "secret"


def test_without_a_certificate_of_its_own_the_server_is_away() -> None:
    portal = Portal()
    server = SecureServer()

    async def main() -> grpc.StatusCode:
        await server.start()
        channel = Target(server.address, UpstreamTls.read(CERTIFICATE), "localhost").channel()
        try:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await channel.unary_unary("/edge.v1.EdgeService/Echo")(b"", timeout=30)
            return caught.value.code()
        finally:
            await channel.close()
            await server.stop()

    try:
        assert portal.call(main) is grpc.StatusCode.UNAVAILABLE
    finally:
        portal.close()


def test_a_response_above_the_limit() -> None:
    with exposed(BareServer(), {"max_message_bytes": 1000}) as live:
        with pytest.raises(StatusError) as caught:
            live.run(lambda: live.client.echo(edge.Everything(text="x" * 2000)))
        assert caught.value.status_code is StatusCode.RESOURCE_EXHAUSTED


def test_what_makes_no_sense() -> None:
    with pytest.raises(LocalProtocolError, match="go together"):
        UpstreamTls.read(certificate=CERTIFICATE)
    with pytest.raises(LocalProtocolError, match="keepalive of a target must be positive"):
        Target("127.0.0.1:1", keepalive=0)
    assert "the key" not in repr(UpstreamTls(key=b"the key"))
