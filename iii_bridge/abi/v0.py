"""The one module of ours that generated code imports. Version 0: may still change.

Importing it opens no socket and loads no descriptor library.
"""

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
    UnknownMembers,
)
from iii_bridge.types import Context

__all__ = [
    "AsyncStub",
    "BidiStream",
    "BindingSpec",
    "ClientStream",
    "Context",
    "Defaults",
    "Delivery",
    "Enums",
    "File",
    "HttpAuth",
    "HttpEndpointSpec",
    "HttpRule",
    "Idempotency",
    "Int64",
    "JsonProfile",
    "MethodKind",
    "MethodSchemas",
    "MethodSpec",
    "Names",
    "OnViolation",
    "SchemaTable",
    "ServerStream",
    "Service",
    "ServiceSpec",
    "ServiceSync",
    "SyncStub",
    "Unary",
    "UnknownMembers",
    "register",
]
