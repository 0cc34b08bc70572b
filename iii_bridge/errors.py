"""Every error iii-bridge raises, in one tree.

    BridgeError
    ├─ ContractError              data does not fit the contract
    │  └─ ContractMismatch        the live catalogue disagrees with the contract
    ├─ InvocationError            the other worker, or the engine, said no
    │  ├─ FunctionNotFoundError
    │  ├─ ForbiddenError
    │  └─ StatusError             a canonical status, chosen by a handler
    ├─ InvocationTimeoutError     also TimeoutError
    ├─ ConnectionLostError        also ConnectionError
    ├─ StreamTruncatedError
    ├─ RegistrationRejectedError
    ├─ BacklogFullError
    ├─ ClosedError
    ├─ UnsupportedError           asked for something this side does not carry
    ├─ LocalProtocolError         our side tried an illegal step
    └─ RemoteProtocolError        theirs did; an event, never raised out of a machine

Messages are lower case, name the thing and the fix, end with the path where
there is one, and never hold payloads or secrets.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from iii_bridge.status import StatusCode, status_for_error_code

__all__ = [
    "BacklogFullError",
    "BridgeError",
    "ClosedError",
    "ConnectionLostError",
    "ContractError",
    "ContractMismatch",
    "ForbiddenError",
    "FunctionNotFoundError",
    "InvocationError",
    "InvocationTimeoutError",
    "LocalProtocolError",
    "Outcome",
    "RegistrationRejectedError",
    "RemoteProtocolError",
    "Side",
    "StatusError",
    "StreamTruncatedError",
    "UnsupportedError",
]


# The one table of it: what a caller may repeat follows from `InvocationError.outcome` (wire.md 5.2).
_EXECUTOR_LOST: Final = frozenset({"channel_send_failed", "invocation_error", "invocation_stopped"})


class Side(enum.Enum):
    """Which half of a call a contract violation was found in."""

    REQUEST = "request"
    RESPONSE = "response"
    CONFIG = "config"


class Outcome(enum.Enum):
    """What is known of a call that ended without an answer."""

    NOT_SENT = "not_sent"
    """The frame never left this process: repeating the call is safe."""
    NOT_RUN = "not_run"
    """The worker it reached is closing and refused it: repeating the call is safe."""
    UNKNOWN = "unknown"
    """The frame was sent: the function may have run, or may still run."""


class BridgeError(Exception):
    """The root of every error this library raises on purpose."""

    @property
    def status(self) -> StatusCode:
        """The canonical status code closest to this error."""
        return StatusCode.UNKNOWN


class ContractError(BridgeError):
    """Data that does not fit the contract.

    `function_id` names the function, `side` the half of the call, `path` the
    place in the JSON (`$.items[2].quantity`) and `problem` what is wrong there.
    """

    CODE: Final = "contract_violation"

    def __init__(self, function_id: str, side: Side, path: str, problem: str) -> None:
        self.function_id = function_id
        self.side = side
        self.path = path
        self.problem = problem
        super().__init__(f"{function_id} {side.value} does not fit its contract: {problem} at {path}")

    @property
    def status(self) -> StatusCode:
        """INVALID_ARGUMENT for a request, INTERNAL for a response or a config."""
        return StatusCode.INVALID_ARGUMENT if self.side is Side.REQUEST else StatusCode.INTERNAL


class ContractMismatch(ContractError):
    """The live catalogue disagrees with a contract; `findings` lists each difference."""

    def __init__(self, function_id: str, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        super().__init__(function_id, Side.CONFIG, "$", "; ".join(self.findings))


class InvocationError(BridgeError):
    """The engine or the worker that owns the function answered with an error.

    `code` is the code of the frame, unchanged; `stacktrace` is what the other
    side sent, kept for logs and never part of `str()`. `outcome` is UNKNOWN
    where the executor went away under the call, or under an earlier attempt of
    it, so that nobody can say what it did (wire.md 5.2), NOT_RUN where a worker
    that is closing refused the call, and None where the error is the function's
    own answer.
    """

    def __init__(
        self,
        code: str,
        message: str,
        function_id: str,
        stacktrace: str | None = None,
        *,
        outcome: Outcome | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.function_id = function_id
        self.stacktrace = stacktrace
        self.outcome = Outcome.UNKNOWN if code in _EXECUTOR_LOST else outcome
        suffix = f"; outcome {self.outcome.value}" if self.outcome else ""
        super().__init__(f"{function_id} failed: {message} [{code}]{suffix}")

    @property
    def status(self) -> StatusCode:
        """The canonical status of `code`, by the one table in `iii_bridge.status`."""
        return status_for_error_code(self.code)


class FunctionNotFoundError(InvocationError):
    """No worker has registered the function in the namespace that was asked."""


class ForbiddenError(InvocationError):
    """The engine's access rules refuse the call."""


class StatusError(InvocationError):
    """A canonical status, raised by a handler and raised again at its caller.

    `details` are JSON objects, each with an `@type` member where it is a
    protobuf message in its ProtoJSON form. Raises LocalProtocolError for
    details that are not.
    """

    def __init__(
        self,
        code: StatusCode,
        message: str,
        details: Sequence[Mapping[str, Any]] = (),
        *,
        function_id: str = "",
        stacktrace: str | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        self.status_code = code
        self.details = _json_objects(details)
        super().__init__(code.name, message, function_id, stacktrace, outcome=outcome)
        if not function_id:
            self.args = (f"{message} [{code.name}]",)

    @property
    def status(self) -> StatusCode:
        """The status the handler chose."""
        return self.status_code


def _json_objects(details: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Checked where they are given: an answer that cannot be written would be no answer."""
    for index, detail in enumerate(details):
        try:
            json.dumps(dict(detail), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise LocalProtocolError(f"a detail of a status must be a JSON object at $[{index}]") from error
    return tuple(details)


class InvocationTimeoutError(BridgeError, TimeoutError):
    """No answer came in time. `outcome` says whether the call may have run."""

    def __init__(self, function_id: str, timeout: float, outcome: Outcome) -> None:
        self.function_id = function_id
        self.timeout = timeout
        self.outcome = outcome
        super().__init__(f"{function_id} gave no answer within {timeout:g} s; outcome {outcome.value}")

    @property
    def status(self) -> StatusCode:
        """DEADLINE_EXCEEDED."""
        return StatusCode.DEADLINE_EXCEEDED


class ConnectionLostError(BridgeError, ConnectionError):
    """The connection to the engine ended before the answer. `outcome` as above."""

    def __init__(
        self, function_id: str, outcome: Outcome, reason: str = "the connection to the engine was lost"
    ) -> None:
        self.function_id = function_id
        self.outcome = outcome
        super().__init__(f"{function_id}: {reason}; outcome {outcome.value}")

    @property
    def status(self) -> StatusCode:
        """UNAVAILABLE."""
        return StatusCode.UNAVAILABLE


class StreamTruncatedError(BridgeError):
    """A stream ended with fewer items than its sender says it sent; `expected` is None where the sender never said."""

    def __init__(self, function_id: str, expected: int | None, received: int) -> None:
        self.function_id = function_id
        self.expected = expected
        self.received = received
        came = (
            f"{received} items arrived, and no end" if expected is None else f"{received} of {expected} items arrived"
        )
        super().__init__(f"{function_id} stream was cut short: {came}")

    @property
    def status(self) -> StatusCode:
        """DATA_LOSS."""
        return StatusCode.DATA_LOSS


class RegistrationRejectedError(BridgeError):
    """The engine refused a worker name, a function or a trigger."""

    def __init__(self, code: str, subject: str, namespace: str, owner_worker_id: str = "", message: str = "") -> None:
        self.code = code
        self.subject = subject
        self.namespace = namespace
        self.owner_worker_id = owner_worker_id
        owner = f"owned by worker {owner_worker_id}; choose another name, or stop that one"
        text = message or (owner if owner_worker_id else "refused by the engine")
        super().__init__(f"{subject} was not registered in namespace {namespace}: {text} [{code}]")

    @property
    def status(self) -> StatusCode:
        """FAILED_PRECONDITION."""
        return StatusCode.FAILED_PRECONDITION


class BacklogFullError(BridgeError):
    """Too much waits to be sent; nothing was dropped, the caller chooses what to do."""

    def __init__(self, limit: int, what: str = "frames") -> None:
        self.limit = limit
        super().__init__(f"the outbox already holds {limit} {what}; start fewer at once, or retry when it has drained")

    @property
    def status(self) -> StatusCode:
        """RESOURCE_EXHAUSTED."""
        return StatusCode.RESOURCE_EXHAUSTED


class ClosedError(BridgeError):
    """The bridge was closed. `outcome` says whether the call may have run; calls after the close are not sent."""

    def __init__(self, problem: str, outcome: Outcome = Outcome.NOT_SENT) -> None:
        self.outcome = outcome
        super().__init__(f"{problem}; outcome {outcome.value}")

    @property
    def status(self) -> StatusCode:
        """UNAVAILABLE."""
        return StatusCode.UNAVAILABLE


class UnsupportedError(BridgeError):
    """Something a contract or a caller asks for that this version does not carry."""

    @property
    def status(self) -> StatusCode:
        """UNIMPLEMENTED."""
        return StatusCode.UNIMPLEMENTED


class LocalProtocolError(BridgeError):
    """This side tried a step its protocol machine does not allow."""


class RemoteProtocolError(BridgeError):
    """The peer sent something that breaks the protocol; reported as an event."""
