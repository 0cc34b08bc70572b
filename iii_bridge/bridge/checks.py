"""The contract at both ends of a call: codecs of a method, with violations that name function, side and path."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from msgspec import Raw

from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.contract.spec import MethodSpec
from iii_bridge.contract.well_known import Empty
from iii_bridge.counters import COUNTERS
from iii_bridge.errors import ContractError, Side
from iii_bridge.types import Json
from iii_bridge.wire import NULL

__all__ = ["ItemChecks", "MethodChecks", "checks_of", "decode_json", "encode_json"]

Request = TypeVar("Request")
Response = TypeVar("Response")
Message = TypeVar("Message")


class ItemChecks(Generic[Message]):
    """Encodes and decodes the items of a stream; a violation names the item, as if the stream were a list."""

    __slots__ = ("_codec", "_function_id", "_side")

    def __init__(self, function_id: str, side: Side, codec: Codec[Message]) -> None:
        self._function_id = function_id
        self._side = side
        self._codec = codec

    def encode(self, message: Message, index: int) -> bytes:
        """At the sender. Raises ContractError, with a path like `$[17].quantity`."""
        try:
            return self._codec.encode(message)
        except CodecError as error:
            raise self._violation(error, index) from error

    def decode(self, data: bytes, index: int) -> Message:
        """At the receiver. Raises as `encode`."""
        try:
            return self._codec.decode(data)
        except CodecError as error:
            raise self._violation(error, index) from error

    def _violation(self, error: CodecError, index: int) -> ContractError:
        return ContractError(self._function_id, self._side, f"$[{index}]{error.path[1:]}", error.problem)


class MethodChecks(Generic[Request, Response]):
    """Encodes and decodes one method's messages. Every method raises ContractError."""

    __slots__ = ("_function_id", "_request", "_response", "method")

    def __init__(self, method: MethodSpec[Request, Response]) -> None:
        self.method = method
        self._function_id = method.function_id
        policies = method.json, method.unknown_members, method.unknown_enum_names
        self._request: Codec[Request] = codec_for(method.request, *policies)
        self._response: Codec[Response] = codec_for(method.response, *policies)

    def request_items(self) -> ItemChecks[Request]:
        """For a method that takes a stream."""
        return ItemChecks(self._function_id, Side.REQUEST, self._request)

    def response_items(self) -> ItemChecks[Response]:
        """For a method that answers with a stream."""
        return ItemChecks(self._function_id, Side.RESPONSE, self._response)

    def encode_request(self, request: Request) -> Raw:
        """At the caller, before anything is sent."""
        try:
            return Raw(self._request.encode(request))
        except CodecError as error:
            raise _violation(self._function_id, Side.REQUEST, error) from error

    def decode_request(self, data: Raw) -> tuple[Request, str | None]:
        """At the worker: the request and the worker that sent it."""
        try:
            decoded = self._request.decode_request(data)
        except CodecError as error:
            raise _violation(self._function_id, Side.REQUEST, error) from error
        return decoded.message, decoded.caller_worker_id

    def encode_response(self, response: Response) -> Raw:
        """At the worker, after its handler."""
        try:
            return Raw(self._response.encode(response))
        except CodecError as error:
            raise _violation(self._function_id, Side.RESPONSE, error) from error

    def decode_response(self, data: Raw) -> Response:
        """At the caller, before it sees anything; where nothing is promised, no value will do (sdks.md 1.10)."""
        if self.method.response is Empty and data == NULL:
            return self.method.response()
        try:
            return self._response.decode(data)
        except CodecError as error:
            raise _violation(self._function_id, Side.RESPONSE, error) from error


def _violation(function_id: str, side: Side, error: CodecError) -> ContractError:
    COUNTERS.add("violations", function_id, side.value)
    return ContractError(function_id, side, error.path, error.problem)


# By identity: a spec holds mappings and cannot be hashed. Specs are module constants, so this does not grow.
_checks: Final[dict[int, MethodChecks[Any, Any]]] = {}


def checks_of(method: MethodSpec[Request, Response]) -> MethodChecks[Request, Response]:
    """The checks of a method, compiled on first use."""
    found = _checks.get(id(method))
    if found is None:
        found = _checks[id(method)] = MethodChecks(method)  # it holds the spec, so the id stays taken
    return cast("MethodChecks[Request, Response]", found)


def encode_json(value: Json, function_id: str, side: Side) -> Raw:
    """Any JSON-like value, dataclass, Struct or Pydantic model as JSON. Raises ContractError for anything else."""
    try:
        encoded = _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        problem = f"a value cannot be written as JSON ({type(error).__name__})"
        raise ContractError(function_id, side, "$", problem) from error
    # msgspec writes NaN and the infinities as null, which would lose them silently.
    if b"null" in encoded and (path := _not_finite(value, "$")):
        raise ContractError(function_id, side, path, "not a finite number, which JSON cannot hold")
    return Raw(encoded)


def decode_json(data: Raw, function_id: str, side: Side) -> Json:
    """Plain Python values. Raises ContractError when the JSON is broken or nested too deeply."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ContractError(function_id, side, "$", f"not readable as JSON ({type(error).__name__})") from error


def _encode_other(value: Any) -> Any:
    if isinstance(value, Mapping):  # contracts carry read-only ones
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] -- any mapping
    dump = getattr(value, "model_dump", None)  # a Pydantic model, without importing Pydantic
    if dump is not None:
        return dump(mode="json", by_alias=True)
    raise TypeError(type(value).__name__)


_encoder: Final = msgspec.json.Encoder(enc_hook=_encode_other)


def _not_finite(value: Any, path: str) -> str | None:
    if isinstance(value, float):
        return None if math.isfinite(value) else path
    if isinstance(value, Mapping):
        members: Any = value.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- any mapping
        return next((hit for name, item in members if (hit := _not_finite(item, f"{path}.{name}"))), None)
    if isinstance(value, list | tuple | set | frozenset):
        items = enumerate(cast("list[Any]", value))
        return next((hit for index, item in items if (hit := _not_finite(item, f"{path}[{index}]"))), None)
    return None
