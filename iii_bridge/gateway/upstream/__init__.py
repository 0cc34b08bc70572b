"""The other way round: a gRPC server's methods as functions of iii (docs/grpc.md).

    async with connect() as bridge, Exposure(bridge, services, Target("127.0.0.1:50051")) as exposure:
        ...

`iii-bridge expose` is the same as a program.
"""

from iii_bridge.gateway.upstream.contracts import ToldContracts, told_contracts
from iii_bridge.gateway.upstream.exposure import Exposure, Presence
from iii_bridge.gateway.upstream.target import Target, UpstreamTls

__all__ = ["Exposure", "Presence", "Target", "ToldContracts", "UpstreamTls", "told_contracts"]
