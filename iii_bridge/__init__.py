"""Protobuf contracts for iii: typed, checked calls between workers in Python, TypeScript and Rust."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from iii_bridge.aio.channel_io import ChannelReader, ChannelWriter
    from iii_bridge.bridge.blocking import BridgeSync, connect_sync
    from iii_bridge.bridge.connecting import connect
    from iii_bridge.bridge.in_memory import in_memory, in_memory_sync
    from iii_bridge.bridge.interceptors import (
        ClientCall,
        ClientInterceptor,
        ClientInterceptorSync,
        ServerCall,
        ServerInterceptor,
        ServerInterceptorSync,
    )
    from iii_bridge.bridge.logs import JsonLines, LogContext
    from iii_bridge.bridge.retries import Retry
    from iii_bridge.bridge.running import run
    from iii_bridge.bridge.settings import Reconnect, Telemetry
    from iii_bridge.bridge.trigger_types import TriggerBinding, TriggerType
    from iii_bridge.client import Bridge
    from iii_bridge.contract.caller import ResponseStream, ResponseStreamSync
    from iii_bridge.contract.nanoseconds import NanoDatetime, NanoTimedelta
    from iii_bridge.errors import (
        BacklogFullError,
        BridgeError,
        ClosedError,
        ConnectionLostError,
        ContractError,
        ContractMismatch,
        ForbiddenError,
        FunctionNotFoundError,
        InvocationError,
        InvocationTimeoutError,
        LocalProtocolError,
        Outcome,
        RegistrationRejectedError,
        RemoteProtocolError,
        Side,
        StatusError,
        StreamTruncatedError,
        UnsupportedError,
    )
    from iii_bridge.status import StatusCode
    from iii_bridge.triggers import Trigger
    from iii_bridge.types import Binding, ConnectionState, Context, EnqueueReceipt

__all__ = [
    "BacklogFullError",
    "Binding",
    "Bridge",
    "BridgeError",
    "BridgeSync",
    "ChannelReader",
    "ChannelWriter",
    "ClientCall",
    "ClientInterceptor",
    "ClientInterceptorSync",
    "ClosedError",
    "ConnectionLostError",
    "ConnectionState",
    "Context",
    "ContractError",
    "ContractMismatch",
    "EnqueueReceipt",
    "ForbiddenError",
    "FunctionNotFoundError",
    "InvocationError",
    "InvocationTimeoutError",
    "JsonLines",
    "LocalProtocolError",
    "LogContext",
    "NanoDatetime",
    "NanoTimedelta",
    "Outcome",
    "Reconnect",
    "RegistrationRejectedError",
    "RemoteProtocolError",
    "ResponseStream",
    "ResponseStreamSync",
    "Retry",
    "ServerCall",
    "ServerInterceptor",
    "ServerInterceptorSync",
    "Side",
    "StatusCode",
    "StatusError",
    "StreamTruncatedError",
    "Telemetry",
    "Trigger",
    "TriggerBinding",
    "TriggerType",
    "UnsupportedError",
    "connect",
    "connect_sync",
    "in_memory",
    "in_memory_sync",
    "run",
]

_HOMES: Final = {
    "Binding": "iii_bridge.types",
    "Bridge": "iii_bridge.client",
    "BridgeSync": "iii_bridge.bridge.blocking",
    "ChannelReader": "iii_bridge.aio.channel_io",
    "ChannelWriter": "iii_bridge.aio.channel_io",
    "ClientCall": "iii_bridge.bridge.interceptors",
    "ClientInterceptor": "iii_bridge.bridge.interceptors",
    "ClientInterceptorSync": "iii_bridge.bridge.interceptors",
    "ConnectionState": "iii_bridge.types",
    "Context": "iii_bridge.types",
    "EnqueueReceipt": "iii_bridge.types",
    "JsonLines": "iii_bridge.bridge.logs",
    "LogContext": "iii_bridge.bridge.logs",
    "NanoDatetime": "iii_bridge.contract.nanoseconds",
    "NanoTimedelta": "iii_bridge.contract.nanoseconds",
    "Reconnect": "iii_bridge.bridge.settings",
    "ResponseStream": "iii_bridge.contract.caller",
    "ResponseStreamSync": "iii_bridge.contract.caller",
    "Retry": "iii_bridge.bridge.retries",
    "ServerCall": "iii_bridge.bridge.interceptors",
    "ServerInterceptor": "iii_bridge.bridge.interceptors",
    "ServerInterceptorSync": "iii_bridge.bridge.interceptors",
    "StatusCode": "iii_bridge.status",
    "Telemetry": "iii_bridge.bridge.settings",
    "Trigger": "iii_bridge.triggers",
    "TriggerBinding": "iii_bridge.bridge.trigger_types",
    "TriggerType": "iii_bridge.bridge.trigger_types",
    "connect": "iii_bridge.bridge.connecting",
    "connect_sync": "iii_bridge.bridge.blocking",
    "in_memory": "iii_bridge.bridge.in_memory",
    "in_memory_sync": "iii_bridge.bridge.in_memory",
    "run": "iii_bridge.bridge.running",
}
"""Where a public name lives, unless it is an error."""


def __getattr__(name: str) -> Any:
    """Loads a public name on first use (PEP 562): importing a stub must open no socket library."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "iii_bridge.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
