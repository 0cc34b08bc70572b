"""Errors of ours as statuses of gRPC: the one table of `iii_bridge.status`, and what google.rpc.Status says besides.

Texts are those of the errors; a stack never crosses.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from iii_bridge.contract.spec import Idempotency
from iii_bridge.errors import (
    BacklogFullError,
    BridgeError,
    ClosedError,
    ConnectionLostError,
    ContractError,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    Outcome,
    StatusError,
)
from iii_bridge.gateway.details import bad_request, error_info, retry_info, to_any
from iii_bridge.status import StatusCode

__all__ = ["COME_BACK", "Called", "Operation", "Refused", "RpcStatus", "grpc_code", "status_of"]

_log: Final = logging.getLogger("iii_bridge.gateway")

COME_BACK: Final = 0.5
"""Seconds that a caller is asked to wait before it tries again."""

_GRPC: Final = {code.value[0]: code for code in grpc.StatusCode}
_MAX_MESSAGE: Final = 1500  # characters: a client takes 8 kB of trailers, and refuses a call with more
_MAX_DETAILS: Final = 4500
_DETAILS: Final = "grpc-status-details-bin"
_PUSHBACK: Final = "grpc-retry-pushback-ms"


class Called(Protocol):
    """What a status has to know of the method that was called; a MethodSpec is one."""

    @property
    def full_name(self) -> str:
        """`shop.orders.v1.OrdersService/Place`."""
        ...

    @property
    def function_id(self) -> str:
        """The function behind it."""
        ...

    @property
    def idempotency(self) -> Idempotency:
        """Whether it may be tried again."""
        ...


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of the gateway's own, which has no function: a `Called`."""

    full_name: str
    idempotency: Idempotency = Idempotency.NO_SIDE_EFFECTS

    @property
    def function_id(self) -> str:
        """There is none: its name."""
        return self.full_name


class Refused(BridgeError):
    """The gateway is busy: the call went no further. RESOURCE_EXHAUSTED."""

    @property
    def status(self) -> StatusCode:
        """RESOURCE_EXHAUSTED."""
        return StatusCode.RESOURCE_EXHAUSTED


@dataclass(frozen=True, slots=True)
class RpcStatus:
    """What a call ends with. `retry` says what a client that retries should do: None leaves it to the client."""

    code: StatusCode
    message: str
    details: Sequence[Any] = ()
    retry: float | None = None
    """Seconds to wait before the next attempt; negative: there must be none."""

    def trailers(self) -> tuple[tuple[str, str | bytes], ...]:
        """The trailing metadata that says more than code and message can."""
        found: list[tuple[str, str | bytes]] = []
        if self.details:
            found.append((_DETAILS, _fitting(self.code, self.text, self.details)))
        if self.retry is not None:
            found.append((_PUSHBACK, str(round(self.retry * 1000) if self.retry >= 0 else -1)))
        return tuple(found)

    @property
    def text(self) -> str:
        """The message, cut to what fits into trailers."""
        return self.message if len(self.message) <= _MAX_MESSAGE else f"{self.message[:_MAX_MESSAGE]}…"


def _fitting(code: StatusCode, text: str, details: Sequence[Any]) -> bytes:
    """As many of the details as a client takes, the first ones first."""
    status = Status(code=code, message=text)
    for detail in details:
        status.details.append(detail)
        if status.ByteSize() > _MAX_DETAILS:
            del status.details[-1]
            _log.warning("a detail of %s was left out: %d bytes do not fit", code.name, detail.ByteSize())
            break
    data: bytes = status.SerializeToString()
    return data


def grpc_code(code: StatusCode) -> grpc.StatusCode:
    """The same code in gRPC's enumeration."""
    return _GRPC[int(code)]


def status_of(error: BaseException, method: Called, pool: DescriptorPool) -> RpcStatus:
    """The status a call of `method` ends with for what it raised; `pool` knows the types of details."""
    if isinstance(error, StatusError) and error.outcome is Outcome.NOT_RUN:  # its worker is closing
        reason = error_info(Outcome.NOT_RUN.value, function=method.function_id)
        return _retried(error.status, error.message, reason, True, method)
    if isinstance(error, StatusError):
        # gRPC's core says CANCELLED of calls it never handed over, when a server ends; those may be repeated.
        retry = -1 if error.status is StatusCode.CANCELLED else None
        return RpcStatus(error.status, error.message, [to_any(detail, pool) for detail in error.details], retry)
    if isinstance(error, ContractError):
        return _of_violation(error, method)
    if isinstance(error, FunctionNotFoundError):
        # The contract knows the function: it is away, and not a method that does not exist.
        text = f"no worker serves {method.function_id} at the moment"
        reason = error_info(error.code, function=method.function_id)
        return _retried(StatusCode.UNAVAILABLE, text, reason, error.outcome is not Outcome.UNKNOWN, method)
    if isinstance(error, InvocationError):
        reason = error_info(error.code, function=error.function_id or method.function_id)
        return _retried(error.status, error.message, reason, error.outcome is None, method)
    if isinstance(error, InvocationTimeoutError | ConnectionLostError | ClosedError):
        code = "TIMEOUT" if isinstance(error, InvocationTimeoutError) else "connection_lost"
        reason = error_info(code, function=method.function_id, outcome=error.outcome.value)
        return _retried(error.status, str(error), reason, error.outcome is Outcome.NOT_SENT, method)
    if isinstance(error, BacklogFullError | Refused):
        reason = error_info("backlog_full", function=method.function_id)
        return RpcStatus(error.status, str(error), [reason, retry_info(COME_BACK)], COME_BACK)
    if isinstance(error, BridgeError):
        return RpcStatus(error.status, str(error))
    _log.error("%s failed in the gateway", method.full_name, exc_info=error)
    return RpcStatus(StatusCode.INTERNAL, f"the gateway failed on {method.full_name}; its log says why")


def _of_violation(error: ContractError, method: Called) -> RpcStatus:
    """Of a request it names the field; one further down the line is not the fault of whoever called."""
    ours = error.function_id == method.function_id
    code = error.status if ours else StatusCode.INTERNAL
    info = error_info(ContractError.CODE, function=error.function_id, side=error.side.value, path=error.path)
    if code is StatusCode.INVALID_ARGUMENT:
        return RpcStatus(code, str(error), [bad_request(error.path, error.problem), info])
    return RpcStatus(code, str(error), [info])


def _retried(code: StatusCode, text: str, reason: Any, not_run: bool, method: Called) -> RpcStatus:
    """Whether UNAVAILABLE may be tried again is the contract's to say, once the function may have run."""
    if code is not StatusCode.UNAVAILABLE:
        return RpcStatus(code, text, [reason])
    if not_run or method.idempotency is not Idempotency.UNKNOWN:
        return RpcStatus(code, text, [reason, retry_info(COME_BACK)], COME_BACK)
    return RpcStatus(code, text, [reason], retry=-1)
