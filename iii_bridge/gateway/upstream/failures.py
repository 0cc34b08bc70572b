"""What a gRPC server answers instead of a response, as a status that a handler raises."""

from __future__ import annotations

from typing import Final

import grpc.aio
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from iii_bridge.errors import StatusError
from iii_bridge.gateway.details import from_any
from iii_bridge.status import StatusCode

__all__ = ["status_error"]

_DETAILS: Final = "grpc-status-details-bin"


def status_error(error: grpc.aio.AioRpcError, pool: DescriptorPool) -> StatusError:
    """The same code, text and details; `pool` knows the types of details."""
    code = StatusCode(error.code().value[0])
    return StatusError(code, error.details() or code.name, _details(error, pool))


def _details(error: grpc.aio.AioRpcError, pool: DescriptorPool) -> list[dict[str, object]]:
    """Those of the google.rpc.Status in the trailers; none where it is missing or speaks of another status."""
    for name, value in error.trailing_metadata() or ():
        if name != _DETAILS or not isinstance(value, bytes):
            continue
        try:
            status = Status.FromString(value)
        except DecodeError:
            return []
        if status.code == error.code().value[0]:
            return [from_any(detail, pool) for detail in status.details]
    return []
