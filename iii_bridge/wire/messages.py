"""One frozen struct per protocol message (wire.md 3).

A member that may be absent is `UNSET` when absent and `None` when JSON null:
the engine treats the two alike, a proxy must not. Payloads stay undecoded as
`msgspec.Raw`, so that they are decoded once, straight into a typed message.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

__all__ = [
    "Action",
    "ApiKeyAuth",
    "AuthFailed",
    "BearerAuth",
    "EnqueueAction",
    "ErrorBody",
    "HmacAuth",
    "HttpInvocation",
    "InvocationResult",
    "InvokeFunction",
    "MalformedMessage",
    "Message",
    "Ping",
    "Pong",
    "Reattach",
    "RegisterFunction",
    "RegisterService",
    "RegisterTrigger",
    "RegisterTriggerType",
    "RegistrationRejected",
    "TriggerRegistrationResult",
    "UnknownMessage",
    "UnregisterFunction",
    "UnregisterTrigger",
    "UnregisterTriggerType",
    "VoidAction",
    "WorkerRegistered",
]

Text = str | UnsetType | None
"""A string that may be absent or null."""

Json = Raw | UnsetType
"""Any JSON, undecoded; null arrives as `Raw(b"null")`, absent as `UNSET`."""


class ErrorBody(msgspec.Struct, frozen=True):
    """The `error` member of results and of trigger registration results (wire.md 14)."""

    code: str
    message: str
    stacktrace: Text = UNSET


class VoidAction(msgspec.Struct, frozen=True, tag_field="type", tag="void"):
    """Fire and forget: nothing comes back, not even on failure (wire.md 5.3)."""


class EnqueueAction(msgspec.Struct, frozen=True, tag_field="type", tag="enqueue"):
    """Through the named queue; the answer is a receipt (wire.md 5.3)."""

    queue: str


Action = VoidAction | EnqueueAction


class HmacAuth(msgspec.Struct, frozen=True, tag_field="type", tag="hmac"):
    """Signs the request; `secret_key` names an environment variable of the engine (wire.md 9)."""

    secret_key: str


class BearerAuth(msgspec.Struct, frozen=True, tag_field="type", tag="bearer"):
    """Sends a bearer token; `token_key` names an environment variable of the engine (wire.md 9)."""

    token_key: str


class ApiKeyAuth(msgspec.Struct, frozen=True, tag_field="type", tag="api_key"):
    """Sends `header: value`; `value_key` names an environment variable of the engine (wire.md 9)."""

    header: str
    value_key: str


class HttpInvocation(msgspec.Struct, frozen=True):
    """How the engine calls a function over HTTP (wire.md 9). `timeout_ms` in milliseconds."""

    url: str
    method: str | UnsetType = UNSET
    timeout_ms: int | UnsetType | None = UNSET
    headers: dict[str, str] | UnsetType = UNSET
    auth: HmacAuth | BearerAuth | ApiKeyAuth | UnsetType | None = UNSET


class RegisterFunction(msgspec.Struct, frozen=True, tag_field="type", tag="registerfunction"):
    """wire.md 3.1, worker to engine."""

    id: str
    description: Text = UNSET
    request_format: Json = UNSET
    response_format: Json = UNSET
    metadata: Json = UNSET
    invocation: HttpInvocation | UnsetType | None = UNSET


class UnregisterFunction(msgspec.Struct, frozen=True, tag_field="type", tag="unregisterfunction"):
    """wire.md 3.2, worker to engine."""

    id: str


class RegisterTriggerType(msgspec.Struct, frozen=True, tag_field="type", tag="registertriggertype"):
    """wire.md 3.3, worker to engine."""

    id: str
    description: str
    trigger_request_format: Json = UNSET
    call_request_format: Json = UNSET
    namespace: Text = UNSET


class RegisterTrigger(msgspec.Struct, frozen=True, tag_field="type", tag="registertrigger"):
    """wire.md 3.4, both ways. `config` is required on the wire and may be null."""

    id: str
    trigger_type: str
    function_id: str
    config: Json = UNSET
    metadata: Json = UNSET
    namespace: Text = UNSET
    trigger_namespace: Text = UNSET


class TriggerRegistrationResult(msgspec.Struct, frozen=True, tag_field="type", tag="triggerregistrationresult"):
    """wire.md 3.5, both ways; the engine sends it only for errors."""

    id: str
    trigger_type: str
    function_id: str
    error: ErrorBody | UnsetType | None = UNSET


class UnregisterTrigger(msgspec.Struct, frozen=True, tag_field="type", tag="unregistertrigger"):
    """wire.md 3.6, both ways."""

    id: str
    trigger_type: Text = UNSET


class UnregisterTriggerType(msgspec.Struct, frozen=True, tag_field="type", tag="unregistertriggertype"):
    """wire.md 3.7, worker to engine."""

    id: str
    namespace: Text = UNSET


class RegisterService(msgspec.Struct, frozen=True, tag_field="type", tag="registerservice"):
    """wire.md 3.8, worker to engine."""

    id: str
    name: Text = UNSET
    description: Text = UNSET
    parent_service_id: Text = UNSET


class InvokeFunction(msgspec.Struct, frozen=True, tag_field="type", tag="invokefunction"):
    """wire.md 3.9, both ways. `data` is required on the wire and may be null."""

    function_id: str
    invocation_id: Text = UNSET
    data: Json = UNSET
    traceparent: Text = UNSET
    baggage: Text = UNSET
    action: Action | UnsetType | None = UNSET
    metadata: Json = UNSET
    namespace: Text = UNSET


class InvocationResult(msgspec.Struct, frozen=True, tag_field="type", tag="invocationresult"):
    """wire.md 3.10, both ways. A null `result` means the same as none."""

    invocation_id: str
    function_id: str = ""
    result: Json = UNSET
    error: ErrorBody | UnsetType | None = UNSET
    traceparent: Text = UNSET
    baggage: Text = UNSET


class Reattach(msgspec.Struct, frozen=True, tag_field="type", tag="reattach"):
    """wire.md 2.6, worker to engine: evicts this worker's previous connection."""

    previous_worker_id: str
    reattach_token: Text = UNSET


class WorkerRegistered(msgspec.Struct, frozen=True, tag_field="type", tag="workerregistered"):
    """wire.md 2.1, engine to worker: the first frame of every connection."""

    worker_id: str
    reattach_token: Text = UNSET
    features: list[str] | UnsetType | None = UNSET


class RegistrationRejected(msgspec.Struct, frozen=True, tag_field="type", tag="registrationrejected"):
    """wire.md 2.3 and 3.1, engine to worker: a name or a function is taken."""

    code: str
    namespace: str = "default"
    worker_name: Text = UNSET
    function_id: Text = UNSET
    owner_worker_id: str = ""


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping"):
    """wire.md 1.3, both ways."""


class Pong(msgspec.Struct, frozen=True, tag_field="type", tag="pong"):
    """wire.md 1.3, both ways."""


class AuthFailed(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """wire.md 2.1, engine to worker: the `error` frame of a failed authentication."""

    error: ErrorBody


Message = (
    RegisterFunction
    | UnregisterFunction
    | RegisterTriggerType
    | RegisterTrigger
    | TriggerRegistrationResult
    | UnregisterTrigger
    | UnregisterTriggerType
    | RegisterService
    | InvokeFunction
    | InvocationResult
    | Reattach
    | WorkerRegistered
    | RegistrationRejected
    | Ping
    | Pong
    | AuthFailed
)
"""Any message either side may send."""


class UnknownMessage(msgspec.Struct, frozen=True):
    """A well-formed message of a type this version does not know; it is ignored, not an error."""

    type: str
    frame: Raw


class MalformedMessage(msgspec.Struct, frozen=True):
    """A frame that is no valid message, with whatever could still be recognised in it.

    The real engine drops such frames without a reply (wire.md 1.2). `problem`
    says what is wrong and never quotes the payload; `invocation_id` lets a
    kinder peer answer with an error.
    """

    problem: str
    type: str | None = None
    invocation_id: str | None = None
    function_id: str | None = None
