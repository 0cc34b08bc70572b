"""The one module of ours that generated code imports. Frozen: it grows, and nothing in it goes away or changes.

`tests/abi/v1.txt` records every name and signature, and a test holds this module to it.

Importing it opens no socket and loads no descriptor library.
"""

from __future__ import annotations

from collections.abc import Mapping as _Mapping
from typing import TYPE_CHECKING
from typing import Any as _Any

from iii_bridge.abi.stubs import (
    AsyncStub,
    BidiStream,
    ClientStream,
    ServerStream,
    Service,
    ServiceSync,
    SyncStub,
    Unary,
)
from iii_bridge.contract.redaction import redacted_repr
from iii_bridge.contract.registry import File, register
from iii_bridge.contract.spec import (
    BindingSpec,
    Defaults,
    Delivery,
    Enums,
    HttpAuth,
    HttpEndpointSpec,
    HttpRule,
    Idempotency,
    Int64,
    JsonProfile,
    MethodKind,
    MethodSchemas,
    MethodSpec,
    Names,
    OnViolation,
    SchemaTable,
    ServiceSpec,
    UnknownEnumNames,
    UnknownMembers,
)
from iii_bridge.contract.well_known import (
    Any,
    BoolValue,
    BytesValue,
    DoubleValue,
    Duration,
    Empty,
    FieldMask,
    FloatValue,
    Int32Value,
    Int64Value,
    ListValue,
    NullValue,
    StringValue,
    Struct,
    Timestamp,
    UInt32Value,
    UInt64Value,
    Value,
)
from iii_bridge.types import Context

if TYPE_CHECKING:
    from iii_bridge import v1 as bridge_v1
else:  # hidden from type checkers, which would let every name pass

    def __getattr__(name: str) -> _Any:
        """`bridge_v1` is our own generated package; it imports this module, so it is loaded on first use."""
        if name != "bridge_v1":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        return importlib.import_module("iii_bridge.v1")


def google_types(*, name: str, descriptor: bytes, after: tuple[object, ...] = ()) -> _Mapping[str, _Any]:
    """Classes of google.protobuf from a serialized FileDescriptorProto, by full name.

    `after` holds the modules whose types have to be known first: to name them is to import them.
    """
    from iii_bridge.contract.google_files import google_types as make_types

    return make_types(name, descriptor)


__all__ = [
    "Any",
    "AsyncStub",
    "BidiStream",
    "BindingSpec",
    "BoolValue",
    "BytesValue",
    "ClientStream",
    "Context",
    "Defaults",
    "Delivery",
    "DoubleValue",
    "Duration",
    "Empty",
    "Enums",
    "FieldMask",
    "File",
    "FloatValue",
    "HttpAuth",
    "HttpEndpointSpec",
    "HttpRule",
    "Idempotency",
    "Int32Value",
    "Int64",
    "Int64Value",
    "JsonProfile",
    "ListValue",
    "MethodKind",
    "MethodSchemas",
    "MethodSpec",
    "Names",
    "NullValue",
    "OnViolation",
    "SchemaTable",
    "ServerStream",
    "Service",
    "ServiceSpec",
    "ServiceSync",
    "StringValue",
    "Struct",
    "SyncStub",
    "Timestamp",
    "UInt32Value",
    "UInt64Value",
    "Unary",
    "UnknownEnumNames",
    "UnknownMembers",
    "Value",
    "bridge_v1",
    "google_types",
    "redacted_repr",
    "register",
]
