"""The internal function every served service has: it answers with the service's contract.

iii-bridge::contract::shop.orders.v1.OrdersService
{} -> {"service": "shop.orders.v1.OrdersService", "digest": "sha256:…", "descriptors": "<base64>"}
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from msgspec import Raw

from iii_bridge.aio.dispatch import Handler
from iii_bridge.aio.invocation import Invocation
from iii_bridge.contract.reflection import contract_function_id, descriptor_set
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.protocol.sidecar import MEMBER
from iii_bridge.wire import RegisterFunction

__all__ = ["ServedContract", "contract_function"]


class ServedContract(msgspec.Struct, frozen=True):
    """What the function answers; `descriptors` is a serialized FileDescriptorSet."""

    service: str
    digest: str
    descriptors: bytes


_REQUEST: Final[dict[str, Any]] = {"title": "ContractRequest", "type": "object"}
_RESPONSE: Final[dict[str, Any]] = {
    "title": "ServedContract",
    "type": "object",
    "properties": {
        "service": {"type": "string"},
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "descriptors": {"type": "string", "contentEncoding": "base64"},
    },
    "required": ["service", "digest", "descriptors"],
}


def contract_function(service: ServiceSpec) -> tuple[RegisterFunction, Handler] | None:
    """The registration and the handler; None for a service whose descriptors this process does not hold."""
    try:
        descriptors = descriptor_set(service.full_name)
    except KeyError:
        return None
    answer = Raw(msgspec.json.encode(ServedContract(service.full_name, service.digest, descriptors)))

    async def handle(invocation: Invocation) -> Raw:
        return answer

    metadata = {"internal": True, MEMBER: {"service": service.full_name, "digest": service.digest}}
    frame = RegisterFunction(
        id=contract_function_id(service.full_name),
        description=f"the contract of {service.full_name}",
        request_format=_raw(_REQUEST),
        response_format=_raw(_RESPONSE),
        metadata=_raw(metadata),
    )
    return frame, handle


def _raw(value: dict[str, Any]) -> Raw:
    return Raw(json.dumps(value, separators=(",", ":")).encode())
