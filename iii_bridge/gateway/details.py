"""Details of a status: JSON objects on our side, google.protobuf.Any on gRPC's."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any as Anything
from typing import Final

from google.protobuf import json_format, struct_pb2
from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2  # type: ignore[import-untyped]

from iii_bridge.types import Json

__all__ = ["DOMAIN", "bad_request", "error_info", "from_any", "packed", "retry_info", "to_any"]

DOMAIN: Final = "iii"
"""The domain of an ErrorInfo of ours: its reason is the code of the engine or of a worker."""


def to_any(detail: Mapping[str, Json], pool: DescriptorPool) -> Any:
    """A detail as a message of the type it names, or whole as a google.protobuf.Struct where the pool has no such type.

    An integer beyond 2^53 loses its last digits in a Struct.
    """
    try:
        return json_format.ParseDict(dict(detail), Any(), descriptor_pool=pool)
    except (json_format.Error, AttributeError, TypeError, KeyError, ValueError, RecursionError):  # of any JSON
        pass
    struct = struct_pb2.Struct()
    try:
        struct.update(dict(detail))
    except (TypeError, ValueError, RecursionError):  # nested too deeply for a message
        struct = struct_pb2.Struct()
        struct.update({"@type": str(detail.get("@type", ""))})
    return packed(struct)


def from_any(detail: Any, pool: DescriptorPool) -> dict[str, Json]:
    """The way back of `to_any`: a Struct is the object it holds, and a type the pool does not know stays base64."""
    if detail.type_url.rpartition("/")[2] == struct_pb2.Struct.DESCRIPTOR.full_name:
        struct = struct_pb2.Struct()
        if detail.Unpack(struct):
            return json_format.MessageToDict(struct)
    try:
        return json_format.MessageToDict(detail, descriptor_pool=pool)
    except (json_format.Error, TypeError, KeyError, ValueError, DecodeError):
        return {"@type": detail.type_url, "value": base64.b64encode(detail.value).decode()}


def packed(message: Message) -> Any:
    """Any message as an Any."""
    found = Any()
    found.Pack(message)
    return found


def error_info(reason: str, **metadata: str) -> Any:
    """Which error it is, for programs."""
    return packed(error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata))


def bad_request(path: str, problem: str) -> Any:
    """The place of a violation, as google.rpc writes field paths: `items[2].quantity`."""
    violation = error_details_pb2.BadRequest.FieldViolation(
        field=path.removeprefix("$").lstrip("."), description=problem
    )
    return packed(error_details_pb2.BadRequest(field_violations=[violation]))


def retry_info(seconds: float) -> Any:
    """When it makes sense to come back."""
    delay: Anything = Duration()
    delay.FromNanoseconds(int(seconds * 1e9))
    return packed(error_details_pb2.RetryInfo(retry_delay=delay))
