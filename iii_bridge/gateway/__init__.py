"""gRPC in front of iii: any gRPC client calls functions through their contracts (docs/grpc.md).

    async with connect() as bridge, Gateway(bridge, services, descriptors, options) as gateway:
        ...

`iii-bridge gateway` is the same as a program.
"""

from iii_bridge.gateway.auth import Authenticator, BearerTokens, IncomingCall, PeerIdentity
from iii_bridge.gateway.options import GatewayOptions, Tls
from iii_bridge.gateway.server import Gateway

__all__ = ["Authenticator", "BearerTokens", "Gateway", "GatewayOptions", "IncomingCall", "PeerIdentity", "Tls"]
