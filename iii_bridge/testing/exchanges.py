"""Calls of a live method as a contract test makes them, and what is to be thought of how they end."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final

from iii_bridge.bridge.checks import checks_of, encode_json
from iii_bridge.contract.spec import Delivery, Idempotency, MethodKind, MethodSpec, UnknownEnumNames, UnknownMembers
from iii_bridge.contract.well_known import Struct
from iii_bridge.errors import (
    BridgeError,
    ContractError,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    Side,
    StatusError,
    StreamTruncatedError,
)
from iii_bridge.status import StatusCode
from iii_bridge.testing.engines import Link
from iii_bridge.testing.places import unsafe_integer
from iii_bridge.testing.search import CaseFailed
from iii_bridge.types import Json

__all__ = ["OPEN", "Exchanges"]

OPEN: Final = "still open"
"""How a stream without a time limit ended: there was nothing more to read, and it went on."""

_TAKES_STREAM: Final = (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM)
_READ: Final = 20
"""Responses of a stream that are looked at."""
_UNEXPECTED: Final = (
    StatusCode.UNKNOWN,
    StatusCode.INTERNAL,
    StatusCode.UNIMPLEMENTED,
    StatusCode.DATA_LOSS,
    StatusCode.DEADLINE_EXCEEDED,
)
"""Statuses that say something is broken, whatever was asked."""


class Exchanges:
    """Calls one method with documents. What the worker does wrong is CaseFailed; a lost connection stays what it is."""

    def __init__(self, link: Link, method: MethodSpec[Any, Any], namespace: str | None, timeout: float) -> None:
        """`timeout` in seconds is for methods whose contract has none."""
        self._link = link
        self._namespace = namespace
        self._method = method
        self._limit = method.timeout or timeout
        self._strict = dataclasses.replace(
            method,
            unknown_members=UnknownMembers.REJECT,
            unknown_enum_names=UnknownEnumNames.REJECT,
            idempotency=Idempotency.UNKNOWN,  # retries would hide what goes wrong
            delivery=Delivery.SYNC,
            timeout=self._limit,
        )
        self._raw = dataclasses.replace(self._strict, request=Struct)

    def answer(self, messages: Sequence[Any], documents: Sequence[Json]) -> str:
        """How legal requests ended: `answered`, a status the worker chose, or OPEN."""
        try:
            if self._method.kind is MethodKind.UNARY:
                self._unary(documents[0])
            else:
                return self._stream(self._strict, messages)
        except BridgeError as error:
            return self._refused(error)
        return "answered"

    def refuse(self, documents: Sequence[Json], what: str) -> None:
        """Sends requests of which the last breaks the contract; `what` says how. Anything but a refusal fails."""
        try:
            if self._method.kind is MethodKind.UNARY:
                self._call(documents[0])
            else:
                ended = self._stream(self._raw, [Struct.from_dict(document) for document in documents])
                if ended == OPEN:
                    raise CaseFailed(
                        f"neither refused nor answered a request that breaks the contract: {what}", final=True
                    )
        except ContractError as error:
            if error.side is Side.REQUEST:
                return
            raise CaseFailed(f"took a request that breaks the contract ({what}), then: {error}") from error
        except InvocationTimeoutError as error:
            problem = f"gave no answer within {self._limit:g} s to a request that breaks the contract: {what}"
            raise CaseFailed(problem, final=True) from error
        except InvocationError as error:
            if error.status is StatusCode.INVALID_ARGUMENT:
                return
            problem = f"refused with {_name(error)} instead of INVALID_ARGUMENT: {what}"
            raise CaseFailed(problem) from error
        raise CaseFailed(f"took a request that breaks the contract: {what}")

    # --- inside --------------------------------------------------------------

    def _call(self, document: Json) -> Json:
        return self._link.sync.call(self._method.function_id, document, timeout=self._limit, namespace=self._namespace)

    def _unary(self, document: Json) -> None:
        answer = self._call(document)
        checks_of(self._strict).decode_response(encode_json(answer, self._method.function_id, Side.RESPONSE))
        place = unsafe_integer(self._method.response, answer)
        if place is not None:
            problem = f"a 64-bit integer beyond 2^53 is written as a number, which loses digits, at {place}"
            raise CaseFailed(f"{self._method.function_id} response: {problem}")

    def _stream(self, method: MethodSpec[Any, Any], messages: Sequence[Any]) -> str:
        requests: Any = list(messages) if method.kind in _TAKES_STREAM else messages[0]
        responses = self._link.sync.stream_method(method, requests, timeout=self._limit, namespace=self._namespace)
        with responses:
            try:
                count = sum(1 for _ in _first(responses, _READ))
            except InvocationTimeoutError:
                if self._method.timeout is None and method.kind is not MethodKind.CLIENT_STREAM:
                    return OPEN  # no contract says that it ends
                raise
        if method.kind is MethodKind.CLIENT_STREAM and count != 1:
            raise CaseFailed(f"answered {count} times, not once")
        return "answered"

    def _refused(self, error: BridgeError) -> str:
        """The status a worker may answer a legal request with; anything else is CaseFailed."""
        match error:
            case ContractError(side=Side.RESPONSE):
                raise CaseFailed(str(error)) from error
            case ContractError():
                raise CaseFailed(f"refuses what the contract allows: {error}") from error
            case InvocationTimeoutError():
                raise CaseFailed(f"gave no answer within {self._limit:g} s", final=True) from error
            case StreamTruncatedError() | FunctionNotFoundError():
                raise CaseFailed(str(error)) from error
            case StatusError() if error.status not in _UNEXPECTED:
                return error.status.name
            case InvocationError():
                raise CaseFailed(f"failed with {_name(error)}: {error.message}", final=_is_gone(error)) from error
            case _:
                raise error


def _first(responses: Iterator[Any], count: int) -> Iterator[Any]:
    for _ in range(count):
        try:
            yield next(responses)
        except StopIteration:
            return


def _is_gone(error: InvocationError) -> bool:
    return error.outcome is not None


def _name(error: InvocationError) -> str:
    """The status, and iii's own code where that says more."""
    return error.status.name if error.code == error.status.name else f"{error.status.name} ({error.code})"
